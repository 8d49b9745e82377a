//! What a Mesos agent tells of itself, in the grammar that Mesos reads, and what it costs to change it.

mod attributes;
mod error;
mod identity;
mod reconfiguration;
mod resources;
mod role_name;
mod value;

pub use attributes::Attributes;
pub use error::GrammarError;
pub use identity::{MesosAgentIdentity, MesosAgentIdentityBuilder, mesos_agent_identity};
pub use reconfiguration::{AgentDescription, Change, Subject, Verdict, reconfiguration};
pub use resources::{AgentResource, DiskSource, Resources};
pub use role_name::RoleName;
pub use value::{Scalar, Value};
