//! Lints of HAProxy and of what writes its configuration.

use super::{Case, with_files};
use mesos_iac::prelude::*;
use mesos_iac::roles::haproxy::HaProxy;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{Mesos, MesosLayout};
use mesos_iac::roles::{Version, lints};
use mesos_iac::workloads::marathon::{App, PortMapping, app, docker};

const DEFAULTS: &str = "defaults\n  mode http\n  timeout connect 5s\n  timeout client 50s\n  timeout server 50s\n";

fn config(text: &str) -> ClusterBuilder {
    super::one(super::by_hand().file("/etc/haproxy/haproxy.cfg", text))
}

/// After defaults that are as they should be.
fn after_defaults(text: &str) -> ClusterBuilder {
    config(&format!("{DEFAULTS}{text}"))
}

fn cron(command: &str) -> ClusterBuilder {
    super::one(super::by_hand().file("/etc/cron.d/bridge", format!("* * * * * root {command}\n")))
}

/// A cluster of these apps, with a HAProxy before them.
fn serving(haproxy: HaProxy, apps: impl IntoIterator<Item = App>) -> ClusterBuilder {
    let mesos = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere().pinned("1.11.0-1"))
        .zookeeper("zk://10.0.0.1:2181/mesos".parse().unwrap());
    let layout = MarathonLayout::mesosphere().pinned("1.5.15-1");
    let marathon = Marathon::new(Version::new(1, 5, 15), layout, &mesos);
    let cluster = Cluster::new("lab").hosts(host("m").addr("198.18.0.1").role(marathon).role(haproxy));
    apps.into_iter().fold(cluster, ClusterBuilder::workload)
}

fn on_port(id: &str, port: u16) -> App {
    app(id).container(docker("nginx").bridge().map(PortMapping::new(80).service_port(port)))
}

fn labelled(id: &str, name: &str) -> App {
    app(id).cmd("x").label("HAPROXY_0_VHOST", name)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            lint: &lints::SERVICE_PORT_TWICE,
            bad: || serving(HaProxy::new(), [on_port("/a", 10_000), app("/b").cmd("x").port(10_000)]),
            near: || serving(HaProxy::new(), [on_port("/a", 10_000), on_port("/b", 10_001)]),
        },
        Case {
            lint: &lints::SERVICE_PORT_TWICE,
            bad: || serving(HaProxy::new(), [on_port("/a", 10_000), on_port("/b", 10_000)]),
            // By name, ports may be the same.
            near: || {
                let haproxy = HaProxy::new().by_host_name("example.com");
                serving(haproxy, [on_port("/a", 10_000), on_port("/b", 10_000)])
            },
        },
        Case {
            lint: &lints::HOST_NAME_TWICE,
            bad: || {
                let haproxy = HaProxy::new().by_host_name("example.com");
                serving(haproxy, [labelled("/a", "x.org,y.org"), labelled("/b", "Y.org")])
            },
            near: || {
                let haproxy = HaProxy::new().by_host_name("example.com");
                serving(haproxy, [labelled("/a", "x.org"), labelled("/b", "y.org")])
            },
        },
        Case {
            lint: &lints::HOST_NAME_TWICE,
            // The one has it by its path.
            bad: || {
                let haproxy = HaProxy::new().by_host_name("example.com");
                serving(
                    haproxy,
                    [app("/shop/web").cmd("x"), labelled("/b", "web.shop.example.com")],
                )
            },
            near: || {
                serving(
                    HaProxy::new(),
                    [app("/shop/web").cmd("x"), labelled("/b", "web.shop.example.com")],
                )
            },
        },
        Case {
            lint: &lints::HAPROXY_OLD_KEYWORDS,
            bad: || config("defaults\n  contimeout 5000\n  clitimeout 50000\n  srvtimeout 50000\n"),
            near: || {
                let old = "defaults\n  contimeout 5000\n  clitimeout 50000\n  srvtimeout 50000\n";
                // HAProxy of that time.
                super::one(
                    super::by_hand()
                        .pinned("haproxy", "1.4.24-2")
                        .file("/etc/haproxy/haproxy.cfg", old),
                )
            },
        },
        Case {
            lint: &lints::HAPROXY_OPEN_STATS,
            bad: || after_defaults("listen stats\n  bind *:9090\n  stats enable\n"),
            near: || after_defaults("listen stats\n  bind 127.0.0.1:9090\n  stats enable\n"),
        },
        Case {
            lint: &lints::HAPROXY_PREFIX_HOST,
            bad: || after_defaults("frontend http-in\n  bind *:80\n  acl host_www hdr_beg(host) -i www\n"),
            near: || after_defaults("frontend http-in\n  bind *:80\n  acl host_www hdr(host) -i www.example.org\n"),
        },
        Case {
            lint: &lints::HAPROXY_NO_TIMEOUTS,
            bad: || {
                config("defaults\n  mode tcp\n  timeout connect 5s\nlisten web\n  bind :80\n  server a 10.0.0.1:80\n")
            },
            near: || after_defaults("listen web\n  bind :80\n  server a 10.0.0.1:80\n"),
        },
        Case {
            lint: &lints::HAPROXY_DUPLICATE_SECTION,
            bad: || {
                after_defaults(
                    "backend www_cluster\n  server a 10.0.0.1:80\nbackend www_cluster\n  server b 10.0.0.1:81\n",
                )
            },
            near: || {
                after_defaults("frontend www\n  bind :80\n  default_backend www\nbackend www\n  server a 10.0.0.1:80\n")
            },
        },
        Case {
            lint: &lints::HAPROXY_UNKNOWN_BACKEND,
            bad: || {
                after_defaults(
                    "frontend http-in\n  bind *:80\n  default_backend web\nbackend www\n  server a 10.0.0.1:80\n",
                )
            },
            near: || {
                let map = "frontend http-in\n  bind *:80\n  use_backend %[req.hdr(host),map(/etc/haproxy/hosts)]\n";
                after_defaults(&format!(
                    "{map}  default_backend web\nbackend web\n  server a 10.0.0.1:80\n"
                ))
            },
        },
        Case {
            lint: &lints::HAPROXY_NO_BIND,
            bad: || after_defaults("listen nginx-80\n  server nginx-1 10.0.0.1:31001 check\n"),
            near: || after_defaults("listen nginx-80 0.0.0.0:80\n  server nginx-1 10.0.0.1:31001 check\n"),
        },
        Case {
            lint: &lints::MARATHONS_COMMENT,
            bad: || {
                let text = "# Configuration file for the bridge\n10.0.0.1:8080\n";
                with_files([("/etc/haproxy-marathon-bridge/marathons", text)])
            },
            near: || {
                with_files([(
                    "/etc/haproxy-marathon-bridge/marathons",
                    "10.0.0.1:8080\n10.0.0.2:8080\n",
                )])
            },
        },
        Case {
            lint: &lints::CONFIG_TRUNCATED_BY_REDIRECT,
            bad: || cron("haproxy_dns_cfg localhost:8080 > /etc/haproxy/haproxy.cfg; /etc/init.d/haproxy restart"),
            near: || {
                cron("haproxy_dns_cfg localhost:8080 > /etc/haproxy/haproxy.cfg.new && haproxy-install >/dev/null 2>&1")
            },
        },
        Case {
            lint: &lints::SUDO_IN_CRON,
            bad: || cron("sudo /usr/local/bin/haproxy-marathon-bridge refresh_system_haproxy"),
            near: || cron("/usr/local/bin/haproxy-marathon-bridge refresh_system_haproxy"),
        },
    ]
}
