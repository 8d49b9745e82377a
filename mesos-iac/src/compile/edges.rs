use super::node::{Node, Wire};
use crate::model::{Effect, Reason};
use crate::words::AbsPath;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Finds the edges that nobody declared, from what resources read, own and bring along; `edges.md` has the rules.
pub(super) struct AutomaticEdges<'a> {
    nodes: &'a [Node],
    owners: HashMap<&'a Effect, usize>,
    providers: HashMap<&'a Effect, Vec<usize>>,
    paths: BTreeMap<&'a AbsPath, usize>,
    provided_paths: BTreeMap<&'a AbsPath, Vec<usize>>,
    repositories: Vec<usize>,
    declared: HashSet<(usize, usize)>,
    found: BTreeSet<Wire>,
}

impl<'a> AutomaticEdges<'a> {
    /// The edges, sorted, each once; none that a declared edge says already.
    pub(super) fn find(nodes: &'a [Node], declared: &[Wire]) -> Vec<Wire> {
        let mut edges = Self {
            nodes,
            owners: HashMap::new(),
            providers: HashMap::new(),
            paths: BTreeMap::new(),
            provided_paths: BTreeMap::new(),
            repositories: Vec::new(),
            declared: declared.iter().map(|wire| (wire.first, wire.then)).collect(),
            found: BTreeSet::new(),
        };
        edges.index();
        for (index, node) in nodes.iter().enumerate() {
            for effect in &node.effects.writes {
                if let Effect::Path(path) = effect {
                    edges.above(index, path);
                }
            }
            for effect in &node.effects.reads {
                edges.read(index, effect);
            }
        }
        edges.found.into_iter().collect()
    }

    fn index(&mut self) {
        for (index, node) in self.nodes.iter().enumerate() {
            for effect in &node.effects.writes {
                self.owners.insert(effect, index);
                match effect {
                    Effect::Path(path) => {
                        self.paths.insert(path, index);
                    }
                    Effect::Repository(_) => self.repositories.push(index),
                    _ => {}
                }
            }
            for effect in &node.effects.provides {
                match effect {
                    Effect::Path(path) => self.provided_paths.entry(path).or_default().push(index),
                    effect => self.providers.entry(effect).or_default().push(index),
                }
            }
        }
    }

    /// What is above a path: the nearest owned one and the nearest one that something brings along.
    fn above(&mut self, index: usize, path: &AbsPath) {
        let owner = path
            .ancestors()
            .find_map(|above| self.paths.get(&above).copied().filter(|owner| *owner != index));
        if let Some(owner) = owner {
            self.add(owner, index, Reason::Directory);
        }
        let providers = std::iter::once(path.clone()).chain(path.ancestors()).find_map(|above| {
            let providers: Vec<usize> = self
                .provided_paths
                .get(&above)?
                .iter()
                .copied()
                .filter(|p| *p != index)
                .collect();
            (!providers.is_empty()).then_some(providers)
        });
        for provider in providers.into_iter().flatten() {
            self.add(provider, index, Reason::Provider);
        }
    }

    fn read(&mut self, index: usize, effect: &Effect) {
        match effect {
            Effect::Path(path) => {
                if let Some(&owner) = self.paths.get(path) {
                    self.add(owner, index, Reason::Path);
                }
                self.above(index, path);
            }
            Effect::Entries(directory) => self.above(index, directory),
            Effect::Tree(directory) => {
                let owners: Vec<usize> = below(&self.paths, directory).copied().collect();
                owners
                    .into_iter()
                    .for_each(|owner| self.add(owner, index, Reason::Path));
                let providers: Vec<usize> = below(&self.provided_paths, directory).flatten().copied().collect();
                for provider in providers {
                    self.add(provider, index, Reason::Provider);
                }
            }
            Effect::Repositories => {
                for repository in self.repositories.clone() {
                    self.add(repository, index, Reason::Repository);
                }
            }
            other => {
                if let Some(&owner) = self.owners.get(other) {
                    self.add(owner, index, reason_for(other));
                }
                for provider in self.providers.get(other).cloned().unwrap_or_default() {
                    self.add(provider, index, Reason::Provider);
                }
            }
        }
    }

    /// `reader` after `owner`; before it if the owner makes the thing go away. Where the definition says the opposite, the
    /// edge would close a cycle, and is dropped like any other that would.
    fn add(&mut self, owner: usize, reader: usize, reason: Reason) {
        let removes = self.nodes[owner].effects.removes;
        let (first, then) = if removes { (reader, owner) } else { (owner, reader) };
        if first != then && !self.declared.contains(&(first, then)) {
            self.found.insert(Wire { first, then, reason });
        }
    }
}

/// What is known of the paths below a directory.
fn below<'m, T>(paths: &'m BTreeMap<&AbsPath, T>, directory: &'m AbsPath) -> impl Iterator<Item = &'m T> {
    paths
        .range::<&AbsPath, _>(directory..)
        .skip_while(move |(path, _)| **path == directory)
        .take_while(move |(path, _)| path.as_str().starts_with(directory.as_str()))
        .filter(move |(path, _)| path.is_within(directory))
        .map(|(_, known)| known)
}

const fn reason_for(effect: &Effect) -> Reason {
    match effect {
        Effect::Path(_) | Effect::Tree(_) | Effect::Entries(_) => Reason::Path,
        Effect::Package(_) => Reason::Package,
        Effect::Unit(_) => Reason::Unit,
        Effect::User(_) | Effect::Uid(_) => Reason::User,
        Effect::Group(_) | Effect::Gid(_) => Reason::Group,
        Effect::Port(_) => Reason::Port,
        Effect::Repository(_) | Effect::Repositories => Reason::Repository,
    }
}
