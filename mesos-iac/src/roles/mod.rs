//! The role library: clusters of ZooKeeper, Mesos, Marathon, Chronos, HAProxy and Docker, as roles that compose.
//!
//! What masters and agents share is said once, as a value ([`mesos::Mesos`]), of which the roles are made. Where a package
//! keeps its things is a layout that is chosen explicitly; where the software comes from is a [`Source`], and no repository
//! is one by default. Flags are typed, and checked against the version that reads them ([`flags`]). Every role carries what
//! a rollout has to heed ([`Rollout`](crate::Rollout)). What hurts such clusters is looked for by [`lints`].
#![doc = include_str!("capabilities.md")]

pub mod chronos;
pub mod docker;
pub mod flags;
mod framework;
pub mod haproxy;
pub mod lints;
pub mod marathon;
pub mod mesos;
mod pins;
mod placed;
mod source;
mod version;
pub mod zookeeper;

pub use source::{Installed, Repository, Source};
pub use version::{Version, VersionError};
