use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab(u16);

fn main() {}
