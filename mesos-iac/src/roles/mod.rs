//! The role library: clusters of ZooKeeper, Mesos, Marathon, Chronos, HAProxy and Docker, as roles that compose.

pub mod flags;
pub mod haproxy;
pub mod marathon;
pub mod mesos;
mod version;
pub mod zookeeper;

pub use version::{Version, VersionError};
