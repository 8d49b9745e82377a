use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role(name = "mesos-node")]
#[resource(mesos = package("mesos"))]
#[resource(file("/etc/mesos/zk").content("zk://").restart_on(mesos))]
struct MesosNode;

fn main() {}
