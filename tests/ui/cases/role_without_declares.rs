use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role(name = "zookeeper")]
struct Zk;

fn main() {}
