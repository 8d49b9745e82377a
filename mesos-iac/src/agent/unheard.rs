//! What happens if nobody hears a run to its end: its report is kept on the host, and told with the next run's.

use crate::converge::Event;
use crate::state::{KeptReport, Reports};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The report of this run, and those that are kept of earlier ones.
pub(super) struct Unheard {
    reports: Reports,
    who: String,
    began: u64,
    /// What happened so far and is worth keeping.
    events: Vec<Event>,
    /// The names of what was told of earlier runs.
    told: Vec<String>,
}

impl Unheard {
    pub(super) fn new(state: &Path, who: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            reports: Reports::of(state),
            who: who.to_owned(),
            began: now.as_secs(),
            events: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Tells what nobody heard of earlier runs.
    pub(super) fn tell_earlier(&mut self, tell: &mut dyn FnMut(Event)) {
        // That they can't be listed keeps nobody from working; the state itself stands beside them and says why.
        for name in self.reports.names().unwrap_or_default() {
            match self.reports.read(&name) {
                Ok(report) => tell(Event::Earlier {
                    who: report.who,
                    ago: self.began.saturating_sub(report.began),
                    events: report.events,
                }),
                Err(error) => {
                    // Otherwise the next run says it again.
                    self.reports.set_aside(&name).ok();
                    tell(Event::Noted(format!(
                        "failed to {error}: what an earlier run did isn't known"
                    )));
                    continue;
                }
            }
            self.told.push(name);
        }
    }

    /// Takes in what happens.
    pub(super) fn take(&mut self, event: &Event) {
        if event.is_worth_keeping() && !matches!(event, Event::Earlier { .. }) {
            self.events.push(event.clone());
        }
    }

    /// Whether there is anything that has to be heard.
    pub(super) const fn is_empty(&self) -> bool {
        self.events.is_empty() && self.told.is_empty()
    }

    /// Everything was heard.
    pub(super) fn heard(self) {
        for name in self.told {
            // What can't be removed is told once more.
            self.reports.remove(&name).ok();
        }
    }

    /// Nobody heard it: keeps it for the next run.
    pub(super) fn keep(self) {
        if !self.events.is_empty() {
            // There is nobody to tell that it can't be kept. What was changed and is owed stands in the journal.
            self.reports
                .keep(&KeptReport::new(self.who, self.began, self.events))
                .ok();
        }
    }
}
