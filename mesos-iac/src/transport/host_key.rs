//! Host keys as a server presents them.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::model::Fingerprint;

/// A public host key: its type, as in `ssh-ed25519`, and its bytes in SSH's wire form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HostKey {
    key_type: String,
    blob: Vec<u8>,
}

impl HostKey {
    /// Takes a key in wire form, whose first field names its type.
    ///
    /// Only that field is looked at: keys are compared byte by byte and never computed with here, so a malformed one
    /// can equal nothing that a server proved to own. A type that this program has never heard of is therefore fine.
    /// `None` if the field is missing or is no printable name.
    #[must_use]
    pub fn from_blob(blob: &[u8]) -> Option<Self> {
        let (length, rest) = blob.split_first_chunk::<4>()?;
        let name = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let printable = !name.is_empty() && name.len() <= 64 && name.iter().all(u8::is_ascii_graphic);
        let key_type = String::from_utf8(name.to_vec()).ok()?;
        printable.then(|| Self {
            key_type,
            blob: blob.to_vec(),
        })
    }

    /// The type, as in `ssh-ed25519`.
    #[must_use]
    pub fn key_type(&self) -> &str {
        &self.key_type
    }

    /// The wire form.
    #[must_use]
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// The wire form in base64, as in a known-hosts file.
    #[must_use]
    pub fn base64(&self) -> String {
        BASE64_STANDARD.encode(&self.blob)
    }

    /// The fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.blob)
    }
}

/// Type and fingerprint, as in `ssh-ed25519 SHA256:…`.
impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key_type, self.fingerprint())
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A key that nobody owns: well formed, and different for each `seed`.
    pub(in super::super) fn key(key_type: &str, seed: u8) -> HostKey {
        let mut blob = Vec::new();
        for field in [key_type.as_bytes(), &[seed; 32]] {
            blob.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
            blob.extend(field);
        }
        HostKey::from_blob(&blob).unwrap()
    }

    #[test]
    fn keys_name_their_own_type() {
        let key = key("ssh-ed25519", 7);
        assert_eq!(key.key_type(), "ssh-ed25519");
        assert_eq!(HostKey::from_blob(key.blob()), Some(key));
    }

    #[test]
    fn hostile_blobs_are_refused() {
        for blob in [
            &b""[..],
            b"\0\0\0",
            b"\0\0\0\0",
            b"\0\0\0\x05abc",
            b"\xff\xff\xff\xffabc",
            b"\0\0\0\x03a\x1bc",
            b"\0\0\0\x03a b",
            b"\0\0\0\x02\xff\xfe",
        ] {
            assert_eq!(HostKey::from_blob(blob), None, "{blob:?}");
        }
    }
}
