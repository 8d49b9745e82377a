//! Lints that concern every cluster.

use super::{Case, with_files};
use mesos_iac::lint;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            lint: &lint::CRLF_LINES,
            bad: || with_files([("/etc/zookeeper/conf/zoo.cfg", "tickTime=2000\r\nclientPort=2181\r\n")]).build(),
            near: || with_files([("/etc/zookeeper/conf/zoo.cfg", "tickTime=2000\nclientPort=2181\n")]).build(),
        },
        Case {
            lint: &lint::TYPOGRAPHIC_DAMAGE,
            bad: || with_files([("/etc/default/mesos", "ULIMIT=\u{201c}-n 8192\u{201d}\n")]).build(),
            near: || {
                with_files([(
                    "/etc/default/mesos",
                    "# the document\u{2019}s value\nULIMIT=\"-n 8192\"\n",
                )])
                .build()
            },
        },
        Case {
            lint: &lint::SSH_ROOT_LOGIN,
            bad: || with_files([("/etc/ssh/sshd_config.d/golden.conf", "PermitRootLogin yes\n")]).build(),
            near: || {
                let config = "# PermitRootLogin yes\nPermitRootLogin prohibit-password\n";
                with_files([("/etc/ssh/sshd_config.d/golden.conf", config)]).build()
            },
        },
        Case {
            lint: &lint::UNUSED_ALLOWANCE,
            bad: || {
                with_files([("/etc/motd", "hello\n")])
                    .allow(&lint::CRLF_LINES, "none left")
                    .build()
            },
            near: || {
                with_files([("/etc/motd", "hello\r\n")])
                    .allow(&lint::CRLF_LINES, "on purpose")
                    .build()
            },
        },
    ]
}
