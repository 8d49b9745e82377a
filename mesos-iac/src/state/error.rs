use super::lock::Holder;
use crate::words::{HostName, visible};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a host's state can't be worked with. Each message reads after "failed to". Nothing was touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// Another run is at work on the host.
    #[error("lock the host: {}", .0.as_ref().map_or_else(|| "another run is at work on it".to_owned(), ToString::to_string))]
    Locked(Option<Holder>),
    /// An earlier run waits to be confirmed.
    #[error("lock the host: a run of {} waits to be confirmed, and is undone unless it is", visible(.0))]
    Unconfirmed(String),
    /// An earlier run is to be undone first, and a plan doesn't say that.
    #[error("apply the plan: a run of {} is to be undone first, since nobody confirmed it", visible(.0))]
    UndoDue(String),
    /// There is no run that waits to be confirmed: it was undone.
    #[error("confirm the run: it doesn't wait for that any more; it was undone")]
    NotWaiting,
    /// The state belongs to something else.
    #[error("take over the host's state: {0}")]
    Foreign(Mismatch),
    /// The state was written by a newer release.
    #[error("read the host's state: {file} has format {found}, and this release knows formats up to {known}")]
    Newer {
        /// Which file.
        file: String,
        /// Its format.
        found: u32,
        /// The newest that is known.
        known: u32,
    },
    /// A file is no such file.
    #[error("read the host's state: {file}: {why}")]
    Damaged {
        /// Which file.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// The kernel refused: no space, no permission.
    #[error("{action} the host's state: {file}: {why}")]
    Io {
        /// What was tried, as a verb.
        action: String,
        /// Which file.
        file: String,
        /// The reason given.
        why: String,
    },
}

/// What the state belongs to, where that isn't what the run is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Mismatch {
    /// Another cluster.
    Cluster {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
    /// Another host of the cluster.
    Host {
        /// Whose it is.
        found: HostName,
        /// Whose it should be.
        expected: HostName,
    },
    /// Another machine: a re-imaged one, or an image that was made with state on it.
    Machine,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster { found, expected } => {
                write!(f, "it belongs to the cluster {found:?}, and this is {expected:?}")
            }
            Self::Host { found, expected } => write!(f, "it belongs to the host {found}, and this is {expected}"),
            Self::Machine => f.write_str("it was made on another machine (/etc/machine-id differs)"),
        }
    }
}

impl StateError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::UndoDue(_) => "run `apply` without a plan, which undoes it, or make a new plan after that",
            Self::Unconfirmed(_) => "wait until one or the other has happened, and run again",
            Self::NotWaiting => "`plan` shows how the host is now; allow more time with `--confirm`",
            Self::Locked(_) => "wait until it is done, and run again",
            Self::Foreign(Mismatch::Cluster { .. }) => {
                "if this host was handed over, run `apply --adopt` once: what the other cluster owned is left as it is"
            }
            Self::Foreign(Mismatch::Host { .. }) => {
                "if the host was renamed in the definition, run `apply --renamed-from OLD` once; if two hosts have one \
                 address, correct it"
            }
            Self::Foreign(Mismatch::Machine) => {
                "if the machine was re-imaged or cloned on purpose, run `apply --reimaged` once: what the state says is \
                 forgotten"
            }
            Self::Newer { .. } => "use the release that wrote it, or a newer one",
            Self::Damaged { .. } => "move the file away: what it said is lost, and nothing else",
            Self::Io { .. } => "see to the host's disk, and run again",
        }
    }
}
