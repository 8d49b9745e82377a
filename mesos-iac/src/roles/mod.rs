//! The role library: clusters of ZooKeeper, Mesos, Marathon, Chronos, HAProxy and Docker, as roles that compose.

pub mod chronos;
pub mod docker;
pub mod flags;
pub mod haproxy;
pub mod lints;
pub mod marathon;
pub mod mesos;
mod source;
mod version;
pub mod zookeeper;

pub use source::{Installed, Repository, Source};
pub use version::{Version, VersionError};
