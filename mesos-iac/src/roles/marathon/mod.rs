//! Marathon, and where others find it.

mod api;
mod elsewhere;
mod layout;
mod role;

pub use api::MarathonApi;
pub use elsewhere::MarathonElsewhere;
pub use layout::MarathonLayout;
pub use role::Marathon;
