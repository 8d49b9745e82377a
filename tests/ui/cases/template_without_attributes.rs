use mesos_iac::prelude::*;

struct NotAttributes;

fn main() {
    let _ = file("/etc/mesos/zk").content(template!("zk.j2"));
    let _ = file("/etc/mesos/zk").content(template!("zk.j2", NotAttributes));
}
