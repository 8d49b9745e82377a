//! What a resource finds on a host only once another one has brought it along.

use crate::model::{Effect, Effects, ReadSystem};

/// Whether the first brings something along that the other looks at or makes.
pub(super) fn brings(first: &Effects, then: &Effects) -> bool {
    // What comes along with a package or a user doesn't matter to its check; what a command creates does.
    let created = then.provides.iter().filter(|_| then.writes.is_empty());
    let wanted: Vec<&Effect> = then.writes.iter().chain(&then.reads).chain(created).collect();
    first.provides.iter().any(|provided| {
        wanted.iter().any(|wanted| match (provided, wanted) {
            (Effect::Path(above), Effect::Path(path) | Effect::Entries(path)) => path.is_within(above),
            (provided, wanted) => provided == *wanted,
        })
    })
}

/// Whether the first makes a file of the other's unit that isn't there: what systemd says of the unit until then is of
/// another unit, or of what is left of it.
pub(super) fn makes_unit(first: &Effects, then: &Effects, system: &dyn ReadSystem) -> bool {
    then.writes.iter().any(|effect| match effect {
        Effect::Unit(unit) => first
            .writes
            .iter()
            .any(|written| is_called(written, unit) && then.reads.contains(written) && is_missing(written, system)),
        _ => false,
    })
}

/// Whether it is a path whose last part is this name.
pub(super) fn is_called(effect: &Effect, name: &str) -> bool {
    match effect {
        Effect::Path(path) => path.as_str().rsplit('/').next() == Some(name),
        _ => false,
    }
}

/// Whether something that the resource is about isn't on the host.
pub(super) fn lacks(effects: &Effects, system: &dyn ReadSystem) -> bool {
    effects.writes.iter().any(|effect| is_missing(effect, system))
}

/// Whether anything that comes along with a package matters to it, not only what is missing.
pub(super) fn minds_company(effects: &Effects) -> bool {
    effects.reads.iter().any(|effect| matches!(effect, Effect::Entries(_)))
}

/// Whether what the other owns goes when the first changes: it is in a directory that the first replaces.
pub(super) fn replaces(first: &Effects, then: &Effects) -> bool {
    let replaced = first.provides.iter().filter(|provided| first.writes.contains(provided));
    replaced.into_iter().any(|replaced| {
        then.writes.iter().any(|written| match (replaced, written) {
            (Effect::Path(above), Effect::Path(path)) => path.is_within(above),
            _ => false,
        })
    })
}

/// What can't be looked up isn't missing.
pub(super) fn is_missing(effect: &Effect, system: &dyn ReadSystem) -> bool {
    match effect {
        Effect::Path(path) => system.entry(path).is_ok_and(|entry| entry.is_none()),
        Effect::Unit(unit) => system.unit(unit).is_ok_and(|state| !state.exists),
        Effect::User(name) => system.user(name).is_ok_and(|user| user.is_none()),
        Effect::Group(name) => system.group(name).is_ok_and(|group| group.is_none()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::AbsPath;

    #[test]
    fn what_comes_along_is_wanted_by_what_stands_below_it_or_is_it() {
        let path = |path: &str| Effect::Path(AbsPath::new(path).unwrap());
        let unit = || Effect::Unit("zookeeper.service".into());
        let package = Effects::none().provide(path("/etc/zookeeper")).provide(unit());
        assert!(brings(
            &package,
            &Effects::none().write(path("/etc/zookeeper/conf/zoo.cfg"))
        ));
        assert!(brings(&package, &Effects::none().write(unit())));
        assert!(!brings(&package, &Effects::none().write(path("/etc/zookeepers"))));
        let command = Effects::none().provide(path("/etc/zookeeper/made"));
        assert!(brings(&package, &command), "a command looks at what it creates");
        let other = Effects::none()
            .write(Effect::Package("other".into()))
            .provide(path("/etc/zookeeper"));
        assert!(!brings(&package, &other), "a package doesn't");
    }
}
