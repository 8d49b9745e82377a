//! What comes after what among workloads.

use crate::model::{Code, Problem, Problems, nearest};
use crate::words::Location;
use std::collections::{BTreeMap, BTreeSet};

/// A workload as the order sees it.
pub(super) struct Item<'a> {
    pub(super) name: &'a str,
    pub(super) at: &'a Location,
    pub(super) after: &'a [String],
}

/// For each item the places of those that it comes after; or what is wrong: two of one name, a name that nothing has, a
/// circle. `matches` says which items a name stands for.
pub(super) fn dependencies(
    what: &str,
    items: &[Item<'_>],
    matches: impl Fn(&Item<'_>, &str) -> bool,
    problems: &mut Problems,
) -> Vec<BTreeSet<usize>> {
    let mut first = BTreeMap::<&str, &Location>::new();
    for item in items {
        if let Some(before) = first.insert(item.name, item.at) {
            let problem = Problem::new(Code::DuplicateName, format!("{what} `{}` is declared twice", item.name));
            problems.push(
                problem
                    .at("declared", before.clone())
                    .at("declared again", item.at.clone()),
            );
        }
    }
    let mut found = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let mut after = BTreeSet::new();
        for name in item.after {
            let places = (0..items.len()).filter(|other| *other != place && matches(&items[*other], name));
            let before = after.len();
            after.extend(places);
            if after.len() == before && name != item.name && !items.iter().any(|other| matches(other, name)) {
                let message = format!("{what} `{}` comes after `{name}`, which isn't declared", item.name);
                let known = items.iter().map(|other| other.name);
                let hint = nearest(name, known, "declare it, or leave that out");
                problems.push(
                    Problem::new(Code::UnknownName, message)
                        .at("declared", item.at.clone())
                        .hint(hint),
                );
            }
        }
        found.push(after);
    }
    found
}

/// The places in an order that respects the dependencies, in that of declaration otherwise. A circle is a mistake.
pub(super) fn in_order(
    what: &str,
    items: &[Item<'_>],
    after: &[BTreeSet<usize>],
    problems: &mut Problems,
) -> Vec<usize> {
    let mut left: BTreeSet<usize> = (0..items.len()).collect();
    let mut order = Vec::new();
    while let Some(next) = left.iter().copied().find(|place| after[*place].is_disjoint(&left)) {
        left.remove(&next);
        order.push(next);
    }
    if let Some(start) = left.first().copied() {
        // Whoever is left waits for somebody who is left: walking on ends in the circle.
        let mut walked = vec![start];
        loop {
            let at = walked[walked.len() - 1];
            let Some(next) = after[at].intersection(&left).next().copied() else {
                break;
            };
            if let Some(begin) = walked.iter().position(|place| *place == next) {
                walked.drain(..begin);
                break;
            }
            walked.push(next);
        }
        let names: Vec<String> = walked.iter().map(|place| format!("`{}`", items[*place].name)).collect();
        let message = format!("{what}s that wait for each other: {}", names.join(" → "));
        let mut problem = Problem::new(Code::Cycle, message).hint("leave one of these dependencies out");
        for place in walked {
            problem = problem.at(format!("`{}` declared", items[place].name), items[place].at.clone());
        }
        problems.push(problem);
    }
    order
}
