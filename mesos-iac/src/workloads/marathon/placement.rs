use super::constraint::{Constraint, Operator};
use crate::workloads::agent::{AgentView, scalar};
use crate::workloads::pattern::{Match, Pattern};
use std::collections::BTreeSet;

/// Where the declared agents leave room for an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The hosts whose agents satisfy all constraints.
    pub fits: Vec<String>,
    /// The hosts of which that can't be said here, because a pattern is of Java's own.
    pub not_checked: Vec<String>,
    /// Where no agent can satisfy them: the one that lacks the least. Of several, the first.
    pub nearest: Option<Near>,
    /// The most instances that have room, by `UNIQUE`, `MAX_PER` and `GROUP_BY`. `None`: the constraints set no bound.
    pub room: Option<u64>,
    /// The constraint that sets that bound.
    pub bound_by: Option<Constraint>,
}

/// An agent that doesn't satisfy all constraints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// Its host.
    pub host: String,
    /// What it lacks, a sentence for each constraint.
    pub lacks: Vec<String>,
}

/// Which of these agents satisfy the constraints.
///
/// `CLUSTER` without a value, `UNIQUE`, `GROUP_BY` and `MAX_PER` need the field itself; how many instances they leave room for
/// is counted over the agents that satisfy the rest.
///
/// ```
/// use mesos_iac::workloads::AgentView;
/// use mesos_iac::workloads::marathon::{Constraint, placement};
///
/// let agents = [
///     AgentView::new("agent-0").attribute("rack", "r1").attribute("storage", "ssd"),
///     AgentView::new("agent-1").attribute("rack", "r2"),
/// ];
/// let found = placement(&[Constraint::cluster("storage", "nvme"), Constraint::like("rack", "r[12]")], &agents);
/// assert!(found.fits.is_empty());
/// let nearest = found.nearest.unwrap();
/// assert_eq!(nearest.host, "agent-0");
/// assert_eq!(nearest.lacks, ["storage is `ssd`, not `nvme`"]);
/// ```
#[must_use]
pub fn placement(constraints: &[Constraint], agents: &[AgentView]) -> Placement {
    let mut found = Placement {
        fits: Vec::new(),
        not_checked: Vec::new(),
        nearest: None,
        room: None,
        bound_by: None,
    };
    let mut candidates = Vec::new();
    for agent in agents {
        let judged: Vec<Judgement> = constraints.iter().map(|constraint| judge(constraint, agent)).collect();
        let lacks = judged.iter().filter_map(|judgement| match judgement {
            Judgement::Lacks(why) => Some(why.clone()),
            Judgement::Fits | Judgement::NotChecked => None,
        });
        let lacks: Vec<String> = lacks.collect();
        if lacks.is_empty() {
            let is_sure = judged.iter().all(|judgement| matches!(judgement, Judgement::Fits));
            let list = if is_sure {
                &mut found.fits
            } else {
                &mut found.not_checked
            };
            list.push(agent.host.clone());
            candidates.push(agent);
        } else if found.nearest.as_ref().is_none_or(|near| lacks.len() < near.lacks.len()) {
            found.nearest = Some(Near {
                host: agent.host.clone(),
                lacks,
            });
        }
    }
    if !candidates.is_empty() {
        found.nearest = None;
    }
    for constraint in constraints {
        let values: BTreeSet<&str> = candidates
            .iter()
            .filter_map(|agent| agent.field(constraint.field()))
            .collect();
        let values = values.len() as u64;
        let number = || constraint.value().and_then(|value| value.parse::<u64>().ok());
        let each = match constraint.operator() {
            Operator::Unique => Some(1),
            Operator::MaxPer => number(),
            // Until there are as many groups as it says, no group gets a second instance.
            Operator::GroupBy => number().filter(|groups| values < *groups).map(|_| 1),
            _ => None,
        };
        let room = each.map(|each| each.saturating_mul(values));
        if let Some(room) = room
            && found.room.is_none_or(|least| room < least)
        {
            (found.room, found.bound_by) = (Some(room), Some(constraint.clone()));
        }
    }
    found
}

enum Judgement {
    Fits,
    Lacks(String),
    NotChecked,
}

