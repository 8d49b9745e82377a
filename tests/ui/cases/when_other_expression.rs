use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab {
    master: bool,
}

#[derive(Role, Clone)]
#[role(name = "mesos-node", attributes = Lab)]
#[resource(package("mesos"), when = Condition::os("ubuntu"))]
#[resource(package("marathon"), when = Lab::MASTER)]
#[resource(package("chronos"), when = master & master)]
#[resource(package("haproxy"), when = "x" == master)]
struct MesosNode;

fn main() {}
