use mesos_iac::prelude::*;

#[derive(Debug, Clone, Resource)]
#[resource(kind = "hdfs.dir", key = path)]
struct HdfsDir {
    path: String,
}

impl Converge for HdfsDir {
    fn check(&self, _: &dyn ReadSystem) -> Result<Check> {
        Ok(Check::NoChange)
    }

    fn apply(&self, _: &dyn System, _: &Diff) -> Result<()> {
        Ok(())
    }
}

fn main() {}
