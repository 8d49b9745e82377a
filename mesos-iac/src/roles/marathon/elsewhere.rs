use super::MarathonApi;
use crate::model::{Cx, Declares, ExposeCx, Result};
use crate::roles::Version;
use mesos_iac_macros::Role;
use std::net::SocketAddr;

/// A Marathon that isn't part of this definition. The host that has the role asks it where the definition's workloads are
/// concerned; nothing is declared for the host.
///
/// ```
/// use mesos_iac::prelude::*;
/// use mesos_iac::roles::Version;
/// use mesos_iac::roles::marathon::MarathonElsewhere;
///
/// # fn cluster() -> Result<Cluster> {
/// let marathon = MarathonElsewhere::at(([10, 0, 0, 1], 8080), Version::new(1, 5, 15));
/// Cluster::new("lab").hosts(host("agent-1").role(marathon)).build()
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Role)]
#[role(name = "marathon-elsewhere")]
#[must_use = "a role takes part once it is given to a cluster, an appliance or a host"]
pub struct MarathonElsewhere {
    addr: SocketAddr,
    version: Version,
}

impl MarathonElsewhere {
    /// A Marathon of this version at this address, as the host reaches it.
    pub fn at(addr: impl Into<SocketAddr>, version: Version) -> Self {
        let addr = addr.into();
        Self { addr, version }
    }
}

impl Declares for MarathonElsewhere {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        cx.expose(MarathonApi::at(self.addr, self.version));
        Ok(())
    }

    fn declare(&self, _: &mut Cx<'_>) -> Result<()> {
        Ok(())
    }
}
