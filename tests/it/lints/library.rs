//! What lints say of the role library's own roles: nothing. `tests/it/examples.rs` asks the same of the examples.

use super::findings;
use mesos_iac::prelude::*;
use mesos_iac::roles::chronos::{Chronos, ChronosLayout};
use mesos_iac::roles::docker::Docker;
use mesos_iac::roles::haproxy::HaProxy;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{Mesos, MesosLayout, Tls};
use mesos_iac::roles::zookeeper::{ZooKeeper, ZooKeeperHost};
use mesos_iac::roles::{Source, Version};

fn told(cluster: Result<Cluster>) -> String {
    let found = findings(&cluster.unwrap()).found;
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Three masters with ZooKeeper, two agents, in each layout of each era.
#[test]
fn nothing_is_wrong_with_what_the_role_library_declares() {
    for (version, layout) in [
        (Version::new(0, 22, 1), MesosLayout::mesosphere().pinned("0.22.1-1")),
        (Version::new(1, 11, 0), MesosLayout::mesosphere().pinned("1.11.0-1")),
        (Version::new(1, 11, 0), MesosLayout::apache_rpm().pinned("1.11.0-1")),
        (Version::new(1, 11, 0), MesosLayout::default_files().pinned("1.11.0-1")),
        (Version::new(1, 11, 0), MesosLayout::environment_file()),
        (Version::new(1, 11, 0), MesosLayout::command_line()),
    ] {
        let shown = format!("{version} {layout:?}");
        let mesos = Mesos::new(version, layout);
        let master = appliance("master")
            .role(ZooKeeper::new())
            .role(mesos.master().cluster("lab"));
        let masters = hosts("m[1-3]")
            .appliance("master")
            .addrs(["198.18.0.1", "198.18.0.2", "198.18.0.3"]);
        let cluster = Cluster::new("lab")
            .appliance(master)
            .appliance(appliance("agent").role(mesos.agent().attribute("rack", "r1")))
            .hosts(masters.set_each(ZooKeeperHost::ID, [1, 2, 3]))
            .hosts(hosts("a[1-2]").appliance("agent").addrs(["198.18.0.11", "198.18.0.12"]))
            .build();
        assert_eq!(told(cluster), "", "{shown}");
    }
}

/// The roles around Mesos, in each era of theirs.
#[test]
fn nothing_is_wrong_with_what_stands_around_mesos() {
    let layout = MesosLayout::mesosphere().pinned("1.11.0-1");
    let mesos = Mesos::new(Version::new(1, 11, 0), layout).zookeeper(
        "zk://198.18.0.1:2181,198.18.0.2:2181,198.18.0.3:2181/mesos"
            .parse()
            .unwrap(),
    );
    for (version, layout) in [
        (Version::new(0, 8, 2), MarathonLayout::mesosphere().pinned("0.8.2-1")),
        (Version::new(1, 4, 13), MarathonLayout::mesosphere().pinned("1.4.13-1")),
        (Version::new(1, 5, 15), MarathonLayout::mesosphere().pinned("1.5.15-1")),
        (Version::new(1, 5, 15), MarathonLayout::archive("/opt/marathon")),
    ] {
        let marathon = Marathon::new(version, layout, &mesos);
        let pinned = ChronosLayout::mesosphere().pinned("3.0.2-1");
        let chronos = Chronos::new(Version::new(3, 0, 2), &mesos).layout(pinned.clone());
        let unpacked = Chronos::new(Version::new(3, 0, 2), &mesos).layout(ChronosLayout::archive("/opt/chronos"));
        let path = |name: &str| AbsPath::new(format!("/etc/ssl/private/{name}")).unwrap();
        let tls = Tls::new(path("cert.pem"), path("key.pem"));
        let over_tls = Chronos::new(Version::new(3, 0, 2), &mesos.clone().tls(tls)).layout(pinned);
        let docker = Source::packages(["docker.io"]).version("20.10.24+dfsg1-1+deb12u1");
        let cluster = Cluster::new("lab")
            .hosts(host("m").addr("198.18.0.1").role(marathon).role(chronos))
            .hosts(host("h").addr("198.18.0.2").role(HaProxy::new()))
            .hosts(host("c").addr("198.18.0.4").role(unpacked))
            .hosts(host("t").addr("198.18.0.5").role(over_tls))
            .hosts(
                host("d")
                    .addr("198.18.0.3")
                    .role(Docker::new(Version::new(20, 10, 24), docker)),
            )
            .build();
        assert_eq!(told(cluster), "", "{version}");
    }
}

/// Whoever is told a version has packages of it, or is told that it hasn't.
#[test]
fn roles_with_packages_of_any_version_are_named() {
    let mesos = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere())
        .zookeeper("zk://198.18.0.1:2181/mesos".parse().unwrap());
    let marathon = Marathon::new(Version::new(1, 5, 15), MarathonLayout::mesosphere(), &mesos);
    let packages = Source::packages(["docker-ce", "docker-ce-cli"]);
    let cluster = Cluster::new("lab")
        .role(Docker::new(Version::new(20, 10, 24), packages))
        .hosts(
            host("m")
                .addr("198.18.0.1")
                .role(mesos.master())
                .role(mesos.agent())
                .role(marathon)
                .role(
                    Chronos::new(Version::new(3, 0, 2), &mesos).layout(ChronosLayout::mesosphere().pinned("2.4.0-1")),
                ),
        )
        .build()
        .unwrap();
    let found = findings(&cluster).found;
    let ours = ["unpinned-version", "version-differs"];
    let told: Vec<&str> = found
        .iter()
        .filter(|finding| ours.contains(&finding.lint.name))
        .map(|finding| finding.problem.message.as_str())
        .collect();
    let any = "told no version: a host gets what its repository has that day";
    assert_eq!(
        told,
        [
            format!("the role is told Docker 20.10.24, and the packages `docker-ce`, `docker-ce-cli` are {any}"),
            format!("the role is told Mesos 1.11.0, and the package `mesos` is {any}"),
            format!("the role is told Marathon 1.5.15, and the package `marathon` is {any}"),
            "the role is told Chronos 3.0.2, and the package `chronos` is pinned to `2.4.0-1`".to_owned(),
        ]
    );
}

