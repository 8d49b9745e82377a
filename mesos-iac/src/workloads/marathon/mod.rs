//! Marathon's apps and groups, from 0.7 to 1.10.
//!
//! [`app`] begins an app and [`app_group`] a group. One value serves every version: [`App::render`] gives the JSON that a
//! version takes, or every reason why it would be refused.

mod app;
mod checks;
mod constraint;
mod container;
mod group;
mod health;
mod placement;
mod port;
mod render;
mod scheduler;
mod version;

pub use app::{App, KillSelection, app};
pub use constraint::{Constraint, ConstraintError, Field, Operator};
pub use container::{Container, Network, Volume, docker, mesos_container};
pub use group::{AppGroup, app_group};
pub use health::{HealthCheck, HealthProtocol, ReadinessCheck};
pub use placement::{Near, Placement, placement};
pub use port::{Port, PortMapping, Protocol};
pub use scheduler::CLUSTER_LABEL;
