use mesos_iac::prelude::*;

#[derive(Attributes)]
struct Lab {
    #[attr(default = 1)]
    master: bool,
    #[attr(default = "rack-1")]
    rack: Option<String>,
}

fn main() {}
