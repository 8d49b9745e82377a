use super::error::HostError;
use crate::converge::{Event, Summary};
use crate::model::Facts;
use crate::plan::Plan;
use crate::words::HostName;

/// Something that happened in a run over many hosts.
#[derive(Debug)]
pub enum FleetEvent {
    /// A host is being reached.
    HostStarted {
        /// Which.
        host: HostName,
    },
    /// An agent was brought to a host, because it wasn't there.
    AgentUploaded {
        /// To which host.
        host: HostName,
        /// How many bytes were sent for it.
        bytes: u64,
    },
    /// A host's agent answered, and the host is what the definition says.
    HostWelcomed {
        /// Which.
        host: HostName,
        /// What is true of it.
        facts: Facts,
    },
    /// Something happened on a host.
    Host {
        /// Which.
        host: HostName,
        /// What.
        event: Event,
    },
    /// A host says that it is still at work; it does every few seconds.
    HostAlive {
        /// Which.
        host: HostName,
    },
    /// A run that is undone otherwise was confirmed over a new connection.
    HostConfirmed {
        /// Which.
        host: HostName,
    },
    /// A host is done with. Every host that was selected has exactly one of these.
    HostFinished {
        /// Which.
        host: HostName,
        /// How it went.
        result: HostResult,
        /// What was sent to it.
        traffic: Traffic,
    },
}

/// How it went with a host.
#[derive(Debug)]
pub enum HostResult {
    /// It was converged as far as that was possible.
    Converged(Summary),
    /// It was planned.
    Planned(Plan),
    /// Neither.
    Failed(HostError),
}

/// What was sent to a host, in bytes, before encryption.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The agent, compressed.
    pub program: u64,
    /// Catalog, secrets and everything else.
    pub messages: u64,
}
