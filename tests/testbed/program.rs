//! A cluster program at work on the testbed, and what it says.

use crate::bed::Bed;
use rustix::process::{Pid, Signal};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A cluster program with the options that it is given each time.
#[derive(Clone)]
pub(crate) struct Program<'b> {
    bed: &'b Bed,
    file: PathBuf,
    options: Vec<String>,
    agent: Option<PathBuf>,
    known_hosts: PathBuf,
    variables: Vec<(&'static str, String)>,
}

impl<'b> Program<'b> {
    pub(crate) fn new(bed: &'b Bed, file: &Path) -> Self {
        Self {
            bed,
            file: file.to_owned(),
            options: Vec::new(),
            agent: None,
            known_hosts: bed.known_hosts().to_owned(),
            variables: Vec::new(),
        }
    }

    pub(crate) fn with<'o>(mut self, options: impl IntoIterator<Item = &'o str>) -> Self {
        self.options.extend(options.into_iter().map(ToOwned::to_owned));
        self
    }

    /// Has it work on these hosts only.
    pub(crate) fn limit(self, hosts: &[&str]) -> Self {
        let list = hosts.join(",");
        self.with(["--limit", &list])
    }

    /// Reaches hosts in one of the [`WAYS`](crate::suite::WAYS).
    pub(crate) fn by(self, (transport, login): (&str, &str)) -> Self {
        self.with(["--transport", transport, "--user", login])
    }

    /// The same with another build.
    pub(crate) fn running(mut self, file: &Path) -> Self {
        file.clone_into(&mut self.file);
        self
    }

    pub(crate) fn agent(mut self, agent: &Path) -> Self {
        self.agent = Some(agent.to_owned());
        self
    }

    /// Has it ship itself.
    pub(crate) fn without_agent(mut self) -> Self {
        self.agent = None;
        self
    }

    pub(crate) fn known_hosts(mut self, file: impl Into<PathBuf>) -> Self {
        self.known_hosts = file.into();
        self
    }

    pub(crate) fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Starts it. The first word is the subcommand.
    pub(crate) fn start(&self, words: &[&str]) -> Running {
        let (subcommand, arguments) = words.split_first().expect("a subcommand");
        let mut command = self.bed.controller(&self.file);
        command
            .arg(subcommand)
            .args(&self.options)
            .args(["--identity", self.bed.key()]);
        command.arg("--known-hosts").arg(&self.known_hosts);
        // Whatever the machine's own says about hosts has no place here.
        command.args(["--ssh-config", &self.bed.write("ssh_config", "")]);
        if let (Some(agent), "plan" | "apply" | "facts") = (&self.agent, *subcommand) {
            command.arg("--agent").arg(agent);
        }
        command
            .args(arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        Running::new(command.spawn().unwrap())
    }

    /// Runs it to its end, which must be this exit status.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&str], status: i32) -> Ran {
        self.start(words).wait().expect(status)
    }

    /// Runs it to its end, which must be this exit status, and reads its report.
    #[track_caller]
    pub(crate) fn report(&self, words: &[&str], status: i32) -> Report {
        self.start(&[words, &["--format", "json"]].concat())
            .wait()
            .expect(status)
            .report()
    }
}

/// A program that runs; it is ended when nobody waits for it any more.
pub(crate) struct Running {
    child: Child,
    outputs: Option<[JoinHandle<String>; 2]>,
}

impl Running {
    fn new(mut child: Child) -> Self {
        let outputs = [read(child.stdout.take()), read(child.stderr.take())];
        Self {
            child,
            outputs: Some(outputs),
        }
    }

    /// Does what Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        rustix::process::kill_process(id, Signal::INT).unwrap();
    }

    /// Waits for its end, which nothing in the suite may put off for longer than this.
    #[track_caller]
    pub(crate) fn wait(self) -> Ran {
        self.wait_at_most(Duration::from_secs(180))
    }

    /// Waits for its end, which must come in time.
    #[track_caller]
    pub(crate) fn wait_at_most(mut self, limit: Duration) -> Ran {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                began.elapsed() < limit,
                "the program doesn't end within {} s",
                limit.as_secs()
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        let [stdout, stderr] = self
            .outputs
            .take()
            .expect("it is waited for once")
            .map(|output| output.join().unwrap());
        Ran {
            status: status.code(),
            stdout,
            stderr,
        }
    }
}

