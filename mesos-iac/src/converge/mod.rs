//! Brings a machine to its catalog, and tells what happened as events. Synchronous and plain: the same code runs on a
//! host, in a sandbox and in memory.
#![doc = include_str!("refreshes.md")]

mod begin;
mod event;
mod executor;
mod owning;
mod packages;
mod places;
mod pool;
mod prune;
mod recovery;
mod redact;
mod refreshes;
mod retries;
mod schedule;
mod undo;

pub use event::{Event, OrphanOutcome, Outcome, RefreshOutcome, Summary};
pub use executor::{Control, ConvergeOptions, converge};
pub use prune::forget;
pub use undo::{UndoOptions, Undone, undo, undo_log};
