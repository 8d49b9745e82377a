//! From a cluster to a catalog for each host: pure, deterministic, and complete in its errors.
//!
//! `phases` asks the roles, in three rounds; `graph` turns what one host's roles declared into a catalog, with
//! `edges` finding the automatic edges and `order` the cycles and the order.

mod compiled;
mod edges;
mod graph;
mod node;
mod order;
mod phases;

pub use compiled::{Compiled, CompiledHost};
pub use phases::compile;
