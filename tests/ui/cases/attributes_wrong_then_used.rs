use mesos_iac::prelude::*;

#[derive(Attributes)]
#[attributes(prefx = "lab")]
struct Lab {
    zookeeper_ip: std::net::IpAddr,
    is_mesos_master: bool,
}

#[derive(Role, Clone)]
#[role(name = "mesos-node", attributes = Lab)]
#[resource(file("/etc/mesos/zk").content(template!("zk.j2", Lab)), when = is_mesos_master)]
struct MesosNode;

fn main() {
    let _ = Cluster::new("lab").set(Lab::ZOOKEEPER_IP, "10.1.255.254").role(MesosNode);
}
