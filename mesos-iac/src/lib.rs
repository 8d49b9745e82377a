//! Clusters as Rust programs.

// The macros write `::mesos_iac::…`, within this crate too.
extern crate self as mesos_iac;

pub mod words;
pub mod model;
pub mod kinds;
pub mod compile;
pub mod plan;
pub mod system;
pub mod converge;
pub mod agent;
mod agent_main;
#[cfg(feature = "controller")]
pub mod transport;
#[cfg(feature = "controller")]
pub mod fleet;
#[cfg(feature = "controller")]
pub mod report;
#[cfg(feature = "controller")]
pub mod cli;
#[cfg(feature = "testing")]
pub mod testing;

pub use agent_main::agent_main;
#[cfg(feature = "controller")]
pub use cli::main;
pub use kinds::*;
pub use model::*;
pub use words::*;
pub use compile::{Compiled, CompiledHost};

#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "testing")]
    pub use insta;
    pub use {inventory, minijinja, serde, serde_json, typetag};

    /// Whether a template's variable is a field, decided as the program compiles.
    #[must_use]
    pub const fn has_field(fields: &[&str], field: &str) -> bool {
        let mut index = 0;
        while index < fields.len() {
            if equal(fields[index].as_bytes(), field.as_bytes()) {
                return true;
            }
            index += 1;
        }
        false
    }

    const fn equal(a: &[u8], b: &[u8]) -> bool {
        if a.len() != b.len() {
            return false;
        }
        let mut index = 0;
        while index < a.len() {
            if a[index] != b[index] {
                return false;
            }
            index += 1;
        }
        true
    }
}

pub mod prelude { pub use crate::*; pub use mesos_iac_macros::*; }
