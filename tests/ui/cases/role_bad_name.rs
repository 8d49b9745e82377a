use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role(name = "Mesos_Node")]
#[resource(package("mesos"))]
struct MesosNode;

fn main() {
    let _ = appliance("backend").role(MesosNode);
}
