//! Brings a machine to its catalog, and tells what happened as events. Synchronous and plain: the same code runs on a
//! host, in a sandbox and in memory.

mod event;
mod executor;
mod redact;
mod refreshes;

pub use event::{Event, Outcome, RefreshOutcome, Summary};
pub use executor::{Control, converge};
pub use redact::Redactor;
