use mesos_iac::prelude::*;

#[derive(Attributes)]
#[attributes(prefix = "lab")]
#[attributes(prefix = "other")]
struct Lab {
    #[attr(default = 1, default = 2)]
    port: u16,
    #[attr(name = "port")]
    admin: u16,
    #[attr(name = "a b")]
    spaced: u16,
}

fn main() {}
