//! A run over many hosts: each in a task of its own, each with exactly one result, whatever happens to it.
//!
//! [`run_hosts`] speaks with agents over SSH, [`run_sandboxes`] works in directories; both tell what happens as
//! [`FleetEvent`]s, so that nothing that reports needs to know which it was.

mod adhoc;
mod bootstrap;
mod conversation;
mod elf;
mod error;
mod event;
mod hosts;
mod program;
mod sandboxes;
mod secrets;
mod stop;
mod upload;

pub use adhoc::{CommandResult, run_command};
pub use elf::{Elf, ElfError};
pub use error::HostError;
pub use event::{FleetEvent, HostResult, Traffic};
pub use hosts::{Confirmation, FleetOptions, HostTask, run_hosts};
pub use program::{AgentProgram, AgentPrograms, ProgramError};
pub use sandboxes::run_sandboxes;
pub use secrets::{SecretError, resolve_secrets};
pub use stop::Stop;
