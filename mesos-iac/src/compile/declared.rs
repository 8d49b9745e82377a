use super::containers::{Container, Containers};
use super::graph::Graph;
use super::node::{Label, Node, Wire};
use crate::model::{
    Anchor, Code, Dependency, Draft, Effects, LeftOut, Parts, Problem, Reason, Subscription, Trigger, Wait, nearest,
    short_role_name, short_type_name,
};
use crate::words::{Location, ResourceId};
use std::collections::{BTreeMap, BTreeSet};

/// Finds the edges that the definition declares.
///
/// What is ordered against a whole role or stage is ordered against an anchor of it, so that the number of edges grows as
/// the number of resources does:
///
/// | anchor | comes after | comes before |
/// |---|---|---|
/// | the end of X | all that stands in X, and in the roles that X includes | what comes after X |
/// | the start of X | what comes before X | what stands in X itself |
/// | a wait of X | what all of X comes after | what stands in X itself, unless it is what is waited for, or part of it |
pub(super) struct DeclaredEdges<'g, 'w> {
    graph: &'g mut Graph<'w>,
    containers: Containers<'w>,
    left_out: &'g [LeftOut],
    /// Whether something couldn't be declared: then a role without resources is no mistake of its own.
    has_failed: bool,
    wires: BTreeSet<Wire>,
    anchors: BTreeMap<Point, usize>,
}

/// What an anchor stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Point {
    End(Container),
    Start(Container),
    Wait(Container, On),
}

/// What all of a container waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum On {
    Container(Container),
    /// The resources that one call names, by the number of the call.
    Resources(usize),
}

/// What a dependency names.
enum Target {
    Node(usize),
    Container(Container),
}

/// Whose dependency it is.
struct Subject {
    resource: Option<ResourceId>,
    called: String,
    at: Location,
}

impl<'g, 'w> DeclaredEdges<'g, 'w> {
    /// The edges, sorted, each once. The anchors that they need become nodes, and mistakes are kept with the graph.
    pub(super) fn find(
        graph: &'g mut Graph<'w>,
        containers: Containers<'w>,
        waits: Vec<Wait>,
        left_out: &'g [LeftOut],
        has_failed: bool,
    ) -> Vec<Wire> {
        let mistakes = containers.mistakes(graph.host.name());
        let names_are_fine = mistakes.is_empty();
        graph.problems.extend(mistakes);
        let mut edges = Self {
            graph,
            containers,
            left_out,
            has_failed,
            wires: BTreeSet::new(),
            anchors: BTreeMap::new(),
        };
        // Anchors have the names of stages in theirs.
        if names_are_fine {
            for index in 0..edges.graph.nodes.len() {
                edges.of_resource(index);
            }
            for (number, wait) in waits.into_iter().enumerate() {
                edges.of_wait(number, wait);
            }
        }
        edges.wires.into_iter().collect()
    }

    fn of_resource(&mut self, index: usize) {
        let node = &mut self.graph.nodes[index];
        let after = std::mem::take(&mut node.draft.parts.after);
        let before = std::mem::take(&mut node.draft.parts.before);
        let triggers = std::mem::take(&mut node.draft.parts.triggers);
        if after.is_empty() && before.is_empty() && triggers.is_empty() {
            return;
        }
        let subject = Subject {
            resource: Some(node.id().clone()),
            called: "it".to_owned(),
            at: node.draft.at.clone(),
        };
        for dependency in after {
            match self.resolve(&subject, dependency) {
                Some(Target::Node(first)) => self.add(first, index, Reason::Declared),
                Some(Target::Container(container)) => {
                    if let Some(end) = self.end(container) {
                        self.add(end, index, Reason::Declared);
                    }
                }
                None => {}
            }
        }
        for dependency in before {
            match self.resolve(&subject, dependency) {
                Some(Target::Node(then)) => self.add(index, then, Reason::Declared),
                Some(Target::Container(container)) => {
                    if let Some(start) = self.start(container) {
                        self.add(index, start, Reason::Declared);
                    }
                }
                None => {}
            }
        }
        for Trigger {
            on,
            action,
            timing,
            after_failure,
        } in triggers
        {
            let subscription = |on| Subscription {
                on,
                action,
                timing,
                after_failure,
            };
            let causes = match self.resolve(&subject, on) {
                Some(Target::Node(cause)) => vec![cause],
                // A refresh is caused by a resource: whoever is to be refreshed by a role is by each resource of it.
                Some(Target::Container(container)) => self.all(container),
                None => Vec::new(),
            };
            for cause in causes {
                self.add(cause, index, Reason::Refresh);
                let on = self.graph.nodes[cause].id().clone();
                self.graph.nodes[index].subscriptions.insert(subscription(on));
            }
        }
    }

