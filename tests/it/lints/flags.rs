//! Lints of how Mesos' flags are given.

use super::{ByHand, Case, by_hand, one};
use mesos_iac::prelude::*;
use mesos_iac::roles::lints;

fn master() -> ByHand {
    let zk = "zk://10.0.0.1:2181/mesos\n";
    by_hand()
        .runs("mesos-master")
        .stops("mesos-slave")
        .file("/etc/mesos/zk", zk)
}

fn agent() -> ByHand {
    let zk = "zk://10.0.0.1:2181/mesos\n";
    by_hand()
        .runs("mesos-slave")
        .stops("mesos-master")
        .file("/etc/mesos/zk", zk)
}

/// A unit that starts the agent itself, in a release.
fn bare(version: &'static str, flags: &str) -> ClusterBuilder {
    let text = format!(
        "[Service]\nExecStart=/usr/sbin/mesos-agent --master=zk://10.0.0.1:2181/mesos {flags}\nRestart=always\n\
         KillMode=process\n"
    );
    one(by_hand()
        .pinned("mesos", version)
        .stops("mesos-master")
        .file("/etc/systemd/system/mesos-agent.service", text))
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            lint: &lints::FLAG_GIVEN_TWICE,
            bad: || {
                one(master()
                    .file("/etc/default/mesos", "IP=198.18.0.1\n")
                    .file("/etc/mesos-master/ip", "198.18.0.1\n"))
            },
            near: || {
                one(master()
                    .file("/etc/default/mesos", "ULIMIT=\"-n 8192\"\n")
                    .file("/etc/mesos-master/ip", "198.18.0.1\n"))
            },
        },
        Case {
            lint: &lints::ENVIRONMENT_BEATEN_BY_FILE,
            bad: || {
                let defaults = "PORT=5050\nZK=`cat /etc/mesos/zk`\nMESOS_QUORUM=2\n";
                one(master()
                    .file("/etc/default/mesos-master", defaults)
                    .file("/etc/mesos-master/quorum", "1\n"))
            },
            near: || {
                let defaults = "PORT=5050\nZK=`cat /etc/mesos/zk`\nMESOS_HOSTNAME=m1\n";
                one(master()
                    .file("/etc/default/mesos-master", defaults)
                    .file("/etc/mesos-master/quorum", "1\n"))
            },
        },
        Case {
            lint: &lints::STRAY_FLAG_FILE,
            bad: || one(master().file("/etc/mesos-master/quorum.rpmsave", "1\n")),
            near: || {
                one(master()
                    .file("/etc/mesos-master/.quorum.swp", "1\n")
                    .file("/etc/mesos-master/?no-hostname_lookup", ""))
            },
        },
        Case {
            lint: &lints::EMPTY_FLAG_FILE,
            bad: || one(agent().file("/etc/mesos-slave/hostname", "\n")),
            near: || {
                one(agent()
                    .file("/etc/mesos-slave/?strict", "")
                    .file("/etc/mesos-slave/hostname", "s1\n"))
            },
        },
        Case {
            lint: &lints::FLAG_FILES_UNREAD,
            bad: || {
                let unit = "[Service]\nExecStart=/usr/bin/mesos-init-wrapper agent\nRestart=always\nDelegate=true\n";
                one(by_hand()
                    .file("/usr/lib/systemd/system/mesos-slave.service", unit)
                    .file("/etc/mesos-slave/ip", "198.18.0.1\n"))
            },
            near: || {
                let unit = "[Service]\nExecStart=/usr/bin/mesos-init-wrapper agent\nRestart=always\nDelegate=true\n";
                one(by_hand()
                    .file("/usr/lib/systemd/system/mesos-slave.service", unit)
                    .file("/etc/mesos-agent/ip", "198.18.0.1\n"))
            },
        },
        Case {
            lint: &lints::DIRECTORY_WITHIN_ATTRIBUTES,
            bad: || one(agent().directory("/etc/mesos-slave/attributes/RCS", None)),
            near: || {
                one(agent()
                    .directory("/etc/mesos-slave/RCS", None)
                    .file("/etc/mesos-slave/attributes/rack", "r1\n"))
            },
        },
        Case {
            lint: &lints::DEPRECATED_FLAG,
            bad: || {
                one(master()
                    .pinned("mesos", "1.4.1-2.0.1")
                    .file("/etc/mesos-master/?authenticate_slaves", ""))
            },
            near: || {
                one(master()
                    .pinned("mesos", "0.28.2-2.0.27")
                    .file("/etc/mesos-master/?authenticate_slaves", ""))
            },
        },
        Case {
            lint: &lints::UNKNOWN_FLAG,
            // It came with 1.5.
            bad: || {
                one(agent()
                    .pinned("mesos", "1.4.1-2.0.1")
                    .file("/etc/mesos-slave/reconfiguration_policy", "additive\n"))
            },
            near: || {
                one(agent()
                    .pinned("mesos", "1.5.0-2.0.1")
                    .file("/etc/mesos-slave/reconfiguration_policy", "additive\n"))
            },
        },
        Case {
            lint: &lints::UNKNOWN_VARIABLE,
            bad: || {
                one(agent()
                    .pinned("mesos", "1.11.0-2.0.1")
                    .file("/etc/default/mesos", "MESOS_RECOVERY_TIME_OUT=15mins\n"))
            },
            near: || {
                one(agent()
                    .pinned("mesos", "1.11.0-2.0.1")
                    .file("/etc/default/mesos", "MESOS_RECOVERY_TIMEOUT=15mins\n"))
            },
        },
        Case {
            lint: &lints::FLAG_VALUE_FORM,
            bad: || {
                one(agent()
                    .pinned("mesos", "0.22.1-1.0")
                    .file("/etc/mesos-slave/executor_registration_timeout", "5m\n"))
            },
            near: || {
                one(agent()
                    .pinned("mesos", "0.22.1-1.0")
                    .file("/etc/mesos-slave/executor_registration_timeout", "5mins\n"))
            },
        },
        Case {
            lint: &lints::MISSING_WORK_DIR,
            bad: || bare("1.11.0-2.0.1", ""),
            near: || bare("1.11.0-2.0.1", "--work_dir=/var/lib/mesos"),
        },
        Case {
            lint: &lints::REGISTRY_STRICT,
            bad: || {
                one(master()
                    .pinned("mesos", "1.0.1-2.0.93")
                    .file("/etc/mesos-master/?registry_strict", ""))
            },
            near: || {
                one(master()
                    .pinned("mesos", "0.28.2-2.0.27")
                    .file("/etc/mesos-master/?registry_strict", ""))
            },
        },
        Case {
            lint: &lints::OBSOLETE_ROLES_FLAG,
            bad: || {
                one(master()
                    .pinned("mesos", "1.4.1-2.0.1")
                    .file("/etc/mesos-master/roles", "web,batch\n"))
            },
            near: || {
                one(master()
                    .pinned("mesos", "0.26.0-0.2")
                    .file("/etc/mesos-master/roles", "web,batch\n"))
            },
        },
        Case {
            lint: &lints::PLAIN_TEXT_CREDENTIALS,
            bad: || {
                let master = master().file("/etc/mesos-master/credentials", "/etc/mesos/credentials\n");
                one(master.file_of_mode("/etc/mesos/credentials", "0400", "marathon correct-horse\n"))
            },
            near: || {
                let master = master().file("/etc/mesos-master/credentials", "/etc/mesos/credentials\n");
                one(master.file_of_mode("/etc/mesos/credentials", "0400", "{\"credentials\": []}\n"))
            },
        },
        Case {
            lint: &lints::CREDENTIALS_READABLE,
            bad: || {
                let agent = agent().file("/etc/mesos-slave/credential", "file:///etc/mesos/credential\n");
                one(agent.file(
                    "/etc/mesos/credential",
                    "{\"principal\": \"agent\", \"secret\": \"correct-horse\"}\n",
                ))
            },
            near: || {
                let agent = agent().file("/etc/mesos-slave/credential", "file:///etc/mesos/credential\n");
                one(agent.file_of_mode("/etc/mesos/credential", "0400", "{\"principal\": \"agent\"}\n"))
            },
        },
    ]
}

