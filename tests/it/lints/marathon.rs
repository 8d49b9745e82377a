//! Lints of Marathon.

use super::{ByHand, Case, by_hand, one};
use mesos_iac::roles::lints;

const NEW: &str = "1.5.15-1.0";
const OLD: &str = "1.4.13-1.0";

fn marathon(version: &'static str) -> ByHand {
    by_hand()
        .pinned("marathon", version)
        .package("default-jre-headless")
        .file("/etc/mesos/zk", "zk://10.0.0.1:2181/mesos\n")
}

const VARIABLES: &str = "MARATHON_MASTER=zk://10.0.0.1:2181/mesos\nMARATHON_ZK=zk://10.0.0.1:2181/marathon\n\
                         MARATHON_MESOS_USER=root\n";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            lint: &lints::MARATHON_CONF_IGNORED,
            bad: || one(marathon(NEW).file("/etc/marathon/conf/http_port", "8081\n")),
            near: || one(marathon(OLD).file("/etc/marathon/conf/http_port", "8081\n")),
        },
        Case {
            lint: &lints::MARATHON_NO_MASTER,
            bad: || one(marathon(NEW).file("/etc/default/marathon", "MARATHON_HTTP_PORT=8081\n")),
            near: || one(marathon(NEW).file("/etc/default/marathon", VARIABLES)),
        },
        Case {
            lint: &lints::MARATHON_ZK_PATH,
            bad: || one(marathon(OLD).file("/etc/marathon/conf/zk", "zk://10.0.0.1:2181/mesos\n")),
            near: || one(marathon(OLD).file("/etc/marathon/conf/zk", "zk://10.0.0.1:2181/marathon\n")),
        },
        Case {
            lint: &lints::MARATHON_MESOS_USER,
            bad: || {
                one(marathon(NEW).file(
                    "/etc/default/marathon",
                    VARIABLES.replace("MARATHON_MESOS_USER=root\n", ""),
                ))
            },
            near: || one(marathon(NEW).file("/etc/default/marathon", VARIABLES)),
        },
        Case {
            lint: &lints::MARATHON_FLAG_AND_VARIABLE,
            bad: || {
                let variable = marathon(OLD).file("/etc/default/marathon", "MARATHON_HTTP_PORT=8081\n");
                one(variable.file("/etc/marathon/conf/http_port", "8081\n"))
            },
            near: || {
                let variable = marathon(OLD).file("/etc/default/marathon", "MARATHON_HTTP_PORT=8081\n");
                one(variable.file("/etc/marathon/conf/event_subscriber", "http_callback\n"))
            },
        },
    ]
}
