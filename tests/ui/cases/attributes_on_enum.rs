use mesos_iac::prelude::*;

#[derive(Attributes)]
enum Lab {
    Port(u16),
}

fn main() {}
