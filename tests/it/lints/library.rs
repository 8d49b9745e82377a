//! What lints say of the role library's own roles: nothing. `tests/it/examples.rs` asks the same of the examples.

use super::findings;
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::mesos::{Mesos, MesosLayout};
use mesos_iac::roles::zookeeper::{ZooKeeper, ZooKeeperHost};

fn told(cluster: Result<Cluster>) -> String {
    let found = findings(&cluster.unwrap()).found;
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Three masters with ZooKeeper, two agents, in each layout of each era.
#[test]
fn nothing_is_wrong_with_what_the_role_library_declares() {
    for (version, layout) in [
        (Version::new(0, 22, 1), MesosLayout::mesosphere()),
        (Version::new(1, 11, 0), MesosLayout::mesosphere()),
        (Version::new(1, 11, 0), MesosLayout::apache_rpm()),
        (Version::new(1, 11, 0), MesosLayout::default_files()),
        (Version::new(1, 11, 0), MesosLayout::environment_file()),
        (Version::new(1, 11, 0), MesosLayout::command_line()),
    ] {
        let shown = format!("{version} {layout:?}");
        let mesos = Mesos::new(version, layout);
        let master = appliance("master")
            .role(ZooKeeper::new())
            .role(mesos.master().cluster("lab"));
        let masters = hosts("m[1-3]")
            .appliance("master")
            .addrs(["198.18.0.1", "198.18.0.2", "198.18.0.3"]);
        let cluster = Cluster::new("lab")
            .appliance(master)
            .appliance(appliance("agent").role(mesos.agent().attribute("rack", "r1")))
            .hosts(masters.set_each(ZooKeeperHost::ID, [1, 2, 3]))
            .hosts(hosts("a[1-2]").appliance("agent").addrs(["198.18.0.11", "198.18.0.12"]))
            .build();
        assert_eq!(told(cluster), "", "{shown}");
    }
}
