use mesos_iac::prelude::*;

#[derive(Role)]
#[role(name = "mesos-node")]
#[resource(package("mesos"))]
struct MesosNode;

fn main() {}
