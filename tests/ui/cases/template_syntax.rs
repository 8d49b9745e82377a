use mesos_iac::prelude::*;

#[derive(Template)]
#[template("syntax.j2")]
struct ZooCfg {
    port: u16,
}

fn main() {
    let _ = file("/etc/zoo.cfg").content(template!(source = "{% if a %}", ZooCfg));
}
