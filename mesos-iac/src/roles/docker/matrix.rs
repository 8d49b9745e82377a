use crate::model::{Level, Lint};
use crate::roles::Version;

/// An engine that the agent's Mesos doesn't get along with.
pub static DOCKER_VERSION: Lint = Lint {
    name: "docker-version",
    level: Level::Error,
    summary: "the agent's Mesos doesn't get along with this version of Docker",
    page: include_str!("../lints/pages/docker-version.md"),
};

// The role of the agent reports it: only there both versions are known.
crate::lint_rule!([&DOCKER_VERSION]);

/// Why an agent of this Mesos can't use an engine of this version; nothing where no clash is known.
///
/// ```
/// use mesos_iac::roles::Version;
/// use mesos_iac::roles::docker::clash;
///
/// // The pair of versions that a cluster on Photon OS came to grief with.
/// assert!(clash(Version::new(0, 22, 1), Version::new(1, 8, 1)).is_some());
/// assert!(clash(Version::new(0, 23, 0), Version::new(1, 8, 1)).is_none());
/// ```
#[must_use]
pub fn clash(mesos: Version, docker: Version) -> Option<&'static str> {
    let native = Version::new(0, 20, 0);
    if mesos < native {
        return Some(
            "Mesos runs Docker's containers by itself from 0.20.0 on; before, an external containerizer is needed",
        );
    }
    if docker < Version::new(1, 0, 0) {
        return Some("Mesos wants Docker 1.0.0 at the least");
    }
    if mesos < Version::new(0, 23, 0) && docker >= Version::new(1, 8, 0) {
        return Some(
            "Mesos before 0.23.0 can't read the version that Docker 1.8 and later print, and takes it for one before 1.0.0 \
             (\"Insufficient version of Docker\")",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_clashes_are_told_and_others_are_not() {
        let v = Version::new;
        for (mesos, docker, clashes) in [
            (v(0, 22, 0), v(1, 8, 1), true),
            (v(0, 22, 2), v(1, 7, 1), false),
            (v(0, 21, 0), v(1, 6, 2), false),
            (v(0, 19, 0), v(1, 6, 2), true),
            (v(0, 28, 2), v(0, 9, 1), true),
            (v(1, 11, 0), v(20, 10, 24), false),
        ] {
            assert_eq!(clash(mesos, docker).is_some(), clashes, "{mesos} with {docker}");
        }
    }
}
