//! An ensemble with everything that its role can be told, none of it as it is unless said.

use mesos_iac::prelude::*;
use mesos_iac::roles::zookeeper::{AdminServer, ZooKeeper, ZooKeeperHost};
use std::process::ExitCode;
use std::time::Duration;

/// What the suite tells.
#[derive(Attributes)]
#[attributes(prefix = "ensemble")]
struct Ensemble {
    /// The digest of the password with which everything may be done.
    #[attr(default = Secret::from_env("ENSEMBLE_SUPER"))]
    super_digest: Secret<String>,
}

/// It takes its digest from an attribute.
#[derive(Role, Clone)]
#[role(name = "told-zookeeper")]
struct Told(ZooKeeper);

impl Declares for Told {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        self.0.expose(cx)
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let digest = cx.get(Ensemble::SUPER_DIGEST)?;
        self.0.clone().super_digest(digest).declare(cx)
    }
}

fn cluster() -> Result<Cluster> {
    let zookeeper = ZooKeeper::new()
        .ensemble("told")
        .tick(Duration::from_millis(1500))
        .limits(12, 6)
        .client_port(2281)
        .peer_ports(2988, 3988)
        .max_client_connections(70)
        .autopurge(4, 12)
        .four_letter_words(["srvr", "conf", "mntr", "cons"])
        .admin_server(AdminServer::Port(8181))
        .heap_megabytes(128)
        .data("/var/lib/zookeeper-told")
        .data_log("/var/log/zookeeper-told")
        .setting("globalOutstandingLimit", "500");
    Cluster::new("told")
        .hosts(
            hosts("voter-[1-3]")
                .addrs(["198.18.0.1", "198.18.0.2", "198.18.0.3"])
                .set_each(ZooKeeperHost::ID, [11, 12, 13]),
        )
        .hosts(
            host("observer")
                .addr("198.18.0.4")
                .set(ZooKeeperHost::ID, 14)
                .set(ZooKeeperHost::OBSERVER, true),
        )
        .role(Told(zookeeper))
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
