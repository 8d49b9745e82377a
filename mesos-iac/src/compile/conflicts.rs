use super::node::Node;
use crate::model::{Code, Effect, Problem, Problems, short_role_name};
use crate::words::HostName;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Resources that can't both be had: two that own one thing, and two that ask for different versions of one package.
pub(super) fn conflicts(nodes: &[Node], host: &HostName) -> Problems {
    let mut owners = HashMap::<&Effect, &Node>::new();
    let mut versions = HashMap::<&str, (&str, &Node)>::new();
    let mut problems = Problems::new();
    for node in nodes {
        for effect in &node.effects.writes {
            if let Some(other) = owners.insert(effect, node).filter(|other| other.id() != node.id()) {
                let message = format!("{effect} is owned by {} as well", other.id());
                problems.push(conflict(node, other, message, host).hint("let one resource own it"));
            }
        }
        for (package, version) in &node.effects.pins {
            let (wanted, other) = *versions.entry(package).or_insert((version, node));
            if wanted != version {
                let message = format!(
                    "it asks for version {version} of package {package}, and {} for version {wanted}",
                    other.id()
                );
                let hint = "let one role say the version, or take it from one attribute";
                problems.push(conflict(node, other, message, host).hint(hint));
            }
        }
    }
    problems
}

fn conflict(node: &Node, other: &Node, message: String, host: &HostName) -> Problem {
    let by = |node: &Node| format!("declared by role {}", short_role_name(node.draft.role));
    Problem::new(Code::TwoWriters, message)
        .on(host)
        .of(node.id())
        .at(by(node), node.draft.at.clone())
        .at(format!("{} {}", other.id(), by(other)), other.draft.at.clone())
}

/// In which fields two resources of one kind differ, as the end of a sentence. Values are left out: they may be long.
pub(super) fn differing(one: Option<&Value>, two: Option<&Value>) -> String {
    // A resource serialises as its kind and what it holds.
    let fields = |data: Option<&Value>| data?.as_object()?.values().next()?.as_object().cloned();
    let (Some(one), Some(two)) = (fields(one), fields(two)) else {
        return String::new();
    };
    let names: BTreeSet<&str> = one.keys().chain(two.keys()).map(String::as_str).collect();
    let differing: Vec<&str> = names
        .into_iter()
        .filter(|name| one.get(*name) != two.get(*name))
        .collect();
    match differing.is_empty() {
        true => String::new(),
        false => format!(": they differ in {}", differing.join(", ")),
    }
}
