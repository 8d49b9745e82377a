//! Mesos: masters and agents as roles, and what they are told: where they find each other, what agents have, who may do what.

mod acls;
mod agent;
mod attribute;
mod cluster;
mod control;
mod credentials;
mod daemon;
mod flag_values;
mod layout;
mod master;
mod membership;
mod placing;
mod tls;
mod tls_variables;
mod urls;

pub use crate::kinds::mesos_agent::{
    AgentDescription, AgentResource, Attributes, Change, DiskSource, GrammarError, Resources, RoleName, Scalar,
    Subject, Value, Verdict, reconfiguration,
};
pub use acls::{AclAction, Acls, Entities};
pub use agent::{AgentAddress, MesosAgent, MesosAgentAt};
pub use attribute::{HostAttribute, IntoAttribute};
pub use cluster::{Mesos, MesosMasterAt};
pub use control::MesosControl;
pub use credentials::{Credential, Credentials};
pub use layout::{Init, MesosLayout};
pub use master::MesosMaster;
pub use tls::{HostnameValidation, Tls, TlsVersion};
pub use urls::{MasterUrl, ZkAuth, ZkUrl};

pub(super) use cluster::wrong;
pub(in crate::roles) use daemon::Daemon;
pub(in crate::roles) use tls_variables::{Reading, reading};
