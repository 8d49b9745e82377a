use super::{Reporter, Tally};
use crate::fleet::{FleetEvent, HostResult, Traffic};
use serde_json::{Value, json};
use std::io::{self, Write};

/// The version of the lines' form. It changes when a field goes away or changes its meaning.
const FORMAT: u32 = 1;

/// Tells programs what happens: a JSON object on each line, the last one with the numbers.
///
/// The line `host_finished` of each host has how it went as its `result`: `converged`, `planned`, `refused`, `locked` (another
/// run was at work), `unreachable`, or `stopped` before it began. Whether something failed on a host that is `converged` stands
/// in its `summary`.
pub struct JsonReporter<W> {
    out: W,
    command: &'static str,
    begun: bool,
}

impl<W: Write> JsonReporter<W> {
    /// A report of this command (`plan`, `apply`).
    pub const fn new(out: W, command: &'static str) -> Self {
        Self {
            out,
            command,
            begun: false,
        }
    }

    /// The first line says which form the others have.
    fn begin(&mut self) -> io::Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        let value = json!({ "type": "started", "format": FORMAT, "command": self.command });
        self.line(&value)
    }

    fn line(&mut self, value: &Value) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        self.out.write_all(b"\n")
    }
}

impl<W: Write> Reporter for JsonReporter<W> {
    fn take(&mut self, event: &FleetEvent) -> io::Result<()> {
        self.begin()?;
        let value = match event {
            FleetEvent::HostStarted { host } => json!({ "type": "host_started", "host": host }),
            FleetEvent::AgentUploaded { host, bytes } => {
                json!({ "type": "agent_uploaded", "host": host, "bytes": bytes })
            }
            FleetEvent::HostWelcomed { host, facts } => {
                json!({ "type": "host_welcomed", "host": host, "facts": facts })
            }
            FleetEvent::HostAlive { host } => json!({ "type": "host_alive", "host": host }),
            FleetEvent::HostConfirmed { host } => json!({ "type": "host_confirmed", "host": host }),
            FleetEvent::Host { host, event } => json!({ "type": "event", "host": host, "event": event }),
            FleetEvent::HostFinished { host, result, traffic } => {
                let sent = json!({ "agent_bytes": traffic.program, "message_bytes": traffic.messages });
                match result {
                    HostResult::Converged(summary) => {
                        json!({ "type": "host_finished", "host": host, "result": "converged", "summary": summary, "sent": sent })
                    }
                    HostResult::Planned(plan) => {
                        json!({ "type": "host_finished", "host": host, "result": "planned", "plan": plan, "sent": sent })
                    }
                    HostResult::Failed(error) => json!({
                        "type": "host_finished",
                        "host": host,
                        "result": if error.is_unreachable() {
                            "unreachable"
                        } else if error.is_locked() {
                            "locked"
                        } else if error.is_stopped() {
                            "stopped"
                        } else {
                            "refused"
                        },
                        "error": format!("failed to {error}"),
                        "details": error.details(),
                        "hint": error.hint(),
                        "sent": sent,
                    }),
                }
            }
        };
        self.line(&value)
    }

    fn finish(&mut self, tally: &Tally) -> io::Result<()> {
        self.begin()?;
        // Each by its name, so that a number that is new is missed here.
        let Tally {
            hosts,
            hosts_changed,
            hosts_failed,
            hosts_stopped,
            hosts_unknown,
            hosts_damaged,
            hosts_locked,
            hosts_unreachable,
            changed,
            unchanged,
            out_of_bounds,
            unknown,
            failed,
            skipped,
            refreshes,
            pending,
            orphans,
            pruned,
            released,
            traffic,
        } = *tally;
        let Traffic { program, messages } = traffic;
        let value = json!({
            "type": "finished",
            "hosts": hosts,
            "hosts_changed": hosts_changed,
            "hosts_failed": hosts_failed,
            "hosts_stopped": hosts_stopped,
            "hosts_unknown": hosts_unknown,
            "hosts_damaged": hosts_damaged,
            "hosts_locked": hosts_locked,
            "hosts_unreachable": hosts_unreachable,
            "changed": changed,
            "unchanged": unchanged,
            "out_of_bounds": out_of_bounds,
            "unknown": unknown,
            "failed": failed,
            "skipped": skipped,
            "refreshes": refreshes,
            "pending": pending,
            "orphans": orphans,
            "removed": pruned,
            "released": released,
            "agent_bytes": program,
            "message_bytes": messages,
        });
        self.line(&value)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Refusal;
    use crate::fleet::HostError;
    use crate::state::StateError;
    use crate::words::HostName;

    #[test]
    fn a_host_where_another_run_was_at_work_is_told_apart_from_one_that_refuses() {
        let result = |error| {
            let mut out = Vec::new();
            let (host, result) = (HostName::new("web-0").unwrap(), HostResult::Failed(error));
            let event = FleetEvent::HostFinished {
                host,
                result,
                traffic: Traffic::default(),
            };
            JsonReporter::new(&mut out, "apply").take(&event).unwrap();
            let line = String::from_utf8(out).unwrap().lines().last().unwrap().to_owned();
            serde_json::from_str::<Value>(&line).unwrap()["result"].clone()
        };
        let refused = |error| HostError::Refused(Refusal::State(error));
        assert_eq!(result(refused(StateError::Locked(None))), "locked");
        assert_eq!(result(refused(StateError::Unconfirmed("anna".to_owned()))), "refused");
        assert_eq!(result(HostError::Lost("gone".to_owned())), "unreachable");
        assert_eq!(result(HostError::Stopped), "stopped");
    }

    #[test]
    fn the_last_line_has_each_number_under_its_name() {
        let tally = Tally {
            hosts: 3,
            pruned: 2,
            traffic: Traffic {
                program: 5,
                messages: 7,
            },
            ..Tally::default()
        };
        let mut out = Vec::new();
        JsonReporter::new(&mut out, "plan").finish(&tally).unwrap();
        let last = String::from_utf8(out).unwrap().lines().last().unwrap().to_owned();
        let expected = json!({
            "type": "finished", "hosts": 3, "hosts_changed": 0, "hosts_failed": 0, "hosts_stopped": 0, "hosts_unknown": 0,
            "hosts_damaged": 0, "hosts_locked": 0, "hosts_unreachable": 0, "changed": 0, "unchanged": 0, "out_of_bounds": 0,
            "unknown": 0, "failed": 0, "skipped": 0, "refreshes": 0, "pending": 0, "orphans": 0, "removed": 2, "released": 0,
            "agent_bytes": 5, "message_bytes": 7,
        });
        assert_eq!(serde_json::from_str::<Value>(&last).unwrap(), expected);
    }
}
