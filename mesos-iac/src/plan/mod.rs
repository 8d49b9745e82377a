//! What a run would do, and how to show it. Pure: a plan sees a host only through a [`ReadSystem`](crate::ReadSystem).

mod accounts;
mod bounds;
mod directories;
mod guarded;
mod lasting;
mod links;
mod locations;
mod owed;
mod packages;
mod planner;
mod provided;
mod refreshes;
mod saved;
mod seal;
mod types;
mod unified;
mod witness;

pub use bounds::{Bounds, Difference, beyond};
pub(crate) use guarded::guarded;
pub use lasting::{lasting, lasting_text};
pub(crate) use links::Linked;
pub(crate) use locations::{Locations, location};
pub(crate) use owed::judge_owed;
pub use planner::{plan, plan_orphans};
pub use saved::{SavedHost, SavedPlan, SavedPlanError};
pub use types::{
    Because, Certainty, Doubt, Plan, Planned, PlannedOrphan, PlannedRefresh, PlannedResource, PlannedTransaction,
};
pub use unified::{ChangeText, change_text};
