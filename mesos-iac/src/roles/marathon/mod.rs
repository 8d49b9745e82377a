//! Marathon, and where others find it.

mod api;
mod layout;
mod role;

pub use api::MarathonApi;
pub use layout::MarathonLayout;
pub use role::Marathon;
