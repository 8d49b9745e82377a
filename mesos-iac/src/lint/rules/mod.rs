//! Rules that concern every cluster. Those of the role library stand with it.

mod ssh;
mod text;

pub use ssh::SSH_ROOT_LOGIN;
pub use text::{CRLF_LINES, TYPOGRAPHIC_DAMAGE};
