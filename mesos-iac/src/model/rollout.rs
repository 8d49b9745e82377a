use serde::Serialize;
use std::fmt;

/// What changing the hosts of a role one after the other has to heed: in which order, how many at once, and what must be
/// true before the next. Data that a role carries ([`Declares::rollout`](super::Declares::rollout)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rollout {
    /// Which host goes when.
    pub order: RolloutOrder,
    /// How many may be down at once, those counted that already are.
    pub max_down: MaxDown,
    /// What must be true of all hosts of the role before the next one is touched.
    pub gate: Gate,
}

/// In which order the hosts of a role are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RolloutOrder {
    /// In that of their declaration.
    Declared,
    /// The others first, whoever leads them last, so that leadership moves once.
    LeaderLast,
}

/// How many hosts of a role may be down at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MaxDown {
    /// So many.
    Count(u16),
    /// So many of a hundred, rounded down, and one at least.
    Percent(u8),
    /// As many as leave a majority, and one at the most: `(n - 1) / 2`, capped.
    OneWithQuorum,
}

/// What is asked of the hosts of a role to know that they are well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Gate {
    /// `srvr` is answered by each server on this port, and exactly one of them leads.
    ZooKeeper {
        /// The client port.
        port: u16,
    },
    /// `/metrics/snapshot` on this port: the sum of `master/elected` is 1, every `registrar/log/recovered` is 1, every
    /// `registrar/log/ensemble_size` is the number of masters. `/health` answers 200 without a quorum, so it won't do.
    MesosMaster {
        /// The port.
        port: u16,
    },
    /// `/metrics/snapshot` on this port: `slave/registered` is 1.
    MesosAgent {
        /// The port.
        port: u16,
    },
    /// `GET` of this path on this port answers 200.
    Http {
        /// The port.
        port: u16,
        /// The path, such as `/ping`.
        path: String,
    },
    /// The unit is active, and stays so.
    Unit {
        /// The unit.
        name: String,
    },
}

impl MaxDown {
    /// How many of `hosts` may be down at once.
    ///
    /// ```
    /// # use mesos_iac::MaxDown;
    /// assert_eq!(MaxDown::OneWithQuorum.of(3), 1);
    /// assert_eq!(MaxDown::OneWithQuorum.of(2), 0, "one of two is no majority");
    /// assert_eq!(MaxDown::OneWithQuorum.of(1), 1, "whoever is alone is down while it restarts");
    /// assert_eq!(MaxDown::Percent(10).of(5), 1);
    /// ```
    #[must_use]
    pub const fn of(self, hosts: usize) -> usize {
        match self {
            Self::Count(count) => count as usize,
            Self::Percent(percent) => match hosts * percent as usize / 100 {
                0 => 1,
                some => some,
            },
            Self::OneWithQuorum => match hosts {
                0 => 0,
                1 => 1,
                2 => 0,
                _ => 1,
            },
        }
    }
}

impl fmt::Display for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.order {
            RolloutOrder::Declared => "in order of declaration",
            RolloutOrder::LeaderLast => "leader last",
        };
        write!(f, "{order}, {}, gate: {}", self.max_down, self.gate)
    }
}

impl fmt::Display for MaxDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count} at once"),
            Self::Percent(percent) => write!(f, "{percent} % at once"),
            Self::OneWithQuorum => f.write_str("one at once while the others are a majority"),
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZooKeeper { port } => write!(f, "srvr on {port}, one leader"),
            Self::MesosMaster { port } => write!(f, "metrics on {port}, one elected, log recovered and whole"),
            Self::MesosAgent { port } => write!(f, "metrics on {port}, registered"),
            Self::Http { port, path } => write!(f, "GET {path} on {port}"),
            Self::Unit { name } => write!(f, "{name} is active"),
        }
    }
}
