//! The examples of the role library on real hosts, as far as Debian has the software: a real ensemble of ZooKeeper, a real
//! HAProxy, a real Docker. Mesos and Marathon are fixtures that write down how they were started.

use crate::bed::{Bed, eventually};
use crate::fake_marathon::FakeMarathon;
use crate::program::{Program, Report};
use crate::suite::{LAB, Suite};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// The first argument with which this program is Marathon's API on an address, and no suite.
pub(crate) const STAND_IN: &str = "--stand-in-api";

/// How long an ensemble may take to elect a leader, Java's start included.
const ELECTION: Duration = Duration::from_secs(60);

/// Answers as Marathon for as long as it lasts.
pub(crate) fn stand_in(words: &[String]) -> ExitCode {
    let addr: SocketAddr = words.first().and_then(|word| word.parse().ok()).expect("an address");
    let _serving = FakeMarathon::at(addr);
    // It is ended from outside.
    loop {
        std::thread::park();
    }
}

/// The hosts of an example, each played by one of the lab's, which are pristine before and after.
struct Stage<'s> {
    suite: &'s Suite,
    hosts: &'static [&'static str],
    program: Program<'s>,
}

impl<'s> Stage<'s> {
    fn new(suite: &'s Suite, example: &str, hosts: &'static [&'static str]) -> Self {
        let bed = &suite.bed;
        let section = |(host, by): (&&str, &str)| format!("[host.{host}]\naddress = \"{}\"\n", bed.address(by));
        let played: Vec<String> = hosts.iter().zip(LAB).map(section).collect();
        let program = Program::new(bed, &suite.builds.examples[example])
            .with(["--inputs", &bed.write(&format!("{example}.toml"), played.concat())])
            .agent(&suite.builds.agent);
        let stage = Self { suite, hosts, program };
        stage.reset();
        stage
    }

    /// The same hosts, and another definition of theirs.
    fn becomes(&mut self, example: &str) {
        self.program = self.program.clone().running(&self.suite.builds.examples[example]);
    }

    fn reset(&self) {
        let played = LAB.get(..self.hosts.len()).expect("the lab has hosts for it");
        self.suite.bed.testbed(&[&["reset"], played].concat());
    }

    /// The host of the testbed that plays this one.
    fn by(&self, host: &str) -> &'static str {
        let place = self.hosts.iter().position(|name| *name == host);
        LAB[place.unwrap_or_else(|| panic!("{host} is none of the example's"))]
    }

    fn address(&self, host: &str) -> &str {
        self.suite.bed.address(self.by(host))
    }

    fn on(&self, host: &str, script: &str) -> String {
        self.suite.bed.on(self.by(host), script)
    }

    /// The first apply, and a second one that finds nothing to do. How many resources the first one changed.
    fn converges(&self) -> (Report, u64) {
        let first = self.program.report(&["apply", "--detailed-exitcode"], 2);
        assert_eq!(first.hosts().len(), self.hosts.len());
        self.stays();
        let changed = first.number("changed");
        (first, changed)
    }

    fn stays(&self) {
        let again = self.program.report(&["apply", "--detailed-exitcode"], 0);
        assert_eq!((again.number("changed"), again.number("refreshes")), (0, 0));
    }

    /// Waits until a daemon of the fixtures has these arguments.
    fn runs(&self, host: &str, daemon: &str, arguments: &[String]) {
        let expected = arguments.join("\n") + "\n";
        let mut argv = String::new();
        let found = (0..100).any(|_| {
            argv = self.on(
                host,
                &format!("cat /run/mesos-fixture/{daemon}.argv 2>/dev/null || true"),
            );
            std::thread::sleep(Duration::from_millis(100));
            argv == expected
        });
        assert!(found, "{daemon} on {host}: {argv}");
    }

    fn is_active(&self, host: &str, unit: &str) -> bool {
        self.on(host, &format!("systemctl is-active {unit} || true")) == "active\n"
    }

    /// What a server of ZooKeeper answers to one of its four-letter words, asked from another host.
    fn ask(&self, host: &str, word: &str) -> String {
        let question = format!(
            "exec 3<>/dev/tcp/{}/2181 && printf {word} >&3 && timeout 5 cat <&3",
            self.address(host)
        );
        let from = self.hosts.last().expect("an example has hosts");
        self.on(from, &format!("bash -c '{question}' 2>/dev/null || true"))
    }

    /// Waits until all of these servers of ZooKeeper, and only one of them as the leader, answer. Who that is.
    fn leader(&self, servers: &[&'static str]) -> &'static str {
        let mut modes = Vec::new();
        eventually("one leader, the others follow", ELECTION, || {
            let mode = |server: &&'static str| {
                let said = self.ask(server, "srvr");
                said.lines()
                    .find_map(|line| line.strip_prefix("Mode: "))
                    .map(ToOwned::to_owned)
            };
            modes = servers.iter().map(mode).collect();
            let count = |mode: &str| modes.iter().filter(|found| found.as_deref() == Some(mode)).count();
            (count("leader"), count("follower")) == (1, servers.len() - 1)
        });
        let place = modes.iter().position(|mode| mode.as_deref() == Some("leader"));
        servers[place.expect("there is one now")]
    }

    /// What ZooKeeper's own client says to a command on a host.
    fn client(&self, host: &str, command: &str) -> String {
        self.on(
            host,
            &format!("/usr/share/zookeeper/bin/zkCli.sh -server 127.0.0.1:2181 {command} 2>&1"),
        )
    }
}

impl Drop for Stage<'_> {
    /// Java's servers and Docker take memory, and the next promises take the hosts for nobody's.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.reset();
        }
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

