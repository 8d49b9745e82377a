use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab {
    zookeper_ip: std::net::IpAddr,
}

#[derive(Role, Clone)]
#[role(name = "mesos-node")]
#[resource(file("/etc/mesos/zk").content(template!("zk.j2", Lab)))]
struct MesosNode;

fn main() {}
