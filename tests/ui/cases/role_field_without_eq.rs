use mesos_iac::prelude::*;

#[derive(Clone)]
struct Limits;

#[derive(Role, Clone)]
#[role(name = "mesos-node")]
#[resource(package("mesos"))]
struct MesosNode {
    limits: Limits,
}

fn main() {}
