use crate::model::{Error, Result, caught};

/// A panic in somebody's kind is the failure of one resource, not of the run.
pub(crate) fn guarded<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(work).unwrap_or_else(|panicked| Err(Error::message(format!("{what}: the kind's code {panicked}"))))
}
