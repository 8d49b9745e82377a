use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role(name = "mesos-node")]
#[include(package("zookeeperd"))]
#[expose(5050)]
struct MesosNode;

fn main() {}
