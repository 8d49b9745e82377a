use mesos_iac::prelude::*;

#[derive(Template)]
#[template(source = "{{ port|uper }} {{ port is od }}")]
struct ZooCfg {
    port: u16,
}

fn main() {}
