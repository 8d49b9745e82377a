//! Lints that concern every cluster.

use super::{Case, by_hand, one, with_files};
use mesos_iac::lint;
use mesos_iac::prelude::*;
use mesos_iac::roles::docker::Docker;
use mesos_iac::roles::{Source, Version};

const KEY: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n";

/// A host with a repository of yum.
#[derive(Role, Clone)]
#[role(name = "mirrored")]
struct Mirrored {
    is_signed: bool,
}

impl Declares for Mirrored {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let mirror = yum_repository("mirror").base_url("http://mirror.lan/el7");
        cx.add(if self.is_signed {
            mirror.signed_by(KEY)
        } else {
            mirror.unsigned()
        });
        Ok(())
    }
}

fn repository(is_signed: bool, os: Os) -> ClusterBuilder {
    let host = host("h").addr("198.18.0.1").os(os).role(Mirrored { is_signed });
    Cluster::new("lab").hosts(host)
}

fn with_package(os: Os) -> ClusterBuilder {
    let host = host("h").addr("198.18.0.1").os(os).role(by_hand().package("nginx"));
    Cluster::new("lab").hosts(host)
}

/// A directory that waits for a file, which stands in it or doesn't.
#[derive(Role, Clone)]
#[role(name = "belated")]
struct Belated {
    directory: &'static str,
    file: &'static str,
}

impl Declares for Belated {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let file = cx.add(file(self.file).content("x\n"));
        cx.add(directory(self.directory).after(file));
        Ok(())
    }
}

fn late(directory: &'static str, file: &'static str) -> ClusterBuilder {
    let host = host("h").addr("198.18.0.1").role(Belated { directory, file });
    Cluster::new("lab").hosts(host)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            lint: &lint::CRLF_LINES,
            bad: || with_files([("/etc/zookeeper/conf/zoo.cfg", "tickTime=2000\r\nclientPort=2181\r\n")]),
            near: || with_files([("/etc/zookeeper/conf/zoo.cfg", "tickTime=2000\nclientPort=2181\n")]),
        },
        Case {
            lint: &lint::TYPOGRAPHIC_DAMAGE,
            bad: || with_files([("/etc/default/mesos", "ULIMIT=\u{201c}-n 8192\u{201d}\n")]),
            near: || {
                with_files([(
                    "/etc/default/mesos",
                    "# the document\u{2019}s value\nULIMIT=\"-n 8192\"\n",
                )])
            },
        },
        Case {
            lint: &lint::SSH_ROOT_LOGIN,
            bad: || with_files([("/etc/ssh/sshd_config.d/golden.conf", "PermitRootLogin yes\n")]),
            near: || {
                let config = "# PermitRootLogin yes\nPermitRootLogin prohibit-password\n";
                with_files([("/etc/ssh/sshd_config.d/golden.conf", config)])
            },
        },
        Case {
            lint: &lint::WORLD_WRITABLE,
            bad: || one(by_hand().directory("/srv/artifacts", Some("0777"))),
            near: || one(by_hand().directory("/srv/artifacts", Some("1777"))),
        },
        Case {
            lint: &lint::MISSING_DIRECTORY,
            bad: || one(by_hand().directory("/etc/marathon/conf", None)),
            near: || {
                one(by_hand()
                    .directory("/etc/marathon", None)
                    .directory("/etc/marathon/conf", None)
                    .package("zookeeper")
                    .file("/etc/zookeeper/conf/myid", "1\n"))
            },
        },
        Case {
            lint: &lint::DIRECTORY_AFTER_ITS_CONTENT,
            bad: || late("/etc/app", "/etc/app/app.conf"),
            near: || late("/etc/app", "/etc/motd"),
        },
        Case {
            lint: &lint::DIRECTORY_AFTER_ITS_CONTENT,
            bad: || late("/srv/app", "/srv/app/app.conf"),
            // Every host has that one: it is only its mode that waits.
            near: || late("/etc/ssh", "/etc/ssh/banner"),
        },
        Case {
            lint: &lint::UPGRADE_WITHOUT_RESTART,
            bad: || one(by_hand().pinned("nginx", "1.22.1-9").runs("nginx")),
            near: || {
                let source = Source::packages(["docker.io"]).version("20.10.24+dfsg1-1");
                Cluster::new("lab").hosts(host("h").role(Docker::new(Version::new(20, 10, 24), source)))
            },
        },
        Case {
            lint: &lint::SCRIPT_NOT_EXECUTABLE,
            bad: || with_files([("/usr/local/bin/bridge", "#!/bin/sh\ntrue\n")]),
            near: || one(by_hand().file_of_mode("/usr/local/bin/bridge", "0755", "#!/bin/sh\ntrue\n")),
        },
        Case {
            lint: &lint::CRON_FILE_IGNORED,
            bad: || with_files([("/etc/cron.d/bridge.sh", "* * * * * root /usr/local/bin/bridge\n")]),
            near: || with_files([("/etc/cron.d/haproxy-bridge", "* * * * * root /usr/local/bin/bridge\n")]),
        },
        Case {
            lint: &lint::UNSIGNED_REPOSITORY,
            bad: || {
                with_files([(
                    "/etc/yum.repos.d/mesos.repo",
                    "[mesos]\nbaseurl=http://mirror.lan/mesos\ngpgcheck=0\n",
                )])
            },
            near: || {
                with_files([(
                    "/etc/yum.repos.d/mesos.repo",
                    "[mesos]\nbaseurl=http://mirror.lan/mesos\ngpgcheck=1\n",
                )])
            },
        },
        Case {
            lint: &lint::UNSIGNED_REPOSITORY,
            bad: || repository(false, Os::any("centos")),
            near: || repository(true, Os::any("centos")),
        },
        Case {
            lint: &lint::PACKAGE_MANAGER,
            bad: || repository(true, Os::debian("12")),
            near: || repository(true, Os::new("rocky", "9")),
        },
        Case {
            lint: &lint::PACKAGE_MANAGER,
            bad: || with_package(Os::new("centos", "7")),
            near: || with_package(Os::ubuntu("24.04")),
        },
        Case {
            lint: &lint::PACKAGE_MANAGER,
            bad: || with_files([("/etc/yum.repos.d/mesos.repo", "[mesos]\n")]),
            near: || with_files([("/etc/apt/apt.conf.d/10mesos", "// none\n")]),
        },
        Case {
            lint: &lint::UNUSED_ALLOWANCE,
            bad: || with_files([("/etc/motd", "hello\n")]).allow(&lint::CRLF_LINES, "none left"),
            near: || with_files([("/etc/motd", "hello\r\n")]).allow(&lint::CRLF_LINES, "on purpose"),
        },
    ]
}
