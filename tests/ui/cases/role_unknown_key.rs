use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role(nmae = "mesos-node", name = "mesos-node", name = "node")]
#[resource(package("mesos"))]
struct MesosNode;

fn main() {
    let _ = appliance("backend").role(MesosNode);
}
