//! What is kept on a host from run to run: who owns what (the ledger), which refreshes are owed (the journal), which
//! cluster the host belongs to, and that one run at a time works on it.
//!
//! All of it stands in one directory that only root may read. The journal is appended to and made durable *before* the
//! change that it tells of; at the end of a run it is folded into the ledger, which is replaced in one step.

mod disk;
mod error;
mod journal;
mod key;
mod ledger;
mod lock;
mod owner;
mod reports;
mod salvage;
mod store;
mod undo;

pub use error::{Mismatch, StateError};
pub(crate) use key::HostKey;
pub use lock::{Hold, Holder};
pub use owner::{HostIdentity, Takeover};
pub use reports::{KeptReport, Reports};
pub use store::{STATE_DIRECTORY, Store, take_back};
pub use undo::{Armed, PathBefore, UndoLog, UndoStep, Waiting};
