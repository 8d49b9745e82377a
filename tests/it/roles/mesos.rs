use super::{problems, text};
use mesos_iac::ResourceId;
use mesos_iac::prelude::*;
use mesos_iac::roles::chronos::Chronos;
use mesos_iac::roles::docker::Docker;
use mesos_iac::roles::flags::{self, agent, master};
use mesos_iac::roles::haproxy::HaProxy;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{AgentResource, DiskSource, Init, Mesos, MesosLayout, MesosMaster, Resources};
use mesos_iac::roles::zookeeper::{ZooKeeper, ZooKeeperHost};
use mesos_iac::roles::{Source, Version};
use mesos_iac::testing::FakeHost;
use std::time::Duration;

const V0_22: Version = Version::new(0, 22, 1);
const V1_11: Version = Version::new(1, 11, 0);

#[derive(Attributes)]
#[attributes(prefix = "site")]
struct Site {
    /// In which rack the host stands.
    #[attr(default = "r1".to_owned())]
    rack: String,
    /// Whether its disks are fast.
    #[attr(default = false)]
    flash: bool,
}

/// Three masters with ZooKeeper, two agents.
fn cluster(mesos: &Mesos) -> ClusterBuilder {
    let agent = mesos
        .agent()
        .attribute("rack", Site::RACK)
        .attribute("flash", Site::FLASH);
    Cluster::new("lab")
        .appliance(
            appliance("master")
                .role(ZooKeeper::new())
                .role(mesos.master().cluster("lab")),
        )
        .appliance(appliance("agent").role(agent))
        .hosts(
            hosts("m[1-3]")
                .appliance("master")
                .addrs(["198.18.0.1", "198.18.0.2", "198.18.0.3"])
                .set_each(ZooKeeperHost::ID, [1, 2, 3]),
        )
        .hosts(hosts("a[1-2]").appliance("agent").addrs(["198.18.0.11", "198.18.0.12"]))
}

/// Every file of a host, with its path.
fn files(cluster: &Cluster, host: &str) -> String {
    let compiled = cluster.compile().expect("the cluster compiles");
    let host = compiled.host(host).expect("the host is one of the cluster's");
    let mut files: Vec<_> = host
        .catalog
        .all::<File>()
        .map(|(path, file)| (path.to_owned(), file.text().unwrap_or_default()))
        .filter(|(path, _)| !path.contains("zookeeper"))
        .collect();
    files.sort();
    files.into_iter().fold(String::new(), |all, (path, text)| {
        all + "== "
            + &path
            + "
" + &text
    })
}

#[test]
fn mesosphere_reads_a_file_for_each_flag() {
    let cluster = cluster(&Mesos::new(V0_22, MesosLayout::mesosphere())).build().unwrap();
    crate::support::assert_snapshot("role_mesos_mesosphere_master", files(&cluster, "m1"));
    crate::support::assert_snapshot("role_mesos_mesosphere_agent", files(&cluster, "a1"));
}

#[test]
fn each_layout_puts_flags_where_they_are_read() {
    for (name, layout) in [
        ("apache_rpm", MesosLayout::apache_rpm()),
        ("default_files", MesosLayout::default_files()),
        ("environment_file", MesosLayout::environment_file()),
        ("command_line", MesosLayout::command_line().prefix("/opt/mesos")),
        ("upstart", MesosLayout::mesosphere().init(Init::Upstart)),
        ("sysv", MesosLayout::mesosphere().init(Init::SysV)),
    ] {
        let cluster = cluster(&Mesos::new(V1_11, layout)).build().unwrap();
        let text = format!("{}\n{}", files(&cluster, "m1"), files(&cluster, "a1"));
        crate::support::assert_snapshot(&format!("role_mesos_{name}"), text);
    }
}

