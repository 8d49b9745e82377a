//! Asking Marathons what is running: the first that answers is believed.

use super::BridgeError;
use super::config::{BridgeConfig, Routing};
use super::http::{Answer, get};
use super::labels::{HostNames, parse_labels};
use super::tasks::{Tasks, parse_tasks};
use crate::words::visible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long a Marathon may take for everything that it is asked.
const LIMIT: Duration = Duration::from_secs(10);

/// What a Marathon said.
pub(super) struct Said {
    pub(super) by: SocketAddr,
    pub(super) tasks: Tasks,
    pub(super) names: HostNames,
}

/// Asks one Marathon after the other.
///
/// # Errors
/// None of them says what is running; says why, of each.
pub(super) fn ask(config: &BridgeConfig) -> Result<Said, BridgeError> {
    let mut why = Vec::new();
    for &by in &config.marathons {
        match ask_one(by, &config.routing) {
            Ok((tasks, names)) => return Ok(Said { by, tasks, names }),
            Err(reason) => why.push(format!("{by}: {}", visible(&reason))),
        }
    }
    Err(BridgeError::NoAnswer { why })
}

fn ask_one(address: SocketAddr, routing: &Routing) -> Result<(Tasks, HostNames), String> {
    let deadline = Instant::now() + LIMIT;
    let ask = |path: &str, accept: &str| -> Result<String, String> {
        match get(address, path, accept, deadline)? {
            Answer { status: 200, body } => Ok(body),
            Answer { status, .. } => Err(format!("{path} is answered with status {status}")),
        }
    };
    let text = ask("/v2/tasks", "text/plain")?;
    let mut tasks = parse_tasks(&text);
    if tasks.lines == 0 {
        if !tasks.skipped.is_empty() {
            return Err("nothing in its answer reads as a list of tasks".to_owned());
        }
        // Nothing may be running, or it doesn't know yet what is.
        ask("/v2/leader", "application/json")
            .map_err(|error| format!("it knows of no task and of no leader: {error}"))?;
    }
    // Ports need no names; a list of all apps is long.
    let Routing::HostNames { .. } = routing else {
        return Ok((tasks, HostNames::new()));
    };
    let json = ask("/v2/apps", "application/json")?;
    let (names, skipped) = parse_labels(&json).map_err(|error| format!("its apps can't be read: {error}"))?;
    tasks.skipped.extend(skipped);
    Ok((tasks, names))
}
