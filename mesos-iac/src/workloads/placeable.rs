//! Whether the declared agents can run a workload at all.

use super::agent::AgentView;
use super::marathon::{Constraint, Placement, placement};
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
