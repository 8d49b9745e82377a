//! The tables: a row for each flag, with all that is known of it.

use super::facts::Word;
use super::{
    Agent, Bytes, Chronos, Facts, Flag, FlagPath, ImageBackend, Json, Launcher, List, LoggingLevel, Marathon, Master,
    MesosDuration, Milliseconds, NameAndPassword, Percent, Rate, ReconfigurationPolicy, Recover, Registry, Seconds,
    Sorter, UintList,
};

/// Makes a typed constant of each row, and a list of all.
///
/// A row is: what the flag says, the name of the constant, the type of the value, the newest name, the versions that have it
/// under that name, and what else is known, as the methods of `Facts` that make one.
macro_rules! flags {
    ($program:ty; $(
        $(#[$doc:meta])*
        $name:ident: $value:ty = $flag:literal in $spans:literal $(, $method:ident($($argument:expr),*))*;
    )+) => {
        $(
            $(#[$doc])*
            #[doc = concat!("\n\n`--", $flag, "`, in versions `", $spans, "`.")]
            pub const $name: Flag<$program, $value> = {
                const FACTS: &Facts = &Facts::new($flag, $spans)$(.$method($($argument),*))*.of::<$value>();
                Flag::new(FACTS)
            };
        )+

        pub(in crate::roles::flags) const ALL: &[&Facts] = &[$($name.facts),+];
    };
}

pub(super) mod agent;
pub(super) mod agent_containers;
pub(super) mod agent_network;
pub mod chronos;
pub(super) mod marathon;
pub(super) mod marathon_tuning;
pub mod master;

/// The flags of `mesos-agent`, which was `mesos-slave` before 1.0.
pub mod agent_all {
    pub use super::{agent::*, agent_containers::*, agent_network::*};
}

/// The flags of Marathon.
pub mod marathon_all {
    pub use super::{marathon::*, marathon_tuning::*};
}
