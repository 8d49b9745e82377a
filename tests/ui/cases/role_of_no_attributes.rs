use mesos_iac::prelude::*;

struct Lab;

#[derive(Role, Clone)]
#[role(name = "mesos-node", attributes = Lab)]
#[resource(package("mesos"))]
struct MesosNode;

fn main() {}
