//! What runs on the cluster: each scheduler is asked once, about all that it is to run.

use super::graph::declared_facts;
use crate::model::{
    CATALOG_FORMAT, Catalog, Code, Deployment, DeploymentCatalog, HostView, Problem, Problems, ScheduledHost,
    Scheduler, Workload, WorkloadCx, World, caught,
};
use std::collections::BTreeMap;

/// The deployments by the names of their schedulers; what is wrong is added to `problems`.
pub(super) fn compile(world: &World<'_>, problems: &mut Problems) -> Vec<Deployment> {
    let mut by_scheduler = BTreeMap::<&str, (&'static dyn Scheduler, Vec<&dyn Workload>)>::new();
    for workload in world.cluster.workloads() {
        let scheduler = workload.scheduler();
        let of_scheduler = by_scheduler.entry(scheduler.name()).or_insert((scheduler, Vec::new()));
        of_scheduler.1.push(workload);
    }
    let cx = WorkloadCx::new(world);
    let mut deployments = Vec::new();
    for (name, (scheduler, workloads)) in by_scheduler {
        match caught(|| scheduler.compile(&workloads, &cx)) {
            Ok(Ok(scheduled)) => deployments.push(Deployment {
                scheduler: name.to_owned(),
                catalogs: scheduled.hosts.into_iter().map(|host| catalog(world, host)).collect(),
                workloads: scheduled.workloads,
            }),
            Ok(Err(found)) => problems.extend(found),
            Err(panicked) => {
                let message = format!("the scheduler {name} panicked: {}", panicked.message);
                let problem = Problem::new(Code::FailedDeclaration, message);
                problems.push(match panicked.at {
                    Some(at) => problem.at("it panicked", at),
                    None => problem,
                });
            }
        }
    }
    deployments
}

fn catalog(world: &World<'_>, scheduled: ScheduledHost) -> DeploymentCatalog {
    let host = HostView::new(world.cluster, scheduled.host);
    DeploymentCatalog {
        catalog: Catalog {
            format: CATALOG_FORMAT,
            cluster: host.cluster_name().to_owned(),
            host: host.name().clone(),
            declared: declared_facts(&host),
            entries: scheduled.entries,
        },
        leftovers: scheduled.leftovers,
    }
}
