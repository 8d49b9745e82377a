//! From a cluster to a catalog for each host: pure, deterministic, and complete in its errors.
//!
//! [`phases`] asks the roles, in three rounds; [`graph`] turns what one host's roles declared into a catalog, with
//! [`edges`] finding the automatic edges and [`order`] the cycles and the order.

mod edges;
mod graph;
mod order;
mod phases;

pub use phases::{Compiled, CompiledHost, compile};
