use super::config::BridgeConfig;
use super::haproxy::{Rendered, render};
use super::not_served::NotServed;
use super::state::{Lock, State, draft, failed, fresh, place};
use super::{BridgeError, credentials, marathon, ports};
use crate::model::hex;
use crate::words::{CommandLine, visible};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

/// The most characters that are kept of what a command says.
const MOST_WORDS: usize = 600;

/// What a run of the bridge did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Whether the configuration differs from that of the run before, or HAProxy had still to read it.
    pub has_changed: bool,
    /// The Marathon that was believed.
    pub by: SocketAddr,
    /// How many service ports are served.
    pub services: usize,
    /// How many tasks are served, each as often as it has service ports.
    pub servers: usize,
    /// What isn't served.
    pub skipped: NotServed,
}

impl fmt::Display for Done {
    /// One line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.has_changed { "now serves" } else { "still serves" };
        write!(
            f,
            "HAProxy {what} {} service ports with {} servers, as {} says",
            self.services, self.servers, self.by
        )?;
        match self.skipped.number() {
            0 => Ok(()),
            number => write!(f, "; {number} not served"),
        }
    }
}

/// One run of the bridge, with the configuration in this file: asks, renders, has HAProxy look at it, puts it in place, has
/// HAProxy read it. What is as it was is left alone.
///
/// A run that is killed at any moment leaves the old file or the new one, and the next run sees to the rest.
///
/// # Errors
/// Whatever keeps it from the above. The old file is in place then, unless the error is [`BridgeError::Reload`].
pub fn run(config: &Path) -> Result<Done, BridgeError> {
    let config = BridgeConfig::read(config)?;
    let _lock = Lock::take(&config.state)?;
    let said = marathon::ask(&config, &credentials::read(&config)?)?;
    let last = State::read(&config.state);
    let of_haproxy = last.as_ref().map(|last| last.ports.clone()).unwrap_or_default();
    let taken = match last.is_none() && config.output.as_path().exists() {
        // The state is lost: nobody knows which ports are HAProxy's own, and none of those may be taken from it.
        true => BTreeSet::new(),
        false => &ports::listening() - &of_haproxy,
    };
    let rendered = render(&config, &said.tasks, &said.names, &taken);
    let has_changed = put(&config, &rendered, last.as_ref(), of_haproxy)?;
    Ok(Done {
        has_changed,
        by: said.by,
        services: rendered.services,
        servers: rendered.servers,
        skipped: rendered.skipped,
    })
}

/// Puts it in place and has HAProxy read it, as far as that isn't done yet.
fn put(
    config: &BridgeConfig,
    rendered: &Rendered,
    last: Option<&State>,
    of_haproxy: BTreeSet<u16>,
) -> Result<bool, BridgeError> {
    let (path, text) = (config.output.as_path(), rendered.text.as_bytes());
    let digest = hex(&Sha256::digest(text));
    let is_in_place = match std::fs::read(path) {
        Ok(current) => current == text,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(failed("read", path, &error)),
    };
    if is_in_place && last.is_some_and(|last| last.file == digest && last.is_loaded) {
        return Ok(false);
    }
    // Before the file is there: from then on HAProxy may listen on them, whatever becomes of this run, and none of them may
    // look as if it were somebody else's.
    let all_ports = &of_haproxy | &rendered.ports;
    if !is_in_place {
        let fresh = fresh(path);
        draft(&fresh, text, 0o644)?;
        let refused = validate(config, &fresh);
        if refused.is_err() {
            std::fs::remove_file(&fresh).ok();
        }
        refused?;
        State::new(digest.clone(), false, all_ports).write(&config.state)?;
        place(&fresh, path)?;
    }
    let tried = tell(&config.reload);
    let reload = |(ended, said)| BridgeError::Reload {
        command: config.reload.clone(),
        ended,
        said,
    };
    tried.map_err(reload)?;
    State::new(digest, true, rendered.ports.clone()).write(&config.state)?;
    Ok(true)
}

fn validate(config: &BridgeConfig, fresh: &Path) -> Result<(), BridgeError> {
    let file = fresh.to_string_lossy();
    let words = std::iter::once(config.validate.program())
        .chain(config.validate.arguments().iter().map(String::as_str))
        .map(|word| word.replace("{}", &file));
    let refused = |command: CommandLine, (ended, said)| BridgeError::Refused { command, ended, said };
    match CommandLine::new(words) {
        Ok(command) => tell(&command).map_err(|why| refused(command, why)),
        Err(error) => Err(refused(
            config.validate.clone(),
            ("no command".to_owned(), error.to_string()),
        )),
    }
}

/// Runs a command; how it ended and what it said if that wasn't well.
fn tell(command: &CommandLine) -> Result<(), (String, String)> {
    let output = Command::new(command.program())
        .args(command.arguments())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| ("not even a start".to_owned(), error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stderr, output.stdout].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let said: String = visible(&lines.join("; ")).chars().take(MOST_WORDS).collect();
    Err((output.status.to_string(), said))
}
