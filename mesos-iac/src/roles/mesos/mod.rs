//! What Mesos' masters and agents are told: where they find each other, what agents have, who may do what.

mod acls;
mod attributes;
mod credentials;
mod error;
mod reconfiguration;
mod resources;
mod role_name;
mod tls;
mod urls;
mod value;

pub use acls::{AclAction, Acls, Entities};
pub use attributes::Attributes;
pub use credentials::{Credential, Credentials};
pub use error::GrammarError;
pub use reconfiguration::{AgentDescription, Change, Subject, Verdict, reconfiguration};
pub use resources::{AgentResource, DiskSource, Resources};
pub use role_name::RoleName;
pub use tls::{HostnameValidation, Tls, TlsVersion};
pub use urls::{MasterUrl, ZkUrl};
pub use value::{Scalar, Value};
