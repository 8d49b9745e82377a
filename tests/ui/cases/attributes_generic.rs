use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab<T> {
    port: T,
}

fn main() {}
