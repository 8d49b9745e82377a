//! Lints of what was so in one release and is otherwise in another, and of what is gone.

use super::{ByHand, Case, by_hand, findings, finds, one, with_files};
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::lints;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{Mesos, MesosLayout};

fn agent(version: &'static str) -> ByHand {
    by_hand()
        .pinned("mesos", version)
        .runs("mesos-slave")
        .stops("mesos-master")
        .file("/etc/mesos/zk", "zk://10.0.0.1:2181/mesos\n")
}

/// Marathon 0.8.1 with a file of variables.
fn marathon(version: &'static str) -> ByHand {
    by_hand()
        .pinned("marathon", version)
        .package("default-jre-headless")
        .file("/etc/default/marathon", "MARATHON_HTTP_PORT=8081\n")
}

/// A host of this system with Docker's options where EL6 has them.
fn with_other_args(os: Os) -> ClusterBuilder {
    let role = by_hand().file("/etc/sysconfig/docker", "other_args='--log-driver journald'\n");
    Cluster::new("lab").hosts(host("a").addr("198.18.0.1").os(os).role(role))
}

fn os(id: &str, version: &str) -> Os {
    Os {
        id: id.to_owned(),
        version: Some(version.to_owned()),
    }
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            lint: &lints::UNKNOWN_RELEASE,
            bad: || one(agent("1.2.9-2.0.1")),
            near: || one(agent("1.2.3-2.0.1")),
        },
        Case {
            lint: &lints::UNKNOWN_RELEASE,
            bad: || one(agent("0.18.0-1.0")),
            near: || one(agent("0.19.0-1.0")),
        },
        // The whole name came with 1.0.
        Case {
            lint: &lints::TLS_VARIABLE,
            bad: || one(agent("0.28.2-2.0.27").file("/etc/default/mesos", "LIBPROCESS_SSL_ENABLED=true\n")),
            near: || one(agent("1.0.1-2.0.93").file("/etc/default/mesos", "LIBPROCESS_SSL_ENABLED=true\n")),
        },
        Case {
            lint: &lints::TLS_VARIABLE,
            bad: || {
                let unit = "[Service]\nEnvironment=LIBPROCESS_SSL_VERIFY_CERT=true\n";
                one(agent("1.11.0-2.0.1").file("/etc/systemd/system/mesos-slave.service.d/tls.conf", unit))
            },
            near: || {
                let unit = "[Service]\nEnvironment=LIBPROCESS_SSL_VERIFY_SERVER_CERT=true\n";
                one(agent("1.11.0-2.0.1").file("/etc/systemd/system/mesos-slave.service.d/tls.conf", unit))
            },
        },
        Case {
            lint: &lints::DEPRECATED_FLAG,
            bad: || one(agent("1.11.0-2.0.1").file("/etc/mesos-slave/isolation", "process\n")),
            near: || one(agent("1.11.0-2.0.1").file("/etc/mesos-slave/isolation", "posix/cpu,posix/mem\n")),
        },
        Case {
            lint: &lints::FLAG_VALUE_FORM,
            bad: || one(agent("1.1.0-2.0.1").file("/etc/mesos-slave/containerizers", "external,mesos\n")),
            near: || one(agent("0.20.1-1.0").file("/etc/mesos-slave/containerizers", "external,mesos\n")),
        },
        Case {
            lint: &lints::MARATHON_VARIABLES_UNREAD,
            bad: || one(marathon("0.8.1-1.0")),
            near: || one(marathon("0.8.2-1.0")),
        },
        Case {
            lint: &lints::MARATHON_VARIABLES_UNREAD,
            bad: || one(marathon("0.8.1-1.0")),
            near: || {
                let unit = "[Service]\nEnvironmentFile=/etc/default/marathon\n";
                one(marathon("0.8.1-1.0").file("/etc/systemd/system/marathon.service.d/variables.conf", unit))
            },
        },
        Case {
            lint: &lints::DEPLOY_COMMENT,
            bad: || with_files([("/usr/etc/mesos/masters", "m1 # the old one\nm2\n")]),
            near: || with_files([("/usr/etc/mesos/masters", "# the old one\nm1\nm2\n")]),
        },
        Case {
            lint: &lints::DOCKER_OTHER_ARGS,
            bad: || with_other_args(os("centos", "7")),
            near: || with_other_args(os("centos", "6.6")),
        },
        Case {
            lint: &lints::REPOSITORY_GONE,
            bad: || {
                let line = "deb http://repos.mesosphere.io/debian wheezy main\n";
                with_files([("/etc/apt/sources.list.d/mesosphere.list", line)])
            },
            near: || {
                let line = "deb http://mirror.lan/repos.mesosphere.io/debian wheezy main\n";
                with_files([("/etc/apt/sources.list.d/mesosphere.list", line)])
            },
        },
    ]
}

