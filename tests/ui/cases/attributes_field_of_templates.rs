use mesos_iac::prelude::*;

#[derive(Attributes)]
#[attributes(prefix = "lab")]
struct Lab {
    host: String,
    #[attr(name = "cluster")]
    cluster: String,
    namespace: String,
    r#loop: bool,
    #[attr(name = "range")]
    ports: String,
}

fn main() {}
