//! The flags of mesos-master, mesos-agent, Marathon and Chronos: typed, and checked against the version that is to read them.
//!
//! [`master`], [`agent`], [`marathon`] and [`chronos`] have a constant for each flag, which knows the type of its value;
//! [`Flags`] collects what is set, and [`Flags::checked`] tells every mistake before any host is touched. What comes out are
//! [`CheckedFlag`]s, which know how a command line, a directory of flag files and an environment write them.
//!
//! # What the tables rest on
//!
//! Mesos: the declarations in the sources of all releases from 0.19.0 to 1.11.0, and of the branch after them, which stands
//! here as 1.12.0. Marathon: those of 0.8.2, 0.15.3, 1.1.7, 1.4.13, 1.5.15, 1.8.244, 1.10.26, and of the end of its
//! development, which stands here as 1.12.0. Chronos: those of the end of its development. What another version has follows
//! from its neighbours: where they differ, or one of them wasn't read, a flag is [`Basis::Likely`] and not refused.
//! A release of Mesos that is none of these, mistyped or older than 0.19.0, is told by the lint `unknown-release`.

mod builder;
mod bytes;
mod check;
mod checked_flag;
mod choice;
mod duration;
mod facts;
mod form;
mod form_error;
mod program;
mod rate;
mod rules;
mod spans;
mod table;
mod value;

pub use builder::Flags;
pub use bytes::Bytes;
pub(in crate::roles) use check::{ByHand, by_hand};
pub use checked_flag::{Basis, CheckedFlag, EnvironmentLine, FlagFile, FlagText};
pub use choice::{ImageBackend, Launcher, LoggingLevel, ReconfigurationPolicy, Recover, Registry, Sorter};
pub use duration::MesosDuration;
pub use facts::{Facts, Flag};
pub use form_error::FormError;
pub use program::{Agent, Chronos, Known, Marathon, Master, Program};
pub use rate::{Percent, Rate};
pub use spans::{Span, Spans};
pub use table::{agent_all as agent, chronos, marathon_all as marathon, master};
pub use value::{FlagPath, FlagValue, Form, Json, List, Milliseconds, NameAndPassword, Seconds, UintList, Written};

use program::Dialect;

/// The releases whose sources the tables are from, in their order.
pub(in crate::roles) fn releases<P: Program>() -> &'static [crate::roles::Version] {
    P::KNOWN.versions
}

/// All that is known of the flags of a program.
pub fn facts<P: Program>() -> impl Iterator<Item = &'static Facts> {
    P::KNOWN.flags()
}
