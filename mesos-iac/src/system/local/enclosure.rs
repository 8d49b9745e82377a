use crate::model::SystemError;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Result<T> = std::result::Result<T, SystemError>;

/// The group of processes of a run, which is entered before the first program of the run is started, be it only to ask the
/// host something; a run that starts none has no group.
#[derive(Debug, Default)]
pub(super) struct Enclosure(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The run that has to be enclosed. `None`: there is none, or it was tried.
    announced: Option<String>,
    /// The run that is.
    entered: Option<String>,
    /// What people should know.
    notes: Vec<String>,
}

impl Enclosure {
    /// What is started from now on belongs to this run.
    pub(super) fn announce(&self, run: &str) {
        let mut state = self.lock();
        if state.entered.as_deref() != Some(run) {
            state.announced = Some(run.to_owned());
        }
    }

    /// Enters the group of the run that was announced, if that wasn't tried yet. That it isn't possible is noted.
    pub(super) fn enter(&self, enclose: impl FnOnce(&str) -> Result<bool>) {
        // Held while it is entered: nobody starts anything meanwhile.
        let mut state = self.lock();
        let Some(run) = state.announced.take() else { return };
        match enclose(&run) {
            Ok(true) => state.entered = Some(run),
            Ok(false) => {}
            Err(error) => state.notes.push(format!(
                "what this run starts isn't in a cgroup of its own: {error}; were it killed, the next run couldn't end it"
            )),
        }
    }

    /// The run whose group was entered.
    pub(super) fn entered(&self) -> Option<String> {
        self.lock().entered.clone()
    }

    /// Each note once.
    pub(super) fn notes(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().notes)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn a_run_is_enclosed_once_and_only_if_it_starts_something() {
        let tried = RefCell::new(Vec::new());
        let enter = |enclosure: &Enclosure, how: Result<bool>| {
            enclosure.enter(|run| {
                tried.borrow_mut().push(run.to_owned());
                how
            });
        };
        let enclosure = Enclosure::default();
        enter(&enclosure, Ok(true));
        assert_eq!((enclosure.entered(), tried.borrow().len()), (None, 0));
        enclosure.announce("7-1");
        enter(&enclosure, Ok(true));
        enclosure.announce("7-1");
        enter(&enclosure, Ok(true));
        assert_eq!((enclosure.entered().as_deref(), tried.borrow().len()), (Some("7-1"), 1));
        let refused = Enclosure::default();
        refused.announce("7-2");
        for _ in 0..2 {
            enter(&refused, Err(SystemError::Other("ask systemd: no answer".into())));
        }
        assert_eq!(*tried.borrow(), ["7-1", "7-2"]);
        let notes = [refused.notes(), refused.notes()].concat();
        assert_eq!(notes.len(), 1);
        assert!(
            notes[0].contains("isn't in a cgroup of its own: ask systemd: no answer;"),
            "{notes:?}"
        );
    }
}
