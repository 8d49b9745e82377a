use mesos_iac::prelude::*;

#[derive(Template)]
struct Unnamed {
    port: u16,
}

#[derive(Template)]
#[template(zoo)]
struct Unquoted {
    port: u16,
}

#[derive(Template)]
#[template(source = "{{ port }}")]
struct Tuple(u16);

fn main() {}
