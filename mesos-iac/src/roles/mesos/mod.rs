//! What Mesos' masters and agents are told: where they find each other, what agents have, who may do what.

mod attributes;
mod error;
mod reconfiguration;
mod resources;
mod role_name;
mod urls;
mod value;

pub use attributes::Attributes;
pub use error::GrammarError;
pub use reconfiguration::{AgentDescription, Change, Subject, Verdict, reconfiguration};
pub use resources::{AgentResource, DiskSource, Resources};
pub use role_name::RoleName;
pub use urls::{MasterUrl, ZkUrl};
pub use value::{Scalar, Value};
