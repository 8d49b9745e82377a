//! All apps of a cluster together: ids, order, placement, and the resources that make them so.

use super::app::App;
use super::group::{AppGroup, is_within};
use super::placement::placement;
use super::version::MarathonLine as _;
use crate::kinds::{HttpApi, MarathonApp, MarathonLeftovers};
use crate::model::{
    Code, DeployedWorkload, Problem, Problems, Scheduled, ScheduledHost, Scheduler, Workload, WorkloadCx,
};
use crate::roles::marathon::MarathonApi;
use crate::roles::{self, Version};
use crate::words::Location;
use crate::workloads::agent::{AgentView, declared};
use crate::workloads::entries::entry;
use crate::workloads::order::{Item, dependencies, in_order};
use crate::workloads::placeable::{Demand, unplaceable};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The label by which an app is known as one of a cluster's; its value is the cluster's name.
pub const CLUSTER_LABEL: &str = "mesos-iac.cluster";

/// How long a deployment may take unless the app says otherwise.
const WITHIN: Duration = Duration::from_secs(600);

struct Marathon;

static MARATHON: Marathon = Marathon;

impl Workload for App {
    fn scheduler(&self) -> &'static dyn Scheduler {
        &MARATHON
    }

    fn declared_at(&self) -> &Location {
        &self.at
    }
}

impl Workload for AppGroup {
    fn scheduler(&self) -> &'static dyn Scheduler {
        &MARATHON
    }

    fn declared_at(&self) -> &Location {
        self.declared_at()
    }
}

impl Scheduler for Marathon {
    fn name(&self) -> &'static str {
        "marathon"
    }

    fn compile(&self, workloads: &[&dyn Workload], cx: &WorkloadCx<'_>) -> Result<Scheduled, Problems> {
        let mut problems = Problems::new();
        let mut apps = Vec::new();
        for workload in workloads {
            let any: &dyn Any = *workload;
            if let Some(app) = any.downcast_ref::<App>() {
                apps.push(app.clone());
            } else if let Some(group) = any.downcast_ref::<AppGroup>() {
                group.check("", &mut problems);
                apps.extend(group.apps());
            }
        }
        let endpoints = cx.endpoints::<MarathonApi>();
        if endpoints.is_empty() && !cx.lacks_endpoints_of::<roles::marathon::Marathon>() {
            let message = "the cluster has apps, and no host says where Marathon answers";
            let problem = workloads
                .iter()
                .fold(Problem::new(Code::InvalidWorkload, message), |problem, workload| {
                    problem.at("an app declared", workload.declared_at().clone())
                });
            let hint = "give a host a role that exposes `MarathonApi`; a host that has one and whose address is a name needs an IP \
                        address: `.addr(\"10.0.0.5\")`";
            problems.push(problem.hint(hint));
        }
        let versions: BTreeSet<Version> = endpoints.iter().map(|(_, api)| api.version).collect();
        check_versions(&versions, &endpoints, &mut problems);
        for app in &apps {
            for version in &versions {
                problems.extend(app.problems(*version));
            }
        }
        check_paths(&apps, &mut problems);
        let agents = declared(cx);
        for app in &apps {
            problems.extend(unplaced(app, &agents));
            problems.extend(unoffered(app, &agents));
        }
        problems.extend(ports_run_out(&apps, &agents));
        let items: Vec<Item<'_>> = apps.iter().map(item).collect();
        let after = dependencies("app", &items, |item, name| is_within(item.name, name), &mut problems);
        let order = in_order("app", &items, &after, &mut problems);
        problems.into_result(())?;
        let mut scheduled = Scheduled::default();
        for (host, api) in endpoints {
            let mut at_host = ScheduledHost {
                host: host.index(),
                entries: Vec::new(),
                leftovers: None,
            };
            let mut listed = Vec::new();
            let http = HttpApi {
                address: api.addr,
                credentials: api.credentials.clone(),
            };
            for place in &order {
                let app = &apps[*place];
                let sent = labelled(app, cx.cluster_name());
                let json = sent.to_json(api.version);
                let within = app.within.unwrap_or(WITHIN);
                let resource = MarathonApp::new(&*app.id, http.clone(), json.clone(), within);
                let names = after[*place].iter().map(|before| &*apps[*before].id);
                let entry = entry(resource, "core.marathon-app", names)?;
                listed.push(DeployedWorkload {
                    id: entry.id.clone(),
                    name: app.id.clone(),
                    instances: app.instances,
                    json,
                    at: app.at.clone(),
                });
                at_host.entries.push(entry);
            }
            let keep: BTreeSet<String> = apps.iter().map(|app| app.id.clone()).collect();
            let leftovers = MarathonLeftovers::new((CLUSTER_LABEL, cx.cluster_name()), http, keep, WITHIN);
            at_host.leftovers = Some(entry(leftovers, "", std::iter::empty())?);
            scheduled.hosts.push(at_host);
            if scheduled.workloads.is_empty() {
                scheduled.workloads = listed;
            }
        }
        Ok(scheduled)
    }
}

fn item(app: &App) -> Item<'_> {
    Item {
        name: &app.id,
        at: &app.at,
        after: &app.dependencies,
    }
}

/// The app with the label that says whose it is.
fn labelled(app: &App, cluster: &str) -> App {
    let mut app = app.clone();
    app.labels.insert(CLUSTER_LABEL.to_owned(), cluster.to_owned());
    app
}

