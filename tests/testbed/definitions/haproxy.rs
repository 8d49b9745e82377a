//! HAProxy in front of a Marathon that the suite plays: on one host by port, on the other by name.

use mesos_iac::prelude::*;
use mesos_iac::roles::haproxy::HaProxy;
use std::process::ExitCode;
use std::time::Duration;

/// The machine that the programs of the suite run on; nobody answers at the first one.
const MARATHONS: [&str; 2] = ["198.18.0.1:8079", "198.18.0.1:8080"];

/// The cluster.
///
/// # Errors
/// The definition has a mistake.
pub fn cluster() -> Result<Cluster> {
    let haproxy = HaProxy::new().marathons(MARATHONS).every(Duration::from_secs(5));
    Cluster::new("haproxy")
        .hosts(host("stage-8").role(haproxy.clone().lowest_port(80)))
        .hosts(host("stage-9").role(haproxy.by_host_name("example.com")))
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
