use mesos_iac::prelude::*;

#[derive(Template)]
#[template(source = "{{ range }} {{ host }} {{ none }}\n")]
struct Ports {
    range: String,
    host: String,
    none: bool,
}

fn main() {
    let ports = Ports { range: "1-2".to_owned(), host: "a".to_owned(), none: false };
    let _ = file("/etc/ports").content(ports);
}
