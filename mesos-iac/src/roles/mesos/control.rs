use super::cluster::{Mesos, MesosMasterAt};
use super::{MesosAgentAt, layout};
use crate::kinds::{directory, file};
use crate::model::{Cx, Declares, Result};
use mesos_iac_macros::Role;

/// A host from which the cluster is started and stopped as a whole, by Mesos' own scripts (`mesos-start-cluster.sh` and its
/// kin, which log in to each host over SSH): the lists of masters and agents that these read. Made by [`Mesos::control`].
#[derive(Debug, Clone, PartialEq, Role)]
#[role(name = "mesos-control")]
#[must_use = "a role takes part once it is given to a cluster, an appliance or a host"]
pub struct MesosControl {
    mesos: Mesos,
}

impl MesosControl {
    pub(super) const fn new(mesos: Mesos) -> Self {
        Self { mesos }
    }
}

impl Declares for MesosControl {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let election = self.mesos.election();
        let lines = |names: Vec<String>| names.into_iter().map(|name| name + "\n").collect::<String>();
        let masters = cx.endpoints::<MesosMasterAt>();
        let masters = masters.into_iter().filter(|(_, master)| master.election == election);
        let masters = lines(masters.map(|(_, master)| master.address).collect());
        let agents = cx.endpoints::<MesosAgentAt>();
        let agents = agents.into_iter().filter(|(_, agent)| agent.election == election);
        let agents = lines(agents.map(|(_, agent)| agent.hostname).collect());
        let at = self.mesos.layout.deploy_directory(self.mesos.version);
        let list = if self.mesos.version < layout::AGENT {
            "slaves"
        } else {
            "agents"
        };
        cx.add(directory(&at));
        cx.add(file(format!("{at}/masters")).content(masters));
        cx.add(file(format!("{at}/{list}")).content(agents));
        Ok(())
    }
}
