use mesos_iac::prelude::*;

#[derive(Template)]
#[template("zoo.cfg.j2")]
struct ZooCfg {
    ticktime: u32,
    port: u16,
}

fn main() {
    let _ = file("/etc/zookeeper/conf/zoo.cfg").content(ZooCfg { ticktime: 2000, port: 2181 });
}
