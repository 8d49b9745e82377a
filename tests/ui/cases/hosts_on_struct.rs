use mesos_iac::prelude::*;

#[derive(Hosts)]
struct Machines;

fn main() {
    let _ = Machines::all();
}
