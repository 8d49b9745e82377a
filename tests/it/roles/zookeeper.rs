use super::{problems, text};
use crate::support::assert_snapshot;
use mesos_iac::roles::Version;
use mesos_iac::roles::chronos::Chronos;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{Mesos, MesosLayout};
use mesos_iac::roles::zookeeper::{AdminServer, ZooKeeper, ZooKeeperHost, ZooKeeperLayout};
use mesos_iac::{Package, prelude::*};
use std::time::Duration;

fn three(role: ZooKeeper) -> ClusterBuilder {
    Cluster::new("lab").role(role).hosts(
        hosts("zk-[1-3]")
            .addrs(["198.18.0.1", "198.18.0.2", "fd00::3"])
            .set_each(ZooKeeperHost::ID, [1, 20, 3]),
    )
}

#[test]
fn an_ensemble_is_made_of_the_hosts_that_have_the_role() {
    let cluster = three(ZooKeeper::new()).build().unwrap();
    assert_snapshot("role_zookeeper", text(&cluster, "zk-2", "/etc/zookeeper/conf/zoo.cfg"));
    assert_eq!(text(&cluster, "zk-2", "/etc/zookeeper/conf/myid"), "20\n");
    assert_eq!(
        text(&cluster, "zk-1", "/etc/default/zookeeper"),
        "JAVA_OPTS=\"-Xms512m -Xmx512m\"\n"
    );
}

#[test]
fn everything_that_can_be_said_stands_where_it_belongs() {
    let role = ZooKeeper::new()
        .layout(ZooKeeperLayout::zookeeper_server())
        .tick(Duration::from_secs(3))
        .limits(20, 10)
        .client_port(12181)
        .peer_ports(12888, 13888)
        .max_client_connections(60)
        .autopurge(5, 1)
        .four_letter_words(["srvr"])
        .admin_server(AdminServer::Port(9080))
        .data("/srv/zookeeper")
        .data_log("/srv/zookeeper-log")
        .super_digest(Secret::from_env("ZK_SUPER"))
        .setting("jute.maxbuffer", "4194304");
    let cluster = three(role)
        .hosts_matching("zk-3", |host| host.set(ZooKeeperHost::OBSERVER, true))
        .build()
        .unwrap();
    assert_snapshot(
        "role_zookeeper_all_settings",
        text(&cluster, "zk-3", "/etc/zookeeper/conf/zoo.cfg"),
    );
    assert_eq!(text(&cluster, "zk-3", "/srv/zookeeper/myid"), "3\n");
    assert_eq!(
        text(&cluster, "zk-3", "/etc/zookeeper/conf/java.env"),
        "JVMFLAGS=\"-Xms512m -Xmx512m\"\n"
    );
}

/// What Java's properties would read otherwise than it is said.
#[test]
fn what_would_be_another_line_of_zoo_cfg_is_refused() {
    for role in [
        ZooKeeper::new().four_letter_words(["srvr\nserver.9=evil:1:2"]),
        ZooKeeper::new().four_letter_words(["srvr\\"]),
        ZooKeeper::new().setting("zzz", "x\\"),
        ZooKeeper::new().setting(" dataDir", "/evil"),
        ZooKeeper::new().setting("tickTime:1", "2"),
        ZooKeeper::new().data("/srv/z\\"),
        ZooKeeper::new().tick(Duration::from_micros(1)),
        ZooKeeper::new().limits(0, 5),
        ZooKeeper::new().heap_megabytes(0),
    ] {
        assert!(
            problems(&three(role.clone())).contains("declare ZooKeeper: "),
            "{role:?}"
        );
    }
}

/// Users that packages bring are there in memory as they are on hosts.
#[test]
fn what_belongs_to_a_packages_user_converges_in_memory() {
    let role = ZooKeeper::new().super_digest(Secret::from_env("ZK_SUPER"));
    mesos_iac::assert_idempotent!(three(role).build());
}

#[test]
fn a_server_alone_has_no_server_lines() {
    let role = ZooKeeper::new().layout(ZooKeeperLayout::debian().present());
    let cluster = Cluster::new("lab")
        .role(role)
        .hosts(host("zk").addr("198.18.0.1").set(ZooKeeperHost::ID, 1))
        .build()
        .unwrap();
    assert!(!text(&cluster, "zk", "/etc/zookeeper/conf/zoo.cfg").contains("server."));
    assert_eq!(cluster.compile().unwrap().hosts[0].catalog.all::<Package>().count(), 0);
}

