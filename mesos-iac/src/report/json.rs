use super::{Reporter, Tally};
use crate::fleet::{FleetEvent, HostResult};
use serde_json::{Value, json};
use std::io::{self, Write};

/// The version of the lines' form. It changes when a field goes away or changes its meaning.
const FORMAT: u32 = 1;

/// Tells programs what happens: a JSON object on each line, the last one with the numbers.
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
        let value = json!({
            "type": "finished",
            "hosts": tally.hosts,
            "hosts_changed": tally.hosts_changed,
            "hosts_failed": tally.hosts_failed,
            "hosts_stopped": tally.hosts_stopped,
            "hosts_unknown": tally.hosts_unknown,
            "hosts_damaged": tally.hosts_damaged,
            "hosts_locked": tally.hosts_locked,
            "hosts_unreachable": tally.hosts_unreachable,
            "changed": tally.changed,
            "unchanged": tally.unchanged,
            "out_of_bounds": tally.out_of_bounds,
            "unknown": tally.unknown,
            "failed": tally.failed,
            "skipped": tally.skipped,
            "refreshes": tally.refreshes,
            "pending": tally.pending,
            "orphans": tally.orphans,
            "removed": tally.pruned,
            "released": tally.released,
            "agent_bytes": tally.traffic.program,
            "message_bytes": tally.traffic.messages,
        });
        self.line(&value)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_has_every_number() {
        let tally = Tally::default();
        let mut out = Vec::new();
        JsonReporter::new(&mut out, "plan").finish(&tally).unwrap();
        let last = String::from_utf8(out).unwrap().lines().last().unwrap().to_owned();
        let last: Value = serde_json::from_str(&last).unwrap();
        // One has another name there, and the traffic is two numbers.
        let counted = format!("{tally:?}").replace("pruned:", "removed:");
        for (field, _) in counted.split([' ', '{']).filter_map(|word| word.split_once(':')) {
            let is_traffic = ["traffic", "program", "messages"].contains(&field);
            assert!(is_traffic || last[field] == json!(0), "{field} isn't in {last}");
        }
    }
}
