use crate::model::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A panic in somebody's kind is the failure of one resource, not of the run.
pub(crate) fn guarded<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let why = panic.downcast_ref::<&str>().copied().map(ToOwned::to_owned);
        let why = why
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Err(Error::message(format!("{what}: the kind's code panicked: {why}")))
    })
}
