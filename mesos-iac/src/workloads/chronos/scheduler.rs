//! All jobs of a cluster together: names, order, placement, and the resources that make them so.

use super::job::Job;
use crate::kinds::{ChronosJob, HttpApi};
use crate::model::{
    Code, DeployedWorkload, Problem, Problems, Scheduled, ScheduledHost, Scheduler, Workload, WorkloadCx,
};
use crate::roles::{self, chronos::ChronosApi};
use crate::words::Location;
use crate::workloads::agent::declared;
use crate::workloads::entries::entry;
use crate::workloads::marathon::Constraint;
use crate::workloads::order::{Item, dependencies, in_order};
use crate::workloads::placeable::{Demand, unplaceable};
use std::any::Any;

struct Chronos;

static CHRONOS: Chronos = Chronos;

impl Workload for Job {
    fn scheduler(&self) -> &'static dyn Scheduler {
        &CHRONOS
    }

    fn declared_at(&self) -> &Location {
        &self.at
    }
}

impl Scheduler for Chronos {
    fn name(&self) -> &'static str {
        "chronos"
    }

    fn compile(&self, workloads: &[&dyn Workload], cx: &WorkloadCx<'_>) -> Result<Scheduled, Problems> {
        let mut problems = Problems::new();
        let jobs: Vec<&Job> = workloads
            .iter()
            .filter_map(|workload| (*workload as &dyn Any).downcast_ref())
            .collect();
        let endpoints = cx.endpoints::<ChronosApi>();
        if endpoints.is_empty() && !cx.lacks_endpoints_of::<roles::chronos::Chronos>() {
            let message = "the cluster has jobs, and no host says where Chronos answers";
            let problem = jobs
                .iter()
                .fold(Problem::new(Code::InvalidWorkload, message), |problem, job| {
                    problem.at("a job declared", job.at.clone())
                });
            let hint = "give a host a role that exposes `ChronosApi`; a host that has one and whose address is a name needs an IP \
                        address: `.addr(\"10.0.0.5\")`";
            problems.push(problem.hint(hint));
        }
        let agents = declared(cx);
        for job in &jobs {
            let found = job.problems();
            if found.is_empty() {
                let constraints: Vec<Constraint> = job.constraints.iter().map(|each| each.same().clone()).collect();
                let demand = Demand {
                    who: format!("job `{}`", job.name),
                    at: &job.at,
                    constraints: &constraints,
                    instances: 1,
                    amounts: [("cpus", job.cpus), ("mem", job.mem), ("disk", job.disk)]
                        .into_iter()
                        .filter_map(|(name, amount)| Some((name, amount?)))
                        .collect(),
                };
                problems.extend(unplaceable(&demand, &agents));
            }
            problems.extend(found);
        }
        let item = |job: &&'_ Job| (job.name.clone(), job.at.clone(), job.parents.clone());
        let owned: Vec<(String, Location, Vec<String>)> = jobs.iter().map(item).collect();
        let items: Vec<Item<'_>> = owned.iter().map(|(name, at, after)| Item { name, at, after }).collect();
        let after = dependencies("job", &items, |item, name| item.name == name, &mut problems);
        let order = in_order("job", &items, &after, &mut problems);
        problems.into_result(())?;
        let mut scheduled = Scheduled::default();
        for (host, api) in endpoints {
            let http = HttpApi::new(api.addr);
            let mut entries = Vec::new();
            let mut listed = Vec::new();
            for place in &order {
                let job = jobs[*place];
                let json = job.to_json();
                let resource = ChronosJob::new(&*job.name, http.clone(), json.clone());
                let entry = entry(resource, "core.chronos-job", job.parents.iter().map(String::as_str))?;
                listed.push(DeployedWorkload {
                    id: entry.id.clone(),
                    name: job.name.clone(),
                    instances: None,
                    json,
                    at: job.at.clone(),
                });
                entries.push(entry);
            }
            // Jobs carry no labels: which of those that Chronos has were ours, nobody can tell.
            scheduled.hosts.push(ScheduledHost {
                host: host.index(),
                entries,
                leftovers: None,
            });
            if scheduled.workloads.is_empty() {
                scheduled.workloads = listed;
            }
        }
        Ok(scheduled)
    }
}
