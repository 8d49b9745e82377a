use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role(name = "time")]
#[resource(package("chrony"))]
struct Time;

#[derive(Role, Clone)]
#[role(name = "mesos-node")]
#[include(time = Time)]
#[resource(cx = package("mesos"))]
struct MesosNode;

fn main() {}
