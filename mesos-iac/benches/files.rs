//! A thousand files on this machine, with all that a run is: definition, compile, checks, promises, durable files, ledger.
//! Against `cf-agent`, which makes the same files with the same contents; Debian's package is `cfengine3`.
//!
//! What is timed are whole processes, in turns, from outside. `tests/show.sh benches` starts it, as root: that is whom
//! `cf-agent` trusts. The last lines are the figures.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench reports by itself")]

use mesos_iac::converge::{ConvergeOptions, converge};
use mesos_iac::prelude::*;
use mesos_iac::state::{HostIdentity, Store, Takeover};
use mesos_iac::system::local::LocalSystem;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

type Outcome<T> = std::result::Result<T, Box<dyn Error>>;

/// How many files there are.
const FILES: usize = 1000;

/// How often each of the two makes them, in turns.
const ROUNDS: usize = 15;

/// What part of the other's time ours may be.
const GOAL: f64 = 0.5;

/// Where the files are, below a root.
const DIRECTORY: &str = "etc/bench";

const USAGE: &str = "files:
  (nothing)    make a thousand files with this program and with cf-agent, in turns, and report the times
  apply ROOT   make them below the directory ROOT, and tell how many weren't as they should be";

fn main() -> ExitCode {
    // Cargo says `--bench` to every bench.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [] => compare(),
        ["apply", root] => apply(Path::new(root)),
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

/// The content of a file: as long as a daemon's configuration.
fn content(number: usize) -> String {
    (0..20).fold(String::new(), |mut text, line| {
        // Writing to a String can't fail.
        let _infallible = writeln!(text, "setting_{line} = value {line} of file {number}");
        text
    })
}

#[derive(Role, Clone)]
#[role(name = "files")]
struct Files;

impl Declares for Files {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        for number in 0..FILES {
            let path = format!("/{DIRECTORY}/{number}");
            cx.add(file(path).content(content(number)).mode("0644"));
        }
        Ok(())
    }
}

/// What an agent does once it has its catalog, and what its controller does before.
fn apply(root: &Path) -> Outcome<()> {
    let cluster = Cluster::new("bench").hosts(host("one").role(Files)).build()?;
    let compiled = cluster.compile()?;
    let catalog = &compiled.host("one").ok_or("files: the host is missing")?.catalog;
    let root = &fs::canonicalize(root)?;
    let identity = HostIdentity {
        cluster: catalog.cluster.clone(),
        host: catalog.host.clone(),
        machine: None,
    };
    let system = LocalSystem::with_root(root)?;
    let mut store = Store::open(
        &root.join("var/lib/mesos-iac"),
        &identity,
        &Takeover::default(),
        "a bench",
    )?;
    let summary = converge(
        catalog,
        &system,
        &mut store,
        &ConvergeOptions::default(),
        &mut |event| drop(event),
    );
    if !summary.is_success() {
        return Err(format!("files: not all files could be made: {summary:?}").into());
    }
    println!("{}", summary.changed);
    Ok(())
}

/// The same files as a promise each.
fn policy(root: &Path) -> String {
    let mut text = String::from(
        "body common control { bundlesequence => { \"main\" }; }\nbody perms m(mode) { mode => \"$(mode)\"; }\n\
         bundle agent main\n{\n  files:\n",
    );
    for number in 0..FILES {
        // Writing to a String can't fail.
        let _infallible = writeln!(
            text,
            "    \"{}/{DIRECTORY}/{number}\" create => \"true\", perms => m(\"0644\"), content => \"{}\";",
            root.display(),
            content(number)
        );
    }
    text + "}\n"
}

/// A whole process, timed from outside. What others wrote to the disk before isn't ours to wait for.
fn time(command: &mut Command) -> Outcome<(Duration, String)> {
    rustix::fs::sync();
    let began = Instant::now();
    let output = command.stdin(Stdio::null()).output()?;
    let took = began.elapsed();
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() {
        return Ok((took, said));
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(format!("files: {command:?}: {}: {said}\n{why}", output.status).into())
}

/// An empty host with the only user that the files need.
fn new_host(root: &Path) -> Outcome<()> {
    fs::create_dir_all(root.join(DIRECTORY))?;
    fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/bash\n")?;
    fs::write(root.join("etc/group"), "root:x:0:\n")?;
    Ok(())
}

/// Every file is there, and as it should be.
fn look(root: &Path) -> Outcome<()> {
    for number in 0..FILES {
        let path = root.join(DIRECTORY).join(number.to_string());
        let mode = fs::metadata(&path)?.permissions().mode() & 0o7777;
        if fs::read_to_string(&path)? != content(number) || mode != 0o644 {
            return Err(format!("files: {} isn't as it should be", path.display()).into());
        }
    }
    Ok(())
}

fn compare() -> Outcome<()> {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let own = std::env::current_exe()?;
    let (mut ours, mut theirs) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    // What comes first pays for what is read from disk, and doesn't count. Nothing is removed before the end: without a
    // journal ext4 looks for a long time for an inode that wasn't in use a minute ago.
    for round in 0..=ROUNDS {
        let root = place.path().join(format!("ours-{round}"));
        new_host(&root)?;
        for (run, changed) in [FILES, 0].into_iter().enumerate() {
            let (took, said) = time(Command::new(&own).arg("apply").arg(&root))?;
            if said != changed.to_string() {
                return Err(format!("files: {said} files were changed, and not {changed}").into());
            }
            ours[run].push(took);
        }
        look(&root)?;

        let root = place.path().join(format!("theirs-{round}"));
        new_host(&root)?;
        let written = place.path().join("policy.cf");
        fs::write(&written, policy(&root))?;
        // It trusts no file that others may write.
        fs::set_permissions(&written, fs::Permissions::from_mode(0o600))?;
        for run in &mut theirs {
            let mut agent = Command::new("cf-agent");
            let (took, _) = time(agent.arg("--no-lock").arg("--file").arg(&written))
                .map_err(|why| format!("{why}; cf-agent is in Debian's package cfengine3, and wants to be root"))?;
            run.push(took);
        }
        look(&root)?;
    }
    println!(
        "{:34} {:>7} {:>7} {:>7}",
        "seconds, whole processes", "min", "median", "max"
    );
    let mut figures = Vec::new();
    for (run, name) in ["first run", "nothing to do"].into_iter().enumerate() {
        let ours = row(&format!("mesos-iac, {name}"), &mut ours[run]);
        let theirs = row(&format!("cf-agent, {name}"), &mut theirs[run]);
        figures.push(format!(
            "benches: {FILES} files, {name}: {ours:.3} s, cf-agent {theirs:.3} s: {:.2} x (goal: at most {GOAL} x)",
            ours / theirs
        ));
    }
    figures.into_iter().for_each(|figure| println!("{figure}"));
    Ok(())
}

/// Prints a row, the first round left out, and returns its median.
fn row(name: &str, took: &mut Vec<Duration>) -> f64 {
    took.remove(0);
    took.sort_unstable();
    let of = |place: usize| took[place].as_secs_f64();
    let (least, median, most) = (of(0), of(took.len() / 2), of(took.len() - 1));
    println!("{name:34} {least:>7.3} {median:>7.3} {most:>7.3}");
    median
}
