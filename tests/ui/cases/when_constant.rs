use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab {
    master: bool,
}

#[derive(Role, Clone)]
#[role(name = "mesos-node", attributes = Lab)]
#[resource(package("mesos"), when = true)]
struct MesosNode;

fn main() {}
