use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab {
    rack: String,
}

#[derive(Role, Clone)]
#[role(name = "mesos-node", attributes = Lab)]
#[resource(package("mesos"), when = rack)]
#[resource(package("marathon"), when = !rack)]
struct MesosNode;

fn main() {}
