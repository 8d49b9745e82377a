//! From a cluster to a catalog for each host: pure, deterministic, and complete in its errors.
//!
//! `phases` asks the roles, in three rounds; `graph` turns what one host's roles declared into a catalog, with `declared`
//! finding the edges that the definition declares, `edges` the automatic ones, and `order` the cycles and the order;
//! `conflicts` are resources that can't both be had, `links` those that a link leads together. `workloads` asks the
//! schedulers what runs on the cluster.
#![doc = include_str!("edges.md")]

mod compiled;
mod conflicts;
mod containers;
mod declared;
mod edges;
mod graph;
mod links;
mod node;
mod order;
mod phases;
mod workloads;

pub use compiled::{Compiled, CompiledHost};
pub use phases::compile;
