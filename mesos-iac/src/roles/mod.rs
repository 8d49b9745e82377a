//! The role library: clusters of ZooKeeper, Mesos, Marathon, Chronos, HAProxy and Docker, as roles that compose.

pub mod haproxy;
pub mod marathon;
pub mod zookeeper;
