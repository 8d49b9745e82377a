//! What a run would do, and how to show it. Pure: a plan sees a host only through a [`ReadSystem`](crate::ReadSystem).

mod directories;
mod guarded;
mod owed;
mod planner;
mod types;
mod unified;

pub(crate) use guarded::guarded;
pub(crate) use owed::judge_owed;
pub use planner::plan;
pub use types::{Because, Certainty, Plan, Planned, PlannedOrphan, PlannedRefresh, PlannedResource};
pub use unified::{ChangeText, change_text};
