//! Lints of Mesos' masters and of where everything finds them.

use super::{ByHand, Case, by_hand, lab, one};
use mesos_iac::prelude::*;
use mesos_iac::roles::mesos::{Mesos, MesosLayout};
use mesos_iac::roles::zookeeper::{ZooKeeper, ZooKeeperHost};
use mesos_iac::roles::{Version, lints};

/// A master as the packages set one up.
fn master(zk: &str, quorum: Option<&str>) -> ByHand {
    let role = by_hand()
        .package("mesos")
        .runs("mesos-master")
        .stops("mesos-slave")
        .file("/etc/mesos/zk", format!("{zk}\n"));
    match quorum {
        Some(quorum) => role.file("/etc/mesos-master/quorum", format!("{quorum}\n")),
        None => role,
    }
}

fn agent(zk: &str) -> ByHand {
    by_hand()
        .package("mesos")
        .runs("mesos-slave")
        .stops("mesos-master")
        .file("/etc/mesos/zk", format!("{zk}\n"))
}

const ZK: &str = "zk://10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181/mesos";

/// A master that knows these, and an agent that says this of itself.
fn authenticated(
    of_master: impl IntoIterator<Item = (&'static str, &'static str)>,
    of_agent: impl IntoIterator<Item = (&'static str, &'static str)>,
) -> ClusterBuilder {
    let files = |role: ByHand, (path, content): (&'static str, &'static str)| role.file(path, content);
    let master = of_master.into_iter().fold(master(ZK, Some("1")), files);
    let agent = of_agent.into_iter().fold(agent(ZK), files);
    lab([("m1", master), ("a1", agent)])
}

const KNOWS: [(&str, &str); 2] = [
    ("/etc/mesos-master/credentials", "file:///etc/mesos/credentials\n"),
    (
        "/etc/mesos/credentials",
        r#"{"credentials":[{"principal":"marathon","secret":"x"},{"principal":"agent","secret":"y"}]}"#,
    ),
];

/// Three masters with ZooKeeper, which are told by hand where it is.
fn told_by_hand(zk: &str) -> ClusterBuilder {
    let mesos = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere().pinned("1.11.0-1"));
    let mesos = mesos.zookeeper(zk.parse().unwrap());
    let masters = hosts("m[1-3]")
        .addrs(["198.18.0.1", "198.18.0.2", "198.18.0.3"])
        .set_each(ZooKeeperHost::ID, [1, 2, 3]);
    Cluster::new("lab").hosts(masters.role(ZooKeeper::new()).role(mesos.master()))
}

/// Three masters with ZooKeeper.
fn of_addresses(addresses: [&'static str; 3]) -> ClusterBuilder {
    let mesos = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere().pinned("1.11.0-1"));
    let masters = hosts("m[1-3]").addrs(addresses).set_each(ZooKeeperHost::ID, [1, 2, 3]);
    Cluster::new("lab").hosts(masters.role(ZooKeeper::new()).role(mesos.master()))
}

const ASKS: (&str, &str) = ("/etc/mesos-master/authenticate_slaves", "true\n");

fn says(credential: &'static str) -> [(&'static str, &'static str); 2] {
    [
        ("/etc/mesos-slave/credential", "/etc/mesos/credential\n"),
        ("/etc/mesos/credential", credential),
    ]
}

const NAMES: [&str; 5] = ["m1", "m2", "m3", "m4", "m5"];

fn masters(count: usize, quorum: Option<&str>) -> ClusterBuilder {
    lab(NAMES.into_iter().take(count).map(|name| (name, master(ZK, quorum))))
}

