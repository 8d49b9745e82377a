use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab {
    zookeeper_ip: std::net::IpAddr,
}

fn main() {
    let _ = Cluster::new("lab").set(Lab::ZOOKEPER_IP, "10.1.255.254");
}
