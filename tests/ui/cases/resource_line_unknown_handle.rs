use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role(name = "mesos-node")]
#[resource(conf = file("/etc/mesos/zk").content("zk://"))]
#[resource(service("mesos-slave").running().restart_on(config))]
struct MesosNode;

fn main() {}
