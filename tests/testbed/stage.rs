//! The hosts on which examples are played, and what is asked of the daemons there.

use crate::bed::eventually;
use crate::program::{Program, Report};
use crate::suite::{STAGE, Suite};
use std::time::Duration;

/// How long an ensemble may take to elect a leader, Java's start included.
pub(crate) const ELECTION: Duration = Duration::from_secs(60);

/// The hosts of an example, or some of them, each played by one of the stage's. Those are pristine again afterwards.
pub(crate) struct Stage<'s> {
    pub(crate) suite: &'s Suite,
    hosts: &'static [&'static str],
    pub(crate) program: Program<'s>,
    /// Where ZooKeeper's clients connect.
    client_port: u16,
}

impl<'s> Stage<'s> {
    pub(crate) fn new(suite: &'s Suite, example: &str, hosts: &'static [&'static str]) -> Self {
        let bed = &suite.bed;
        let section = |(host, by): (&&str, &str)| format!("[host.{host}]\naddress = \"{}\"\n", bed.address(by));
        let played: Vec<String> = hosts.iter().zip(STAGE).map(section).collect();
        let program = Program::new(bed, &suite.builds.examples[example])
            .with(["--inputs", &bed.write(&format!("{example}.toml"), played.concat())])
            .limit(hosts)
            .agent(&suite.builds.agent);
        Self {
            suite,
            hosts,
            program,
            client_port: 2181,
        }
    }

    /// Tells the program a variable of its environment.
    pub(crate) fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.program = self.program.clone().variable(name, value);
        self
    }

    /// Its ZooKeeper's clients connect elsewhere.
    pub(crate) const fn client_port(mut self, port: u16) -> Self {
        self.client_port = port;
        self
    }

    /// The same hosts, and another definition of theirs.
    pub(crate) fn becomes(&mut self, example: &str) {
        self.program = self.program.clone().running(&self.suite.builds.examples[example]);
    }

    /// The host of the testbed that plays this one.
    pub(crate) fn by(&self, host: &str) -> &'static str {
        let place = self.hosts.iter().position(|name| *name == host);
        STAGE[place.unwrap_or_else(|| panic!("{host} is none of the example's"))]
    }

    pub(crate) fn address(&self, host: &str) -> &str {
        self.suite.bed.address(self.by(host))
    }

    pub(crate) fn on(&self, host: &str, script: &str) -> String {
        self.suite.bed.on(self.by(host), script)
    }

    /// The first apply, and a second one that finds nothing to do. How many resources the first one changed.
    pub(crate) fn converges(&self) -> (Report, u64) {
        let first = self.program.report(&["apply", "--detailed-exitcode"], 2);
        assert_eq!(first.hosts().len(), self.hosts.len());
        self.stays();
        let changed = first.number("changed");
        (first, changed)
    }

    pub(crate) fn stays(&self) {
        let again = self.program.report(&["apply", "--detailed-exitcode"], 0);
        assert_eq!((again.number("changed"), again.number("refreshes")), (0, 0));
    }

    /// Waits until a daemon of the fixtures has these arguments.
    pub(crate) fn runs(&self, host: &str, daemon: &str, arguments: &[String]) {
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

    pub(crate) fn is_active(&self, host: &str, unit: &str) -> bool {
        self.on(host, &format!("systemctl is-active {unit} || true")) == "active\n"
    }

    /// What a server of ZooKeeper answers to one of its four-letter words, asked from another host.
    pub(crate) fn ask(&self, host: &str, word: &str) -> String {
        let question = format!(
            "exec 3<>/dev/tcp/{}/{} && printf {word} >&3 && timeout 5 cat <&3",
            self.address(host),
            self.client_port
        );
        let from = self.hosts.last().expect("an example has hosts");
        self.on(from, &format!("bash -c '{question}' 2>/dev/null || true"))
    }

    /// Waits until all of these servers of ZooKeeper, and only one of them as the leader, answer. Who that is.
    pub(crate) fn leader(&self, servers: &[&'static str]) -> &'static str {
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

    /// Asserts that a server of ZooKeeper says of its configuration each of these lines.
    pub(crate) fn zoo_cfg_is_taken(&self, host: &str, lines: &[&str]) {
        let conf = self.ask(host, "conf");
        for line in lines {
            assert!(conf.lines().any(|said| said == *line), "{host}: {line}:\n{conf}");
        }
    }

    /// The environment of a unit's main process, a variable a line.
    pub(crate) fn variables_of(&self, host: &str, unit: &str) -> String {
        let environment = format!("tr '\\0' '\\n' </proc/$(systemctl show -P MainPID {unit})/environ");
        self.on(host, &environment)
    }

    /// What ZooKeeper's own client says to a command on a host.
    pub(crate) fn client(&self, host: &str, command: &str) -> String {
        self.on(
            host,
            &format!(
                "/usr/share/zookeeper/bin/zkCli.sh -server 127.0.0.1:{} {command} 2>&1",
                self.client_port
            ),
        )
    }
}

impl Drop for Stage<'_> {
    /// The next example finds pristine hosts, and no memory is held by Java's servers of this one.
    fn drop(&mut self) {
        let played: Vec<&str> = STAGE.into_iter().take(self.hosts.len()).collect();
        self.suite.bed.reset(&played);
    }
}
