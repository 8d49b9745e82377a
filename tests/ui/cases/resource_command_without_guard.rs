use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role(name = "mesos-node")]
#[resource(command(["systemctl", "daemon-reload"]))]
struct MesosNode;

fn main() {}
