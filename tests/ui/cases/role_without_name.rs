use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[resource(package("mesos"))]
struct MesosNode;

fn main() {
    let _ = appliance("backend").role(MesosNode);
}
