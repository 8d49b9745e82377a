use mesos_iac::prelude::*;

struct Storage;

#[derive(Attributes)]
struct Lab {
    storage: Storage,
}

fn main() {}
