//! The machine that this program runs on, read and changed in-process wherever that is possible.
//!
//! One file has one subject: [`Root`] finds paths safely, [`Files`] reads and changes what stands there, and beside them are
//! dpkg's database, apt-get, the user database, systemd and running programs. [`LocalSystem`] puts them together.

mod account_files;
mod account_tools;
mod accounts;
mod apt;
mod apt_forecast;
mod apt_source;
mod apt_words;
mod artifacts;
mod bus;
mod bus_message;
mod cache;
mod convert;
mod cores;
mod debian_version;
mod dpkg;
mod dpkg_status;
mod enclosure;
mod facts;
mod files;
mod guard;
mod http;
mod local_system;
mod process;
mod program;
mod reading;
mod refusal;
mod root;
mod scope;
mod services_denied;
mod systemd;
mod tail;
mod temp_name;
mod unit_files;
mod walk;
mod wanted;
mod write;
mod xattr;

pub(crate) use cores::write_no_core;
pub use dpkg_status::{PackageRecord, PackageState};
pub use files::{Durability, Files, Note, Ownership};
pub use local_system::LocalSystem;
pub use root::Root;
pub use write::{Draft, Verifier};

pub(super) use http::ask;