/// Two names of one flag are one flag.
#[test]
fn a_flag_and_its_old_name_are_given_twice() {
    let both = master()
        .file("/etc/mesos-master/?authenticate_slaves", "")
        .file("/etc/mesos-master/?authenticate_agents", "");
    let cluster = one(both).build().unwrap();
    assert!(super::finds(&cluster, &lints::FLAG_GIVEN_TWICE));
}

/// Names are of one daemon: the agent never had this one, which the master still reads.
#[test]
fn an_old_name_of_the_master_is_none_of_the_agent() {
    let master = one(by_hand()
        .pinned("mesos", "1.11.0-2.0.1")
        .runs("mesos-master")
        .file("/etc/mesos-master/?authenticate_http", ""));
    let master = master.build().unwrap();
    assert!(super::finds(&master, &lints::DEPRECATED_FLAG));
    assert!(!super::finds(&master, &lints::UNKNOWN_FLAG));
    let agent = one(by_hand()
        .pinned("mesos", "1.11.0-2.0.1")
        .runs("mesos-slave")
        .file("/etc/mesos-slave/?authenticate_http", ""));
    let agent = agent.build().unwrap();
    assert!(!super::finds(&agent, &lints::DEPRECATED_FLAG));
    assert!(super::finds(&agent, &lints::UNKNOWN_FLAG));
}