fn check_versions(
    versions: &BTreeSet<Version>,
    endpoints: &[(crate::model::HostView<'_>, MarathonApi)],
    problems: &mut Problems,
) {
    for (host, api) in endpoints {
        if !api.version.was_read() {
            let message = format!("Marathon {} has an API that isn't known here", api.version);
            problems.push(
                Problem::new(Code::InvalidValue, message)
                    .on(host.name())
                    .hint("0.7 to 1.11 are known"),
            );
        }
    }
    // Apps that suit the one are written for the other while a cluster is half upgraded.
    let lines: BTreeSet<_> = versions.iter().map(|version| version.has_networks()).collect();
    if lines.len() > 1 {
        let all: Vec<String> = versions.iter().map(ToString::to_string).collect();
        let message = format!("the hosts say different versions of Marathon: {}", all.join(", "));
        let hint = "apps are written for one of them; declare the version that leads";
        problems.push(Problem::new(Code::InvalidWorkload, message).hint(hint));
    }
}

/// An id is that of an app or of a group, not of both.
fn check_paths(apps: &[App], problems: &mut Problems) {
    for app in apps {
        for other in apps
            .iter()
            .filter(|other| other.id != app.id && is_within(&other.id, &app.id))
        {
            let message = format!(
                "app `{}` is within `{}`, which is an app and no group",
                other.id, app.id
            );
            problems.push(
                Problem::new(Code::InvalidWorkload, message)
                    .at("declared", other.at.clone())
                    .at("the app above it declared", app.at.clone())
                    .hint(format!("rename one of them, such as `{}/main`", app.id)),
            );
        }
    }
}

/// Fixed ports that no declared agent offers, so that the app waits for ever.
fn unoffered(app: &App, agents: &[AgentView]) -> Option<Problem> {
    let fixed = app.fixed_ports();
    let offers = |agent: &AgentView| {
        let offered = agent.offered_ports()?;
        Some(
            fixed
                .iter()
                .all(|port| offered.iter().any(|range| range.contains(port))),
        )
    };
    // Where one offers them, or nobody knows what it offers, there is no saying.
    let nearest = agents.first().filter(|_| !fixed.is_empty())?;
    if agents.iter().any(|agent| offers(agent) != Some(false)) {
        return None;
    }
    let listed = |ports: &mut dyn Iterator<Item = String>| ports.collect::<Vec<_>>().join(", ");
    let ranges = nearest.offered_ports().unwrap_or_default().iter();
    let offered = listed(&mut ranges.map(|range| format!("{}-{}", range.start(), range.end())));
    let message = format!(
        "app `{}`: no declared agent offers port {}, and it would wait for ever",
        app.id,
        listed(&mut fixed.iter().map(ToString::to_string))
    );
    let problem = Problem::new(Code::UnplaceableWorkload, message).at("declared", app.at.clone());
    Some(problem.hint(format!(
        "{} offers {offered}; give agents the port by `.resources(Resources::from([AgentResource::ports([…])]))`, or let Mesos \
         choose it",
        nearest.host
    )))
}

/// Fixed ports that more instances take than there are declared agents for them: of those on one agent, one has the port.
fn ports_run_out(apps: &[App], agents: &[AgentView]) -> Vec<Problem> {
    let mut takers = BTreeMap::<u16, Vec<(&App, BTreeSet<String>)>>::new();
    for app in apps {
        let found = placement(&app.constraints, agents);
        for port in app.fixed_ports() {
            let offers = |agent: &&AgentView| {
                let offered = agent.offered_ports();
                offered.is_none_or(|ranges| ranges.iter().any(|range| range.contains(&port)))
            };
            let may = |agent: &&AgentView| found.fits.contains(&agent.host) || found.not_checked.contains(&agent.host);
            let hosts: BTreeSet<String> = agents
                .iter()
                .filter(offers)
                .filter(may)
                .map(|agent| agent.host.clone())
                .collect();
            // Where there is none, that is told by itself.
            if !hosts.is_empty() {
                takers.entry(port).or_default().push((app, hosts));
            }
        }
    }
    let problem = |(port, takers): (u16, Vec<(&App, BTreeSet<String>)>)| {
        let hosts: BTreeSet<&String> = takers.iter().flat_map(|(_, hosts)| hosts).collect();
        let instances: u64 = takers
            .iter()
            .map(|(app, _)| u64::from(app.instances.unwrap_or(1)))
            .sum();
        let (last, _) = takers.last().filter(|_| instances > hosts.len() as u64)?;
        let names: Vec<String> = takers.iter().map(|(app, _)| format!("`{}`", app.id)).collect();
        let message = format!(
            "port {port}: {instances} instances of {} take it, and of the declared agents {} may run them, with one such port each",
            names.join(" and "),
            hosts.len()
        );
        let problem = Problem::new(Code::UnplaceableWorkload, message).at("declared", last.at.clone());
        Some(problem.hint("the rest would wait for ever: ask for fewer instances, or let Mesos choose the port"))
    };
    takers.into_iter().filter_map(problem).collect()
}

/// What keeps the app from running on the declared agents.
fn unplaced(app: &App, agents: &[AgentView]) -> Option<Problem> {
    // What is wrong with a constraint itself is told already.
    if app.constraints.iter().any(|constraint| constraint.check().is_err()) {
        return None;
    }
    let demand = Demand {
        who: format!("app `{}`", app.id),
        at: &app.at,
        constraints: &app.constraints,
        instances: u64::from(app.instances.unwrap_or(1)),
        amounts: [
            ("cpus", app.cpus),
            ("mem", app.mem),
            ("disk", app.disk),
            ("gpus", app.gpus.map(f64::from)),
        ]
        .into_iter()
        .filter_map(|(name, amount)| Some((name, amount?)))
        .collect(),
    };
    unplaceable(&demand, agents)
}
