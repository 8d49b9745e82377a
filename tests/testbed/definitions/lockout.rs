//! A cluster whose operator locks himself out, by a firewall or by sshd's own configuration.

use mesos_iac::prelude::*;
use std::process::ExitCode;

/// What the suite changes from run to run.
#[derive(Attributes)]
#[attributes(prefix = "lockout")]
struct Lockout {
    /// Whether new SSH connections are dropped.
    #[attr(default = false)]
    firewall: bool,
    /// Where sshd listens.
    #[attr(default = 22)]
    port: u16,
    /// A line more for sshd.
    #[attr(default = "")]
    sshd_line: String,
    /// What the hosts are greeted with, which locks nobody out.
    #[attr(default = "hello".to_owned())]
    greeting: String,
}

const OPEN: &str = "#!/usr/sbin/nft -f
flush ruleset
";

const SHUT: &str = "#!/usr/sbin/nft -f
flush ruleset
table inet lockout {
    chain input {
        type filter hook input priority 0; policy accept;
        tcp dport 22 tcp flags & (syn | ack) == syn drop
    }
}
";

#[derive(Role, Clone)]
#[role(name = "gate")]
struct Gate;

impl Declares for Gate {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let rules = if cx.get(Lockout::FIREWALL)? { SHUT } else { OPEN };
        let nftables = cx.add(package("nftables"));
        let rules = cx.add(
            file("/etc/nftables.conf")
                .content(rules)
                .mode(Mode::new(0o755)?)
                .after(nftables),
        );
        cx.add(service("nftables").enabled().running().restart_on(rules));
        let port = cx.get(Lockout::PORT)?;
        let config = cx.add(
            file("/etc/ssh/sshd_config.d/lockout.conf")
                .content(format!("Port {port}\n{}", cx.get(Lockout::SSHD_LINE)?)),
        );
        cx.add(service("ssh").enabled().running().restart_on(config));
        cx.add(file("/etc/lockout-greeting").content(cx.get(Lockout::GREETING)?));
        Ok(())
    }
}

fn cluster() -> Result<Cluster> {
    Cluster::new("lockout")
        .appliance(appliance("gate").role(Gate))
        .hosts(hosts("lab-0-[0-9]").appliance("gate"))
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
