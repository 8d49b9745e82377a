use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab {
    port: u16,
}

#[derive(Role, Clone)]
#[role(name = "mesos-node", attributes = Lab)]
#[resource(package("mesos"), when = port == true)]
struct MesosNode;

fn main() {}