#[test]
fn two_ensembles_don_t_mix() {
    let cluster = Cluster::new("lab")
        .hosts(
            hosts("a-[1-2]")
                .role(ZooKeeper::new().ensemble("a"))
                .addrs(["198.18.0.1", "198.18.0.2"])
                .set_each(ZooKeeperHost::ID, [1, 2])
                .and(
                    hosts("b-[1-2]")
                        .role(ZooKeeper::new().ensemble("b"))
                        .addrs(["198.18.0.3", "198.18.0.4"])
                        .set_each(ZooKeeperHost::ID, [1, 2]),
                ),
        )
        .build()
        .unwrap();
    let servers = |host: &str| {
        let text = text(&cluster, host, "/etc/zookeeper/conf/zoo.cfg");
        text.lines()
            .filter(|line| line.starts_with("server."))
            .map(ToOwned::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        servers("a-1"),
        ["server.1=198.18.0.1:2888:3888", "server.2=198.18.0.2:2888:3888"]
    );
    assert_eq!(
        servers("b-2"),
        ["server.1=198.18.0.3:2888:3888", "server.2=198.18.0.4:2888:3888"]
    );
}

#[test]
fn numbers_are_said_once_and_lie_within_1_to_255() {
    let twice = three(ZooKeeper::new()).hosts_matching("zk-2", |host| host.set(ZooKeeperHost::ID, 1));
    let told = problems(&twice);
    assert!(
        told.contains("the servers of zk-1 and zk-2 have the same number 1"),
        "{told}"
    );

    let none = three(ZooKeeper::new()).hosts_matching("zk-2", |host| host.set(ZooKeeperHost::ID, 0));
    assert!(
        problems(&none).contains("the server of zk-2 has the number 0"),
        "{}",
        problems(&none)
    );

    let unset = Cluster::new("lab")
        .role(ZooKeeper::new())
        .hosts(host("zk").addr("198.18.0.1"));
    assert!(problems(&unset).contains("zookeeper.id"), "{}", problems(&unset));
}

#[test]
fn what_can_t_work_is_refused() {
    for (role, why) in [
        (ZooKeeper::new().autopurge(2, 24), "keeps 3 at the least"),
        (ZooKeeper::new().autopurge(3, 0), "takes for never"),
        (ZooKeeper::new().setting("tickTime", "1"), "use its method"),
        (
            ZooKeeper::new().setting("x", "1\nserver.9=evil:1:2"),
            "control characters",
        ),
        (ZooKeeper::new().tick(Duration::ZERO), "a millisecond at the least"),
        (ZooKeeper::new().client_port(0), "0 is any"),
        (ZooKeeper::new().peer_ports(0, 3888), "0 is any"),
        (ZooKeeper::new().admin_server(AdminServer::Port(0)), "0 is any"),
        (
            ZooKeeper::new().layout(ZooKeeperLayout {
                data: "/srv/zk\\".to_owned(),
                ..ZooKeeperLayout::debian()
            }),
            "something else in zoo.cfg",
        ),
    ] {
        let told = problems(&three(role));
        assert!(told.contains(why), "{told}");
    }
    let observers = three(ZooKeeper::new()).set(ZooKeeperHost::OBSERVER, true);
    assert!(problems(&observers).contains("has a vote"), "{}", problems(&observers));
}

#[test]
fn a_list_of_values_is_as_long_as_that_of_the_hosts() {
    let hosts = hosts("zk-[1-3]").set_each(ZooKeeperHost::ID, [1, 2]);
    let told = Cluster::new("lab")
        .hosts(hosts)
        .build()
        .expect_err("two values for three hosts")
        .to_string();
    assert!(told.contains("2 values are given for 3 hosts"), "{told}");
}

/// Who finds no server, for none could say its number, isn't told that there is none.
#[test]
fn numbers_that_are_missing_are_all_that_is_told() {
    let mesos = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere());
    let marathon = Marathon::new(Version::new(1, 4, 13), MarathonLayout::mesosphere(), &mesos);
    let masters = hosts("m[1-3]").addrs(["198.18.0.1", "198.18.0.2", "198.18.0.3"]);
    let cluster = Cluster::new("lab")
        .hosts(masters.role(ZooKeeper::new()).role(mesos.master()).role(marathon))
        .hosts(host("a").addr("198.18.0.11").role(mesos.agent()));
    let told = problems(&cluster);
    let lines: Vec<&str> = told.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(
        lines
            .iter()
            .all(|line| line.contains("`zookeeper.id` is read but not set")),
        "{told}"
    );
    // Where nobody has the role, that is what is wrong.
    let none = Cluster::new("lab").hosts(host("a").addr("198.18.0.11").role(mesos.agent()));
    assert!(problems(&none).contains("no host has the role ZooKeeper"));
}

/// What has nothing to do with an endpoint that is missing isn't hidden behind it.
#[test]
fn a_misspelt_ensemble_is_told_beside_what_others_lack() {
    let mesos = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere());
    let misspelt = mesos.clone().ensemble("retial");
    let chronos = Chronos::new(Version::new(2, 5, 1), &mesos);
    let masters = || hosts("m[1-3]").addrs(["198.18.0.1", "198.18.0.2", "198.18.0.3"]);
    let numbered = masters().set_each(ZooKeeperHost::ID, [1, 2, 3]);
    let agent = host("a").addr("198.18.0.11").role(misspelt.agent());
    let told = problems(
        &Cluster::new("lab")
            .hosts(numbered.role(ZooKeeper::new()))
            .hosts(host("c").role(chronos))
            .hosts(agent.clone()),
    );
    assert!(told.contains("address is read but was not declared"), "{told}");
    assert!(told.contains("the ensemble `retial`"), "{told}");
    // Nor behind servers that can't say their number: none of them is of that ensemble.
    let told = problems(&Cluster::new("lab").hosts(masters().role(ZooKeeper::new())).hosts(agent));
    assert!(told.contains("`zookeeper.id` is read but not set"), "{told}");
    assert!(told.contains("the ensemble `retial`"), "{told}");
}