/// The upgrade of the packages that moved everything from `/usr/local` to `/usr` is one version number.
#[test]
fn what_moved_with_a_version_moves_with_it() {
    let upstart = |version| {
        let layout = MesosLayout::mesosphere().init(Init::Upstart);
        let cluster = cluster(&Mesos::new(version, layout)).build().unwrap();
        text(&cluster, "m1", "/etc/init/mesos-master.conf")
    };
    assert!(upstart(Version::new(0, 21, 1)).contains("exec /usr/local/bin/mesos-init-wrapper master"));
    assert!(upstart(Version::new(0, 22, 0)).contains("exec /usr/bin/mesos-init-wrapper master"));
}

#[test]
fn whoever_has_one_role_doesn_t_run_the_other_daemon() {
    let mesos = Mesos::new(V0_22, MesosLayout::mesosphere());
    let both = cluster(&mesos)
        .hosts(
            host("both")
                .addr("198.18.0.20")
                .role(mesos.master().cluster("lab"))
                .role(mesos.agent()),
        )
        .build()
        .unwrap()
        .compile()
        .unwrap();
    let runs = |host: &str, unit: &str| {
        let service = both.host(host).unwrap().catalog.get::<Service>(unit).unwrap().clone();
        (service.is_enabled(), service.is_running())
    };
    let (on, off) = ((Some(true), Some(true)), (Some(false), Some(false)));
    assert_eq!((runs("m1", "mesos-master"), runs("m1", "mesos-slave")), (on, off));
    assert_eq!((runs("a1", "mesos-master"), runs("a1", "mesos-slave")), (off, on));
    assert_eq!((runs("both", "mesos-master"), runs("both", "mesos-slave")), (on, on));

    // Upstart of Enterprise Linux 6 reads no overrides: the job itself says it.
    let upstart = Mesos::new(V0_22, MesosLayout::mesosphere().init(Init::Upstart));
    let cluster = cluster(&upstart).build().unwrap();
    let job = |host: &str, daemon: &str| text(&cluster, host, &format!("/etc/init/{daemon}.conf"));
    let starts =
        |host: &str, daemon: &str| job(host, daemon).contains("start on stopped rc RUNLEVEL=[2345]\nrespawn\n");
    for (host, own, other) in [
        ("m1", "mesos-master", "mesos-slave"),
        ("a1", "mesos-slave", "mesos-master"),
    ] {
        assert!(starts(host, own), "{host}");
        let by_hand = job(host, other);
        assert!(
            !by_hand.contains("start on") && !by_hand.contains("respawn"),
            "{by_hand}"
        );
        assert!(by_hand.contains("exec /usr/bin/mesos-init-wrapper "), "{by_hand}");
        let compiled = cluster.compile().unwrap();
        let catalog = &compiled.host(host).unwrap().catalog;
        assert!(catalog.get::<Command>(&format!("initctl stop {other}")).is_some());
        assert!(catalog.get::<File>(&format!("/etc/init/{other}.override")).is_none());
    }
}

/// Upstart's own restart goes on with the job as it was when it was started, and so with a program that has moved.
#[test]
fn a_job_that_changed_is_stopped_and_started() {
    let mesos = Mesos::new(V0_22, MesosLayout::mesosphere().init(Init::Upstart));
    let compiled = cluster(&mesos).build().unwrap().compile().unwrap();
    let catalog = &compiled.host("m1").unwrap().catalog;
    let restart = catalog.get::<Command>("restart mesos-master").unwrap();
    let words: Vec<&str> = restart
        .invocation()
        .command
        .arguments()
        .iter()
        .map(String::as_str)
        .collect();
    assert_eq!(words, ["-c", "initctl stop mesos-master; initctl start mesos-master"]);
    let is_it = |id: &ResourceId| id.to_string() == "command[restart mesos-master]";
    let entry = catalog.entries.iter().find(|entry| is_it(&entry.id)).unwrap();
    for cause in ["package[mesos]", "file[/etc/init/mesos-master.conf]"] {
        let is_cause = entry.refresh_on.iter().any(|edge| edge.on.to_string() == cause);
        assert!(is_cause, "{cause} restarts nothing: {:?}", entry.refresh_on);
    }
}