/// What seems to be pinned and isn't is named, whatever it comes from; and a source that is said later has its own pin.
#[test]
fn pins_that_hold_nothing_are_named() {
    let mesos = Mesos::new(
        Version::new(1, 11, 0),
        MesosLayout::environment_file().pinned("1.11.0-1"),
    )
    .zookeeper("zk://198.18.0.1:2181/mesos".parse().unwrap());
    let archive = Source::archive("/opt/marathon", "http://mirror.example/marathon.tgz", "0".repeat(64));
    let unpacked = MarathonLayout::archive("/opt/marathon")
        .source(archive)
        .pinned("1.5.15-1");
    let later = ChronosLayout::mesosphere().pinned("3.0.2-1").source(Source::present());
    let cluster = Cluster::new("lab")
        .hosts(
            host("m")
                .addr("198.18.0.1")
                .role(mesos.master())
                .role(Marathon::new(Version::new(1, 5, 15), unpacked, &mesos))
                .role(Chronos::new(Version::new(3, 0, 2), &mesos).layout(later)),
        )
        .build()
        .unwrap();
    let found = findings(&cluster).found;
    let told: Vec<&str> = found
        .iter()
        .filter(|finding| finding.lint.name == "pin-without-packages")
        .map(|finding| finding.problem.message.as_str())
        .collect();
    let nothing = "and has no packages that this could hold";
    assert_eq!(
        told,
        [
            format!("Mesos 1.11.0 is pinned to `1.11.0-1`, {nothing}"),
            format!("Marathon 1.5.15 is pinned to `1.5.15-1`, {nothing}"),
        ]
    );
}

/// Releases count by what the roles say, wherever no package is pinned.
mod releases_of_roles {
    use super::super::{by_hand, finds, lab};
    use mesos_iac::lint::Lint;
    use mesos_iac::prelude::*;
    use mesos_iac::roles::docker::{DOCKER_VERSION, Docker};
    use mesos_iac::roles::flags::agent;
    use mesos_iac::roles::lints;
    use mesos_iac::roles::marathon::{Marathon, MarathonElsewhere, MarathonLayout};
    use mesos_iac::roles::mesos::{Mesos, MesosAgent, MesosLayout};
    use mesos_iac::roles::{Source, Version};

    const ZK: &str = "zk://10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181/mesos";

    fn mesos(version: Version, layout: MesosLayout) -> Mesos {
        Mesos::new(version, layout).zookeeper(ZK.parse().unwrap())
    }

    fn on(os: Os, role: impl Role) -> ClusterBuilder {
        Cluster::new("lab").hosts(host("a").addr("198.18.0.1").os(os).role(role))
    }

    #[track_caller]
    fn holds(lint: &Lint, bad: ClusterBuilder, near: ClusterBuilder) {
        assert!(finds(&bad.build().unwrap(), lint), "{} isn't found", lint.name);
        let near = near.build().unwrap();
        let found = super::findings(&near).found;
        assert!(!finds(&near, lint), "{} is found: {found:#?}", lint.name);
    }