fn of_versions(of_master: &'static str, of_agent: &'static str) -> ClusterBuilder {
    let master = master(ZK, None);
    let agent = agent(ZK);
    let pin = |mut role: ByHand, version| {
        role.packages = vec![("mesos", Some(version))];
        role
    };
    lab([("m1", pin(master, of_master)), ("s1", pin(agent, of_agent))])
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            lint: &lints::CREDENTIALS_MISMATCH,
            bad: || authenticated(KNOWS, says("agents y\n")),
            near: || authenticated(KNOWS, says("agent y\n")),
        },
        Case {
            lint: &lints::CREDENTIALS_MISMATCH,
            bad: || authenticated([], says(r#"{"principal":"agent","secret":"y"}"#)),
            // Who doesn't want to be known isn't asked.
            near: || authenticated(KNOWS, []),
        },
        Case {
            lint: &lints::CREDENTIALS_MISMATCH,
            bad: || authenticated(KNOWS.into_iter().chain([ASKS]), []),
            near: || authenticated(KNOWS.into_iter().chain([ASKS]), says("agent y\n")),
        },
        Case {
            lint: &lints::MESOS_QUORUM,
            // Nobody wrote a quorum, so the package's 1 stays.
            bad: || masters(3, None),
            near: || masters(3, Some("2")),
        },
        Case {
            lint: &lints::ADDRESS_TWICE,
            bad: || of_addresses(["198.18.0.1", "198.18.0.2", "198.18.0.2"]),
            near: || of_addresses(["198.18.0.1", "198.18.0.2", "198.18.0.3"]),
        },
        Case {
            lint: &lints::TWO_MASTERS,
            bad: || masters(2, Some("2")),
            near: || masters(3, Some("2")),
        },
        Case {
            lint: &lints::EVEN_MASTERS,
            bad: || masters(4, Some("3")),
            near: || masters(5, Some("3")),
        },
        Case {
            lint: &lints::AGENT_NEWER_THAN_MASTER,
            bad: || of_versions("0.21.0-1.0", "0.22.1-1.0"),
            near: || of_versions("0.22.1-1.0", "0.21.0-1.0"),
        },
        Case {
            lint: &lints::ZK_URL_FORM,
            bad: || one(master("zk://10.0.0.1:2181,zk://10.0.0.2:2181/mesos", None)),
            near: || one(master("zk://10.0.0.1:2181,10.0.0.2:2181/mesos", None)),
        },
        Case {
            lint: &lints::LEADING_BLANK_LINE,
            bad: || one(agent("\nzk://10.0.0.1:2181/mesos")),
            near: || one(agent("zk://10.0.0.1:2181/mesos\n")),
        },
        Case {
            lint: &lints::ZK_PATH_MISMATCH,
            bad: || lab([("m1", master(ZK, None)), ("s1", agent(&format!("{ZK}/")))]),
            // Another cluster with masters of its own on the same ensemble.
            near: || {
                let other = ZK.replace("/mesos", "/staging");
                lab([
                    ("m1", master(ZK, None)),
                    ("s1", agent(ZK)),
                    ("m2", master(&other, None)),
                    ("s2", agent(&other)),
                ])
            },
        },
        Case {
            lint: &lints::ZK_SERVERS_DIFFER,
            bad: || lab([("m1", master(ZK, None)), ("s1", agent("zk://10.0.0.1:2181/mesos"))]),
            near: || {
                lab([
                    ("m1", master(ZK, None)),
                    ("s1", agent("zk://10.0.0.3:2181,10.0.0.2:2181,10.0.0.1:2181/mesos")),
                ])
            },
        },
        Case {
            lint: &lints::ZK_SERVERS_DIFFER,
            // All are told the same, and the ensemble has one more.
            bad: || told_by_hand("zk://198.18.0.1:2181,198.18.0.2:2181/mesos"),
            near: || told_by_hand("zk://198.18.0.1:2181,m2:2181,198.18.0.3:2181/mesos"),
        },
        Case {
            lint: &lints::ZK_LOCALHOST,
            // The package's own address stays.
            bad: || {
                lab([
                    ("m1", master(ZK, None)),
                    (
                        "s1",
                        by_hand().package("mesos").runs("mesos-slave").stops("mesos-master"),
                    ),
                ])
            },
            near: || {
                let zookeeper = master("zk://localhost:2181/mesos", None).package("zookeeperd");
                lab([("m1", zookeeper), ("s1", agent("zk://198.18.0.1:2181/mesos"))])
            },
        },
        Case {
            lint: &lints::ZK_ONE_SERVER,
            bad: || lab(["m1", "m2", "m3"].map(|name| (name, master("zk://10.0.0.1:2181/mesos", Some("2"))))),
            near: || one(master("zk://10.0.0.1:2181/mesos", None)),
        },
        Case {
            lint: &lints::ZK_PASSWORD_SHOWN,
            bad: || one(master("zk://mesos:correct-horse@10.0.0.1:2181/mesos", None)),
            near: || one(master("file:///etc/mesos/zk-with-password", None)),
        },
    ]
}

