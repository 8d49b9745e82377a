use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab {
    master: bool,
}

#[derive(Role, Clone)]
#[role(name = "mesos-node", attributes = Lab)]
#[resource(mesos = package("mesos"), wen = master)]
#[resource(package("marathon"), when = master, when = !master)]
#[resource(service("mesos-master").running().restart_on(mesos))]
struct MesosNode;

fn main() {}
