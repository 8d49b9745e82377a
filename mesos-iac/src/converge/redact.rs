use super::event::{Event, OrphanOutcome, Outcome, RefreshOutcome};
use super::traces::Traces;
use crate::model::{Change, Diff, Shown};
use crate::plan::{Because, Plan, Planned};
use crate::words::{SecretSource, SecretText};
use std::collections::BTreeMap;

/// Takes the values of secrets out of everything that leaves a host.
///
/// A secret's own resource never shows it. But its value may stand in a file that is replaced, or in what a tool prints,
/// so every text is searched for every value that came with the run, before it is sent: for the whole value, with or
/// without the white space at its ends, for each of its lines of four bytes or more, and for every piece of eight bytes
/// or more. What is shorter, or was encoded, isn't recognised.
#[derive(Debug, Clone, Default)]
pub struct Redactor(Traces);

impl Redactor {
    /// Searches for these values.
    #[must_use]
    pub fn new(secrets: &BTreeMap<SecretSource, SecretText>) -> Self {
        Self(Traces::new(secrets))
    }

    /// The text without the values of secrets.
    #[must_use]
    pub fn text(&self, text: String) -> String {
        self.0.replaced(&text).unwrap_or(text)
    }

    /// The event without the values of secrets.
    #[must_use]
    pub fn event(&self, mut event: Event) -> Event {
        if !self.0.is_empty() {
            self.redact(&mut event);
        }
        event
    }

    fn redact(&self, event: &mut Event) {
        match event {
            Event::ResourceFinished { outcome, .. } => match outcome {
                Outcome::Changed(diff) | Outcome::OutOfBounds(diff) => self.diff(diff),
                Outcome::Unknown(why) | Outcome::Failed(why) => self.replace(why),
                Outcome::NoChange | Outcome::Skipped { .. } | Outcome::NotReached => {}
            },
            Event::RefreshFinished { outcome, .. } => {
                if let RefreshOutcome::Failed(why) | RefreshOutcome::Unknown(why) = outcome {
                    self.replace(why);
                }
            }
            Event::OrphanFinished { outcome, .. } => match outcome {
                OrphanOutcome::Removed(diff) => self.diff(diff),
                OrphanOutcome::Kept(why) | OrphanOutcome::Released(why) | OrphanOutcome::Failed(why) => {
                    self.replace(why);
                }
            },
            Event::Planned(plan) => *plan = self.plan(std::mem::take(plan)),
            Event::Retrying { why, .. } => self.replace(why),
            Event::Noted(text) | Event::Damaged(text) => self.replace(text),
            Event::Earlier { events, .. } => events.iter_mut().for_each(|event| self.redact(event)),
            Event::RunStarted { .. } | Event::Armed(_) | Event::Working(_) | Event::RunFinished(_) => {}
        }
    }

    /// The plan without the values of secrets.
    #[must_use]
    pub fn plan(&self, mut plan: Plan) -> Plan {
        if self.0.is_empty() {
            return plan;
        }
        for resource in &mut plan.resources {
            self.planned(&mut resource.planned);
        }
        for orphan in &mut plan.orphans {
            self.planned(&mut orphan.removal);
        }
        for transaction in &mut plan.transactions {
            transaction.unknown.iter_mut().for_each(|why| self.replace(why));
        }
        plan
    }

    fn planned(&self, planned: &mut Planned) {
        match planned {
            Planned::WouldChange(diff) => self.diff(diff),
            Planned::Failed(why) => self.replace(why),
            Planned::Unknown {
                because, as_it_stands, ..
            } => {
                if let Because::Unknowable(why) = because {
                    self.replace(why);
                }
                if let Some(diff) = as_it_stands {
                    self.diff(diff);
                }
            }
            Planned::NoChange | Planned::Skipped { .. } => {}
        }
    }

    fn diff(&self, diff: &mut Diff) {
        for Change { from, to, .. } in &mut diff.changes {
            for shown in [from, to] {
                if let Shown::Value(text) | Shown::Text(text) = shown {
                    self.replace(text);
                }
            }
        }
    }

    fn replace(&self, text: &mut String) {
        *text = self.text(std::mem::take(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(values: &[(&str, &str)]) -> Redactor {
        let secrets = values.iter().map(|(name, value)| {
            (
                SecretSource::Environment((*name).to_owned()),
                SecretText::new(value.as_bytes().to_vec()),
            )
        });
        Redactor::new(&secrets.collect())
    }

    #[test]
    fn an_old_plain_value_in_a_diff_is_taken_out() {
        let mut diff = Diff::new();
        diff.push(
            "content",
            Shown::Text("password=hunter2\n".into()),
            Shown::Text("password=\n".into()),
        );
        let event = Event::ResourceFinished {
            id: "file[/x]".parse().unwrap(),
            outcome: Outcome::Changed(diff),
            cause: None,
            milliseconds: 0,
        };
        let shown = format!("{:?}", redactor(&[("A", "hunter2")]).event(event));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
