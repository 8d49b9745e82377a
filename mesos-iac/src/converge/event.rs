use crate::model::{ChangeCause, Diff, Ownership, RefreshAction};
use crate::plan::Plan;
use crate::words::{HumanDuration, ResourceId};
use serde::{Deserialize, Serialize};

/// Something that happened on a host. Reports are made of these and of nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Event {
    /// A run began.
    RunStarted {
        /// How many resources the catalog has.
        resources: usize,
    },
    /// A resource is done with.
    ResourceFinished {
        /// Which.
        id: ResourceId,
        /// How it went.
        outcome: Outcome,
        /// Why it differed, if it did.
        cause: Option<ChangeCause>,
        /// How long it took.
        milliseconds: u64,
    },
    /// A resource failed, and is tried again.
    Retrying {
        /// Which.
        id: ResourceId,
        /// How it failed.
        why: String,
        /// Which try comes next, the first not counted.
        nth: u32,
        /// How many there are.
        of: u32,
        /// After how long.
        pause: HumanDuration,
    },
    /// A refresh is done with.
    RefreshFinished {
        /// What was to be refreshed.
        target: ResourceId,
        /// How.
        action: RefreshAction,
        /// Whose changes caused it.
        because: Vec<ResourceId>,
        /// Whether an earlier run came to owe it.
        is_recovered: bool,
        /// How it went.
        outcome: RefreshOutcome,
    },
    /// Something that we own and that isn't in the definition any more is done with.
    OrphanFinished {
        /// Which.
        id: ResourceId,
        /// How we came to own it.
        ownership: Ownership,
        /// What became of it.
        outcome: OrphanOutcome,
    },
    /// The run is undone unless it is confirmed over a new connection within this time of its end.
    Armed(HumanDuration),
    /// The run is at this, which may take a while: `packages`, `restart service[zookeeper]`.
    Working(String),
    /// A plan was made.
    Planned(Plan),
    /// Something that whoever reads the report should know.
    Noted(String),
    /// Part of what the host keeps from run to run can't be read. A run that says so isn't a success, whatever it does.
    Damaged(String),
    /// What an earlier run did that nobody heard of: its controller went away.
    Earlier {
        /// Who started it, and where: `anna@workstation`.
        who: String,
        /// How long ago it began, in seconds.
        ago: u64,
        /// What happened, but for what was as desired.
        events: Vec<Self>,
    },
    /// The run ended by itself; a run without this event broke off.
    RunFinished(Summary),
}

impl Event {
    /// Whether somebody has to hear of it, sooner or later. The rest says that all is as it was.
    #[must_use]
    pub const fn is_worth_keeping(&self) -> bool {
        !matches!(
            self,
            Self::RunStarted { .. }
                | Self::ResourceFinished {
                    outcome: Outcome::NoChange,
                    ..
                }
                | Self::RefreshFinished {
                    outcome: RefreshOutcome::Satisfied,
                    ..
                }
                | Self::Armed(_)
                | Self::Working(_)
                | Self::Planned(_)
                | Self::RunFinished(_)
        )
    }
}

/// How it went with a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Outcome {
    /// It was as desired.
    NoChange,
    /// It differed like this, and doesn't any more.
    Changed(Diff),
    /// It differs like this, and the plan that bounds the run doesn't change it, so nothing was done.
    OutOfBounds(Diff),
    /// The system has no way to know, so nothing was done.
    Unknown(String),
    /// It couldn't be checked or changed.
    Failed(String),
    /// It wasn't tried, because something that it needs failed.
    Skipped {
        /// What failed.
        because: ResourceId,
    },
    /// It wasn't reached, because the run was asked to stop.
    NotReached,
}

/// How it went with a refresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RefreshOutcome {
    /// It was done.
    Done,
    /// It was needless: the target was started after the change, or has nothing to refresh.
    Satisfied,
    /// The system has no way to do it.
    Unknown(String),
    /// It failed.
    Failed(String),
    /// The plan that bounds the run doesn't have it, so it wasn't done and stays owed.
    OutOfBounds,
    /// It wasn't tried, because something that the target needs failed.
    Held {
        /// What failed.
        because: ResourceId,
    },
    /// It wasn't reached, because the run was asked to stop.
    NotReached,
}

/// What became of something that we own and that isn't in the definition any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum OrphanOutcome {
    /// It is there and stays ours: nobody asked for its removal, or it can't be removed yet.
    Kept(String),
    /// It was removed.
    Removed(Diff),
    /// It stays there and isn't ours any more.
    Released(String),
    /// It couldn't be removed.
    Failed(String),
}

/// A run in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Resources that were as desired.
    pub unchanged: usize,
    /// Resources that were changed.
    pub changed: usize,
    /// Resources that differ, and refreshes that are owed, and that the plan that bounds the run doesn't have.
    pub out_of_bounds: usize,
    /// Resources that nothing is known of.
    pub unknown: usize,
    /// Resources that failed.
    pub failed: usize,
    /// Resources that weren't tried.
    pub skipped: usize,
    /// Orphans that were removed.
    pub pruned: usize,
    /// Refreshes that were done.
    pub refreshed: usize,
    /// Refreshes that failed.
    pub refreshes_failed: usize,
    /// Refreshes that are owed: held, or not reached.
    pub refreshes_owed: usize,
    /// Whether the run was asked to stop before its end.
    pub stopped: bool,
}

impl Summary {
    /// Counts an event.
    pub const fn count(&mut self, event: &Event) {
        match event {
            Event::ResourceFinished { outcome, .. } => match outcome {
                Outcome::NoChange => self.unchanged += 1,
                Outcome::Changed(_) => self.changed += 1,
                Outcome::OutOfBounds(_) => self.out_of_bounds += 1,
                Outcome::Unknown(_) => self.unknown += 1,
                Outcome::Failed(_) => self.failed += 1,
                Outcome::Skipped { .. } => self.skipped += 1,
                Outcome::NotReached => {
                    self.skipped += 1;
                    self.stopped = true;
                }
            },
            Event::RefreshFinished { outcome, .. } => match outcome {
                RefreshOutcome::Done => self.refreshed += 1,
                RefreshOutcome::Failed(_) => self.refreshes_failed += 1,
                RefreshOutcome::OutOfBounds => self.out_of_bounds += 1,
                RefreshOutcome::Held { .. } => self.refreshes_owed += 1,
                RefreshOutcome::NotReached => {
                    self.refreshes_owed += 1;
                    self.stopped = true;
                }
                RefreshOutcome::Satisfied | RefreshOutcome::Unknown(_) => {}
            },
            Event::OrphanFinished { outcome, .. } => match outcome {
                OrphanOutcome::Removed(_) => self.pruned += 1,
                OrphanOutcome::Failed(_) => self.failed += 1,
                OrphanOutcome::Kept(_) | OrphanOutcome::Released(_) => {}
            },
            Event::Damaged(_) => self.failed += 1,
            Event::RunStarted { .. }
            | Event::Planned(_)
            | Event::Armed(_)
            | Event::Working(_)
            | Event::Retrying { .. }
            | Event::Noted(_)
            | Event::Earlier { .. }
            | Event::RunFinished(_) => {}
        }
    }

    /// Whether everything went well.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.failed == 0 && self.skipped == 0 && self.refreshes_failed == 0 && self.refreshes_owed == 0 && !self.stopped
    }

    /// Whether anything was changed on the host.
    #[must_use]
    pub const fn changed_anything(&self) -> bool {
        self.changed > 0 || self.pruned > 0 || self.refreshed > 0
    }
}