/// All is told at once: which file of which host, and what to write.
#[test]
fn a_quorum_is_told_with_its_file_and_the_right_number() {
    let cluster = masters(3, Some("1")).build().unwrap();
    let findings = super::findings(&cluster);
    let told = findings.errors().to_string();
    let of_quorum = findings
        .found
        .iter()
        .filter(|finding| finding.lint == &lints::MESOS_QUORUM);
    assert_eq!(of_quorum.count(), 3, "{told}");
    let expected = "[mesos-quorum] m1: file[/etc/mesos-master/quorum]: the quorum is 1 by /etc/mesos-master/quorum, and of 3 \
                    masters it is 2";
    assert!(told.contains(expected), "{told}");
    assert!(told.contains("hint: write 2"), "{told}");
}

/// Masters that find each other count, not those of a definition.
#[test]
fn masters_of_two_clusters_dont_count_together() {
    let other = ZK.replace("/mesos", "/staging");
    let cluster = lab([("m1", master(ZK, Some("1"))), ("m2", master(&other, Some("1")))])
        .build()
        .unwrap();
    let findings = super::findings(&cluster).found;
    let of_masters = findings
        .iter()
        .filter(|finding| finding.lint.name.starts_with("mesos-"));
    assert_eq!(of_masters.count(), 0, "{findings:#?}");
}

/// The flags of a unit that starts the daemon itself count as the files of the packages do.
#[test]
fn a_unit_is_read_as_closely_as_files() {
    let unit = |quorum: &str| {
        format!(
            "[Service]\nExecStart=/bin/bash -c \"/usr/sbin/mesos-master --zk={ZK} --quorum={quorum} --work_dir=/var/lib/mesos \
             --ip=$(hostname -i)\"\nRestart=always\n"
        )
    };
    let of = |quorum| {
        lab(["m1", "m2", "m3"].map(|name| (name, by_hand().file("/etc/systemd/system/master.service", unit(quorum)))))
    };
    let found = |quorum| super::findings(&of(quorum).build().unwrap()).found;
    assert!(found("2").is_empty(), "{:#?}", found("2"));
    assert_eq!(found("1").len(), 3);
}

/// A role's flags as variables of a file that only root reads, and as whatever Marathon's packages make of files.
mod passwords {
    use super::{ByHand, ZK, by_hand, lab, master, one};
    use crate::lints::{findings, finds};
    use mesos_iac::prelude::*;
    use mesos_iac::roles::chronos::{Chronos, ChronosLayout};
    use mesos_iac::roles::flags::chronos;
    use mesos_iac::roles::lints::{self, ZK_PASSWORD_SHOWN};
    use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
    use mesos_iac::roles::mesos::{MasterUrl, Mesos, MesosLayout};
    use mesos_iac::roles::{Source, Version};

    fn mesos(layout: MesosLayout) -> Mesos {
        Mesos::new(Version::new(1, 11, 0), layout)
            .zookeeper(ZK.parse().unwrap())
            .digest("mesos", Secret::from_env("ZK_PASSWORD"))
    }

    fn shown(cluster: ClusterBuilder) -> Vec<String> {
        let found = findings(&cluster.build().unwrap()).found;
        let shown = found.iter().filter(|finding| finding.lint == &ZK_PASSWORD_SHOWN);
        shown.map(|finding| finding.problem.message.clone()).collect()
    }

