//! Lints of ZooKeeper.

use super::{ByHand, Case, by_hand, lab, one};
use mesos_iac::prelude::*;
use mesos_iac::roles::lints;

const GOOD: &str = "tickTime=2000\ninitLimit=10\nsyncLimit=5\ndataDir=/var/lib/zookeeper\nclientPort=2181\n\
                    autopurge.snapRetainCount=3\nautopurge.purgeInterval=24\nadmin.enableServer=false\n";

/// A server with a number, and what its zoo.cfg has besides.
fn server(id: &str, more: &str) -> ByHand {
    by_hand()
        .file("/etc/zookeeper/conf/zoo.cfg", format!("{GOOD}{more}"))
        .file("/etc/zookeeper/conf/myid", format!("{id}\n"))
}

fn lines(count: usize) -> String {
    let lines: Vec<String> = (1..=count)
        .map(|n| format!("server.{n}=198.18.0.{n}:2888:3888\n"))
        .collect();
    lines.concat()
}

const NAMES: [&str; 5] = ["z1", "z2", "z3", "z4", "z5"];
const IDS: [&str; 5] = ["1", "2", "3", "4", "5"];

/// An ensemble in which every server is told the same.
fn ensemble(count: usize) -> ClusterBuilder {
    numbered(&IDS[..count], &lines(count))
}

fn numbered(ids: &[&str], lines: &str) -> ClusterBuilder {
    lab(NAMES.into_iter().zip(ids).map(|(name, id)| (name, server(id, lines))))
}

/// One server that stands alone.
fn alone(config: &str) -> ClusterBuilder {
    one(by_hand().file("/etc/zookeeper/conf/zoo.cfg", config))
}

/// Where tasks of Mesos ask for a session of 10 seconds.
fn with_master(tick: &str) -> ClusterBuilder {
    let master = by_hand().file("/etc/zookeeper/conf/zoo.cfg", GOOD.replace("tickTime=2000", tick));
    one(master
        .file("/etc/mesos/zk", "zk://198.18.0.1:2181/mesos\n")
        .runs("mesos-master"))
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            lint: &lints::EVEN_ENSEMBLE,
            bad: || ensemble(4),
            // The fourth has no vote.
            near: || {
                numbered(
                    &IDS[..4],
                    &lines(4).replace("198.18.0.4:2888:3888", "198.18.0.4:2888:3888:observer"),
                )
            },
        },
        Case {
            lint: &lints::ENSEMBLE_DIFFERS,
            bad: || {
                lab([
                    ("z1", server("1", &lines(3))),
                    ("z2", server("2", &lines(3))),
                    ("z3", server("3", &lines(2))),
                ])
            },
            // Each may call itself 0.0.0.0.
            near: || {
                let own = |n: &str| lines(3).replace(&format!("198.18.0.{n}:"), "0.0.0.0:");
                lab([
                    ("z1", server("1", &own("1"))),
                    ("z2", server("2", &own("2"))),
                    ("z3", server("3", &own("3"))),
                ])
            },
        },
        Case {
            lint: &lints::ZOOKEEPER_ID_NOT_IN_ENSEMBLE,
            bad: || numbered(&["2", "1", "3"], &lines(3)),
            near: || numbered(&["1", "2", "3"], &lines(3)),
        },
        Case {
            lint: &lints::ZOOKEEPER_DUPLICATE_ID,
            bad: || numbered(&["1", "2", "2"], &lines(3)),
            // Two servers that stand alone aren't of one ensemble.
            near: || lab([("z1", server("1", "")), ("z2", server("1", ""))]),
        },
        Case {
            lint: &lints::ZOOKEEPER_ID_RANGE,
            bad: || numbered(&["0", "1", "2"], &lines(3).replace("server.3", "server.0")),
            near: || numbered(&["1", "2", "255"], &lines(3).replace("server.3", "server.255")),
        },
        Case {
            lint: &lints::ZOOKEEPER_ID_MISSING,
            bad: || alone(&format!("{GOOD}{}", lines(3))),
            near: || {
                let init: &[&str] = &["service", "zookeeper-server", "init", "--myid=1"];
                one(by_hand()
                    .file("/etc/zookeeper/conf/zoo.cfg", format!("{GOOD}{}", lines(3)))
                    .command(init))
            },
        },
        Case {
            lint: &lints::ZOOKEEPER_SERVER_LINE,
            bad: || alone(&format!("{GOOD}server=198.18.0.1:2888:3888\n")),
            near: || numbered(&["1"], "server.1=198.18.0.1:2888:3888:participant;2181\n"),
        },
        Case {
            lint: &lints::OBSERVERS_ONLY,
            bad: || numbered(&["1"], "server.1=198.18.0.1:2888:3888:observer\n"),
            near: || {
                numbered(
                    &["1"],
                    "server.1=198.18.0.1:2888:3888\nserver.2=198.18.0.2:2888:3888:observer\n",
                )
            },
        },
        Case {
            lint: &lints::SESSION_TIMEOUT,
            bad: || with_master("tickTime=200"),
            near: || with_master("tickTime=500"),
        },
        Case {
            lint: &lints::FOUR_LETTER_WORDS,
            bad: || alone(&format!("{GOOD}4lw.commands.whitelist=ruok,mntr\n")),
            near: || alone(&format!("{GOOD}4lw.commands.whitelist=ruok, srvr, mntr\n")),
        },
        Case {
            lint: &lints::AUTOPURGE_OFF,
            bad: || alone(&GOOD.replace("purgeInterval=24", "purgeInterval=0")),
            near: || alone(GOOD),
        },
        Case {
            lint: &lints::SNAPSHOTS_KEPT,
            bad: || alone(&GOOD.replace("snapRetainCount=3", "snapRetainCount=1")),
            near: || alone(&GOOD.replace("snapRetainCount=3", "snapRetainCount=10")),
        },
        Case {
            lint: &lints::ADMIN_SERVER_PORT,
            bad: || {
                let config = GOOD.replace("admin.enableServer=false\n", "");
                one(by_hand()
                    .file("/opt/zookeeper/conf/zoo.cfg", config)
                    .package("marathon"))
            },
            near: || {
                let config = GOOD.replace("admin.enableServer=false", "admin.serverPort=8081");
                one(by_hand()
                    .file("/opt/zookeeper/conf/zoo.cfg", config)
                    .package("marathon"))
            },
        },
        Case {
            lint: &lints::ZOOKEEPER_DATA_IN_TMP,
            bad: || alone(&GOOD.replace("/var/lib/zookeeper", "/tmp/zookeeper")),
            near: || alone(&GOOD.replace("/var/lib/zookeeper", "/data/tmp/zookeeper")),
        },
        Case {
            lint: &lints::ZOOKEEPER_SETTING_MISSING,
            bad: || {
                numbered(&["1", "2", "3"], &lines(3)).hosts(host("z4").addr("198.18.0.9").role(by_hand().file(
                    "/etc/zookeeper/conf/zoo.cfg",
                    format!("{}{}", GOOD.replace("syncLimit=5\n", ""), lines(3)),
                )))
            },
            // A server that stands alone needs no limits.
            near: || alone(&GOOD.replace("initLimit=10\nsyncLimit=5\n", "")),
        },
    ]
}