    /// Everything in a role or stage comes after something.
    fn of_wait(&mut self, number: usize, wait: Wait) {
        let Some(waiting) = self.containers.of(wait.role, wait.stage) else {
            return;
        };
        let subject = Subject {
            resource: None,
            called: self.containers.name(waiting),
            at: wait.at,
        };
        let own: BTreeSet<usize> = self.own(waiting);
        let mut single = BTreeSet::new();
        for dependency in wait.on {
            match self.resolve(&subject, dependency) {
                Some(Target::Node(first)) => {
                    single.insert(first);
                }
                Some(Target::Container(container)) if !own.is_empty() => {
                    let part: BTreeSet<usize> = self.all(container).into_iter().collect();
                    if own.is_subset(&part) {
                        self.waits_for_itself(&subject, container);
                    } else if let Some(end) = self.end(container) {
                        let on = On::Container(container);
                        self.wait((waiting, on), &subject, &[end], own.difference(&part));
                    }
                }
                Some(Target::Container(_)) | None => {}
            }
        }
        if own.difference(&single).next().is_some() && !single.is_empty() {
            let first: Vec<usize> = single.iter().copied().collect();
            self.wait(
                (waiting, On::Resources(number)),
                &subject,
                &first,
                own.difference(&single),
            );
        }
    }

