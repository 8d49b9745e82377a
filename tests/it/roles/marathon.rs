use crate::compile::edges;
use mesos_iac::File;
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{Init, Mesos, MesosLayout};

const OLD: Version = Version::new(1, 4, 14);
const NEW: Version = Version::new(1, 5, 15);

/// A Marathon that says to the masters who it is.
fn known_to_masters(version: Version, layout: MarathonLayout) -> Result<Cluster> {
    let mesos =
        Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere()).zookeeper("zk://198.18.0.9:2181/mesos".parse()?);
    let marathon = Marathon::new(version, layout, &mesos).principal("marathon", Secret::from_env("MARATHON_SECRET"));
    Cluster::new("lab")
        .hosts(host("m").addr("198.18.0.1").role(marathon))
        .build()
}

/// Whoever runs Marathon can read who it is, and nobody else can.
#[test]
fn the_secret_of_the_principal_belongs_to_whoever_runs_marathon() {
    for (version, layout, owner) in [
        (OLD, MarathonLayout::mesosphere(), "root"),
        (NEW, MarathonLayout::mesosphere(), "marathon"),
        (NEW, MarathonLayout::mesosphere().init(Init::Upstart), "marathon"),
        (NEW, MarathonLayout::archive("/opt/marathon"), "root"),
        (OLD, MarathonLayout::archive("/opt/marathon"), "root"),
    ] {
        let compiled = known_to_masters(version, layout).unwrap().compile().unwrap();
        let host = compiled.host("m").unwrap();
        let file = host.catalog.get::<File>("/etc/marathon/mesos-secret").unwrap();
        assert_eq!(file.attributes().owner.as_deref(), Some(owner), "{version}");
        assert_eq!(file.attributes().mode.unwrap().to_string(), "0400");
        assert!(file.content().unwrap().is_secret());
    }
}

/// The package makes the user, so it comes before the file that is the user's.
#[test]
fn the_package_that_brings_the_user_comes_before_the_secret() {
    let compiled = known_to_masters(NEW, MarathonLayout::mesosphere())
        .unwrap()
        .compile()
        .unwrap();
    let before = edges(&compiled, "file[/etc/marathon/mesos-secret]");
    assert!(before.iter().any(|(id, _)| id == "package[marathon]"), "{before:?}");
}
