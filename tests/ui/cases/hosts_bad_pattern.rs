use mesos_iac::prelude::*;

#[derive(Hosts)]
enum Machines {
    #[host("fe-0-[0-1")]
    Frontends,
    #[host("zk[3-1]")]
    ZooKeeper,
    #[host("backend-*")]
    Backends,
}

fn main() {
    let _ = Machines::all();
}
