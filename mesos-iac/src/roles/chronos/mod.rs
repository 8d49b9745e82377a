//! Chronos, and where others find it.

mod api;
mod role;

pub use api::ChronosApi;
pub use role::Chronos;