    fn wait<'a>(
        &mut self,
        (waiting, on): (Container, On),
        subject: &Subject,
        first: &[usize],
        then: impl Iterator<Item = &'a usize>,
    ) {
        let waits = self.containers.qualified(waiting);
        let name = match on {
            On::Container(container) => format!("wait of {waits} for {}", self.containers.qualified(container)),
            // It may have other waits for other resources.
            On::Resources(number) => format!("wait {number} of {waits}"),
        };
        let label = Label {
            called: None,
            place: format!("{} made to wait", subject.called),
        };
        let Some((anchor, _)) = self.anchor(Point::Wait(waiting, on), name, label, subject.at.clone()) else {
            return;
        };
        for first in first {
            self.add(*first, anchor, Reason::Declared);
        }
        for then in then {
            self.add(anchor, *then, Reason::Declared);
        }
    }

    fn waits_for_itself(&mut self, subject: &Subject, on: Container) {
        let message = format!(
            "{} waits for itself: all that it declares is part of {}, which it is to come after",
            subject.called,
            self.containers.name(on)
        );
        let (label, at) = self.containers.place(on);
        self.graph.problems.push(
            Problem::new(Code::Cycle, message)
                .on(self.graph.host.name())
                .at(format!("{} made to wait", subject.called), subject.at.clone())
                .at(label, at)
                .hint("take the order away, or name the resources that are to wait"),
        );
    }

    /// The anchor that everything in it comes before.
    fn end(&mut self, container: Container) -> Option<usize> {
        let name = format!("end of {}", self.containers.qualified(container));
        let (place, at) = self.containers.place(container);
        let called = Some(format!("all of {}", self.containers.name(container)));
        let (anchor, is_new) = self.anchor(Point::End(container), name, Label { called, place }, at)?;
        if is_new {
            for member in self.all(container) {
                self.add(member, anchor, Reason::Declared);
            }
        }
        Some(anchor)
    }

    /// The anchor that everything in it comes after.
    fn start(&mut self, container: Container) -> Option<usize> {
        let name = format!("start of {}", self.containers.qualified(container));
        let (place, at) = self.containers.place(container);
        let label = Label { called: None, place };
        let (anchor, is_new) = self.anchor(Point::Start(container), name, label, at)?;
        if is_new {
            for member in self.own(container) {
                self.add(anchor, member, Reason::Declared);
            }
        }
        Some(anchor)
    }

    /// The node of an anchor, and whether it was made just now.
    fn anchor(&mut self, point: Point, name: String, label: Label, at: Location) -> Option<(usize, bool)> {
        if let Some(&known) = self.anchors.get(&point) {
            return Some((known, false));
        }
        let (Point::End(container) | Point::Start(container) | Point::Wait(container, _)) = point;
        let index = self.graph.nodes.len();
        let id = match ResourceId::new("core.anchor", &*name) {
            Ok(id) => id,
            Err(error) => {
                let problem = Problem::new(Code::InvalidValue, format!("the name of a role can't be: {error}"));
                self.graph
                    .problems
                    .push(problem.on(self.graph.host.name()).at(label.place, at));
                return None;
            }
        };
        self.graph.nodes.push(Node {
            draft: Draft {
                parts: Parts {
                    id,
                    resource: Box::new(Anchor::new(name)),
                    after: Vec::new(),
                    before: Vec::new(),
                    triggers: Vec::new(),
                    retry: None,
                },
                at,
                role: self.containers.role_name(container),
                stage: None,
                conditions: Vec::new(),
            },
            effects: Effects::none(),
            also: Vec::new(),
            subscriptions: BTreeSet::new(),
            anchor: Some(label),
        });
        self.anchors.insert(point, index);
        Some((index, true))
    }

    fn add(&mut self, first: usize, then: usize, reason: Reason) {
        self.wires.insert(Wire { first, then, reason });
    }

    fn own(&mut self, container: Container) -> BTreeSet<usize> {
        let own = self.containers.own(container).iter();
        own.map(|draft| self.graph.node_of[*draft]).collect()
    }

    fn all(&mut self, container: Container) -> Vec<usize> {
        let all = self.containers.all(container).into_iter();
        all.map(|draft| self.graph.node_of[draft]).collect()
    }

    /// What a dependency names; a mistake if there is no such thing.
    fn resolve(&mut self, subject: &Subject, dependency: Dependency) -> Option<Target> {
        let this = self.graph.host.index();
        let called = &subject.called;
        let problem = match dependency {
            Dependency::Handle { host, draft } if host == this => {
                return self.graph.node_of.get(draft?).copied().map(Target::Node);
            }
            Dependency::Stage { host, stage } if host == this => {
                let container = Container::Stage(stage);
                return (!self.containers.own(container).is_empty()).then_some(Target::Container(container));
            }
            Dependency::Handle { .. } | Dependency::Stage { .. } => Problem::new(
                Code::ForeignHandle,
                format!("{called} depends on a resource of another host, by a handle that was kept from there"),
            )
            .hint("a run works on each host by itself; find what you need of other hosts with `cx.hosts_with`"),
            Dependency::Id(Err(error)) => Problem::new(
                Code::InvalidValue,
                format!("{called} depends on what can't be: {error}"),
            ),
            Dependency::Id(Ok(target)) => match self.graph.by_id.get(&target) {
                Some(&index) => return Some(Target::Node(index)),
                None => self.dangling(called, &target),
            },
            Dependency::Role {
                role,
                type_name,
                is_optional,
            } => match self.containers.role(role) {
                Some(container) if !self.containers.all(container).is_empty() => {
                    return Some(Target::Container(container));
                }
                _ if is_optional => return None,
                Some(_) if self.has_failed => return None,
                Some(container) => self.empty(called, container),
                None => Problem::new(
                    Code::DanglingReference,
                    format!(
                        "{called} depends on role {}, which this host doesn't have",
                        short_type_name(type_name)
                    ),
                )
                .hint("give the host the role, or say `role::<…>().if_any()` if not every host has it"),
            },
        };
        let mut problem = problem.on(self.graph.host.name());
        if let Some(id) = &subject.resource {
            problem = problem.of(id);
        }
        let label = if subject.resource.is_some() {
            "declared"
        } else {
            "asked for"
        };
        self.graph.problems.push(problem.at(label, subject.at.clone()));
        None
    }

    /// The mistake of waiting for a role in which there is nothing.
    fn empty(&self, called: &str, container: Container) -> Problem {
        let (label, at) = self.containers.place(container);
        let name = self.containers.name(container);
        let message = format!("{called} depends on {name}, which declares nothing on this host");
        let problem = Problem::new(Code::DanglingReference, message).at(label, at);
        let role = short_role_name(self.containers.role_name(container));
        match self.left_out.iter().find(|left| left.role == role) {
            Some(left) => problem.at("the condition stands", left.at.clone()).hint(format!(
                "its resources were left out because `{}` doesn't hold",
                left.condition
            )),
            None => problem.hint("say `role::<…>().if_any()` if there may be nothing to wait for"),
        }
    }

    fn dangling(&self, called: &str, target: &ResourceId) -> Problem {
        let problem = Problem::new(
            Code::DanglingReference,
            format!("{called} depends on {target}, which isn't declared on this host"),
        );
        if let Some(cause) = self.left_out.iter().find(|left| left.resource.as_ref() == Some(target)) {
            let hint = format!("it was left out because `{}` doesn't hold", cause.condition);
            return problem.at("the condition stands", cause.at.clone()).hint(hint);
        }
        let same_kind = self
            .graph
            .nodes
            .iter()
            .map(Node::id)
            .filter(|id| id.kind == target.kind);
        let keys = same_kind.map(|id| id.key.as_str());
        // What a block would have declared isn't known: it runs only where its condition holds.
        let blocks = self.left_out.iter().filter(|left| left.resource.is_none());
        let blocks: Vec<String> = blocks
            .map(|block| format!("`{}` doesn't hold at {}", block.condition, block.at))
            .collect();
        let otherwise = match blocks.is_empty() {
            true => "declare it, or give this host the role that does".to_owned(),
            false => format!(
                "declare it, or give this host the role that does; a block that was left out may have it: {}",
                blocks.join(", ")
            ),
        };
        problem.hint(nearest(&target.key, keys, &otherwise))
    }
}
