use mesos_iac::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "hdfs.dir")]
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
