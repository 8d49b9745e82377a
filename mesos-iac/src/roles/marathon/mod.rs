//! Marathon.

mod api;

pub use api::MarathonApi;
