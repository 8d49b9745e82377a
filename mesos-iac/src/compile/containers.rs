use crate::model::{Code, Problem, Problems, RoleInstance, StageDraft, short_role_name};
use crate::words::{HostName, Location, ResourceId};
use std::any::{Any, TypeId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Something of which all resources are ordered together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Container {
    /// A role, by its place among those of the host.
    Role(usize),
    /// A stage, by its place among those of the host.
    Stage(usize),
}

/// The roles and stages of one host, and what stands in each.
pub(super) struct Containers<'w> {
    roles: &'w [RoleInstance],
    by_name: HashMap<&'static str, usize>,
    stages: Vec<StageDraft>,
    /// For each draft its role and stage.
    origins: Vec<(&'static str, Option<usize>)>,
    /// The drafts of each role and stage; found when they are first asked for.
    drafts: Option<BTreeMap<Container, Vec<usize>>>,
}

impl<'w> Containers<'w> {
    pub(super) fn new(
        roles: &'w [RoleInstance],
        stages: Vec<StageDraft>,
        origins: Vec<(&'static str, Option<usize>)>,
    ) -> Self {
        let by_name = roles.iter().enumerate();
        Self {
            roles,
            by_name: by_name.map(|(place, instance)| (instance.role.name(), place)).collect(),
            stages,
            origins,
            drafts: None,
        }
    }

    /// The mistakes in the names of stages.
    pub(super) fn mistakes(&self, host: &HostName) -> Problems {
        let mut problems = Problems::new();
        let mut seen = BTreeMap::new();
        for stage in &self.stages {
            let role = short_role_name(stage.role);
            if let Err(error) = ResourceId::new("core.anchor", &*stage.name) {
                let message = format!("role {role} makes a stage that can't be: {error}");
                problems.push(
                    Problem::new(Code::InvalidValue, message)
                        .on(host)
                        .at("the stage is made", stage.at.clone()),
                );
            } else if let Some(first) = seen.insert((stage.role, &stage.name), &stage.at) {
                let message = format!("role {role} makes two stages of the name {}", stage.name);
                problems.push(
                    Problem::new(Code::DuplicateName, message)
                        .on(host)
                        .at("the one is made", first.clone())
                        .at("the other is made", stage.at.clone())
                        .hint("give them different names, or declare both parts in one stage"),
                );
            }
        }
        problems
    }

    /// The role of this type, if the host has it.
    pub(super) fn role(&self, id: TypeId) -> Option<Container> {
        let is_it = |instance: &RoleInstance| (&*instance.role as &dyn Any).type_id() == id;
        self.roles.iter().position(is_it).map(Container::Role)
    }

    /// The role, or the innermost stage of it, in which something stands.
    pub(super) fn of(&self, role: &str, stage: Option<usize>) -> Option<Container> {
        match stage {
            Some(stage) => Some(Container::Stage(stage)),
            None => self.by_name.get(role).copied().map(Container::Role),
        }
    }

    /// What it is called in a catalog, where names are qualified.
    pub(super) fn qualified(&self, container: Container) -> String {
        match container {
            Container::Role(place) => format!("role {}", self.roles[place].role.name()),
            Container::Stage(place) => format!("stage {} of role {}", self.stages[place].name, self.stages[place].role),
        }
    }

    /// What it is called in messages.
    pub(super) fn name(&self, container: Container) -> String {
        match container {
            Container::Role(_) => format!("role {}", short_role_name(self.role_name(container))),
            Container::Stage(place) => {
                let role = short_role_name(self.role_name(container));
                format!("stage {} of role {role}", self.stages[place].name)
            }
        }
    }

    /// The qualified name of the role that it is, or is part of.
    pub(super) fn role_name(&self, container: Container) -> &'static str {
        match container {
            Container::Role(place) => self.roles[place].role.name(),
            Container::Stage(place) => self.stages[place].role,
        }
    }

    /// Where the role was given, or the stage was made, and how a message says so.
    pub(super) fn place(&self, container: Container) -> (String, Location) {
        match container {
            Container::Role(place) => (format!("{} given", self.name(container)), self.roles[place].at.clone()),
            Container::Stage(place) => (format!("{} made", self.name(container)), self.stages[place].at.clone()),
        }
    }

    /// The drafts that stand in it itself. Those of the roles that a role includes don't.
    pub(super) fn own(&mut self, container: Container) -> &[usize] {
        let drafts = self.drafts.get_or_insert_with(|| {
            let mut found = BTreeMap::<Container, Vec<usize>>::new();
            for (draft, (role, stage)) in self.origins.iter().enumerate() {
                if let Some(place) = self.by_name.get(role) {
                    found.entry(Container::Role(*place)).or_default().push(draft);
                }
                let mut around = *stage;
                while let Some(stage) = around {
                    found.entry(Container::Stage(stage)).or_default().push(draft);
                    around = self.stages[stage].within;
                }
            }
            found
        });
        drafts.get(&container).map_or(&[], Vec::as_slice)
    }

    /// All drafts that stand in it, and in the roles that it includes.
    pub(super) fn all(&mut self, container: Container) -> Vec<usize> {
        let Container::Role(first) = container else {
            return self.own(container).to_vec();
        };
        let mut seen = BTreeSet::from([first]);
        let mut open = vec![first];
        let mut all = Vec::new();
        while let Some(place) = open.pop() {
            all.extend_from_slice(self.own(Container::Role(place)));
            let included = self.roles[place]
                .includes
                .iter()
                .filter_map(|name| self.by_name.get(name));
            open.extend(included.copied().filter(|included| seen.insert(*included)));
        }
        all
    }
}
