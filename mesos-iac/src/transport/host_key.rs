//! Host keys as a server presents them, and their fingerprints.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest as _, Sha256};

/// Known-hosts files are written with padding, fingerprints without; people paste both.
pub(super) const BASE64_ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The SHA-256 fingerprint of a host key, written `SHA256:` and base64 without padding, as OpenSSH does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// Why a text is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintError {
    /// The algorithm is missing or is another one.
    #[error("read {text:?} as a fingerprint: it does not start with \"SHA256:\"")]
    Algorithm {
        /// The text.
        text: String,
    },
    /// What follows is not the base64 form of 32 bytes.
    #[error("read {text:?} as a fingerprint: after \"SHA256:\" come 43 characters of base64")]
    Digest {
        /// The text.
        text: String,
    },
}

impl Fingerprint {
    /// The fingerprint of a public key in SSH's wire form.
    #[must_use]
    pub fn of(blob: &[u8]) -> Self {
        Self(Sha256::digest(blob).into())
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let Some(digest) = text.strip_prefix("SHA256:") else {
            return Err(FingerprintError::Algorithm { text: text.to_owned() });
        };
        BASE64_ANY_PADDING
            .decode(digest)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| FingerprintError::Digest { text: text.to_owned() })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", BASE64_STANDARD_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

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
    fn fingerprints_are_read_and_written_as_openssh_does() {
        let text = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";
        let fingerprint: Fingerprint = text.parse().unwrap();
        assert_eq!(fingerprint.to_string(), text);
        assert_eq!(format!("{text}=").parse(), Ok(fingerprint));
    }

    #[test]
    fn other_texts_are_no_fingerprints() {
        for text in [
            "",
            "SHA256:",
            "MD5:16:27:ac:a5",
            "sha256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
            "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOq",
            "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqUAA",
            "SHA256:!!!!3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
            " SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
        ] {
            assert!(text.parse::<Fingerprint>().is_err(), "{text:?}");
        }
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
