use crate::words::Location;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// A panic in somebody's code. Shown as what it said and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Panicked {
    /// What it said.
    pub(crate) message: String,
    /// Where, if that is known.
    pub(crate) at: Option<Location>,
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(at) => write!(f, "panicked at {at}: {}", self.message),
            None => write!(f, "panicked: {}", self.message),
        }
    }
}

thread_local! {
    /// Whether a panic of this thread is caught here and told as an error.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    /// Where the last one was.
    static PLACE: RefCell<Option<Location>> = const { RefCell::new(None) };
}

/// Runs somebody's code: a role's, a kind's. A panic there is an error like others, and isn't printed.
///
/// # Errors
/// It panicked.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    remember_places();
    let outer = CATCHING.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(outer);
    done.map_err(|panic| {
        let text = panic.downcast_ref::<&str>().copied().map(ToOwned::to_owned);
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        let lines: Option<Vec<&str>> = text.as_ref().map(|text| text.lines().map(str::trim).collect());
        Panicked {
            // A failed assertion has several lines; an error is told in one.
            message: lines.map_or_else(|| "without a message".to_owned(), |lines| lines.join("; ")),
            at: PLACE.take(),
        }
    })
}

/// Only the hook of panics learns where one is. Those that aren't caught here go to the hook that was there before.
fn remember_places() {
    static ONCE: Once = Once::new();
    // A thread that panics may not set a hook.
    if std::thread::panicking() {
        return;
    }
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if CATCHING.get() {
                PLACE.set(panic.location().map(Location::from));
            } else {
                before(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_place() {
        let line = line!() + 1;
        let panicked = caught(|| panic!("no {}", "good")).unwrap_err();
        assert_eq!(
            panicked.to_string(),
            format!("panicked at mesos-iac/src/model/panicked.rs:{line}: no good")
        );
        assert_eq!(caught(|| 1), Ok(1));
        let assertion = caught(|| assert_eq!(1 + 1, 3)).unwrap_err();
        assert_eq!(assertion.message, "assertion `left == right` failed; left: 2; right: 3");
        let odd = caught(|| std::panic::panic_any(1_u8)).unwrap_err();
        assert_eq!(odd.message, "without a message");
    }
}
