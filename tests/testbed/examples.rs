//! The examples of the role library on real hosts, as far as Debian has the software: a real ensemble of ZooKeeper, a real
//! HAProxy, a real Docker. Mesos and Marathon are fixtures that write down how they were started.

use crate::bed::{Bed, eventually};
use crate::fake_marathon::FakeMarathon;
use crate::stage::{ELECTION, Stage};
use crate::suite::Suite;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// The first argument with which this program is Marathon's API on an address, and no suite.
pub(crate) const STAND_IN: &str = "--stand-in-api";

/// Answers as Marathon for as long as it lasts.
pub(crate) fn stand_in(words: &[String]) -> ExitCode {
    let addr: SocketAddr = words.first().and_then(|word| word.parse().ok()).expect("an address");
    let _serving = FakeMarathon::at(addr);
    // It is ended from outside.
    loop {
        std::thread::park();
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().copied().map(ToOwned::to_owned).collect()
}

/// A URL of ZooKeeper for these hosts.
fn zk(stage: &Stage<'_>, hosts: &[&str], path: &str) -> String {
    let servers: Vec<String> = hosts
        .iter()
        .map(|host| format!("{}:2181", stage.address(host)))
        .collect();
    format!("zk://{}/{path}", servers.join(","))
}

/// With what a slave of a package is started: what `mesos-init-wrapper` makes of its variables, its files, which these flags
/// are among, and the directory of its attributes.
fn slave(stage: &Stage<'_>, host: &str, masters: &[&str], flags: &[&str], attributes: Option<&str>) -> Vec<String> {
    let mut files = words(flags);
    files.extend([
        format!("--hostname={}", stage.address(host)),
        format!("--ip={}", stage.address(host)),
        "--port=5051".to_owned(),
        "--work_dir=/var/lib/mesos".to_owned(),
    ]);
    files.sort();
    let variables = [
        format!("--master={}", zk(stage, masters, "mesos")),
        "--log_dir=/var/log/mesos".to_owned(),
    ];
    let attributes = attributes.map(|attributes| format!("--attributes={attributes}"));
    variables.into_iter().chain(files).chain(attributes).collect()
}

/// With what one of three masters of a package is started.
fn master(stage: &Stage<'_>, host: &str, masters: &[&str; 3], cluster: &str) -> [String; 8] {
    [
        format!("--zk={}", zk(stage, masters, "mesos")),
        "--port=5050".to_owned(),
        "--log_dir=/var/log/mesos".to_owned(),
        format!("--cluster={cluster}"),
        format!("--hostname={}", stage.address(host)),
        format!("--ip={}", stage.address(host)),
        "--quorum=2".to_owned(),
        "--work_dir=/var/lib/mesos".to_owned(),
    ]
}

/// Asserts that ZooKeeper took from `zoo.cfg` what the role wrote.
fn assert_zoo_cfg_is_taken(stage: &Stage<'_>, host: &str, id: u8) {
    let own = format!("serverId={id}");
    stage.zoo_cfg_is_taken(
        host,
        &[
            "clientPort=2181",
            "tickTime=2000",
            "maxClientCnxns=0",
            &own,
            "initLimit=10",
            "syncLimit=5",
            "electionPort=3888",
            "quorumPort=2888",
        ],
    );
    // A word that isn't on the list is refused by name, so the list is read.
    assert!(stage.ask(host, "dump").contains("not in the whitelist"));
    assert!(
        !stage.on(host, "ss -ltnH").contains(":8080 "),
        "ZooKeeper's web server runs"
    );
}

const STORAGE: [&str; 7] = [
    "master-0", "master-1", "master-2", "shared-0", "shared-1", "local-0", "local-1",
];

pub(crate) fn an_ensemble_elects_one_leader_and_outlives_it(suite: &Suite) -> String {
    let mut stage = Stage::new(suite, "testbed_storage_profiles_before", &STORAGE);
    let masters = [STORAGE[0], STORAGE[1], STORAGE[2]];
    let (_, changed) = stage.converges();
    // One changed word: packages, exactly as planned, and a restart of what ran the old ones.
    stage.becomes("storage_profiles");
    stage
        .program
        .run(&["plan", "--detailed-exitcode"], 2)
        .says("0.21.0-1 → 0.22.0-1")
        .says("0.7.5-1 → 0.8.0-1");
    let upgrade = stage.program.report(&["apply", "--detailed-exitcode"], 2);
    assert_eq!((upgrade.number("changed"), upgrade.number("refreshes")), (10, 10));
    stage.stays();
    for host in STORAGE {
        assert_eq!(stage.on(host, "cat /usr/share/mesos/fixture/version"), "0.22.0-1\n");
    }
    let first = stage.leader(&masters);
    for (host, id) in masters.into_iter().zip(1..) {
        assert_zoo_cfg_is_taken(&stage, host, id);
        stage.runs(
            host,
            "mesos-master",
            &master(&stage, host, &masters, "storage-profiles"),
        );
        assert!(!stage.is_active(host, "mesos-slave"), "{host}");
    }
    for host in &STORAGE[3..] {
        let profile = host.split('-').next().unwrap_or_default();
        stage.runs(
            host,
            "mesos-slave",
            &slave(&stage, host, &masters, &[], Some(&format!("storage_profile:{profile}"))),
        );
        assert!(!stage.is_active(host, "mesos-master"), "{host}");
    }
    for host in STORAGE {
        assert!(stage.is_active(host, "haproxy"), "{host}");
    }

    // The leader's power fails: the others elect one of them and go on taking writes.
    stage.client(first, "create /before x");
    let others: Vec<&str> = masters.into_iter().filter(|host| *host != first).collect();
    let dead = suite.bed.without("poweroff", "start", stage.by(first));
    let began = Instant::now();
    let second = stage.leader(&others);
    let elected = began.elapsed();
    let told = stage.client(second, "create /meanwhile x");
    assert!(told.contains("Created /meanwhile"), "{told}");
    // It is back as it was, follows, and has what was written without it.
    drop(dead);
    assert_eq!(stage.leader(&masters), second);
    let known = stage.client(first, "ls /");
    assert!(known.contains("before") && known.contains("meanwhile"), "{known}");
    stage.stays();
    format!(
        "storage_profiles: {changed} changes on 7 hosts, then 0; the upgrade 10 and 10 restarts, then 0; 3 servers of a real ZooKeeper, 1 leader; it dies, the others have \
         a new one after {:.0} s and take writes; it is back as a follower with what it missed; apply: 0",
        elected.as_secs_f64()
    )
}

const ANSIBLE: [&str; 5] = ["master-1", "master-2", "master-3", "slave-1", "slave-2"];

/// What a container may not do, a Docker in it needn't: forward packets.
const DOCKER_IN_A_CONTAINER: &str = "mkdir -p /etc/docker && \
     echo '{\"ip-forward\": false, \"iptables\": false, \"bridge\": \"none\"}' >/etc/docker/daemon.json";

/// Marathon's API on a host, until this is dropped.
struct MarathonApi(Child);

impl MarathonApi {
    fn start(bed: &Bed, host: &str, addr: &str) -> Self {
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &bed.init_of(host), "--net", "--"])
            .arg(std::env::current_exe().unwrap())
            .args([STAND_IN, addr])
            .stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for MarathonApi {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

pub(crate) fn masters_with_haproxy_and_slaves_with_docker_take_an_app(suite: &Suite) -> String {
    let stage = Stage::new(suite, "ansible_mesos", &ANSIBLE);
    let masters = [ANSIBLE[0], ANSIBLE[1], ANSIBLE[2]];
    for slave in &ANSIBLE[3..] {
        stage.on(slave, DOCKER_IN_A_CONTAINER);
    }
    let (_, changed) = stage.converges();
    stage.leader(&masters);
    for host in masters {
        stage.runs(
            host,
            "marathon",
            &words(&[
                "--hostname",
                stage.address(host),
                "--http_port",
                "8080",
                "--master",
                &zk(&stage, &masters, "mesos"),
                "--zk",
                &zk(&stage, &masters, "marathon"),
            ]),
        );
        assert!(stage.is_active(host, "haproxy"), "{host}");
    }
    let mut engine = String::new();
    for host in &ANSIBLE[3..] {
        engine = stage.on(host, "docker info --format '{{.ServerVersion}}'");
        stage.runs(
            host,
            "mesos-slave",
            &slave(
                &stage,
                host,
                &masters,
                &[
                    "--containerizers=docker,mesos",
                    "--executor_registration_timeout=5mins",
                    "--reconfiguration_policy=additive",
                ],
                None,
            ),
        );
    }

    // The fixture of Marathon opens no port; one that does stands on the second master, so the first is asked in vain.
    let deploy = |words: &[&str], status| stage.program.run(&[&["deploy"], words].concat(), status);
    deploy(&[], 4).says("trying master-3").says("Connection refused");
    let addr = format!("{}:8080", stage.address(masters[1]));
    let api = MarathonApi::start(&suite.bed, stage.by(masters[1]), &addr);
    eventually("Marathon's API", Duration::from_secs(10), || {
        let asked = stage.program.start(&["deploy", "--plan"]).wait();
        asked.stdout.contains("/www") && asked.status == Some(0)
    });
    deploy(&["--detailed-exitcode"], 2).says("/www").is_harmless();
    deploy(&["--detailed-exitcode"], 0);
    drop(api);
    format!(
        "ansible_mesos: {changed} changes on 5 hosts, then 0; 3 masters with a leader, Docker {} on 2 slaves; the app `www` \
         is deployed over SSH by the second master, since the first one's Marathon doesn't answer, and again: 0 changes",
        engine.trim()
    )
}

const PHOTON: [&str; 3] = ["photon-1", "photon-2", "photon-3"];

pub(crate) fn slaves_with_a_unit_of_ours_join_masters_elsewhere(suite: &Suite) -> String {
    let stage = Stage::new(suite, "photon_agents", &PHOTON);
    for (host, number) in PHOTON.into_iter().zip(1..) {
        // The image of the document: Docker and Mesos' binaries, no configuration, an interface that is called like this, and
        // an operating system that is none of Debian's.
        let image = format!(
            "{DOCKER_IN_A_CONTAINER} && apt-get install -y docker.io >/dev/null && dpkg -x /srv/apt/mesos_1.11.0-fixture1_*.deb /run/x && \
             mkdir -p /usr/share/mesos && cp -r /run/x/usr/share/mesos/. /usr/share/mesos && cp /run/x/usr/sbin/mesos-slave /usr/sbin/ && \
             ip link add eno{number} type veth peer name other && ip address add 198.18.240.{number}/32 dev eno{number} && \
             ip link set eno{number} up && rm /etc/os-release && echo ID=photon >/etc/os-release"
        );
        stage.on(host, &image);
    }
    let (_, changed) = stage.converges();
    for (host, number) in PHOTON.into_iter().zip(1..) {
        stage.runs(
            host,
            "mesos-slave",
            &words(&[
                "--containerizers=docker,mesos",
                "--docker=/usr/bin/docker",
                "--executor_registration_timeout=5mins",
                "--log_dir=/var/log/mesos_slave",
                "--master=zk://198.18.0.1:2181,198.18.0.2:2181/mesos",
                "--port=5051",
                "--resources=ports:[80-80,31000-32000]",
                "--work_dir=/var/lib/mesos",
            ]),
        );
        let variables = stage.variables_of(host, "mesos-slave");
        let own = format!("MESOS_IP=198.18.240.{number}");
        assert!(variables.lines().any(|line| line == own), "{host}: {variables}");
        assert_eq!(stage.on(host, "systemd-analyze verify mesos-slave.service 2>&1"), "");
        assert_eq!(stage.on(host, "cat /proc/sys/kernel/hostname"), format!("{host}\n"));
    }
    format!(
        "photon_agents: {changed} changes on 3 hosts with Docker and bare binaries, then 0; the unit is ours, and each slave has the \
         address of the interface that the definition names"
    )
}

const APPLIANCES: [&str; 5] = [
    "backend-0-0",
    "backend-0-1",
    "backend-0-2",
    "backend-0-3",
    "backend-0-4",
];

pub(crate) fn appliances_make_the_same_cluster(suite: &Suite) -> String {
    let stage = Stage::new(suite, "stacki_appliances", &APPLIANCES);
    let (_, changed) = stage.converges();
    let master = [APPLIANCES[0]];
    eventually("ZooKeeper answers", ELECTION, || {
        stage.ask(APPLIANCES[0], "srvr").contains("Mode: standalone")
    });
    for host in &APPLIANCES[1..] {
        stage.runs(host, "mesos-slave", &slave(&stage, host, &master, &[], None));
        assert!(!stage.is_active(host, "mesos-master"), "{host}");
    }
    format!("stacki_appliances: {changed} changes on 5 hosts, then 0; ZooKeeper stands alone, 4 slaves know it")
}

const CLOUD: [&str; 10] = [
    "retail-master-1",
    "retail-master-2",
    "retail-master-3",
    "retail-agent-1",
    "retail-agent-2",
    "retail-agent-3",
    "analytics-master-1",
    "analytics-master-2",
    "analytics-master-3",
    "analytics-agent-1",
];

pub(crate) fn tenants_get_the_layers_that_they_chose(suite: &Suite) -> String {
    let stage = Stage::new(suite, "cloud_native_stack", &CLOUD);
    let (_, changed) = stage.converges();
    let (retail, analytics) = CLOUD.split_at(6);
    for (tenant, hosts) in [("retail", retail), ("analytics", analytics)] {
        let (masters, agents) = hosts.split_first_chunk().expect("three masters");
        stage.leader(masters);
        for host in masters {
            stage.runs(host, "mesos-master", &master(&stage, host, masters, tenant));
        }
        let attribute = format!("tenant:{tenant}");
        for host in agents {
            stage.runs(
                host,
                "mesos-slave",
                &slave(
                    &stage,
                    host,
                    masters,
                    &["--reconfiguration_policy=additive"],
                    Some(&attribute),
                ),
            );
        }
    }
    let (masters, _) = retail.split_first_chunk::<3>().expect("three masters");
    let servers = zk(&stage, masters, "");
    let servers = servers.trim_start_matches("zk://").trim_end_matches('/');
    for host in masters {
        let chronos = [
            ("hostname", stage.address(host).to_owned()),
            ("http_port", "4400".to_owned()),
            ("master", zk(&stage, masters, "mesos")),
            ("zk_hosts", servers.to_owned()),
            ("zk_path", "/chronos/state".to_owned()),
        ];
        let arguments: Vec<String> = chronos
            .into_iter()
            .flat_map(|(flag, value)| [format!("--{flag}"), value])
            .collect();
        stage.runs(host, "chronos", &arguments);
        // This Marathon takes variables and no files.
        let variables = stage.variables_of(host, "marathon");
        for variable in [
            format!("MARATHON_MASTER={}", zk(&stage, masters, "mesos")),
            format!("MARATHON_ZK={}", zk(&stage, masters, "marathon")),
            format!("MARATHON_HOSTNAME={}", stage.address(host)),
        ] {
            assert!(variables.lines().any(|line| line == variable), "{host}: {variables}");
        }
    }
    for host in analytics {
        let installed = stage.on(
            host,
            "dpkg-query -W -f '${Package} ' 'marathon*' 'chronos*' 2>/dev/null || true",
        );
        assert_eq!(installed, "", "{host}");
    }
    format!(
        "cloud_native_stack: {changed} changes on 10 hosts of two tenants, then 0; each has an ensemble with one leader, \
         one has Marathon and Chronos on its masters, the other Mesos alone"
    )
}

const TOLD: [&str; 4] = ["voter-1", "voter-2", "voter-3", "observer"];

/// What `DigestAuthenticationProvider.generateDigest` makes of `super:sesame`.
const SUPER_DIGEST: &str = "super:vj2Twc2lQjSrH72zpcKdVtrT1Pc=";

/// All but the web server's port: Debian's ZooKeeper has no servlet API on its class path, and so no web server.
pub(crate) fn zookeeper_takes_every_setting(suite: &Suite) -> String {
    let stage = Stage::new(suite, "testbed_zookeeper", &TOLD)
        .client_port(2281)
        .variable("ENSEMBLE_SUPER", SUPER_DIGEST);
    let (_, changed) = stage.converges();
    let voters = [TOLD[0], TOLD[1], TOLD[2]];
    stage.leader(&voters);
    eventually("the observer follows", ELECTION, || {
        stage.ask("observer", "srvr").contains("Mode: observer")
    });
    for (host, id) in TOLD.into_iter().zip(11..) {
        let (own, member) = (
            format!("serverId={id}"),
            format!("server.{id}={}:2988:3988", stage.address(host)),
        );
        let role = if host == "observer" { "observer" } else { "participant" };
        let member = format!("{member}:{role}");
        let peer_type = match role {
            "observer" => "peerType=1",
            _ => "peerType=0",
        };
        stage.zoo_cfg_is_taken(
            host,
            &[
                "clientPort=2281",
                "dataDir=/var/lib/zookeeper-told/version-2",
                "dataLogDir=/var/log/zookeeper-told/version-2",
                "tickTime=1500",
                "maxClientCnxns=70",
                &own,
                "initLimit=12",
                "syncLimit=6",
                "electionPort=3988",
                "quorumPort=2988",
                peer_type,
                &member,
            ],
        );
        assert!(stage.ask(host, "ruok").contains("not in the whitelist"), "{host}");
        // Unless it was told an interval, nothing purges.
        assert!(
            stage.on(host, "cat /proc/[0-9]*/task/*/comm").contains("PurgeTask"),
            "{host}"
        );
        assert_eq!(
            stage.on(host, "stat -c '%a %U %G' /etc/zookeeper/conf/zoo.cfg"),
            "640 root zookeeper\n"
        );
        assert!(
            stage
                .on(host, "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'")
                .contains("-Xmx128m"),
            "{host}"
        );
    }
    // Nobody may read it but whoever may do everything.
    let told = stage.on(
        "voter-1",
        "printf '%s\\n' 'create /locked treasure digest:nobody:bm9ib2R5:r' 'get /locked' 'addauth digest super:sesame' \
         'get /locked' quit | /usr/share/zookeeper/bin/zkCli.sh -server 127.0.0.1:2281 2>&1",
    );
    assert!(
        told.contains("Insufficient permission") || told.contains("NoAuth"),
        "{told}"
    );
    assert_eq!(told.lines().filter(|line| *line == "treasure").count(), 1, "{told}");
    format!(
        "zoo.cfg with every setting: {changed} changes on 4 hosts, then 0; a real ZooKeeper takes each: 3 voters with one \
         leader and an observer, ports, directories, limits, autopurge, words, heap, and who may do everything"
    )
}
