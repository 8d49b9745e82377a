use super::layout::{FlagsIn, MesosLayout};

/// One of the two daemons of Mesos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::roles) enum Daemon {
    Master,
    Agent,
}

impl Daemon {
    pub(in crate::roles) const fn description(self) -> &'static str {
        match self {
            Self::Master => "Mesos master",
            Self::Agent => "Mesos agent",
        }
    }

    /// What `mesos-init-wrapper` calls it.
    pub(super) const fn wrapped(self, layout: &MesosLayout) -> &'static str {
        match (self, layout.flags) {
            (Self::Master, _) => "master",
            (Self::Agent, FlagsIn::ApacheWrapper) => "agent",
            (Self::Agent, _) => "slave",
        }
    }
}