#[test]
fn the_quorum_is_counted_from_the_masters() {
    let mesos = Mesos::new(V1_11, MesosLayout::mesosphere());
    let quorum = |masters: u8| {
        let names = format!("m[1-{masters}]");
        let cluster = Cluster::new("lab")
            .hosts(
                hosts(&names)
                    .each(|i, host| host.addr(format!("198.18.0.{}", i + 1)))
                    .role(
                        mesos
                            .clone()
                            .zookeeper("zk://198.18.0.99:2181/mesos".parse().unwrap())
                            .master(),
                    ),
            )
            .build()
            .unwrap();
        text(&cluster, "m1", "/etc/mesos-master/quorum")
    };
    assert_eq!([1, 2, 3, 4, 5].map(quorum), ["1\n", "2\n", "2\n", "3\n", "3\n"]);
}

#[test]
fn a_stated_change_of_masters_is_refused_where_it_could_split_them() {
    let mesos = Mesos::new(V1_11, MesosLayout::mesosphere());
    let changing = |from: usize| {
        Cluster::new("lab").hosts(
            hosts("m[1-3]")
                .addrs(["198.18.0.1", "198.18.0.2", "198.18.0.3"])
                .set_each(ZooKeeperHost::ID, [1, 2, 3])
                .role(ZooKeeper::new())
                .role(mesos.master().changing_from(from)),
        )
    };
    assert!(changing(5).build().unwrap().compile().is_ok());
    let told = problems(&changing(1));
    assert!(
        told.contains("one master can't grow to 3 while its log lives"),
        "{told}"
    );
    assert!(told.contains("replicated_log"), "{told}");
}

#[test]
fn flags_that_the_version_doesn_t_know_are_told_before_anything_is_touched() {
    let old = Mesos::new(Version::new(0, 20, 1), MesosLayout::mesosphere());
    let cluster = Cluster::new("lab").hosts(
        host("a")
            .addr("198.18.0.1")
            .set(ZooKeeperHost::ID, 1)
            .role(ZooKeeper::new())
            .role(
                old.agent()
                    .flag(agent::RECOVERY_TIMEOUT, Duration::from_secs(300))
                    .attribute("rack", "12"),
            ),
    );
    let told = problems(&cluster);
    assert!(told.contains("rack"), "{told}");

    let master = old.master().flag(master::MAX_AGENT_PING_TIMEOUTS, 20_u32);
    let cluster = Cluster::new("lab").hosts(
        host("m")
            .addr("198.18.0.1")
            .set(ZooKeeperHost::ID, 1)
            .role(ZooKeeper::new())
            .role(master),
    );
    let told = problems(&cluster);
    assert!(
        told.contains("max_slave_ping_timeouts") || told.contains("max_agent_ping_timeouts"),
        "{told}"
    );
}

#[test]
fn no_zookeeper_is_told_with_what_to_do() {
    let mesos = Mesos::new(V1_11, MesosLayout::mesosphere());
    let told = problems(&Cluster::new("lab").hosts(host("a").addr("198.18.0.1").role(mesos.agent())));
    assert!(told.contains("no host has the role ZooKeeper"), "{told}");
}

