//! What failed is tried again where the definition says so: a download, a daemon that isn't up yet.

use super::event::Event;
use super::executor::{Change, Checked, Run, check};
use super::packages::{change_one, transact};
use crate::model::{Check, Entry, Error, Result, System, SystemError};
use crate::plan::guarded;
use crate::words::ResourceId;
use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a pause looks whether the run is to stop.
const TICK: Duration = Duration::from_millis(100);

impl<'c> Run<'c, '_> {
    /// A check that failed, tried again as often as the definition says.
    pub(super) fn check_again(&mut self, entry: &'c Entry, mut checked: Checked) -> Checked {
        let has_subscribers = self.subscribers.has(&entry.id);
        for nth in 1..=times(entry) {
            let Err(error) = &checked.found else { break };
            if !self.pause(entry, nth, error) {
                break;
            }
            let took = checked.took;
            checked = check(entry, self.system, has_subscribers);
            checked.took += took;
        }
        checked
    }

    /// A change that failed, tried again as often as the definition says.
    pub(super) fn change_again(&mut self, change: &mut Change<'c>, mut done: Result<()>) -> Result<()> {
        for nth in 1..=times(change.entry) {
            let Err(error) = &done else { break };
            if !self.pause(change.entry, nth, error) {
                break;
            }
            let began = Instant::now();
            done = change_what_is_left(self.system, change.entry, &self.options.versions);
            change.took += began.elapsed();
        }
        done
    }

    /// A transaction of packages, those of which failed tried again together as often as the definition says.
    pub(super) fn transact_again(&mut self, changes: Vec<Change<'c>>) -> Vec<(Change<'c>, Result<()>)> {
        let mut settled = Vec::with_capacity(changes.len());
        let mut tried = self.transact_once(changes);
        for nth in 1.. {
            let is_over = |(change, done): &(Change<'c>, Result<()>)| done.is_ok() || nth > times(change.entry);
            let (over, again): (Vec<_>, Vec<_>) = tried.into_iter().partition(is_over);
            settled.extend(over);
            // One pause for all of them: it is the same mirror.
            let goes_on = match again.first() {
                Some((change, Err(error))) => self.pause(change.entry, nth, error),
                _ => false,
            };
            if !goes_on {
                settled.extend(again);
                break;
            }
            let again = again.into_iter().map(|(change, _)| change).collect();
            tried = self.transact_once(again);
        }
        settled
    }

    fn transact_once(&mut self, changes: Vec<Change<'c>>) -> Vec<(Change<'c>, Result<()>)> {
        let (tried, unheard) = transact(self.system, changes, &self.options.versions);
        if let Some(error) = unheard {
            self.tell(Event::Noted(format!(
                "the packages are as desired, though their transaction failed to {error}"
            )));
        }
        tried
    }

    /// A refresh that failed, tried again as often as the definition says.
    pub(super) fn refresh_again<T>(&mut self, entry: &'c Entry, refresh: impl Fn() -> Result<T>) -> Result<T> {
        let mut done = refresh();
        for nth in 1..=times(entry) {
            let Err(error) = &done else { break };
            if !self.pause(entry, nth, error) {
                break;
            }
            done = refresh();
        }
        done
    }

    /// Waits before another try; `false`: there is no sense in one.
    fn pause(&mut self, entry: &Entry, nth: u32, error: &Error) -> bool {
        let Some(retry) = entry.retry else { return false };
        // What the system has no way to know it won't know later.
        if matches!(
            error,
            Error::System(SystemError::Unknowable { .. } | SystemError::Unsupported { .. })
        ) {
            return false;
        }
        if self.options.control.is_stopped() {
            return false;
        }
        self.tell(Event::Retrying {
            id: entry.id.clone(),
            why: error.to_string(),
            nth,
            of: retry.times,
            pause: retry.pause,
        });
        self.say(&format!("waiting to try {} again", entry.id));
        let deadline = Instant::now() + retry.pause.0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.options.control.is_stopped() {
                break;
            }
            sleep(left.min(TICK));
        }
        self.say(&entry.id.to_string());
        !self.options.control.is_stopped()
    }
}

fn times(entry: &Entry) -> u32 {
    entry.retry.map_or(0, |retry| retry.times)
}

/// The first try may have come half of the way.
fn change_what_is_left(system: &dyn System, entry: &Entry, versions: &BTreeMap<ResourceId, String>) -> Result<()> {
    let behavior = entry.resource.behavior();
    match guarded("check", || behavior.check(system))? {
        Check::NoChange => Ok(()),
        Check::Change(diff) => change_one(system, entry, &diff, versions),
    }
}
