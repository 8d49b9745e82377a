use mesos_iac::prelude::*;

#[derive(Template)]
#[template("zo.cfg.j2")]
struct ZooCfg {
    port: u16,
}

fn main() {
    let _ = ZooCfg { port: 2181 }.render();
}