    fn on_a(role: impl Role) -> ClusterBuilder {
        Cluster::new("lab").hosts(host("a").addr("198.18.0.1").os(Os::debian("12")).role(role))
    }

    #[test]
    fn variables_and_files_show_none() {
        for layout in [
            MesosLayout::environment_file,
            MesosLayout::default_files,
            // These name the file in the place of its content.
            MesosLayout::mesosphere,
            MesosLayout::apache_rpm,
        ] {
            assert_eq!(shown(on_a(mesos(layout()).master())), [""; 0]);
            assert_eq!(shown(on_a(mesos(layout()).agent())), [""; 0]);
        }
        let by_hand = by_hand()
            .runs("mesos-master")
            .file("/etc/default/mesos", "MESOS_ZK=zk://u:p@10.0.0.1:2181/mesos\n")
            .file("/etc/default/mesos-master", "PORT=5050\n");
        assert_eq!(shown(one(by_hand)), [""; 0]);
    }

    fn marathon(version: Version, layout: MarathonLayout) -> ClusterBuilder {
        let marathon = Marathon::new(version, layout, &mesos(MesosLayout::mesosphere()));
        on_a(marathon.credentials(Secret::from_env("MARATHON")))
    }

    #[test]
    fn marathons_packages_up_to_1_3_show_what_stands_in_files() {
        let told = shown(marathon(Version::new(1, 3, 0), MarathonLayout::mesosphere()));
        let expected = [
            "Marathon gets the password of ZooKeeper on its command line by /etc/marathon/conf/master",
            "Marathon gets the password of ZooKeeper on its command line by /etc/marathon/conf/zk",
            "Marathon gets the password of its API on its command line by /etc/marathon/conf/http_credentials",
        ];
        assert_eq!(told, expected);
        for version in [Version::new(1, 4, 13), Version::new(1, 5, 15)] {
            assert_eq!(
                shown(marathon(version, MarathonLayout::mesosphere())),
                [""; 0],
                "{version}"
            );
        }
        let archive = MarathonLayout::archive("/opt/marathon").source(Source::present());
        assert_eq!(shown(marathon(Version::new(1, 3, 0), archive)), [""; 0]);
    }

