//! What happens if nobody hears a run to its end: its report is kept on the host, and told with the next run's.

use crate::converge::{Event, OrphanOutcome, Outcome};
use crate::state::{KeptReport, Reports, StateError};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The most of a report that is kept, in bytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

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
                    // Otherwise the next run says it again. One that a newer release wrote is for that to read.
                    if matches!(error, StateError::Damaged { .. }) {
                        self.reports.set_aside(&name).ok();
                    }
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

    /// A report is told in one message, which can't be of any length; and what was changed as it was meant to be is the least
    /// of it.
    fn shorten(&mut self) {
        let is_long = serde_json::to_vec(&self.events).is_ok_and(|json| json.len() > MOST_BYTES);
        if is_long {
            let all = self.events.len();
            self.events.retain(|event| !is_long_by_itself(event));
            let left_out = all - self.events.len();
            self.events.push(Event::Noted(format!(
                "{left_out} changes were made that aren't listed: the report is too long"
            )));
        }
    }

    /// Everything was heard.
    pub(super) fn heard(self) {
        for name in self.told {
            // What can't be removed is told once more.
            self.reports.remove(&name).ok();
        }
    }

    /// Nobody heard it: keeps it for the next run.
    pub(super) fn keep(mut self) {
        self.shorten();
        if !self.events.is_empty() {
            // There is nobody to tell that it can't be kept. What was changed and is owed stands in the journal.
            self.reports
                .keep(&KeptReport::new(self.who, self.began, self.events))
                .ok();
        }
    }
}

/// Whether it holds texts of files.
const fn is_long_by_itself(event: &Event) -> bool {
    matches!(
        event,
        Event::ResourceFinished {
            outcome: Outcome::Changed(_) | Outcome::OutOfBounds(_),
            ..
        } | Event::OrphanFinished {
            outcome: OrphanOutcome::Removed(_),
            ..
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Diff, Shown};

    fn unheard(state: &Path) -> Unheard {
        Unheard::new(state, "anna@workstation")
    }

    fn changed(text: &str) -> Event {
        let mut diff = Diff::new();
        diff.push("content", Shown::Absent, Shown::Text(text.to_owned()));
        Event::ResourceFinished {
            id: "file[/a]".parse().unwrap(),
            outcome: Outcome::Changed(diff),
            cause: None,
            milliseconds: 1,
        }
    }

    fn earlier(state: &Path) -> Vec<Event> {
        let mut told = Vec::new();
        unheard(state).tell_earlier(&mut |event| told.push(event));
        told
    }

    #[test]
    fn a_long_report_says_how_much_it_leaves_out() {
        let directory = tempfile::tempdir().unwrap();
        let mut run = unheard(directory.path());
        let text = "x".repeat(200_000);
        (0..30).for_each(|_| run.take(&changed(&text)));
        run.take(&Event::Noted("kept".to_owned()));
        run.keep();
        let told = earlier(directory.path());
        let [Event::Earlier { events, .. }] = told.as_slice() else {
            panic!("{told:?}")
        };
        let notes = [
            "kept",
            "30 changes were made that aren't listed: the report is too long",
        ];
        assert_eq!(*events, notes.map(|note| Event::Noted(note.to_owned())));
    }

    #[test]
    fn what_is_newer_is_left_for_who_wrote_it_and_what_is_damaged_is_set_aside() {
        let directory = tempfile::tempdir().unwrap();
        let reports = directory.path().join("reports");
        std::fs::create_dir(&reports).unwrap();
        std::fs::write(reports.join("1.json"), "{\"format\":99}").unwrap();
        std::fs::write(reports.join("2.json"), "{").unwrap();
        assert_eq!(earlier(directory.path()).len(), 2);
        assert_eq!(earlier(directory.path()).len(), 1);
        assert!(reports.join("1.json").exists() && reports.join("2.damaged").exists());
    }

    #[test]
    fn the_first_form_of_what_happened_is_read() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("reports")).unwrap();
        let text = concat!(
            r#"{"format":1,"who":"anna@workstation","began":7,"events":["#,
            r#"{"Noted":"a"},"#,
            r#"{"ResourceFinished":{"id":{"kind":"core.file","key":"/a"},"outcome":{"Failed":"why"},"cause":"Drift","milliseconds":3}},"#,
            r#"{"RefreshFinished":{"target":{"kind":"core.service","key":"a"},"action":"Restart","because":[],"is_recovered":false,"outcome":"Done"}}]}"#,
        );
        std::fs::write(directory.path().join("reports/1.json"), text).unwrap();
        let told = earlier(directory.path());
        assert!(
            matches!(told.as_slice(), [Event::Earlier { events, .. }] if events.len() == 3),
            "{told:?}"
        );
    }
}
