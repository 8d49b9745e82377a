//! The machines that a catalog can be converged on: the host itself, a directory that stands for one, and one in memory.

mod fake;
mod fake_repository;
mod known_secrets;
pub mod local;
mod machine;
mod planning;
mod sandbox;
mod sandbox_place;

pub use fake::FakeSystem;
pub use machine::Machine;
pub use planning::PlanningSystem;
pub use sandbox::{Sandbox, SandboxError};