/// Reads an output to its end on a thread of its own, so that none of them fills up.
fn read(output: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    let mut output = output.expect("outputs are piped");
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        output.read_to_end(&mut bytes).ok();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A program that ended.
pub(crate) struct Ran {
    /// `None` if a signal ended it.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn expect(self, status: i32) -> Self {
        self.expect_one_of(&[status])
    }

    #[track_caller]
    pub(crate) fn expect_one_of(self, statuses: &[i32]) -> Self {
        assert!(
            self.status.is_some_and(|status| statuses.contains(&status)),
            "exit {:?} instead of {statuses:?}\nstdout:\n{}\nstderr:\n{}",
            self.status,
            self.stdout,
            self.stderr
        );
        self
    }

    #[track_caller]
    pub(crate) fn report(&self) -> Report {
        let line = |text: &str| serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text:?}"));
        Report(self.stdout.lines().map(line).collect())
    }

    /// Asserts that it says this.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        let said = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(said, "it doesn't say {text:?}:\n{}{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that a terminal would obey nothing of what it says.
    #[track_caller]
    pub(crate) fn is_harmless(&self) -> &Self {
        let said = format!("{}{}", self.stdout, self.stderr);
        // Control characters, those that hide others, and those that turn the direction of what follows.
        let harms = |c: char| {
            c.is_control() && c != '\n'
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!said.contains(harms), "a terminal would obey some of {said:?}");
        self
    }
}

/// What a program reports with `--format json`.
pub(crate) struct Report(Vec<Value>);

impl Report {
    /// A number of the last line.
    #[track_caller]
    pub(crate) fn number(&self, name: &str) -> u64 {
        let last = self.0.last().expect("a report has a last line");
        last[name]
            .as_u64()
            .unwrap_or_else(|| panic!("{name} is no number in {last}"))
    }

    /// The results of the hosts: one line for each. Two for one host are an error.
    #[track_caller]
    pub(crate) fn hosts(&self) -> BTreeMap<String, &Value> {
        let mut hosts = BTreeMap::new();
        for line in self.0.iter().filter(|line| line["type"] == "host_finished") {
            let name = line["host"].as_str().expect("a result names its host").to_owned();
            assert!(hosts.insert(name, line).is_none(), "two results of one host: {line}");
        }
        hosts
    }

    /// How it went with a host: `converged`, `planned`, `refused`, `locked`, `unreachable`.
    #[track_caller]
    pub(crate) fn result(&self, host: &str) -> &str {
        let hosts = self.hosts();
        let line = hosts.get(host).unwrap_or_else(|| panic!("{host} has no result"));
        line["result"].as_str().expect("a result is a word")
    }

    /// The events of a host of this sort, in order.
    pub(crate) fn events<'r>(&'r self, host: &'r str, event: &'r str) -> impl Iterator<Item = &'r Value> {
        let of_host = self.0.iter().filter(move |line| line["host"] == host);
        of_host.filter_map(move |line| line["event"].get(event))
    }

    /// The resources of a host that were changed, in order, each as `kind[key]`, with the properties.
    pub(crate) fn changed(&self, host: &str) -> Vec<String> {
        self.finished(host, "ResourceFinished", |event| {
            let changes = event["outcome"]["Changed"]["changes"].as_array()?;
            let properties: Vec<&str> = changes
                .iter()
                .filter_map(|change| change["property"].as_str())
                .collect();
            Some(format!("{} {}", id(&event["id"]), properties.join(" ")))
        })
    }

    /// The refreshes of a host that were done, in order.
    pub(crate) fn refreshed(&self, host: &str) -> Vec<String> {
        self.finished(host, "RefreshFinished", |event| {
            (event["outcome"] == "Done").then(|| id(&event["target"]))
        })
    }

    fn finished(&self, host: &str, event: &str, read: impl Fn(&Value) -> Option<String>) -> Vec<String> {
        self.events(host, event).filter_map(read).collect()
    }

    /// All that a plan would change, as `host: kind[key]`.
    pub(crate) fn planned(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (host, line) in self.hosts() {
            let resources = line["plan"]["resources"].as_array().expect("a plan has resources");
            let changing = resources.iter().filter(|resource| resource["planned"] != "NoChange");
            found.extend(changing.map(|resource| format!("{host}: {}", id(&resource["id"]))));
        }
        found
    }
}

fn id(value: &Value) -> String {
    let part = |name: &str| value[name].as_str().unwrap_or("?").to_owned();
    format!("{}[{}]", part("kind").trim_start_matches("core."), part("key"))
}
