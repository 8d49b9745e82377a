//! Whether the declared agents can run a workload at all.

use super::agent::AgentView;
use super::marathon::{Constraint, Placement, placement};
use crate::kinds::mesos_agent::Scalar;
use crate::model::{Code, Problem};
use crate::words::Location;
use std::collections::BTreeMap;

/// What is asked: what it is called in messages, its constraints, and how many instances are to run.
pub(super) struct Demand<'a> {
    /// Such as "app `/web`".
    pub(super) who: String,
    pub(super) at: &'a Location,
    pub(super) constraints: &'a [Constraint],
    pub(super) instances: u64,
    /// How much each instance asks for, by the names of resources.
    pub(super) amounts: Vec<(&'static str, f64)>,
}

/// What keeps it from running on any of the agents, or from running all of its instances. Where no agent is declared there is
/// no saying.
pub(super) fn unplaceable(demand: &Demand<'_>, agents: &[AgentView]) -> Option<Problem> {
    if agents.is_empty() {
        return None;
    }
    let found = placement(demand.constraints, agents);
    let problem = |message: String| {
        Problem::new(Code::UnplaceableWorkload, format!("{}: {message}", demand.who)).at("declared", demand.at.clone())
    };
    if let Some(near) = &found.nearest {
        let message = match agents.len() {
            1 => "the one declared agent doesn't satisfy its constraints".to_owned(),
            count => format!("none of the {count} declared agents satisfies its constraints"),
        };
        return Some(problem(message).hint(format!("the nearest is {}: {}", near.host, near.lacks.join(", "))));
    }
    if let Some((near, lacks)) = too_small(&demand.amounts, candidates(&found, agents)) {
        let among = match demand.constraints.is_empty() {
            true => "",
            false => " that satisfies its constraints",
        };
        let message = format!("no declared agent{among} has what each instance asks for, and it would wait for ever");
        let hint = format!(
            "the nearest is {near}: {}; ask for less, or give agents more by `.resources(…)`",
            lacks.join(", ")
        );
        return Some(problem(message).hint(hint));
    }
    let (room, bound) = found.room.zip(found.bound_by.as_ref())?;
    if demand.instances <= room {
        return None;
    }
    let values = match bound.field() {
        "hostname" | "@hostname" => format!("{} agents satisfy the constraints", candidates(&found, agents).count()),
        field => format!("{field} is {}", values_of(field, candidates(&found, agents))),
    };
    let message = format!("{} instances, and `{bound}` leaves room for {room}", demand.instances);
    Some(problem(message).hint(format!("{values}; ask for fewer instances, or for less than `{bound}`")))
}

fn candidates<'a>(found: &'a Placement, agents: &'a [AgentView]) -> impl Iterator<Item = &'a AgentView> {
    let may = |agent: &&AgentView| found.fits.contains(&agent.host) || found.not_checked.contains(&agent.host);
    agents.iter().filter(may)
}

/// Where each agent has less of something than is asked for: the one that lacks the least, and what it lacks.
fn too_small<'a>(
    amounts: &[(&'static str, f64)],
    agents: impl Iterator<Item = &'a AgentView>,
) -> Option<(&'a str, Vec<String>)> {
    let asked = amounts
        .iter()
        .filter_map(|(name, amount)| Some((*name, Scalar::new(*amount)?.thousandths())));
    let asked: Vec<(&str, u64)> = asked.collect();
    let mut nearest: Option<(usize, u64, &AgentView)> = None;
    for agent in agents {
        // What isn't said is what the host has, and nobody knows that here.
        let short = asked
            .iter()
            .filter_map(|(name, asked)| asked.checked_sub(agent.offered(name)?))
            .filter(|by| *by > 0);
        let (lacks, by) = short.fold((0, 0_u64), |(lacks, sum), by| (lacks + 1, sum.saturating_add(by)));
        if lacks == 0 {
            return None;
        }
        if nearest.is_none_or(|(least, least_by, _)| (lacks, by) < (least, least_by)) {
            nearest = Some((lacks, by, agent));
        }
    }
    let (_, _, agent) = nearest?;
    let lacks = asked.iter().filter_map(|(name, asked)| {
        let has = agent.offered(name).filter(|has| has < asked)?;
        Some(format!("it has {} {name}, not {}", shown(has), shown(*asked)))
    });
    Some((&agent.host, lacks.collect()))
}

/// Thousandths as a number: `0.5`, `4096`.
fn shown(thousandths: u64) -> String {
    let (whole, rest) = (thousandths / 1000, thousandths % 1000);
    match rest {
        0 => whole.to_string(),
        rest => format!("{whole}.{rest:03}").trim_end_matches('0').to_owned(),
    }
}

/// How the agents' values of a field are spread: for a message that says what there is.
fn values_of<'a>(field: &str, agents: impl Iterator<Item = &'a AgentView>) -> String {
    let mut values = BTreeMap::<&str, usize>::new();
    for agent in agents {
        *values.entry(agent.field(field).unwrap_or("nothing")).or_default() += 1;
    }
    let words: Vec<String> = values
        .iter()
        .map(|(value, agents)| format!("`{value}` × {agents}"))
        .collect();
    words.join(", ")
}
