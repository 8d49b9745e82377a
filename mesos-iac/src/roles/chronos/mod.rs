//! Chronos, and where others find it.

mod api;
mod layout;
mod role;

pub use api::ChronosApi;
pub use layout::ChronosLayout;
pub use role::Chronos;
