//! ZooKeeper: an ensemble made of the hosts that have the role.

mod layout;
mod role;

pub use layout::{HeapIn, ZooKeeperLayout};
pub use role::{AdminServer, ZooKeeper, ZooKeeperHost, ZooKeeperServer};
