use super::{Effect, Effects};
use crate::words::AbsPath;
use std::collections::BTreeSet;

/// The paths that the resources of one host own or bring along, those to be absent included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnedPaths(BTreeSet<AbsPath>);

impl OwnedPaths {
    /// Those that these resources declare.
    #[must_use]
    pub fn of<'e>(effects: impl IntoIterator<Item = &'e Effects>) -> Self {
        let paths = effects.into_iter().flat_map(|effects| {
            let known = effects.writes.iter().chain(&effects.provides);
            known.filter_map(|effect| match effect {
                Effect::Path(path) => Some(path.clone()),
                _ => None,
            })
        });
        Self(paths.collect())
    }

    /// The names in a directory at or below which one of these paths is, sorted, each once.
    #[must_use]
    pub fn names_in(&self, directory: &AbsPath) -> Vec<String> {
        let prefix = format!("{}/", directory.as_str().trim_end_matches('/'));
        let names: BTreeSet<&str> = self
            .0
            .range::<AbsPath, _>(directory..)
            .take_while(|path| path.as_str().starts_with(directory.as_str()))
            .filter_map(|path| path.as_str().strip_prefix(&prefix)?.split('/').next())
            .filter(|name| !name.is_empty())
            .collect();
        names.into_iter().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_owned_if_something_at_or_below_it_is() {
        let path = |path: &str| AbsPath::new(path).unwrap();
        let owned = [
            "/etc/mesos",
            "/etc/mesos-master/ip",
            "/etc/mesos/zk",
            "/etc/mesos/a/b",
            "/etc/mesos/a/c",
        ];
        let mut effects = Effects::none().write(Effect::Unit("x.service".into()));
        for owned in owned {
            effects = effects.write(Effect::Path(path(owned)));
        }
        let effects = effects.provide(Effect::Path(path("/etc/mesos/made")));
        let paths = OwnedPaths::of([&effects]);
        assert_eq!(paths.names_in(&path("/etc/mesos")), ["a", "made", "zk"]);
        assert_eq!(paths.names_in(&path("/etc/mesos-master")), ["ip"]);
        assert_eq!(paths.names_in(&path("/etc/none")), [""; 0]);
        assert_eq!(paths.names_in(&AbsPath::root()), ["etc"]);
    }
}
