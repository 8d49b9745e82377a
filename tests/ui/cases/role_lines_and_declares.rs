use mesos_iac::prelude::*;

#[derive(Role, Clone)]
#[role(name = "mesos-node")]
#[resource(package("mesos"))]
struct MesosNode;

impl Declares for MesosNode {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.add(package("marathon"));
        Ok(())
    }
}

fn main() {}
