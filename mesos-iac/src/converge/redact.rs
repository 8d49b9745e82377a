//! What a run tells, without the values of secrets.

use super::event::{Event, OrphanOutcome, Outcome, RefreshOutcome};
use crate::model::{Change, Diff, Redactor, Shown};
use crate::plan::{Because, Plan, Planned};

impl Redactor {
    /// The event without the values of secrets.
    #[must_use]
    pub fn event(&self, mut event: Event) -> Event {
        if !self.is_empty() {
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
        if self.is_empty() {
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
    use crate::words::{SecretSource, SecretText};

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
        let secret = (
            SecretSource::Environment("A".into()),
            SecretText::new(b"hunter2".to_vec()),
        );
        let shown = format!("{:?}", Redactor::new(&[secret].into()).event(event));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
