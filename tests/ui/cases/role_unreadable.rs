use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role]
#[resource(package("mesos"))]
struct Bare;

#[derive(Role, Clone)]
#[role(name = mesos)]
#[resource(package("mesos"))]
struct Unquoted;

#[derive(Role, Clone)]
#[role(name = "mesos-node")]
#[resource()]
#[resource(mesos = )]
#[resource(package("mesos") when = master)]
struct Lines;

fn main() {}
