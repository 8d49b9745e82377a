use mesos_iac::prelude::*;

#[derive(Hosts)]
enum Machines {
    #[host("db", adr("10.0.0.9"))]
    Db,
}

fn main() {}
