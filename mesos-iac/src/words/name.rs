use super::visible::misleads;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    what: &'static str,
    name: String,
    why: String,
}

impl NameError {
    pub(super) fn new(what: &'static str, name: &str, why: impl Into<String>) -> Self {
        Self {
            what,
            name: name.to_owned(),
            why: why.into(),
        }
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no {}: {}", self.name, self.what, self.why)
    }
}

impl std::error::Error for NameError {}

macro_rules! text_newtype {
    ($name:ident) => {
        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

/// The name of a host in the definition, such as `backend-0-0` or `zk1.example.org`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

impl HostName {
    /// The name, checked.
    ///
    /// # Errors
    /// The name is empty, longer than 253 bytes, starts with `-` or `.`, or has a character other than ASCII letters,
    /// digits, `-`, `_` and `.`. Host names become directory names and arguments, so nothing else may get through.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let refuse = |why: &str| Err(NameError::new("host name", name, why));
        if name.is_empty() {
            return refuse("it is empty");
        }
        if name.len() > 253 {
            return refuse("it is longer than 253 bytes");
        }
        if name.starts_with(['-', '.']) {
            return refuse("it starts with `-` or `.`");
        }
        if let Some(c) = name
            .chars()
            .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        {
            return refuse(&format!("it has {c:?} in it"));
        }
        Ok(Self(name.to_owned()))
    }
}

text_newtype!(HostName);

/// The name of a kind of resource: the crate or subject that owns it, a dot, the kind (`core.file`, `hdfs.dir`).
///
/// Kinds are named explicitly because the name is what travels and what stands on disk.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindName(String);

impl KindName {
    /// The name, checked.
    ///
    /// # Errors
    /// The name isn't at least two words of lower-case letters, digits, `-` or `_`, joined by dots.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let word = |w: &str| {
            w.starts_with(|c: char| c.is_ascii_lowercase())
                && w.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        };
        if name.split('.').count() < 2 || !name.split('.').all(word) {
            let why = "expected `owner.kind` in lower case, such as `hdfs.dir`";
            return Err(NameError::new("kind", name, why));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as people read it: built-in kinds drop `core.`.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.strip_prefix("core.").unwrap_or(&self.0)
    }
}

text_newtype!(KindName);

/// What identifies a resource on its host: its kind and its natural key. Written `file[/etc/mesos/zk]`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, try_from = "UncheckedId")]
pub struct ResourceId {
    /// The kind, such as `core.file`.
    pub kind: KindName,
    /// The natural key: a path, a package's name, a unit's name.
    pub key: String,
}

/// An identity as it was read: it may come from a host that means ill.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UncheckedId {
    kind: KindName,
    key: String,
}

impl TryFrom<UncheckedId> for ResourceId {
    type Error = NameError;

    fn try_from(read: UncheckedId) -> Result<Self, NameError> {
        Self::new(read.kind.as_str(), read.key)
    }
}

impl ResourceId {
    /// The identity of `key` among the resources of `kind`.
    ///
    /// # Errors
    /// The kind is no kind's name, or the key is empty or has a control character in it.
    pub fn new(kind: &str, key: impl Into<String>) -> Result<Self, NameError> {
        let kind = KindName::new(kind)?;
        let key = key.into();
        if key.is_empty() {
            return Err(NameError::new("resource key", &key, "it is empty"));
        }
        if key.chars().any(misleads) {
            let why = "it has a control character in it";
            return Err(NameError::new("resource key", &key, why));
        }
        Ok(Self { kind, key })
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}[{}]", self.kind.short(), self.key))
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.kind, self.key)
    }
}

impl FromStr for ResourceId {
    type Err = NameError;

    /// Reads `file[/etc/mesos/zk]` or `hdfs.dir[/data]`; a kind without a dot is a built-in one.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || {
            let why = "expected `kind[key]`, such as `file[/etc/mesos/zk]`";
            NameError::new("resource", text, why)
        };
        let (kind, rest) = text.split_once('[').ok_or_else(wrong)?;
        let key = rest.strip_suffix(']').ok_or_else(wrong)?;
        if kind.contains('.') {
            Self::new(kind, key)
        } else {
            Self::new(&format!("core.{kind}"), key)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_plain_words() {
        for name in ["backend-0-0", "zk1.example.org", "10.1.2.3", "a_b"] {
            assert_eq!(HostName::new(name).unwrap().as_str(), name);
        }
        for name in ["", "-oProxyCommand", "..", "a/b", "a b", "a\n", "ä"] {
            assert!(HostName::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn kinds_are_qualified() {
        assert_eq!(KindName::new("core.file").unwrap().short(), "file");
        assert_eq!(KindName::new("hdfs.dir").unwrap().short(), "hdfs.dir");
        for name in ["file", "Core.file", "core.", ".file", "core.fi le"] {
            assert!(KindName::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn resource_ids_read_what_they_print() {
        for text in ["file[/etc/a[0]]", "package[mesos]", "hdfs.dir[/x]"] {
            assert_eq!(text.parse::<ResourceId>().unwrap().to_string(), text);
        }
        assert!("file".parse::<ResourceId>().is_err());
        assert!("file[]".parse::<ResourceId>().is_err());
    }

    #[test]
    fn an_id_from_a_host_is_checked_like_any_other() {
        for key in [r"\u001b[2J", r"\u202e", ""] {
            let json = format!(r#"{{"kind":"core.file","key":"{key}"}}"#);
            assert!(serde_json::from_str::<ResourceId>(&json).is_err(), "{key}");
        }
        let id: ResourceId = "file[/x]".parse().unwrap();
        assert_eq!(
            serde_json::from_str::<ResourceId>(&serde_json::to_string(&id).unwrap()).unwrap(),
            id
        );
    }
}
