//! What makes a program an agent: its first argument. Every cluster program is one, and so is `mesos-iac-agent`.

use crate::agent::{Machinery, guard, serve, undo_at_boot};
use crate::bridge;
use crate::model::{Facts, ReadSystem as _, System, SystemError, registry};
use crate::state::STATE_DIRECTORY;
use crate::system::local::{LocalSystem, write_no_core};
use crate::words::{SecretSource, SecretText};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// Does an agent's work if the program was started as one; `None` if it wasn't.
///
/// * `agent` serves a controller over standard input and output.
/// * `guard` and `undo` are started by hosts themselves: they undo a run that nobody confirms.
/// * `kinds` prints which kinds it has, with their versions, as JSON.
/// * `haproxy-bridge --config FILE` is what an installed agent does from a timer: one run of the bridge.
pub(crate) fn run_as_agent() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next()?;
    if first == "haproxy-bridge" {
        let rest: Vec<_> = arguments.collect();
        return match rest.as_slice() {
            [option, file] if option == "--config" => Some(haproxy_bridge(Path::new(file))),
            _ => Some(status(Err("begin: expected `haproxy-bridge --config FILE`".to_owned()))),
        };
    }
    if arguments.next().is_some() {
        return None;
    }
    match first.to_str()? {
        "agent" => Some(status(quietly(|| {
            serve(std::io::stdin(), std::io::stdout(), &Host);
            Ok(())
        }))),
        "guard" => Some(status(quietly(|| guard(&Host)))),
        "undo" => Some(status(quietly(|| undo_at_boot(&Host)))),
        "kinds" => {
            let json = serde_json::to_string(&registry::kinds()).ok()?;
            let written = writeln!(std::io::stdout(), "{json}");
            Some(if written.is_ok() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        _ => None,
    }
}

/// A line for what changed and each thing that isn't served, or for why nothing did; nothing where all is as it was, since
/// that is said every few seconds.
fn haproxy_bridge(config: &Path) -> ExitCode {
    // From here on it may know the password of a Marathon.
    if let Err(why) = quietly(|| Ok(())) {
        return status(Err(why));
    }
    let (lines, status) = match bridge::run(config) {
        Ok(done) if done.has_changed => {
            let lines = format!("{done}\n{}", done.skipped);
            (lines, ExitCode::SUCCESS)
        }
        Ok(_) => return ExitCode::SUCCESS,
        Err(error) => (format!("failed to {error}\n"), ExitCode::from(error.exit_status())),
    };
    // Nobody may be reading, and the status says the same.
    let _unheard = std::io::stderr().write_all(lines.as_bytes());
    status
}

/// Does what secrets may be part of, which no core tells of.
fn quietly(work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    write_no_core().map_err(|error| format!("keep secrets out of core files: {error}"))?;
    work()
}

/// What was tried on the host's own behalf is told in its journal.
fn status(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Nobody may be reading, and the status says the same.
            let _unheard = writeln!(std::io::stderr(), "failed to {why}");
            ExitCode::FAILURE
        }
    }
}

/// `main` of an agent that has nothing but kinds: those that the crates linked into it register.
///
/// A program with kinds of its own gets its agent from two lines:
///
/// ```no_run
/// use my_kinds as _;
/// # mod my_kinds {}
/// fn main() -> std::process::ExitCode { mesos_iac::agent_main() }
/// ```
pub fn agent_main() -> ExitCode {
    run_as_agent().unwrap_or_else(|| {
        // Nobody may be reading, and the status says the same.
        let _unheard = writeln!(
            std::io::stderr(),
            "mesos-iac-agent is started by cluster programs: `mesos-iac-agent agent` serves one, `mesos-iac-agent kinds` lists its kinds"
        );
        ExitCode::FAILURE
    })
}

/// The machine that the agent runs on.
struct Host;

impl Machinery for Host {
    fn user_id(&self) -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn facts(&self) -> Result<Facts, SystemError> {
        LocalSystem::new()?.facts()
    }

    fn system(&self, secrets: BTreeMap<SecretSource, SecretText>) -> Result<Box<dyn System>, SystemError> {
        Ok(Box::new(LocalSystem::new()?.with_secrets(secrets)))
    }

    fn state_directory(&self) -> Option<&Path> {
        Some(Path::new(STATE_DIRECTORY))
    }
}
