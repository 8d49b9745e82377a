use super::found;
use super::read::mesos::Daemon;
use super::read::release::{self, Release};
use crate::kinds::Package;
use crate::lint::LintCx;
use crate::lint_rule;
use crate::roles::Version;
use crate::roles::flags::{Master, releases};
use crate::words::ResourceId;

lints! {
    UNKNOWN_RELEASE = Warning "unknown-release": "a host is to have a release of Mesos that isn't known";
}

lint_rule!(known_releases => [&UNKNOWN_RELEASE]);

fn known_releases(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        for release in Daemon::BOTH
            .into_iter()
            .filter_map(|daemon| release::of_mesos(host, daemon))
        {
            let Some(why) = unknown(release.version()) else {
                continue;
            };
            let pin = release::package(host, &["mesos"]).and_then(Package::version);
            let is_pinned = pin.and_then(Release::of) == Some(release);
            let id = ResourceId::new("core.package", "mesos").ok().filter(|_| is_pinned);
            let finding = found(&UNKNOWN_RELEASE, host, id.as_ref(), why)
                .hint("say the release that the package is of; its flags are judged by the nearest ones");
            cx.report(match id {
                Some(_) => finding,
                None => finding.at("hosts declared", host.view().declared_at().clone()),
            });
        }
    }
}

/// Why a release isn't one that is known, with the nearest.
fn unknown(version: Version) -> Option<String> {
    let known = releases::<Master>();
    if known.contains(&version) {
        return None;
    }
    let below = known.iter().rev().find(|known| **known < version);
    let above = known.iter().find(|known| **known > version);
    match (below, above) {
        (Some(below), Some(above)) => Some(format!(
            "no release {version} of Mesos is known: the nearest are {below} and {above}"
        )),
        (None, Some(first)) => Some(format!(
            "Mesos {version} is older than {first}, the first release that is known"
        )),
        (Some(last), None) => Some(format!(
            "Mesos {version} is newer than {last}, the last release that is known"
        )),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_release_has_its_neighbours_named() {
        let why = |text: &str| unknown(text.parse().unwrap());
        for known in ["0.19", "0.22.1", "1.2.3", "1.11.0"] {
            assert_eq!(why(known), None, "{known}");
        }
        assert!(why("1.2.9").unwrap().ends_with("1.2.3 and 1.3.0"));
        assert!(why("0.18.0").unwrap().contains("older than 0.19.0"));
        assert!(why("2.0.0").unwrap().contains("newer than 1.12.0"));
    }
}
