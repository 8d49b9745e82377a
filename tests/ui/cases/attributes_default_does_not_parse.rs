use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab {
    #[attr(default = "10.1.255.256")]
    zookeeper_ip: std::net::IpAddr,
    #[attr(default = "70000")]
    port: u16,
    #[attr(default = "yes")]
    master: bool,
}

fn main() {
    let _ = Lab::PORT;
}