    #[test]
    fn an_agent_that_isolates_by_control_groups_of_old() {
        let agent = |layout| {
            let mesos = mesos(Version::new(1, 11, 0), layout);
            mesos.agent().flag(agent::ISOLATION, ["cgroups/cpu", "cgroups/mem"])
        };
        for layout in [
            MesosLayout::mesosphere,
            MesosLayout::environment_file,
            MesosLayout::command_line,
        ] {
            let bad = on(Os::debian("12"), agent(layout()));
            holds(&lints::CGROUP_V2, bad, on(Os::debian("10"), agent(layout())));
        }
    }

    #[test]
    fn agents_that_are_ahead_of_masters() {
        let lab = |of_master, of_agent| {
            let of = |version| mesos(version, MesosLayout::mesosphere());
            Cluster::new("lab")
                .hosts(host("m").addr("198.18.0.1").role(of(of_master).master()))
                .hosts(host("s").addr("198.18.0.2").role(of(of_agent).agent()))
        };
        let (old, new) = (Version::new(1, 9, 0), Version::new(1, 11, 0));
        holds(&lints::AGENT_NEWER_THAN_MASTER, lab(old, new), lab(new, old));
    }

    /// Only the package says what really runs.
    #[test]
    fn a_pinned_package_is_taken_at_its_word() {
        let agent = |pinned: &str| {
            let source = Source::packages(["mesos"]).version(pinned);
            mesos(Version::new(1, 11, 0), MesosLayout::mesosphere().source(source)).agent()
        };
        let lab = |pinned| {
            let master = mesos(Version::new(1, 9, 0), MesosLayout::mesosphere()).master();
            Cluster::new("lab")
                .hosts(host("m").addr("198.18.0.1").role(master))
                .hosts(host("s").addr("198.18.0.2").role(agent(pinned)))
        };
        holds(&lints::AGENT_NEWER_THAN_MASTER, lab("1.11.0-2.0.1"), lab("1.9.0-2.0.1"));
    }

    #[test]
    fn files_that_this_marathon_doesnt_read() {
        let lab = |version, elsewhere: bool| {
            let mesos = mesos(Version::new(1, 4, 0), MesosLayout::mesosphere());
            let marathon = host("a").addr("198.18.0.1");
            let marathon = match elsewhere {
                true => marathon.role(MarathonElsewhere::at(([198, 18, 0, 9], 8080), version)),
                false => marathon.role(Marathon::new(version, MarathonLayout::mesosphere(), &mesos)),
            };
            Cluster::new("lab").hosts(marathon.role(by_hand().file("/etc/marathon/conf/task_rate_limit", "100\n")))
        };
        let (old, new) = (Version::new(1, 4, 13), Version::new(1, 5, 15));
        holds(&lints::MARATHON_CONF_IGNORED, lab(new, false), lab(new, true));
        assert!(!finds(&lab(old, true).build().unwrap(), &lints::MARATHON_CONF_IGNORED));
    }

    /// One of the two by a role, the other by hand.
    #[test]
    fn a_docker_that_mesos_cant_use() {
        let agent = || -> MesosAgent {
            let mesos = mesos(Version::new(0, 22, 1), MesosLayout::mesosphere());
            mesos.agent().flag(agent::CONTAINERIZERS, ["docker", "mesos"])
        };
        let pinned = |version| on(Os::debian("8"), agent()).role(by_hand().pinned("docker-engine", version));
        holds(&DOCKER_VERSION, pinned("1.8.1-0~jessie"), pinned("1.7.1-0~jessie"));
        let docker = |version| {
            let by_hand = by_hand()
                .pinned("mesos", "0.22.1-1.0")
                .runs("mesos-slave")
                .file("/etc/mesos/zk", format!("{ZK}\n"))
                .file("/etc/mesos-slave/containerizers", "docker,mesos\n");
            lab([("a", by_hand)]).role(Docker::new(version, Source::present()))
        };
        holds(
            &DOCKER_VERSION,
            docker(Version::new(1, 8, 1)),
            docker(Version::new(1, 7, 1)),
        );
        let both = on(Os::debian("8"), agent()).role(Docker::new(Version::new(1, 8, 1), Source::present()));
        let found = super::findings(&both.build().unwrap()).found;
        let told = found.iter().filter(|finding| finding.lint == &DOCKER_VERSION);
        assert_eq!(told.count(), 1, "{found:#?}");
    }
}
