use mesos_iac::prelude::*;

struct Server;

#[derive(Template)]
#[template(source = "{{ servers|length }}")]
struct ZooCfg {
    servers: Vec<Server>,
}

fn main() {}