/// That a secret stands in the open is no matter of its form.
#[test]
fn daemons_read_what_stands_in_the_open() {
    let master = by_hand()
        .pinned("mesos", "1.11.0-2.0.1")
        .runs("mesos-master")
        .file("/etc/mesos/zk", "zk://mesos:correct-horse@10.0.0.1:2181/mesos\n");
    let marathon = by_hand()
        .pinned("marathon", "1.3.13-1.0")
        .runs("marathon")
        .file("/etc/marathon/conf/http_credentials", "operator:correct-horse\n");
    for role in [master, marathon] {
        let cluster = one(role).build().unwrap();
        assert!(
            !super::finds(&cluster, &lints::FLAG_VALUE_FORM),
            "{:#?}",
            super::findings(&cluster).found
        );
    }
}

/// The package's own variable is one of the two.
#[test]
fn the_packages_port_counts() {
    let cluster = one(master().file("/etc/mesos-master/port", "5060\n")).build().unwrap();
    let findings = super::findings(&cluster).errors().to_string();
    assert!(
        findings.contains("`PORT` of the package's /etc/default/mesos-master"),
        "{findings}"
    );
    let own = master()
        .file("/etc/mesos-master/port", "5060\n")
        .file("/etc/default/mesos-master", "ZK=`cat /etc/mesos/zk`\n");
    assert!(!super::finds(&one(own).build().unwrap(), &lints::FLAG_GIVEN_TWICE));
}

/// Marathon counts milliseconds where Mesos wants the unit.
#[test]
fn a_unit_where_none_is_read_is_told_with_its_number() {
    for (value, right) in [
        ("5m", "300000"),
        ("5mins", "300000"),
        ("30secs", "30000"),
        ("1.5secs", "1500"),
    ] {
        let marathon = by_hand()
            .pinned("marathon", "1.4.13-1.0")
            .runs("marathon")
            .file("/etc/marathon/conf/launch_token_refresh_interval", format!("{value}\n"));
        let told = super::findings(&one(marathon).build().unwrap()).errors().to_string();
        let expected = format!("`{value}` is no number of milliseconds, whose unit isn't written");
        assert!(
            told.contains(&expected) && told.contains(&format!("={right}`")),
            "{told}"
        );
    }
}
