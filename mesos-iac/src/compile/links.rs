use super::node::Node;
use crate::model::{Code, Effect, Problem, Problems, short_role_name};
use crate::words::{AbsPath, HostName};
use std::collections::HashMap;

/// More links in a row than any system follows.
const MOST_LINKS: usize = 40;

/// Resources that a link of the same definition leads together: two that own one place, and one that stands in an
/// exclusive directory which doesn't know of it.
///
/// Links that only the host has are looked at there.
pub(super) fn linked_conflicts(nodes: &[Node], host: &HostName) -> Problems {
    let mut problems = Problems::new();
    let links: Links<'_> = nodes
        .iter()
        .flat_map(|node| {
            node.effects
                .links
                .iter()
                .map(move |(path, target)| (path, (target, node)))
        })
        .collect();
    if links.is_empty() {
        return problems;
    }
    let mut places = HashMap::<AbsPath, (&AbsPath, &Node)>::new();
    let mut moved = Vec::new();
    for (node, path) in written(nodes) {
        let (place, link) = place(path, &links);
        let (other_path, other) = *places.entry(place.clone()).or_insert((path, node));
        // Two that write one path are told of anyhow, with or without a link.
        if other.id() != node.id() && other_path != path {
            let by = link.or_else(|| self::place(other_path, &links).1);
            let message = format!(
                "path {path} is owned by {} as well, since {} leads to {place}",
                other.id(),
                by.map_or_else(|| "a link".to_owned(), |by| by.id().to_string()),
            );
            problems.push(
                conflict(node, other, by, message, host)
                    .hint("let one resource own it, at the path that the link leads to"),
            );
        }
        if let Some(link) = link {
            moved.push((node, path, place, link));
        }
    }
    for exclusive in nodes {
        for effect in &exclusive.effects.reads {
            let Effect::Entries(directory) = effect else { continue };
            let (whole, _) = place(directory, &links);
            for (node, path, place, link) in &moved {
                if place.is_within(&whole) && !path.is_within(directory) && node.id() != exclusive.id() {
                    let message = format!(
                        "path {path} is {place} on the host, since {} leads there, where {} removes what it doesn't know",
                        link.id(),
                        exclusive.id()
                    );
                    problems.push(
                        conflict(node, exclusive, Some(link), message, host)
                            .hint(format!("declare it as {place}, which the directory knows")),
                    );
                }
            }
        }
    }
    problems
}

/// Each link with where it leads, and whose it is.
type Links<'a> = HashMap<&'a AbsPath, (&'a AbsPath, &'a Node)>;

fn written(nodes: &[Node]) -> impl Iterator<Item = (&Node, &AbsPath)> {
    nodes
        .iter()
        .flat_map(|node| node.effects.writes.iter().map(move |effect| (node, effect)))
        .filter_map(|(node, effect)| match effect {
            Effect::Path(path) => Some((node, path)),
            _ => None,
        })
}

/// Where a path stands once the links above it are in place, and the last link on the way.
fn place<'a>(path: &AbsPath, links: &Links<'a>) -> (AbsPath, Option<&'a Node>) {
    let (mut path, mut last) = (path.clone(), None);
    for _ in 0..MOST_LINKS {
        let above = path.ancestors().filter(|above| links.contains_key(above)).last();
        let Some((link, (target, node))) = above.and_then(|above| links.get_key_value(&above)) else {
            break;
        };
        let rest = path.as_str().get(link.as_str().len()..).unwrap_or_default();
        // A place that is no path any more (too long, say) fails on the host.
        let Ok(moved) = AbsPath::new(format!("{target}{rest}")) else {
            break;
        };
        (path, last) = (moved, Some(*node));
    }
    (path, last)
}

fn conflict(node: &Node, other: &Node, link: Option<&Node>, message: String, host: &HostName) -> Problem {
    let by = |node: &Node| format!("declared by role {}", short_role_name(node.draft.role));
    let problem = Problem::new(Code::TwoWriters, message)
        .on(host)
        .of(node.id())
        .at(by(node), node.draft.at.clone())
        .at(format!("{} {}", other.id(), by(other)), other.draft.at.clone());
    match link.filter(|link| link.id() != node.id() && link.id() != other.id()) {
        Some(link) => problem.at(format!("{} {}", link.id(), by(link)), link.draft.at.clone()),
        None => problem,
    }
}
