use super::node::{Node, Wire};
use crate::model::{Code, Problem, Problems};
use crate::words::HostName;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::cmp::Reverse;
use std::collections::hash_map::Entry::Vacant;
use std::collections::{BinaryHeap, HashMap, VecDeque};

/// Refuses declared edges that close a cycle.
///
/// # Errors
/// One problem for each group of resources that wait for each other, with the shortest way round.
pub(super) fn check_cycles(nodes: &[Node], declared: &[Wire], host: &HostName) -> Result<(), Problems> {
    let mut problems = Problems::new();
    for group in knots(nodes.len(), declared.iter()) {
        problems.push(cycle(nodes, &shortest_cycle(&group, declared), host));
    }
    problems.into_result(())
}

/// The mistake that resources wait for each other.
fn cycle(nodes: &[Node], members: &[usize], host: &HostName) -> Problem {
    let named = members
        .iter()
        .chain(members.first())
        .filter_map(|i| match &nodes[*i].anchor {
            Some(label) => label.called.clone(),
            None => Some(nodes[*i].id().to_string()),
        });
    let names: Vec<String> = named.collect();
    let message = format!("resources wait for each other: {}", names.join(" after "));
    let mut problem = Problem::new(Code::Cycle, message).on(host);
    for &member in members {
        let node = &nodes[member];
        let label = match &node.anchor {
            Some(label) => label.place.clone(),
            None => format!("{} declared", node.id()),
        };
        problem = problem.at(label, node.draft.at.clone());
    }
    problem.hint("take one of the declared edges away")
}

/// An automatic edge that would close a cycle.
#[derive(Debug, PartialEq)]
pub(super) struct Dropped {
    pub(super) wire: Wire,
    /// By which way its end comes before its beginning, from the one to the other.
    pub(super) way: Vec<usize>,
}

/// Splits automatic edges into those that stay and those that would close a cycle.
///
/// Without cycles this is one linear pass. Only where a knot is found are its automatic edges tried again one by one, the
/// best founded first, so that a package's guess about what it brings along goes before anything else.
pub(super) fn drop_cycles(count: usize, declared: &[Wire], automatic: Vec<Wire>) -> (Vec<Wire>, Vec<Dropped>) {
    let knots = knots(count, declared.iter().chain(&automatic));
    if knots.is_empty() {
        return (automatic, Vec::new());
    }
    let mut knot_of = vec![None; count];
    for (number, members) in knots.iter().enumerate() {
        members.iter().for_each(|member| knot_of[*member] = Some(number));
    }
    let inside = |wire: &Wire| knot_of[wire.first].is_some() && knot_of[wire.first] == knot_of[wire.then];
    let (mut doubtful, mut kept): (Vec<Wire>, Vec<Wire>) = automatic.into_iter().partition(inside);
    doubtful.sort_by_key(|wire| (is_guess(wire), *wire));
    let mut next = HashMap::<usize, Vec<usize>>::new();
    for wire in declared.iter().filter(|wire| inside(wire)) {
        next.entry(wire.first).or_default().push(wire.then);
    }
    let mut dropped = Vec::new();
    for wire in doubtful {
        if let Some(way) = shortest_way(&next, wire.then, wire.first) {
            dropped.push(Dropped { wire, way });
        } else {
            next.entry(wire.first).or_default().push(wire.then);
            kept.push(wire);
        }
    }
    kept.sort();
    dropped.sort_by_key(|dropped| dropped.wire);
    (kept, dropped)
}

fn is_guess(wire: &Wire) -> bool {
    wire.reason == crate::model::Reason::Provider
}

/// The shortest way along edges, with both ends.
fn shortest_way(next: &HashMap<usize, Vec<usize>>, from: usize, to: usize) -> Option<Vec<usize>> {
    let mut came_from = HashMap::from([(from, None)]);
    let mut queue = VecDeque::from([from]);
    while let Some(node) = queue.pop_front() {
        if node == to {
            let way = std::iter::successors(Some(to), |node| came_from.get(node).copied().flatten());
            let mut way: Vec<usize> = way.collect();
            way.reverse();
            return Some(way);
        }
        for &following in next.get(&node).map_or(&[][..], Vec::as_slice) {
            if let Vacant(new) = came_from.entry(following) {
                new.insert(Some(node));
                queue.push_back(following);
            }
        }
    }
    None
}

