use super::super::agents::DOCKER_PACKAGES;
use super::mesos::Daemon;
use crate::kinds::Package;
use crate::lint::LintHost;
use crate::roles::docker::DockerAt;
use crate::roles::marathon::MarathonApi;
use crate::roles::mesos::{MesosAgentAt, MesosMasterAt};
use crate::roles::version::{Version, numbers};
use std::fmt;

/// The release that a package's version is of: `0.22.1` of `0.22.1-1.0.ubuntu1404`, `3.8.0` of `1:3.8.0-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Release(pub(in super::super) [u32; 3]);

impl Release {
    /// Reads it: what stands before the first `:` is the epoch, what isn't a number any more is the packager's.
    /// None where not even two numbers are there.
    pub(in super::super) fn of(version: &str) -> Option<Self> {
        match numbers(version)[..] {
            [major, minor] => Some(Self([major, minor, 0])),
            [major, minor, patch] => Some(Self([major, minor, patch])),
            _ => None,
        }
    }

    /// The same as a version of the role library.
    pub(in super::super) fn version(self) -> Version {
        let [major, minor, patch] = self.0.map(|number| u16::try_from(number).unwrap_or(u16::MAX));
        Version::new(major, minor, patch)
    }

    /// Whether it is this one or one after it.
    pub(in super::super) fn since(self, major: u32, minor: u32) -> bool {
        (self.0[0], self.0[1]) >= (major, minor)
    }
}

impl From<Version> for Release {
    fn from(version: Version) -> Self {
        Self([version.major(), version.minor(), version.patch()].map(u32::from))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// The first of these packages that the host is to have.
pub(in super::super) fn package<'c>(host: &LintHost<'c>, names: &[&str]) -> Option<&'c Package> {
    names
        .iter()
        .find_map(|name| host.get::<Package>(name).filter(|package| package.is_present()))
}

/// The release of the first of these packages that the host is to have, where it is pinned.
pub(in super::super) fn pinned(host: &LintHost<'_>, names: &[&str]) -> Option<Release> {
    Release::of(package(host, names)?.version()?)
}

/// The release of a daemon of Mesos: that of the package where it is pinned, else what the role says of it.
pub(in super::super) fn of_mesos(host: &LintHost<'_>, daemon: Daemon) -> Option<Release> {
    let said = || match daemon {
        Daemon::Master => host.endpoints::<MesosMasterAt>().next().map(|at| at.version),
        Daemon::Agent => host.endpoints::<MesosAgentAt>().next().map(|at| at.version),
    };
    pinned(host, &["mesos"]).or_else(|| said().map(Release::from))
}

/// The release of Marathon, likewise.
pub(in super::super) fn of_marathon(host: &LintHost<'_>) -> Option<Release> {
    // A host may also tell of a Marathon that runs elsewhere.
    let own = |api: &&MarathonApi| {
        let address = host.view().addr().ok();
        address.and_then(|address| address.parse().ok()) == Some(api.addr.ip())
    };
    let said = || host.endpoints::<MarathonApi>().find(own).map(|api| api.version);
    pinned(host, &["marathon"]).or_else(|| said().map(Release::from))
}

/// The release of Docker, likewise.
pub(in super::super) fn of_docker(host: &LintHost<'_>) -> Option<Release> {
    let said = || host.endpoints::<DockerAt>().next().map(|at| at.version);
    pinned(host, &DOCKER_PACKAGES).or_else(|| said().map(Release::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_version_has_a_release_in_it() {
        let of = |text: &str| Release::of(text).map(|release| release.to_string());
        assert_eq!(of("0.22.1-1.0.ubuntu1404").as_deref(), Some("0.22.1"));
        assert_eq!(of("1:3.8.0-11+deb12u2").as_deref(), Some("3.8.0"));
        assert_eq!(of("1.4.*").as_deref(), Some("1.4.0"));
        assert_eq!(of("5:24.0.7-1~debian").as_deref(), Some("24.0.7"));
        assert_eq!(of("1.11-rc1").as_deref(), Some("1.11.0"));
        assert_eq!(of("7"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn releases_order_as_numbers() {
        assert!(Release([0, 9, 0]) < Release([0, 22, 1]));
        assert!(Release([1, 4, 13]).since(1, 4));
        assert!(!Release([1, 4, 13]).since(1, 5));
    }
}
