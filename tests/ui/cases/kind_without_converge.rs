use mesos_iac::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "hdfs.dir", key = path)]
struct HdfsDir {
    path: String,
}

fn main() {}
