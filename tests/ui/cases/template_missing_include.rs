use mesos_iac::prelude::*;

#[derive(Template)]
#[template("including.j2")]
struct ZooCfg {
    port: u16,
}

fn main() {}