/// The order that respects every edge; where they leave it open, the order of declaration. The nodes from `resources` on
/// are anchors, which come as early as they can, so that they hold nothing up.
pub(super) fn topological<'a>(count: usize, resources: usize, wires: impl Iterator<Item = &'a Wire>) -> Vec<usize> {
    let rank = |index: usize| Reverse((index < resources, index));
    let mut next = vec![Vec::new(); count];
    let mut waiting = vec![0_usize; count];
    for wire in wires {
        next[wire.first].push(wire.then);
        waiting[wire.then] += 1;
    }
    let mut ready: BinaryHeap<_> = (0..count).filter(|i| waiting[*i] == 0).map(rank).collect();
    let mut order = Vec::with_capacity(count);
    while let Some(Reverse((_, index))) = ready.pop() {
        order.push(index);
        for &following in &next[index] {
            waiting[following] -= 1;
            if waiting[following] == 0 {
                ready.push(rank(following));
            }
        }
    }
    order
}

/// The groups of nodes that wait for each other, each sorted, the groups sorted too.
fn knots<'a>(count: usize, wires: impl Iterator<Item = &'a Wire>) -> Vec<Vec<usize>> {
    let mut graph = DiGraph::<(), ()>::with_capacity(count, 0);
    for _ in 0..count {
        graph.add_node(());
    }
    let mut alone = Vec::new();
    for wire in wires {
        if wire.first == wire.then {
            alone.push(vec![wire.first]);
        }
        graph.add_edge(NodeIndex::new(wire.first), NodeIndex::new(wire.then), ());
    }
    let mut groups: Vec<Vec<usize>> = tarjan_scc(&graph)
        .into_iter()
        .filter(|group| group.len() > 1)
        .map(|group| {
            let mut members: Vec<usize> = group.into_iter().map(NodeIndex::index).collect();
            members.sort_unstable();
            members
        })
        .chain(alone)
        .collect();
    groups.sort();
    groups.dedup();
    groups
}

/// The shortest way round from the group's first member, in the direction "a after b".
fn shortest_cycle(group: &[usize], wires: &[Wire]) -> Vec<usize> {
    let Some(&start) = group.first() else {
        return Vec::new();
    };
    let mut waits_for = HashMap::<usize, Vec<usize>>::new();
    for wire in wires
        .iter()
        .filter(|wire| group.contains(&wire.first) && group.contains(&wire.then))
    {
        waits_for.entry(wire.then).or_default().push(wire.first);
    }
    let mut came_from = HashMap::<usize, usize>::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for &target in waits_for.get(&node).map_or(&[][..], Vec::as_slice) {
            if target == start {
                let mut way = vec![node];
                while let Some(&before) = came_from.get(&way[way.len() - 1]) {
                    way.push(before);
                }
                way.reverse();
                return way;
            }
            if target != start && !came_from.contains_key(&target) {
                came_from.insert(target, node);
                queue.push_back(target);
            }
        }
    }
    group.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reason;

    fn wire(first: usize, then: usize, reason: Reason) -> Wire {
        Wire { first, then, reason }
    }

    #[test]
    fn order_follows_declaration_where_edges_leave_it_open() {
        let wires = [wire(3, 0, Reason::Declared)];
        assert_eq!(topological(4, 4, wires.iter()), [1, 2, 3, 0]);
    }

    #[test]
    fn an_automatic_edge_that_closes_a_cycle_is_dropped_and_the_guess_goes_first() {
        let declared = [wire(0, 1, Reason::Declared)];
        let automatic = vec![
            wire(1, 2, Reason::Directory),
            wire(2, 0, Reason::Provider),
            wire(2, 3, Reason::User),
        ];
        let (kept, dropped) = drop_cycles(4, &declared, automatic);
        let wire = wire(2, 0, Reason::Provider);
        assert_eq!(
            dropped,
            [Dropped {
                wire,
                way: vec![0, 1, 2]
            }]
        );
        assert_eq!(kept.len(), 2);
    }

    #[test]
    fn the_shortest_cycle_is_named() {
        let wires = [
            wire(0, 1, Reason::Declared),
            wire(1, 2, Reason::Declared),
            wire(2, 0, Reason::Declared),
            wire(1, 0, Reason::Declared),
        ];
        assert_eq!(knots(3, wires.iter()), [vec![0, 1, 2]]);
        assert_eq!(shortest_cycle(&[0, 1, 2], &wires), [0, 1]);
    }
}
