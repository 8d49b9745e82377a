use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role(name = "mesos-node")]
#[resource(package("mesos"), when = is_mesos_master)]
struct MesosNode;

fn main() {}
