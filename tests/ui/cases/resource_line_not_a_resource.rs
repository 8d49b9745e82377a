use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role(name = "mesos-node")]
#[resource("mesos")]
struct MesosNode;

fn main() {}
