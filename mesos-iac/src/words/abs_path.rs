use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Borrow;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// The most bytes of a path that Linux takes.
pub(crate) const LONGEST: usize = 4095;

/// An absolute path on a host: UTF-8, without `.`, `..`, empty components, control characters or a trailing slash.
///
/// Two paths that are equal as text name the same place in the definition, so paths are normalised when they are made.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbsPath(String);

/// Why a path was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError {
    path: String,
    why: &'static str,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "path {:?} {}", self.path, self.why)
    }
}

impl std::error::Error for PathError {}

impl AbsPath {
    /// The root directory.
    #[must_use]
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// The normalised path.
    ///
    /// # Errors
    /// The path is relative, climbs with `..`, or has a control character in it.
    pub fn new(path: impl AsRef<str>) -> Result<Self, PathError> {
        let path = path.as_ref();
        let refuse = |why| PathError {
            path: path.to_owned(),
            why,
        };
        if !path.starts_with('/') {
            return Err(refuse("isn't absolute: it must start with `/`"));
        }
        if path.chars().any(char::is_control) {
            return Err(refuse("has a control character in it"));
        }
        if path.len() > LONGEST {
            return Err(refuse("is longer than 4095 bytes, the most that Linux takes"));
        }
        let mut normal = String::with_capacity(path.len());
        for component in path.split('/') {
            match component {
                "" | "." => {}
                ".." => return Err(refuse("climbs with `..`: write the path that is meant")),
                component if component.len() > 255 => {
                    return Err(refuse("has a component of more than 255 bytes"));
                }
                component => {
                    normal.push('/');
                    normal.push_str(component);
                }
            }
        }
        if normal.is_empty() {
            normal.push('/');
        }
        Ok(Self(normal))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path for the standard library's calls.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// The directory that holds it; the root has none.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let cut = self.0.rfind('/')?;
        match (cut, self.0.len()) {
            (0, 1) => None,
            (0, _) => Some(Self::root()),
            _ => Some(Self(self.0[..cut].to_owned())),
        }
    }

    /// Its ancestors, nearest first, down to the root.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> + use<> {
        std::iter::successors(self.parent(), Self::parent)
    }

    /// Its last component; empty for the root.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The path of `name` in this directory.
    ///
    /// # Errors
    /// As [`AbsPath::new`].
    pub fn join(&self, name: &str) -> Result<Self, PathError> {
        Self::new(format!("{}/{name}", self.0))
    }

    /// Whether it is `directory` or lies below it.
    #[must_use]
    pub fn is_within(&self, directory: &Self) -> bool {
        self.as_path().starts_with(directory.as_path())
    }
}

impl fmt::Display for AbsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AbsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AbsPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::new(text)
    }
}

impl TryFrom<&str> for AbsPath {
    type Error = PathError;

    fn try_from(text: &str) -> Result<Self, PathError> {
        Self::new(text)
    }
}

impl TryFrom<String> for AbsPath {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, PathError> {
        Self::new(text)
    }
}

impl TryFrom<&String> for AbsPath {
    type Error = PathError;

    fn try_from(text: &String) -> Result<Self, PathError> {
        Self::new(text)
    }
}

impl Borrow<str> for AbsPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for AbsPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AbsPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised() {
        for (given, normal) in [("/", "/"), ("//a//b/", "/a/b"), ("/a/./b", "/a/b")] {
            assert_eq!(AbsPath::new(given).unwrap().as_str(), normal);
        }
    }

    #[test]
    fn relative_climbing_and_control_characters_are_refused() {
        for path in ["", "a", "./a", "/a/../b", "/..", "/a\nb", "/a\0"] {
            assert!(AbsPath::new(path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn ancestors_go_down_to_the_root() {
        let path = AbsPath::new("/a/b/c").unwrap();
        let all: Vec<String> = path.ancestors().map(|p| p.to_string()).collect();
        assert_eq!(all, ["/a/b", "/a", "/"]);
        assert_eq!(AbsPath::root().ancestors().count(), 0);
    }

    #[test]
    fn within_is_by_component() {
        let etc = AbsPath::new("/etc").unwrap();
        assert!(AbsPath::new("/etc/mesos").unwrap().is_within(&etc));
        assert!(!AbsPath::new("/etcetera").unwrap().is_within(&etc));
    }
}
