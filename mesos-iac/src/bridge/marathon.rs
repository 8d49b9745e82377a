//! Asking Marathons what is running: the first that answers is believed.

use super::BridgeError;
use super::config::{BridgeConfig, Routing};
use super::credentials::{Login, Logins};
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

/// Asks one Marathon after the other; each is shown the login that is its own.
///
/// # Errors
/// None of them says what is running; says why, of each.
pub(super) fn ask(config: &BridgeConfig, logins: &Logins) -> Result<Said, BridgeError> {
    let mut why = Vec::new();
    for &by in &config.marathons {
        match ask_one(by, &config.routing, logins.get(&by)) {
            Ok((tasks, names)) => return Ok(Said { by, tasks, names }),
            Err(reason) => why.push(format!("{by}: {}", visible(&reason))),
        }
    }
    Err(BridgeError::NoAnswer { why })
}

fn ask_one(address: SocketAddr, routing: &Routing, login: Option<&Login>) -> Result<(Tasks, HostNames), String> {
    let deadline = Instant::now() + LIMIT;
    let ask = |path: &str, accept: &str| -> Result<String, String> {
        let shown = login.map(|login| &login.name_and_password);
        match get(address, path, accept, shown, deadline)? {
            Answer { status: 200, body } => Ok(body),
            Answer { status, .. } => Err(format!(
                "{path} is answered with status {status}{}",
                hint(status, login)
            )),
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

/// What to do about an answer that is a refusal; nothing where it is none.
fn hint(status: u16, login: Option<&Login>) -> String {
    match (status, login) {
        (401 | 403, None) => ": it asks for a name and a password, and the bridge has none for it: `.credentials(…)` of \
                              `Marathon`, or of `HaProxy` for one that is named by its address, says them in the definition"
            .to_owned(),
        (401, Some(login)) => format!(
            ": it doesn't take the name and the password in {}: have `.credentials(…)` in the definition say those that \
             it takes, and apply it",
            login.file
        ),
        (403, Some(login)) => format!(
            ": it lets the name in {} not see this: give that name the right to view all apps there, or have \
             `.credentials(…)` in the definition say another one",
            login.file
        ),
        _ => String::new(),
    }
}
