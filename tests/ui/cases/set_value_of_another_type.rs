use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab {
    port: u16,
}

fn main() {
    let _ = host("zk1").set(Lab::PORT, true);
}
