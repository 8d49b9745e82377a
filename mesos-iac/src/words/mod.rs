//! The words that every other floor uses: names, patterns, paths, modes, durations, secrets and source locations.
//!
//! Nothing here knows of a cluster or a host; this floor uses the standard library and serde only.

mod abs_path;
mod command_line;
mod duration;
mod fold;
mod host_pattern;
mod listed;
mod location;
mod mode;
mod name;
mod secret;
mod ssh_words;
mod system_names;
mod visible;

pub(crate) use abs_path::LONGEST as LONGEST_PATH;
pub use abs_path::{AbsPath, PathError};
pub use command_line::{CommandLine, CommandLineError};
pub use duration::{DurationError, HumanDuration};
pub use fold::fold_names;
pub use host_pattern::{HostPattern, PatternError};
pub(crate) use listed::listed;
pub use location::Location;
pub use mode::{Mode, ModeError};
pub use name::{HostName, KindName, NameError, ResourceId};
#[cfg(any(feature = "roles", test))]
pub(crate) use secret::OWN_FIELDS;
pub use secret::{SECRET_FIELD, Secret, SecretSource, SecretSourceError, SecretText};
pub(crate) use ssh_words::{NOT_IN_ADDRESSES, NOT_IN_LOGINS, check_command_line_word};
pub(crate) use system_names::{check_account_name, check_package_name, check_package_version, check_unit_name};
pub(crate) use visible::visible;
#[cfg(feature = "controller")]
pub(crate) use visible::visible_lines;
