use super::rules::{self, Rules};
use super::{Facts, table};
use crate::roles::Version;

/// A program whose flags are known: [`Master`], [`Agent`], [`Marathon`] or [`Chronos`].
pub trait Program: private::Sealed + 'static {
    /// What is known of it.
    #[doc(hidden)]
    const KNOWN: &'static Known;
}

mod private {
    pub trait Sealed {}
}

/// How a program reads flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `--name=value`, `--name`, `--no-name`; files in the place of values.
    Mesos,
    /// `--name value`, `--name`, and flags of their own that switch others off.
    Scallop,
}

/// What is known of a program and its flags.
#[derive(Debug)]
pub struct Known {
    pub(super) name: &'static str,
    pub(super) product: &'static str,
    pub(super) dialect: Dialect,
    /// What its variables in the environment begin with; none if it reads no flags from there.
    pub(super) prefix: Option<&'static str>,
    pub(super) tables: &'static [&'static [&'static Facts]],
    /// The versions whose sources the facts are from, in their order.
    pub(super) versions: &'static [Version],
    pub(super) rules: Rules,
}

impl Known {
    /// All flags, in the order of the tables.
    pub(super) fn flags(&self) -> impl Iterator<Item = &'static Facts> {
        self.tables.iter().copied().flatten().copied()
    }
}

macro_rules! program {
    ($(#[$doc:meta])* $name:ident = $known:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {}

        impl private::Sealed for $name {}

        impl Program for $name {
            const KNOWN: &'static Known = &$known;
        }
    };
}

program! {
    /// `mesos-master`.
    Master = Known {
        name: "mesos-master",
        product: "Mesos",
        dialect: Dialect::Mesos,
        prefix: Some("MESOS_"),
        tables: &[table::master::ALL],
        versions: &MESOS,
        rules: rules::MASTER,
    }
}

program! {
    /// `mesos-agent`, which was `mesos-slave` before 1.0.
    Agent = Known {
        name: "mesos-agent",
        product: "Mesos",
        dialect: Dialect::Mesos,
        prefix: Some("MESOS_"),
        tables: &[table::agent::ALL, table::agent_containers::ALL, table::agent_network::ALL],
        versions: &MESOS,
        rules: rules::AGENT,
    }
}

program! {
    /// Marathon.
    Marathon = Known {
        name: "marathon",
        product: "Marathon",
        dialect: Dialect::Scallop,
        prefix: Some("MARATHON_"),
        tables: &[table::marathon::ALL, table::marathon_tuning::ALL],
        versions: &MARATHON,
        rules: rules::MARATHON,
    }
}

program! {
    /// Chronos.
    Chronos = Known {
        name: "chronos",
        product: "Chronos",
        dialect: Dialect::Scallop,
        prefix: None,
        tables: &[table::chronos::ALL],
        versions: &CHRONOS,
        rules: rules::CHRONOS,
    }
}

const fn v(major: u16, minor: u16, patch: u16) -> Version {
    Version::new(major, minor, patch)
}

/// The releases of Mesos from 0.19.0 on, and 1.12.0, which stands for the branch that was never released.
#[rustfmt::skip]
const MESOS: [Version; 65] = [
    v(0, 19, 0), v(0, 19, 1), v(0, 20, 0), v(0, 20, 1), v(0, 21, 0), v(0, 21, 1), v(0, 21, 2), v(0, 22, 0), v(0, 22, 1),
    v(0, 22, 2), v(0, 23, 0), v(0, 23, 1), v(0, 24, 0), v(0, 24, 1), v(0, 24, 2), v(0, 25, 0), v(0, 25, 1), v(0, 26, 0),
    v(0, 26, 1), v(0, 26, 2), v(0, 27, 0), v(0, 27, 1), v(0, 27, 2), v(0, 27, 3), v(0, 28, 0), v(0, 28, 1), v(0, 28, 2),
    v(0, 28, 3), v(1, 0, 0), v(1, 0, 1), v(1, 0, 2), v(1, 0, 3), v(1, 0, 4), v(1, 1, 0), v(1, 1, 1), v(1, 1, 2), v(1, 1, 3),
    v(1, 2, 0), v(1, 2, 1), v(1, 2, 2), v(1, 2, 3), v(1, 3, 0), v(1, 3, 1), v(1, 3, 2), v(1, 4, 0), v(1, 4, 1), v(1, 4, 2),
    v(1, 4, 3), v(1, 5, 0), v(1, 5, 1), v(1, 5, 2), v(1, 5, 3), v(1, 6, 0), v(1, 6, 1), v(1, 6, 2), v(1, 7, 0), v(1, 7, 1),
    v(1, 7, 2), v(1, 7, 3), v(1, 8, 0), v(1, 8, 1), v(1, 9, 0), v(1, 10, 0), v(1, 11, 0), v(1, 12, 0),
];

/// The releases of Marathon whose sources were read, and 1.12.0, which stands for the end of its development.
const MARATHON: [Version; 8] = [
    v(0, 8, 2),
    v(0, 15, 3),
    v(1, 1, 7),
    v(1, 4, 13),
    v(1, 5, 15),
    v(1, 8, 244),
    v(1, 10, 26),
    v(1, 12, 0),
];

/// The one state of Chronos whose sources were read: the end of its development, after all releases.
const CHRONOS: [Version; 1] = [v(3, 1, 0)];
