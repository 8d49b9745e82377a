use super::{PathAttributes, SystemError};
use crate::words::AbsPath;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// The name of the file that says from which archive a directory was unpacked.
const MARKER: &str = ".mesos-iac-archive";

/// A SHA-256 digest: 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sha256Digest(String);

/// Why a digest was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the digest {0:?}: expected the 64 hexadecimal digits of SHA-256, as `sha256sum` prints them")]
pub struct Sha256DigestError(String);

impl Sha256Digest {
    /// That of these bytes.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self(super::hex(&Sha256::digest(content)))
    }

    /// Refuses another digest than this one. `what` has it.
    ///
    /// # Errors
    /// It is another.
    pub fn require(&self, what: &str, found: &Self) -> Result<(), SystemError> {
        if self == found {
            return Ok(());
        }
        Err(SystemError::Other(format!(
            "take {what}: its sha256 is {found}, and the definition says {self}"
        )))
    }
}

impl From<Sha256> for Sha256Digest {
    fn from(digest: Sha256) -> Self {
        Self(super::hex(&digest.finalize()))
    }
}

impl FromStr for Sha256Digest {
    type Err = Sha256DigestError;

    fn from_str(text: &str) -> Result<Self, Sha256DigestError> {
        if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Sha256DigestError(text.to_owned()))
        }
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Sha256Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sha256Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A file to fetch from the network.
#[derive(Debug, Clone, Copy)]
pub struct Fetch<'a> {
    /// Where it is.
    pub url: &'a str,
    /// What its digest must be.
    pub sha256: &'a Sha256Digest,
    /// What the file is to be.
    pub attributes: &'a PathAttributes,
}

/// An archive to unpack.
#[derive(Debug, Clone, Copy)]
pub struct Unpack<'a> {
    /// The archive: what `tar` reads.
    pub archive: &'a AbsPath,
    /// What its digest must be.
    pub sha256: &'a Sha256Digest,
    /// How many directories at the beginning of each name in it are left out.
    pub strip: u32,
    /// What the directory is to be.
    pub attributes: &'a PathAttributes,
}

impl Unpack<'_> {
    /// The file that says from which archive the directory was unpacked.
    ///
    /// # Errors
    /// The directory's path is too long for one in it.
    pub fn marker_in(&self, directory: &AbsPath) -> Result<AbsPath, SystemError> {
        directory
            .join(MARKER)
            .map_err(|error| SystemError::Other(error.to_string()))
    }

    /// What that file says.
    #[must_use]
    pub fn marker_text(&self) -> String {
        format!("sha256 {}\nstrip {}\n", self.sha256, self.strip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_hexadecimal_and_equal_in_any_case() {
        let digest = Sha256Digest::of(b"");
        assert_eq!(
            digest.to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(digest.to_string().to_uppercase().parse(), Ok(digest.clone()));
        for bad in ["", "e3b0", &"g".repeat(64), &"ä".repeat(32)] {
            assert!(bad.parse::<Sha256Digest>().is_err());
        }
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Sha256Digest>(&json).unwrap(), digest);
        let error = digest.require("x", &Sha256Digest::of(b"x")).unwrap_err().to_string();
        assert!(error.starts_with("take x: its sha256 is 2d711642"), "{error}");
    }
}
