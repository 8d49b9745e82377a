use super::compiled::CompiledHost;
use super::conflicts::{conflicts, differing};
use super::containers::Containers;
use super::declared::DeclaredEdges;
use super::edges::AutomaticEdges;
use super::links::linked_conflicts;
use super::node::{Node, Wire};
use super::order::{self, Dropped};
use crate::model::{
    CATALOG_FORMAT, Catalog, Code, Declaration, DeclaredFacts, Draft, Drafts, DroppedEdge, Edge, Entry, HostView,
    LeftOut, OwnedPaths, Problem, Problems, Provenance, Reason, RoleInstance, RoleOrigin, short_role_name,
};
use crate::words::ResourceId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Turns what one host's roles declared into its catalog.
pub(super) fn build<'w>(
    host: HostView<'w>,
    roles: &'w [RoleInstance],
    drafts: Drafts,
    left_out: Vec<LeftOut>,
) -> Result<CompiledHost, Problems> {
    let origins = drafts.resources.iter().map(|draft| (draft.role, draft.stage)).collect();
    let containers = Containers::new(roles, drafts.stages, origins);
    let mut graph = Graph::merge(host, drafts.resources)?;
    let resources = graph.nodes.len();
    let declared = DeclaredEdges::find(&mut graph, containers, drafts.waits, &left_out, drafts.has_failed);
    let mut problems = std::mem::take(&mut graph.problems);
    problems.extend(conflicts(&graph.nodes, host.name()));
    problems.extend(linked_conflicts(&graph.nodes, host.name()));
    problems.into_result(())?;

    order::check_cycles(&graph.nodes, &declared, host.name())?;
    let automatic = AutomaticEdges::find(&graph.nodes, &declared);
    let (kept, dropped) = order::drop_cycles(graph.nodes.len(), &declared, automatic);
    let order = order::topological(graph.nodes.len(), resources, declared.iter().chain(&kept));
    let dropped = dropped.iter().map(|dropped| graph.dropped(dropped)).collect();
    Ok(graph.finish(&order, declared, kept, dropped, left_out, roles))
}

/// The resources of one host, and after them the anchors.
pub(super) struct Graph<'w> {
    pub(super) host: HostView<'w>,
    pub(super) nodes: Vec<Node>,
    /// From the place of a draft to its node; drafts that say the same share one.
    pub(super) node_of: Vec<usize>,
    pub(super) by_id: HashMap<ResourceId, usize>,
    pub(super) problems: Problems,
}

impl<'w> Graph<'w> {
    /// Makes one node of each resource. What is declared twice, word for word, counts once; else it is a mistake.
    fn merge(host: HostView<'w>, drafts: Vec<Draft>) -> Result<Self, Problems> {
        let mut graph = Self {
            host,
            nodes: Vec::with_capacity(drafts.len()),
            node_of: Vec::with_capacity(drafts.len()),
            by_id: HashMap::with_capacity(drafts.len()),
            problems: Problems::new(),
        };
        for draft in drafts {
            match graph.by_id.get(&draft.parts.id) {
                Some(&first) => graph.merge_into(first, draft),
                None => {
                    let effects = draft.parts.resource.behavior().effects();
                    graph.by_id.insert(draft.parts.id.clone(), graph.nodes.len());
                    graph.node_of.push(graph.nodes.len());
                    graph.nodes.push(Node {
                        draft,
                        effects,
                        also: Vec::new(),
                        subscriptions: BTreeSet::new(),
                        anchor: None,
                    });
                }
            }
        }
        if graph.problems.is_empty() {
            graph.complete();
            Ok(graph)
        } else {
            Err(graph.problems)
        }
    }

    /// Tells the kinds that have to know it what all resources of the host own.
    fn complete(&mut self) {
        let paths = OwnedPaths::of(self.nodes.iter().map(|node| &node.effects));
        for node in &mut self.nodes {
            if let Some(completed) = node.draft.parts.resource.behavior().completed(&paths) {
                node.draft.parts.resource = completed;
            }
        }
    }