/// What is declared as a repository is looked at as a file of one is.
#[test]
fn a_declared_repository_that_is_gone_is_told() {
    #[derive(Role, Clone)]
    #[role(name = "packages")]
    struct Packages(&'static str);

    impl Declares for Packages {
        fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
            cx.add(
                apt_repository("java")
                    .uri(self.0)
                    .suite("trusty")
                    .component("main")
                    .signed_by("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"),
            );
            cx.add(
                yum_repository("mesosphere")
                    .base_url("http://repos.mesosphere.com/el/7/x86_64/")
                    .unsigned(),
            );
            Ok(())
        }
    }

    let told = |uri| {
        let cluster = Cluster::new("lab").hosts(host("a").addr("198.18.0.1").role(Packages(uri)));
        let found = findings(&cluster.build().unwrap()).found;
        let ours = found.iter().filter(|finding| *finding.lint == lints::REPOSITORY_GONE);
        ours.map(|finding| finding.problem.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told("http://ppa.launchpad.net/webupd8team/java/ubuntu").len(), 2);
    let mirrored = told("http://mirror.lan/ubuntu");
    assert_eq!(mirrored.len(), 1, "{mirrored:?}");
    assert!(mirrored[0].contains("/etc/yum.repos.d/mesosphere.repo"), "{mirrored:?}");
}

/// A role that is told a release that isn't known says so, with the place of the hosts and the neighbours.
#[test]
fn a_roles_release_is_held_against_the_known_ones() {
    let mesos = Mesos::new(Version::new(1, 2, 9), MesosLayout::mesosphere().pinned("1.2.9-1"))
        .zookeeper("zk://198.18.0.1:2181/mesos".parse().unwrap());
    let hosts = hosts("a[1-2]")
        .addrs(["198.18.0.11", "198.18.0.12"])
        .role(mesos.agent());
    let cluster = Cluster::new("lab").hosts(hosts).build().unwrap();
    let found = findings(&cluster).found;
    let told: Vec<_> = found
        .iter()
        .filter(|finding| *finding.lint == lints::UNKNOWN_RELEASE)
        .collect();
    assert_eq!(told.len(), 2);
    assert_eq!(
        told[0].problem.message,
        "no release 1.2.9 of Mesos is known: the nearest are 1.2.3 and 1.3.0"
    );
    assert!(!told[0].problem.places.is_empty());
    // So that they are told as one.
    assert_eq!(told[0].problem.places, told[1].problem.places);
}

/// Beside others such a word is no isolator, and the agent doesn't start.
#[test]
fn a_word_for_others_is_none_beside_them() {
    let of = |value: &str| {
        let agent = agent("0.28.2-2.0.27").file("/etc/mesos-slave/isolation", format!("{value}\n"));
        one(agent).build().unwrap()
    };
    assert!(finds(&of("process"), &lints::DEPRECATED_FLAG));
    assert!(!finds(&of("process"), &lints::FLAG_VALUE_FORM));
    assert!(finds(&of("process,cgroups/devices"), &lints::FLAG_VALUE_FORM));
    let told = findings(&of("process,cgroups/devices")).errors().to_string();
    assert!(
        told.contains("--isolation=posix/cpu,posix/mem,cgroups/devices"),
        "{told}"
    );
}

/// What a layout says of Java is believed, by whatever name; where nothing says it, each place is told once.
#[test]
fn java_that_a_layout_speaks_of_is_there() {
    let mesos = Mesos::new(Version::new(1, 4, 1), MesosLayout::mesosphere())
        .zookeeper("zk://198.18.0.1:2181/mesos".parse().unwrap());
    let layout = || MarathonLayout::mesosphere().pinned("1.4.13-1");
    for layout in [layout().java_is_present(), layout().java("openj9-8"), layout()] {
        let marathon = Marathon::new(Version::new(1, 4, 13), layout, &mesos);
        let cluster = Cluster::new("lab").hosts(host("m").addr("198.18.0.1").role(marathon));
        assert!(!finds(&cluster.build().unwrap(), &lints::MISSING_JRE));
    }
    let by_hand = by_hand()
        .package("marathon")
        .file("/etc/mesos/zk", "zk://10.0.0.1:2181/mesos\n");
    let hosts = hosts("m[1-2]").addrs(["198.18.0.1", "198.18.0.2"]).role(by_hand);
    let found = findings(&Cluster::new("lab").hosts(hosts).build().unwrap()).found;
    let told: Vec<_> = found
        .iter()
        .filter(|finding| *finding.lint == lints::MISSING_JRE)
        .map(|finding| &finding.problem)
        .collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].message, told[1].message);
    assert!(!told[0].places.is_empty());
    assert!(told[0].hint.as_deref().unwrap().contains("`.java(\"PACKAGE\")`"));
}
