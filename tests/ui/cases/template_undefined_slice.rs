use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab {
    #[attr(default = "text")]
    text: String,
}

#[derive(Template)]
#[template(source = "{{ txt[1:] }}\n")]
struct Sliced {
    text: String,
}

fn main() {
    let _ = file("/etc/a").content(Sliced { text: String::new() });
    let _ = file("/etc/b").content(template!(source = "{{ txt[1:] }}\n", Lab));
}