    fn merge_into(&mut self, first: usize, draft: Draft) {
        self.node_of.push(first);
        let node = &mut self.nodes[first];
        let data = |draft: &Draft| serde_json::to_value(&draft.parts.resource).ok();
        let (one, two) = (data(&node.draft), data(&draft));
        if one == two {
            node.also.push((draft.at, short_role_name(draft.role).to_owned()));
            node.draft.parts.after.extend(draft.parts.after);
            node.draft.parts.before.extend(draft.parts.before);
            node.draft.parts.triggers.extend(draft.parts.triggers);
            node.draft.parts.retry = match (node.draft.parts.retry, draft.parts.retry) {
                (Some(one), Some(two)) => Some(one.or_longer(two)),
                (one, two) => one.or(two),
            };
            return;
        }
        let differ = differing(one.as_ref(), two.as_ref());
        let (one, two) = (short_role_name(node.draft.role), short_role_name(draft.role));
        let message = if one == two {
            format!("it is declared twice by role {one}, and not the same way{differ}")
        } else {
            format!("it is declared by role {one} and by role {two}, and not the same way{differ}")
        };
        self.problems.push(
            Problem::new(Code::TwoWriters, message)
                .on(self.host.name())
                .of(&node.draft.parts.id)
                .at("declared", node.draft.at.clone())
                .at("declared again", draft.at)
                .hint("let one role own it; the other can depend on it with `.after(resource::<…>(\"…\"))`"),
        );
    }

    fn dropped(&self, dropped: &Dropped) -> DroppedEdge {
        let id = |node: usize| self.nodes[node].id().clone();
        DroppedEdge {
            of: id(dropped.wire.then),
            edge: Edge {
                on: id(dropped.wire.first),
                because: dropped.wire.reason,
            },
            way: dropped.way.iter().rev().map(|node| id(*node)).collect(),
        }
    }

    fn finish(
        self,
        order: &[usize],
        declared: Vec<Wire>,
        kept: Vec<Wire>,
        dropped: Vec<DroppedEdge>,
        left_out: Vec<LeftOut>,
        roles: &[RoleInstance],
    ) -> CompiledHost {
        let host = self.host;
        let ids: Vec<ResourceId> = self.nodes.iter().map(|node| node.id().clone()).collect();
        // One edge for each pair: the first reason in the order of `Reason`, so that a declared one wins.
        let mut after = vec![BTreeMap::<usize, Reason>::new(); ids.len()];
        for wire in declared.into_iter().chain(kept) {
            let reason = after[wire.then].entry(wire.first).or_insert(wire.reason);
            *reason = wire.reason.min(*reason);
        }
        let mut provenance = Provenance {
            dropped,
            left_out,
            roles: roles.iter().map(origin).collect(),
            ..Provenance::default()
        };
        let mut nodes: Vec<Option<Node>> = self.nodes.into_iter().map(Some).collect();
        let mut entries = Vec::with_capacity(order.len());
        for &index in order {
            let Some(node) = nodes[index].take() else { continue };
            let mut edges: Vec<Edge> = after[index]
                .iter()
                .map(|(first, because)| Edge {
                    on: ids[*first].clone(),
                    because: *because,
                })
                .collect();
            edges.sort();
            provenance.declared.insert(
                ids[index].clone(),
                Declaration {
                    at: node.draft.at,
                    role: short_role_name(node.draft.role).to_owned(),
                    conditions: node.draft.conditions,
                    also: node.also,
                },
            );
            entries.push(Entry {
                id: ids[index].clone(),
                resource: node.draft.parts.resource,
                after: edges,
                refresh_on: node.subscriptions.into_iter().collect(),
                retry: node.draft.parts.retry,
            });
        }
        CompiledHost {
            catalog: Catalog {
                format: CATALOG_FORMAT,
                cluster: host.cluster_name().to_owned(),
                host: host.name().clone(),
                declared: declared_facts(&host),
                entries,
            },
            provenance,
            findings: Vec::new(),
        }
    }
}

fn origin(instance: &RoleInstance) -> RoleOrigin {
    RoleOrigin {
        role: instance.role.name().to_owned(),
        at: instance.at.clone(),
        included_by: instance.included_by.map(ToOwned::to_owned),
        rollout: instance.role.behavior().rollout(),
    }
}

pub(super) fn declared_facts(host: &HostView<'_>) -> DeclaredFacts {
    DeclaredFacts {
        os: host.os().cloned(),
        arch: host.arch().cloned(),
        address: host.host().address().and_then(|address| address.parse().ok()),
    }
}
