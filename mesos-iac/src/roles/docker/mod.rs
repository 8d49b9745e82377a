//! Docker's engine, and which of its versions which Mesos gets along with.

mod defaults;
mod matrix;
mod role;

pub use matrix::{DOCKER_VERSION, clash};
pub use role::{Docker, DockerAt};
