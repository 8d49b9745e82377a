use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role(name = "mesos-node")]
enum MesosNode {
    Master,
    Agent,
}

fn main() {}