/// Asserts that ZooKeeper took from `zoo.cfg` what the role wrote.
fn assert_zoo_cfg_is_taken(stage: &Stage<'_>, host: &str, id: u8) {
    let conf = stage.ask(host, "conf");
    for line in [
        "clientPort=2181".to_owned(),
        "tickTime=2000".to_owned(),
        "maxClientCnxns=0".to_owned(),
        format!("serverId={id}"),
        "initLimit=10".to_owned(),
        "syncLimit=5".to_owned(),
        "electionPort=3888".to_owned(),
        "quorumPort=2888".to_owned(),
    ] {
        assert!(conf.lines().any(|said| said == line), "{line}:\n{conf}");
    }
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
        let zk = zk(&stage, &masters, "mesos");
        stage.runs(
            host,
            "mesos-master",
            &[
                format!("--zk={zk}"),
                "--port=5050".to_owned(),
                "--log_dir=/var/log/mesos".to_owned(),
                "--cluster=storage-profiles".to_owned(),
                format!("--hostname={}", stage.address(host)),
                format!("--ip={}", stage.address(host)),
                "--quorum=2".to_owned(),
                "--work_dir=/var/lib/mesos".to_owned(),
            ],
        );
        assert!(!stage.is_active(host, "mesos-slave"), "{host}");
    }
    for host in &STORAGE[3..] {
        let profile = host.split('-').next().unwrap_or_default();
        stage.runs(
            host,
            "mesos-slave",
            &[
                format!("--master={}", zk(&stage, &masters, "mesos")),
                "--log_dir=/var/log/mesos".to_owned(),
                format!("--hostname={}", stage.address(host)),
                format!("--ip={}", stage.address(host)),
                "--port=5051".to_owned(),
                "--work_dir=/var/lib/mesos".to_owned(),
                format!("--attributes=storage_profile:{profile}"),
            ],
        );
        assert!(!stage.is_active(host, "mesos-master"), "{host}");
    }
    for host in STORAGE {
        assert!(stage.is_active(host, "haproxy"), "{host}");
    }

    // The leader's power fails: the others elect one of them and go on taking writes.
    stage.client(first, "create /before x");
    let others: Vec<&str> = masters.into_iter().filter(|host| *host != first).collect();
    let began = Instant::now();
    let dead = suite.bed.without("poweroff", "start", stage.by(first));
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
            &[
                format!("--master={}", zk(&stage, &masters, "mesos")),
                "--log_dir=/var/log/mesos".to_owned(),
                "--containerizers=docker,mesos".to_owned(),
                "--executor_registration_timeout=5mins".to_owned(),
                format!("--hostname={}", stage.address(host)),
                format!("--ip={}", stage.address(host)),
                "--port=5051".to_owned(),
                "--work_dir=/var/lib/mesos".to_owned(),
            ],
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
        // The image of the document: Docker and Mesos' binaries, no configuration, an interface that is called like this.
        let image = format!(
            "{DOCKER_IN_A_CONTAINER} && apt-get install -y docker.io >/dev/null && dpkg -x /srv/apt/mesos_1.11.0-fixture1_*.deb /run/x && \
             mkdir -p /usr/share/mesos && cp -r /run/x/usr/share/mesos/. /usr/share/mesos && cp /run/x/usr/sbin/mesos-slave /usr/sbin/ && \
             ip link add eno{number} type veth peer name other && ip address add 198.18.240.{number}/32 dev eno{number} && \
             ip link set eno{number} up"
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
        let variables = stage.on(
            host,
            "tr '\\0' '\\n' </proc/$(systemctl show -P MainPID mesos-slave)/environ",
        );
        let own = format!("MESOS_IP=198.18.240.{number}");
        assert!(variables.lines().any(|line| line == own), "{host}: {variables}");
        assert_eq!(stage.on(host, "systemd-analyze verify mesos-slave.service 2>&1"), "");
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
        stage.runs(
            host,
            "mesos-slave",
            &[
                format!("--master={}", zk(&stage, &master, "mesos")),
                "--log_dir=/var/log/mesos".to_owned(),
                format!("--hostname={}", stage.address(host)),
                format!("--ip={}", stage.address(host)),
                "--port=5051".to_owned(),
                "--work_dir=/var/lib/mesos".to_owned(),
            ],
        );
        assert!(!stage.is_active(host, "mesos-master"), "{host}");
    }
    format!("stacki_appliances: {changed} changes on 5 hosts, then 0; ZooKeeper stands alone, 4 slaves know it")
}
