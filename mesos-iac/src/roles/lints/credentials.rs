use super::found;
use super::masters::Group;
use super::read::mesos::{Mesos, Setting};
use crate::lint::{LintCx, LintHost};
use serde_json::Value;

lints! {
    CREDENTIALS_MISMATCH = Error "credentials-mismatch": "a master refuses an agent for who it says it is";
}

/// Who a master lets in.
enum Admits<'c> {
    /// No agent that wants to say who it is: the master is told no credentials.
    Nobody,
    /// These.
    Listed(Vec<String>, Setting<'c>),
}

/// Holds what agents say of themselves against what the masters that they find are told.
pub(super) fn credentials(cx: &LintCx<'_>, group: &Group<'_, '_>) {
    for (host, agent) in &group.agents {
        let said = agent.get("credential");
        let told = group.masters.iter().find_map(|(at, master)| {
            // Who isn't asked by the masters' own means is known to others only.
            if master.get("authenticators").is_some() || agent.get("authenticatee").is_some() {
                return None;
            }
            match said {
                Some(said) => refused(at, master, &principal(host, said)?),
                None => asked(at, master),
            }
        });
        if let Some((message, hint)) = told {
            let id = said.and_then(|said| said.id);
            cx.report(found(&CREDENTIALS_MISMATCH, host, id, message).hint(hint));
        }
    }
}

/// Why a master refuses an agent that says who it is.
fn refused(at: &LintHost<'_>, master: &Mesos<'_>, principal: &str) -> Option<(String, &'static str)> {
    match admitted(at, master)? {
        Admits::Nobody => Some((
            format!(
                "the agent says that it is `{principal}`, and the master of {} is told no credentials: it refuses whoever \
                 says so",
                at.name()
            ),
            "give the masters `.credentials(…)` with it, or the agent none",
        )),
        Admits::Listed(listed, setting) if !listed.iter().any(|known| known == principal) => Some((
            format!(
                "the agent says that it is `{principal}`, and the master of {} knows {} by {}",
                at.name(),
                match listed.is_empty() {
                    true => "nobody".to_owned(),
                    false => format!("`{}`", listed.join("`, `")),
                },
                setting.place
            ),
            "list it in the masters' credentials, or give the agent the name of one that is",
        )),
        Admits::Listed(..) => None,
    }
}

/// Why a master refuses an agent that doesn't say who it is.
fn asked(at: &LintHost<'_>, master: &Mesos<'_>) -> Option<(String, &'static str)> {
    let asks = master.get("authenticate_agents")?;
    matches!(asks.value.trim(), "true" | "1").then(|| {
        let message = format!(
            "the agent doesn't say who it is, and the master of {} takes only those that do, by {}",
            at.name(),
            asks.place
        );
        (message, "give the agent a credential that the masters list")
    })
}

/// Whom a master lets in; none where only the host knows.
fn admitted<'c>(at: &LintHost<'c>, master: &Mesos<'c>) -> Option<Admits<'c>> {
    let Some(setting) = master.get("credentials") else {
        return Some(Admits::Nobody);
    };
    let text = content(at, setting)?;
    let listed = match text.trim_start().starts_with('{') {
        true => {
            let json: Value = serde_json::from_str(text).ok()?;
            let entries = json.get("credentials")?.as_array()?.iter();
            entries.map(named).collect::<Option<Vec<String>>>()?
        }
        false => text.lines().filter_map(first_word).collect(),
    };
    Some(Admits::Listed(listed, setting.clone()))
}

/// Who an agent says that it is.
fn principal(host: &LintHost<'_>, said: &Setting<'_>) -> Option<String> {
    let text = content(host, said)?;
    match text.trim_start().starts_with('{') {
        true => named(&serde_json::from_str(text).ok()?),
        false => first_word(text),
    }
}

/// The file that a flag names, where the definition writes it and it isn't a secret as a whole.
fn content<'a>(host: &'a LintHost<'_>, setting: &Setting<'_>) -> Option<&'a str> {
    let path = setting.value.trim();
    let file = host.file(path.strip_prefix("file://").unwrap_or(path))?;
    (!file.text.trim_start().starts_with('«')).then_some(file.text.as_str())
}

fn named(entry: &Value) -> Option<String> {
    Some(entry.get("principal")?.as_str()?.to_owned())
}

fn first_word(line: &str) -> Option<String> {
    line.split_whitespace().next().map(str::to_owned)
}
