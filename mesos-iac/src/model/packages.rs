use super::{Diff, Shown, SystemError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A package that a transaction changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageChange {
    /// Its name; with the architecture if that isn't the native one.
    pub name: String,
    /// The installed version; none: it isn't installed.
    pub from: Option<String>,
    /// The version that it gets; none: it is removed.
    pub to: Option<String>,
}

impl fmt::Display for PackageChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, from, to } = self;
        match (from, to) {
            (None, Some(to)) => write!(f, "{name} {to}"),
            (Some(from), Some(to)) => write!(f, "{name} {from} → {to}"),
            (_, None) => write!(f, "{name} removed"),
        }
    }
}

/// What a transaction of packages would come to, before it is begun.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageForecast {
    /// The packages that it would change, what these depend on included.
    pub changes: Vec<PackageChange>,
    /// The packages among those asked for that can't be had or can't go, each with the error that a run would end in.
    pub refused: BTreeMap<String, SystemError>,
    /// Whether the system has lists of what its repositories hold. Without any, what is refused may be there all the same:
    /// a run fetches the lists first.
    pub has_lists: bool,
}

impl PackageForecast {
    /// The version that a package gets, if it gets one.
    #[must_use]
    pub fn version(&self, name: &str) -> Option<&str> {
        let change = self.changes.iter().find(|change| change.name == name)?;
        change.to.as_deref()
    }
}

impl Diff {
    /// The same difference with the version that a package really gets, where the definition leaves that open.
    #[must_use]
    pub(crate) fn at_version(mut self, version: &str) -> Self {
        for change in &mut self.changes {
            if change.property == "version" && change.to != Shown::Absent {
                version.clone_into(match &mut change.to {
                    Shown::Value(to) => to,
                    _ => continue,
                });
            }
        }
        self
    }
}

/// A package to install.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageRequest {
    /// Its name.
    pub name: String,
    /// The exact version; none: whatever is installed, or the repository's candidate.
    pub version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_that_a_package_gets_stands_where_the_definition_leaves_it_open() {
        let mut diff = Diff::new();
        diff.push("version", Shown::Absent, "the repository's candidate");
        let to = |diff: &Diff| diff.changes[0].to.to_string();
        assert_eq!(to(&diff.clone().at_version("3.8.0-11")), "3.8.0-11");
        let mut removal = Diff::new();
        removal.push("version", "3.8.0-11", Shown::Absent);
        assert_eq!(to(&removal.at_version("3.8.0-12")), "absent");
    }

    #[test]
    fn changes_are_told_in_a_word() {
        let told = |from: Option<&str>, to: Option<&str>| {
            let owned = |version: Option<&str>| version.map(str::to_owned);
            let change = PackageChange {
                name: "zookeeper".into(),
                from: owned(from),
                to: owned(to),
            };
            change.to_string()
        };
        assert_eq!(told(None, Some("3.8")), "zookeeper 3.8");
        assert_eq!(told(Some("3.7"), Some("3.8")), "zookeeper 3.7 → 3.8");
        assert_eq!(told(Some("3.7"), None), "zookeeper removed");
    }
}
