use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role(name = "mesos-node")]
#[resource(package("mesos"))]
struct MesosNode<T> {
    settings: T,
}

fn main() {}