fn judge(constraint: &Constraint, agent: &AgentView) -> Judgement {
    let field = constraint.field();
    let operator = constraint.operator();
    let Some(has) = agent.field(field) else {
        return match operator {
            Operator::Unlike => Judgement::Fits,
            _ => Judgement::Lacks(format!("it has no {field}")),
        };
    };
    let judged = |fits: bool, why: String| match fits {
        true => Judgement::Fits,
        false => Judgement::Lacks(why),
    };
    match (operator, constraint.value()) {
        (Operator::Cluster, Some(value)) if !value.is_empty() => {
            judged(has == value, format!("{field} is `{has}`, not `{value}`"))
        }
        (Operator::Is, Some(value)) => judged(is_equal(has, value), format!("{field} is `{has}`, not `{value}`")),
        (Operator::Like | Operator::Unlike, Some(value)) => {
            let wanted = operator == Operator::Like;
            let verb = if wanted { "doesn't match" } else { "matches" };
            match Pattern::new(value).map(|pattern| pattern.matches(has)) {
                Ok(Match::Yes) => judged(wanted, format!("{field} is `{has}`, which {verb} `{value}`")),
                Ok(Match::No) => judged(!wanted, format!("{field} is `{has}`, which {verb} `{value}`")),
                Ok(Match::NotChecked) | Err(_) => Judgement::NotChecked,
            }
        }
        _ => Judgement::Fits,
    }
}

fn is_equal(has: &str, value: &str) -> bool {
    match (scalar(has), scalar(value)) {
        // What the agent has is rounded already.
        (Some(has), Some(value)) => ((value * 1000.0).round_ties_even() - has * 1000.0).abs() < 0.5,
        _ => has == value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab() -> Vec<AgentView> {
        let agent = |name: &str, rack: &str, level: &str| {
            AgentView::new(name).attribute("rack", rack).attribute("level", level)
        };
        vec![
            agent("a-0", "r1", "10"),
            agent("a-1", "r1", "20.5"),
            agent("a-2", "r2", "20.5"),
            AgentView::new("a-3"),
        ]
    }

    fn fits(constraint: Constraint) -> Vec<String> {
        placement(&[constraint], &lab()).fits
    }

    #[test]
    fn each_operator_decides_as_marathon_does() {
        assert_eq!(fits(Constraint::unique("hostname")).len(), 4);
        assert_eq!(fits(Constraint::unique("rack")), ["a-0", "a-1", "a-2"]);
        assert_eq!(fits(Constraint::cluster("rack", "r2")), ["a-2"]);
        assert_eq!(fits(Constraint::together("rack")).len(), 3);
        assert_eq!(fits(Constraint::group_by("rack", 2)).len(), 3);
        assert_eq!(fits(Constraint::like("rack", "r")), [""; 0]);
        assert_eq!(fits(Constraint::like("rack", "r.")).len(), 3);
        assert_eq!(fits(Constraint::unlike("rack", "r1")), ["a-2", "a-3"]);
        assert_eq!(fits(Constraint::max_per("rack", 2)).len(), 3);
        assert_eq!(fits(Constraint::is("level", "20.500")), ["a-1", "a-2"]);
        assert_eq!(fits(Constraint::cluster("level", "20.500")), [""; 0]);
    }

    #[test]
    fn room_is_counted_over_the_agents_that_fit() {
        let of = |constraints: &[Constraint]| placement(constraints, &lab()).room;
        assert_eq!(of(&[Constraint::unique("rack")]), Some(2));
        assert_eq!(
            of(&[Constraint::max_per("rack", 3), Constraint::unique("hostname")]),
            Some(3)
        );
        assert_eq!(
            of(&[Constraint::max_per("rack", 3), Constraint::cluster("rack", "r1")]),
            Some(3)
        );
        assert_eq!(of(&[Constraint::cluster("rack", "r1")]), None);
        assert_eq!(of(&[Constraint::group_by("rack", 2)]), None);
        assert_eq!(of(&[Constraint::group_by("rack", 3)]), Some(2));
    }

    #[test]
    fn the_nearest_is_the_one_that_lacks_the_least() {
        let constraints = [Constraint::cluster("rack", "r2"), Constraint::is("level", "10")];
        let near = placement(&constraints, &lab()).nearest.unwrap();
        assert_eq!((near.host.as_str(), near.lacks.len()), ("a-0", 1));
        assert_eq!(near.lacks, ["rack is `r1`, not `r2`"]);
    }

    #[test]
    fn what_cant_be_checked_is_not_refused() {
        let found = placement(&[Constraint::like("rack", "(?=r1)..")], &lab());
        assert_eq!((found.fits.len(), found.not_checked.len(), found.nearest), (0, 3, None));
    }
}