#[test]
fn disks_that_only_json_can_say_are_a_flag() {
    let mesos = Mesos::new(V1_11, MesosLayout::mesosphere()).zookeeper("zk://198.18.0.9:2181/mesos".parse().unwrap());
    let with = |resources: Resources| {
        Cluster::new("lab")
            .hosts(host("a").addr("198.18.0.1").role(mesos.agent().resources(resources)))
            .build()
            .unwrap()
    };
    let plain = with(Resources::from([AgentResource::cpus(4.0), AgentResource::mem(8192)]));
    assert_eq!(text(&plain, "a", "/etc/mesos-slave/resources/mem"), "8192\n");
    // A directory has a file for each resource, with nowhere to say where a disk is.
    let ssd = AgentResource::disk(100_000).source(DiskSource::Mount("/mnt/ssd".into()));
    let resources = Resources::from([AgentResource::mem(8192), ssd]);
    let disks = with(resources.clone());
    let flag = text(&disks, "a", "/etc/mesos-slave/resources");
    assert!(flag.contains(r#"{"root":"/mnt/ssd"}"#), "{flag}");
    assert_eq!(flag.trim().parse::<Resources>().unwrap(), resources);
    let written = files(&disks, "a");
    assert!(!written.contains("/etc/mesos-slave/resources/"), "{written}");
}

/// The password of ZooKeeper stands in files of root's and nowhere else.
#[test]
fn a_password_of_zookeeper_is_a_secret() {
    let mesos = Mesos::new(V1_11, MesosLayout::mesosphere()).digest("mesos", Secret::from_env("ZK_PASSWORD"));
    let with_digest = cluster(&mesos).build().unwrap();
    let compiled = with_digest.compile().unwrap();
    let zk = compiled
        .host("m1")
        .unwrap()
        .catalog
        .get::<File>("/etc/mesos/zk")
        .unwrap()
        .clone();
    assert!(zk.content().unwrap().is_secret());
    assert_eq!(zk.attributes().mode, Some(Mode::SECRET));
    // No argument of a daemon has it either, which is what the wrapper makes of its variables.
    let variables = text(&with_digest, "m1", "/etc/default/mesos-master");
    assert!(variables.contains("ZK=file:///etc/mesos/zk\n"), "{variables}");
    let variables = text(&with_digest, "a1", "/etc/default/mesos-slave");
    assert_eq!(variables, "MASTER=file:///etc/mesos/zk\n");
    let on_command_line =
        Mesos::new(V1_11, MesosLayout::command_line()).digest("mesos", Secret::from_env("ZK_PASSWORD"));
    let told = problems(&cluster(&on_command_line));
    assert!(told.contains("command line"), "{told}");
}

/// Whatever says it: what the role would set itself is shadowed, and what others rely on is said once.
#[test]
fn flags_of_the_wrapper_are_read_where_it_reads_them() {
    let mesos = Mesos::new(V1_11, MesosLayout::mesosphere()).zookeeper("zk://198.18.0.9:2181/mesos".parse().unwrap());
    let with = |role: MesosMaster| Cluster::new("lab").hosts(host("m").addr("198.18.0.1").role(role));
    let logs = with(mesos.master().cluster("lab").flag(master::LOG_DIR, "/srv/log"))
        .build()
        .unwrap();
    assert!(text(&logs, "m", "/etc/default/mesos").starts_with("LOGS=/srv/log\n"));
    let told = problems(&with(mesos.master().cluster("lab").flag(master::PORT, 5060_u16)));
    assert!(
        told.contains("others find the daemon by its port") && told.contains("`.port(…)`"),
        "{told}"
    );
}

/// What stands around Mesos, each with what can't be.
#[test]
fn what_marathon_and_haproxy_can_t_be_told_is_refused() {
    let mesos = Mesos::new(V1_11, MesosLayout::mesosphere()).zookeeper("zk://198.18.0.9:2181/mesos".parse().unwrap());
    let marathon = |layout| Marathon::new(Version::new(1, 5, 15), layout, &mesos);
    let with = |host: Hosts| problems(&Cluster::new("lab").hosts(host.addr("198.18.0.1")));
    let archive = || MarathonLayout::archive("/opt/marathon");
    for (role, why) in [
        (
            marathon(archive().init(Init::Upstart)),
            "an archive is started by a unit of systemd",
        ),
        (
            marathon(archive().init(Init::SysV)),
            "an archive is started by a unit of systemd",
        ),
        (marathon(MarathonLayout::archive("/opt/$(id)")), "since shells read it"),
    ] {
        let told = with(host("m").role(role));
        assert!(told.contains(why), "{told}");
    }
    let haproxy = HaProxy::new()
        .marathons(["198.18.0.2:8080"])
        .by_host_name("x.org")
        .http_port(22);
    let told = with(host("h").role(haproxy));
    assert!(told.contains("port 22 is kept free on this host"), "{told}");
}

#[test]
fn a_port_that_nobody_can_know_is_refused() {
    let mesos = Mesos::new(V1_11, MesosLayout::mesosphere()).zookeeper("zk://198.18.0.9:2181/mesos".parse().unwrap());
    let with = |host: Hosts| problems(&Cluster::new("lab").hosts(host.addr("198.18.0.1")));
    let marathon = Marathon::new(Version::new(1, 5, 15), MarathonLayout::mesosphere(), &mesos);
    let chronos = Chronos::new(Version::new(3, 0, 2), &mesos);
    for (name, told) in [
        ("mesos-master", with(host("m").role(mesos.master().port(0)))),
        ("mesos-slave", with(host("m").role(mesos.agent().port(0)))),
        ("Marathon", with(host("m").role(marathon.clone().port(0)))),
        ("Chronos", with(host("m").role(chronos.clone().port(0)))),
    ] {
        let why = format!("start {name}: it needs a port that others know");
        assert!(told.contains(&why), "{told}");
    }
    for told in [
        with(host("m").role(marathon.flag(flags::marathon::HTTP_PORT, 9000_u16))),
        with(host("m").role(chronos.flag(flags::chronos::HTTP_PORT, 0_u16))),
    ] {
        assert!(told.contains("others find the daemon by its port"), "{told}");
    }
}

/// What shells, units and jobs read as it stands.
#[test]
fn paths_that_a_shell_would_read_otherwise_are_refused() {
    for path in [
        "/var/log/$(id)",
        "/a;id",
        "/me sos",
        "relative",
        "/x\nrm -rf /srv",
        "/`id`",
    ] {
        let logs = Mesos::new(V1_11, MesosLayout::mesosphere()).log_dir(path);
        assert!(problems(&cluster(&logs)).contains("the directory of logs"), "{path:?}");
        let prefix = Mesos::new(V1_11, MesosLayout::mesosphere().prefix(path).init(Init::SysV));
        assert!(problems(&cluster(&prefix)).contains("the prefix of Mesos"), "{path:?}");
    }
}

#[test]
fn a_daemon_that_may_open_nothing_is_refused() {
    let mesos = Mesos::new(V1_11, MesosLayout::mesosphere()).open_files(0);
    let told = problems(&cluster(&mesos));
    assert!(told.contains("with 0 open files"), "{told}");
}

#[test]
fn a_bare_binary_has_no_wrapper_that_another_init_could_start() {
    for init in [Init::Upstart, Init::SysV] {
        for layout in [MesosLayout::environment_file(), MesosLayout::command_line()] {
            let told = problems(&cluster(&Mesos::new(V1_11, layout.init(init))));
            assert!(told.contains("by a unit of systemd"), "{told}");
        }
    }
}

/// What a new role brings is added, and what runs is left alone.
#[test]
fn a_service_is_added_to_a_running_cluster() {
    let mesos = Mesos::new(V1_11, MesosLayout::mesosphere());
    let before = cluster(&mesos);
    let after = before
        .clone()
        .hosts_matching("m1", |host| host.role(Chronos::new(Version::new(2, 3, 0), &mesos)))
        .build()
        .unwrap()
        .compile()
        .unwrap();
    let before = before.build().unwrap().compile().unwrap();
    for name in ["m1", "m2", "a1"] {
        let mut host = FakeHost::converged(before.host(name).unwrap());
        host.converge(after.host(name).unwrap());
        let changed: Vec<String> = host.changed().iter().map(ToString::to_string).collect();
        let added: Vec<&String> = changed
            .iter()
            .filter(|id| !id.contains("chronos") && !id.contains("jre"))
            .collect();
        assert_eq!(added, Vec::<&String>::new());
        assert_eq!(changed.is_empty(), name != "m1", "{name}: {changed:?}");
    }
}

/// Each role that hangs together says what a rollout has to heed.
#[test]
fn rollouts_are_told_with_the_roles() {
    let cluster = crate::examples::ansible_mesos::cluster().unwrap().compile().unwrap();
    let mut told: Vec<String> = Vec::new();
    for host in ["master-1", "slave-1"] {
        for role in &cluster.host(host).unwrap().provenance.roles {
            let rollout = role
                .rollout
                .as_ref()
                .map_or_else(|| "none".to_owned(), ToString::to_string);
            told.push(format!("{}: {rollout}", role.role));
        }
    }
    told.sort();
    crate::support::assert_snapshot("role_rollouts", told.join("\n") + "\n");
}

/// The repository comes before the packages, whichever package manager reads it; and the version is the one that was said.
#[test]
fn software_comes_from_the_repository_that_is_said_in_the_version_that_is_said() {
    let apt = apt_repository("mirror")
        .uri("http://mirror.lab/mesos")
        .suite("stable")
        .component("main")
        .unsigned();
    let yum = yum_repository("mirror").base_url("http://mirror.lab/el7").unsigned();
    let pinned = |source: Source| source.version("1.11.0-2.0.1");
    for (source, repository) in [
        (
            pinned(Source::packages(["mesos"]).repository(apt)),
            "apt-repository[mirror]",
        ),
        (
            pinned(Source::packages(["mesos"]).repository(yum)),
            "yum-repository[mirror]",
        ),
    ] {
        let cluster = cluster(&Mesos::new(V1_11, MesosLayout::mesosphere().source(source)))
            .build()
            .unwrap();
        let compiled = cluster.compile().unwrap();
        let entries = &compiled.host("a1").unwrap().catalog.entries;
        let mesos = entries
            .iter()
            .find(|entry| entry.id.to_string() == "package[mesos]")
            .unwrap();
        assert!(
            mesos.after.iter().any(|edge| edge.on.to_string() == repository),
            "{:?}",
            mesos.after
        );
        let package = compiled.host("a1").unwrap().catalog.get::<Package>("mesos").unwrap();
        assert_eq!(package.version(), Some("1.11.0-2.0.1"));
    }
}

#[test]
fn the_lists_of_the_control_host_are_those_of_its_cluster() {
    let lists = |version| {
        let mesos = Mesos::new(version, MesosLayout::mesosphere());
        let other = mesos.clone().path("/other");
        let cluster = cluster(&mesos)
            .hosts(host("stranger").addr("198.18.0.30").role(other.agent()))
            .hosts(host("frontend").addr("198.18.0.40").role(mesos.control()))
            .build()
            .unwrap();
        files(&cluster, "frontend")
    };
    let masters = "198.18.0.1\n198.18.0.2\n198.18.0.3\n";
    let agents = "198.18.0.11\n198.18.0.12\n";
    assert_eq!(
        lists(V0_22),
        format!("== /usr/etc/mesos/masters\n{masters}== /usr/etc/mesos/slaves\n{agents}")
    );
    assert_eq!(
        lists(V1_11),
        format!("== /usr/etc/mesos/agents\n{agents}== /usr/etc/mesos/masters\n{masters}")
    );
    assert!(lists(Version::new(0, 20, 1)).starts_with("== /usr/local/var/mesos/deploy/masters\n"));
}

/// The pair of versions that a cluster on Photon OS came to grief with, and the one that it ended with.
#[test]
fn versions_that_don_t_go_together_are_found() {
    let photon = |mesos: Version| {
        let mesos =
            Mesos::new(mesos, MesosLayout::command_line()).zookeeper("zk://198.18.0.9:2181/mesos".parse().unwrap());
        let cluster = Cluster::new("photon")
            .role(Docker::new(Version::new(1, 8, 1), Source::present()))
            .role(mesos.agent().flag(agent::CONTAINERIZERS, ["docker", "mesos"]))
            .hosts(host("a").addr("198.18.0.1"))
            .build()
            .unwrap();
        let compiled = cluster.compile().unwrap();
        let errors = mesos_iac::lint::check(&cluster, &compiled).errors().to_string();
        errors.contains("[docker-version] a: Mesos")
    };
    assert!(photon(Version::new(0, 22, 1)));
    assert!(!photon(Version::new(0, 23, 0)));
}

#[test]
fn every_role_of_the_library_is_idempotent() {
    mesos_iac::assert_idempotent!(cluster(&Mesos::new(V0_22, MesosLayout::mesosphere())).build());
    mesos_iac::assert_idempotent!(cluster(&Mesos::new(V1_11, MesosLayout::environment_file())).build());
}
