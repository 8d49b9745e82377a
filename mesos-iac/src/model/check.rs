use crate::words::Mode;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The most bytes of a text that a diff carries; a longer one is told by its length and digest.
const MOST_SHOWN: usize = 256 * 1024;

/// What a resource finds when it compares a host with what is desired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use]
pub enum Check {
    /// The host is as desired; there is nothing to do.
    NoChange,
    /// The host differs, and `apply` makes exactly this difference go away.
    Change(Diff),
}

impl From<Diff> for Check {
    /// An empty diff is no change.
    fn from(diff: Diff) -> Self {
        if diff.is_empty() {
            Self::NoChange
        } else {
            Self::Change(diff)
        }
    }
}

/// What differs, property by property.
///
/// One concrete type serves every kind, so that plans, reports and saved files need to know none of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    /// The properties that differ, in the order in which the kind names them.
    pub changes: Vec<Change>,
}

/// One property that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The property, such as `content`, `mode` or `running`.
    pub property: String,
    /// What the host has.
    pub from: Shown,
    /// What is desired.
    pub to: Shown,
}

/// A property's value as people may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Shown {
    /// There is no value: the thing doesn't exist.
    Absent,
    /// A value of one line.
    Value(String),
    /// A text of several lines, to be compared line by line.
    Text(String),
    /// Something too long, or no text.
    Bytes {
        /// Its length in bytes.
        length: u64,
        /// Its SHA-256 digest in hexadecimal.
        sha256: String,
    },
    /// A secret, or something that may hold one.
    Secret,
}

impl Shown {
    /// Bytes that may be shown: as text where they are one of bearable length, else by length and digest.
    #[must_use]
    pub fn content(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.len() <= MOST_SHOWN && !text.contains('\0') => Self::Text(text.to_owned()),
            _ => Self::Bytes {
                length: bytes.len() as u64,
                sha256: hex(&Sha256::digest(bytes)),
            },
        }
    }
}

/// Lower-case hexadecimal digits of the bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)])
        .collect()
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("absent"),
            Self::Value(value) => f.write_str(value),
            Self::Text(text) => write!(f, "{} bytes", text.len()),
            Self::Bytes { length, sha256 } => write!(f, "{length} bytes, sha256 {sha256}"),
            Self::Secret => f.write_str("(secret)"),
        }
    }
}

impl From<&str> for Shown {
    fn from(value: &str) -> Self {
        Self::Value(value.to_owned())
    }
}

impl From<String> for Shown {
    fn from(value: String) -> Self {
        Self::Value(value)
    }
}

impl From<bool> for Shown {
    fn from(value: bool) -> Self {
        Self::Value(if value { "yes" } else { "no" }.to_owned())
    }
}

impl From<Mode> for Shown {
    fn from(value: Mode) -> Self {
        Self::Value(value.to_string())
    }
}

impl<T: Into<Self>> From<Option<T>> for Shown {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

impl Diff {
    /// No difference yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { changes: Vec::new() }
    }

    /// Adds a property that differs.
    pub fn push(&mut self, property: &str, from: impl Into<Shown>, to: impl Into<Shown>) {
        self.changes.push(Change {
            property: property.to_owned(),
            from: from.into(),
            to: to.into(),
        });
    }

    /// Adds the property if it is managed and differs: a desired value of `None` means "leave it as it is".
    pub fn compare<T>(&mut self, property: &str, current: Option<T>, desired: Option<T>)
    where
        T: PartialEq + Into<Shown>,
    {
        if desired.is_some() && current != desired {
            self.push(property, current, desired);
        }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The change of this property, if it differs.
    #[must_use]
    pub fn change(&self, property: &str) -> Option<&Change> {
        self.changes.iter().find(|change| change.property == property)
    }

    /// Whether this property differs.
    #[must_use]
    pub fn has(&self, property: &str) -> bool {
        self.change(property).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmanaged_and_equal_properties_make_no_difference() {
        let mut diff = Diff::new();
        diff.compare("mode", Some(Mode::FILE), None);
        diff.compare("owner", Some("root"), Some("root"));
        assert_eq!(Check::from(diff.clone()), Check::NoChange);
        diff.compare("mode", None, Some(Mode::FILE));
        assert_eq!(diff.change("mode").unwrap().from, Shown::Absent);
        assert_eq!(Check::from(diff.clone()), Check::Change(diff));
    }

    #[test]
    fn long_and_binary_content_is_told_by_its_digest() {
        assert!(matches!(Shown::content(b"a\nb\n"), Shown::Text(_)));
        assert!(matches!(Shown::content(&[0xff, 0]), Shown::Bytes { length: 2, .. }));
        assert!(matches!(
            Shown::content(&vec![b'x'; MOST_SHOWN + 1]),
            Shown::Bytes { .. }
        ));
    }
}
