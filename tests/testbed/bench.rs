//! The bench on ten real hosts; `bench.sh` beside it brings the hosts and starts it where they can be reached.
//!
//! In one run, in turns, it measures whole processes from outside: an `apply` of the reference workload that finds
//! nothing to do, and the libssh2 line, which is this program connecting to the same hosts, logging in and running
//! `true`, with the same transport. What counts is the ratio of the two.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench reports by itself")]

use mesos_iac::transport::{Method, Session, SshOptions, Target, run_on_ssh_thread};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How often nothing is done, and the line drawn, in turns.
const ROUNDS: usize = 15;

/// How often the definition is edited.
const EDITS: u32 = 7;

/// How long the service is left alone between edits: systemd refuses a sixth start within ten seconds.
const REST: Duration = Duration::from_millis(2500);

const USAGE: &str = "fleet: start this bench with tests/testbed/bench.sh, which brings ten hosts

  time SAMPLES LABEL STATUS COMMAND…   time one command, which must end with STATUS, and note it in the file SAMPLES
  compare SAMPLES HOSTS COMMAND…       time COMMAND, an `apply`, against the libssh2 line to HOSTS (addresses, commas
                                       between them), and report that with what was noted in SAMPLES
  line HOSTS                           draw the libssh2 line
The key and the known hosts are told by MESOS_IAC_TESTBED_KEY and MESOS_IAC_TESTBED_KNOWN_HOSTS.";

fn main() -> ExitCode {
    // Cargo says `--bench` to every bench.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["time", samples, label, status, command @ ..] => note(Path::new(samples), label, status, command),
        ["compare", samples, hosts, command @ ..] => compare(Path::new(samples), hosts, command),
        ["line", hosts] => line(hosts),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// How long a command takes as a whole. It must end with this status.
fn time(words: &[&str], status: i32) -> Result<Duration> {
    let (program, arguments) = words.split_first().ok_or("fleet: there is no command")?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let began = Instant::now();
    let output = command.output()?;
    let took = began.elapsed();
    if output.status.code() == Some(status) {
        return Ok(took);
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!(
        "fleet: {words:?}: {}, expected {status}\n{}",
        output.status,
        String::from_utf8_lossy(&said)
    )
    .into())
}

fn note(samples: &Path, label: &str, status: &str, command: &[&str]) -> Result<()> {
    let took = time(command, status.parse()?)?;
    let so_far = if samples.exists() {
        std::fs::read_to_string(samples)?
    } else {
        String::new()
    };
    std::fs::write(samples, format!("{so_far}{}\t{label}\n", took.as_secs_f64()))?;
    Ok(())
}

fn compare(samples: &Path, hosts: &str, apply: &[&str]) -> Result<()> {
    let own = std::env::current_exe()?;
    let line = [
        own.to_str().ok_or("fleet: it stands in a strange place")?,
        "line",
        hosts,
    ];
    let unchanged = [apply, &["--detailed-exitcode"]].concat();
    let (mut nothing, mut lines, mut edits) = (Vec::new(), Vec::new(), Vec::new());
    // What comes first pays for what is read from disk.
    time(&unchanged, 0)?;
    time(&line, 0)?;
    for _ in 0..ROUNDS {
        nothing.push(time(&unchanged, 0)?);
        lines.push(time(&line, 0)?);
    }
    for edit in 0..EDITS {
        std::thread::sleep(REST);
        let rev = format!("rev={}", 100 + edit);
        edits.push(time(&[&unchanged, &["--set", &rev][..]].concat(), 2)?);
    }
    let lines = Row::new("B: connect, log in, `true`", lines);
    println!(
        "{:34} {:>7} {:>7} {:>7} {:>7}",
        "seconds, whole processes", "min", "median", "max", "x B"
    );
    lines.print(&lines);
    let nothing = Row::new("A: nothing to do", nothing);
    nothing.print(&lines);
    Row::new("edited definition", edits).print(&lines);
    for row in read(samples)? {
        row.print(&lines);
    }
    println!(
        "fleet: nothing to do: {:.2} x the libssh2 line (A {:.2} s, B {:.2} s, medians of {ROUNDS})",
        nothing.median() / lines.median(),
        nothing.median(),
        lines.median()
    );
    Ok(())
}

/// The samples of one sort.
struct Row {
    label: String,
    /// In seconds, the least one first.
    samples: Vec<f64>,
}

impl Row {
    fn new(label: &str, samples: Vec<Duration>) -> Self {
        let mut samples: Vec<f64> = samples.iter().map(Duration::as_secs_f64).collect();
        samples.sort_by(f64::total_cmp);
        Self {
            label: label.to_owned(),
            samples,
        }
    }

    fn at(&self, index: usize) -> f64 {
        self.samples.get(index).copied().unwrap_or(f64::NAN)
    }

    fn median(&self) -> f64 {
        self.at(self.samples.len() / 2)
    }

    fn print(&self, line: &Self) {
        let (least, median, most) = (self.at(0), self.median(), self.at(self.samples.len().saturating_sub(1)));
        println!(
            "{:34} {least:7.3} {median:7.3} {most:7.3} {:7.2}",
            self.label,
            median / line.median()
        );
    }
}

/// What was noted, in the order of the first of each sort.
fn read(samples: &Path) -> Result<Vec<Row>> {
    let mut sorts: Vec<(String, Vec<Duration>)> = Vec::new();
    for noted in std::fs::read_to_string(samples)?.lines() {
        let (seconds, label) = noted.split_once('\t').ok_or("fleet: a sample without a label")?;
        let took = Duration::try_from_secs_f64(seconds.parse()?)?;
        match sorts.iter_mut().find(|(known, _)| known == label) {
            Some((_, durations)) => durations.push(took),
            None => sorts.push((label.to_owned(), vec![took])),
        }
    }
    Ok(sorts
        .into_iter()
        .map(|(label, durations)| Row::new(&label, durations))
        .collect())
}

/// Connects to all hosts at once, logs in, and runs `true`.
fn line(hosts: &str) -> Result<()> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .ok_or_else(|| format!("fleet: {name} isn't set"))
    };
    let options = SshOptions {
        known_hosts: vec![variable("MESOS_IAC_TESTBED_KNOWN_HOSTS")?],
        identities: vec![variable("MESOS_IAC_TESTBED_KEY")?],
        agent_socket: None,
        connect_timeout: Duration::from_secs(10),
        openssh_program: PathBuf::from("ssh"),
        openssh_config: None,
        fresh_connection: false,
    };
    let statuses = run_on_ssh_thread(|| async {
        let reached = hosts.split(',').map(|address| {
            let target = Target {
                host: address.to_owned(),
                address: address.to_owned(),
                port: None,
                user: None,
                host_keys: Vec::new(),
            };
            let options = options.clone();
            tokio::task::spawn_local(async move {
                let session = Session::connect(Method::Libssh2, &target, &options).await?;
                session.exec("true").await?.wait().await
            })
        });
        let mut statuses = Vec::new();
        for host in reached.collect::<Vec<_>>() {
            statuses.push(host.await);
        }
        statuses
    })?;
    for status in statuses {
        let status = status??;
        if !status.success() {
            return Err(format!("fleet: `true` ended with {status}").into());
        }
    }
    Ok(())
}