    /// Whatever starts it: Chronos reads flags from nowhere else.
    #[test]
    fn chronos_shows_what_it_is_told() {
        let of = |mesos: &Mesos, layout| on_a(Chronos::new(Version::new(3, 0, 2), mesos).layout(layout));
        let with = mesos(MesosLayout::mesosphere());
        let by = |place: &str| format!("Chronos gets the password of ZooKeeper on its command line by {place}");
        assert_eq!(
            shown(of(&with, ChronosLayout::mesosphere())),
            [by("/etc/chronos/conf/master"), by("/etc/chronos/conf/zk_auth")]
        );
        let unit = |flag: &str| by(&format!("`--{flag}` of `ExecStart` of chronos.service"));
        assert_eq!(
            shown(of(&with, ChronosLayout::archive("/opt/chronos"))),
            [unit("master"), unit("zk_auth")]
        );
        let behind_a_file = Chronos::new(Version::new(3, 0, 2), &with).flag(
            chronos::MASTER,
            "file:///etc/chronos/master".parse::<MasterUrl>().unwrap(),
        );
        assert_eq!(shown(on_a(behind_a_file)), [by("/etc/chronos/conf/zk_auth")]);
        let without = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere()).zookeeper(ZK.parse().unwrap());
        for layout in [ChronosLayout::mesosphere(), ChronosLayout::archive("/opt/chronos")] {
            assert_eq!(shown(of(&without, layout)), [""; 0]);
        }
        let of_mails =
            Chronos::new(Version::new(3, 1, 0), &without).flag(chronos::MAIL_PASSWORD, Secret::from_env("MAIL"));
        assert_eq!(
            shown(on_a(of_mails)),
            [
                "Chronos gets the password of its flag `--mail_password` on its command line by /etc/chronos/conf/mail_password"
            ]
        );
    }

    /// What nobody says, the start script takes from Mesos' file.
    #[test]
    fn marathon_takes_the_password_from_mesos() {
        let of = |version| {
            let zk = "zk://u:correct-horse@10.0.0.1:2181/mesos\n";
            one(by_hand()
                .pinned("marathon", version)
                .runs("marathon")
                .file("/etc/mesos/zk", zk))
        };
        let told = shown(of("1.3.13-1.0"));
        assert_eq!(
            told,
            ["Marathon gets the password of ZooKeeper on its command line by /etc/mesos/zk"]
        );
        assert_eq!(shown(of("1.4.13-1.0")), [""; 0]);
        assert_eq!(shown(of("1.5.15-1.0")), [""; 0]);
    }

    /// A master that reads the address from the file itself.
    fn by_file(zk: &str, quorum: &str) -> ByHand {
        master(zk, Some(quorum)).file("/etc/default/mesos-master", "PORT=5050\nZK=file:///etc/mesos/zk\n")
    }

    #[test]
    fn what_stands_behind_a_file_isnt_shown_and_counts() {
        let of = |path: &str, quorum| {
            let zk = format!("zk://u:correct-horse@10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181{path}");
            lab(["m1", "m2", "m3"].map(|name| (name, by_file(&zk, quorum)))).hosts(
                host("s1").addr("198.18.0.9").role(
                    super::agent("zk://u:correct-horse@10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181/mesos")
                        .file("/etc/default/mesos-slave", "MASTER=file:///etc/mesos/zk\n"),
                ),
            )
        };
        let right = of("/mesos", "2");
        assert_eq!(shown(right.clone()), [""; 0]);
        let right = right.build().unwrap();
        for lint in [&lints::ZK_PATH_MISMATCH, &lints::MESOS_QUORUM] {
            assert!(!finds(&right, lint), "{}: {:#?}", lint.name, findings(&right).found);
        }
        assert!(finds(&of("/other", "2").build().unwrap(), &lints::ZK_PATH_MISMATCH));
        assert!(finds(&of("/mesos", "1").build().unwrap(), &lints::MESOS_QUORUM));
        let found = findings(&of("/other", "1").build().unwrap()).found;
        assert!(!format!("{found:?}").contains("correct-horse"), "{found:#?}");
    }

    /// Two clusters whose masters each name their own file don't count together.
    #[test]
    fn a_file_of_one_name_on_each_host_is_no_meeting_point() {
        let other = ZK.replace("/mesos", "/staging");
        let cluster = lab([("m1", by_file(ZK, "1")), ("m2", by_file(&other, "1"))]);
        let cluster = cluster.build().unwrap();
        assert!(
            !finds(&cluster, &lints::MESOS_QUORUM),
            "{:#?}",
            findings(&cluster).found
        );
    }
}

#[test]
fn one_address_of_two_hosts_is_told_once() {
    let cluster = of_addresses(["198.18.0.1", "198.18.0.2", "198.18.0.2"])
        .build()
        .unwrap();
    let found = super::findings(&cluster).found;
    assert_eq!(found.len(), 1, "{found:#?}");
    let message = &found[0].problem.message;
    assert_eq!(message, "m[2-3] are said to have one address, 198.18.0.2");
    assert!(found[0].problem.places[0].at.to_string().contains("masters.rs"));
}

/// What hosts bring about together is to be mended where they are declared.
#[test]
fn an_even_number_is_told_with_the_places_of_the_hosts() {
    let mesos = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere().pinned("1.11.0-1"));
    let (masters, at) = (hosts("m[1-2]"), line!());
    let masters = masters
        .addrs(["198.18.0.1", "198.18.0.2"])
        .set_each(ZooKeeperHost::ID, [1, 2]);
    let masters = masters.role(ZooKeeper::new()).role(mesos.master());
    let cluster = Cluster::new("lab").hosts(masters).build().unwrap();
    let found = super::findings(&cluster).found;
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    for text in told {
        assert!(
            text.contains(&format!("hosts declared at tests/it/lints/masters.rs:{at}")),
            "{text}"
        );
    }
}
