use crate::model::{Catalog, Deployment, EndpointInstance, Finding, Provenance};
use crate::words::HostName;

/// What a cluster compiles to: for each host, in the order of declaration, its catalog and its provenance.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// The hosts.
    pub hosts: Vec<CompiledHost>,
    /// What runs on the cluster, for each scheduler that runs something, by name.
    pub deployments: Vec<Deployment>,
    /// What the roles expose, in the order of the hosts.
    pub(crate) endpoints: Vec<EndpointInstance>,
}

/// One host's catalog, and beside it where everything in it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct CompiledHost {
    /// What is desired.
    pub catalog: Catalog,
    /// Where and why.
    pub provenance: Provenance,
    /// What its roles themselves found fault with, though it can be built; [`lint::check`](crate::lint::check) has it too.
    pub findings: Vec<Finding>,
}

impl Compiled {
    /// The host of this name.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&CompiledHost> {
        self.hosts.iter().find(|host| host.name().as_str() == name)
    }
}

impl CompiledHost {
    /// The host's name.
    #[must_use]
    pub const fn name(&self) -> &HostName {
        &self.catalog.host
    }
}
