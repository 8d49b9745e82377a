use crate::compile::edges;
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{Init, Mesos, MesosLayout};
use mesos_iac::{File, SecretForm, SecretText};
use std::collections::BTreeMap;

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

/// Wherever its flags stand, a value that lets nobody in is told before a host is touched.
#[test]
fn who_may_use_the_api_has_a_name_and_a_password() {
    let login = Secret::from_env("LOGIN");
    for (version, layout) in [
        (OLD, MarathonLayout::mesosphere()),
        (NEW, MarathonLayout::mesosphere()),
        (NEW, MarathonLayout::archive("/opt/marathon")),
    ] {
        let mesos = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere())
            .zookeeper("zk://198.18.0.9:2181/mesos".parse().unwrap());
        let marathon = Marathon::new(version, layout, &mesos).credentials(login.clone());
        let cluster = Cluster::new("lab").hosts(host("m").addr("198.18.0.1").role(marathon));
        let compiled = cluster.build().unwrap().compile().unwrap();
        let unfit = |value: &str| {
            let values = BTreeMap::from([(login.source().clone(), SecretText::new(value.into()))]);
            let unfit = compiled.hosts[0].catalog.unfit_secrets(&values).unwrap();
            unfit.into_iter().map(|(_, why)| why.form).collect::<Vec<_>>()
        };
        assert_eq!(unfit("hunter2"), [SecretForm::NameAndPassword], "{version}");
        assert_eq!(unfit("anna:hunter2"), [], "{version}");
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
