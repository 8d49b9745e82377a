//! The role library: what it writes, and what it refuses.

mod agent_identity;
mod capabilities;
mod chronos;
mod docker;
mod haproxy;
mod marathon;
mod mesos;
mod rendered;
mod zookeeper;

use mesos_iac::File;
use mesos_iac::prelude::*;

/// The text of a file that a host will have.
fn text(cluster: &Cluster, host: &str, path: &str) -> String {
    let compiled = cluster.compile().expect("the cluster compiles");
    let host = compiled.host(host).expect("the host is one of the cluster's");
    let file = host.catalog.get::<File>(path).expect("the file is managed");
    file.text().expect("it is text")
}

/// What is wrong with a cluster.
fn problems(cluster: &ClusterBuilder) -> String {
    let cluster = cluster.clone().build().expect("the definition can be made");
    cluster.compile().expect_err("the cluster doesn't compile").to_string()
}
