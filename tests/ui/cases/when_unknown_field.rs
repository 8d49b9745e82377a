use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab {
    is_mesos_master: bool,
}

#[derive(Role, Clone)]
#[role(name = "mesos-node", attributes = Lab)]
#[resource(package("mesos"), when = !is_mesos_mastr)]
struct MesosNode;

fn main() {}
