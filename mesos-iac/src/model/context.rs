use super::{
    Add, Code, Condition, Declares, Dependencies, Draft, Drafts, Endpoint, EndpointInstance, Error, Finding, Handle,
    HostView, LeftOut, Parts, Problem, Problems, Result, Role, Stage, StageDraft, Wait, World, caught, short_role_name,
};
use crate::words::{HostName, Location, ResourceId};
use std::ops::Deref;

/// A role that a host has, and how it came by it.
#[derive(Clone)]
pub struct RoleInstance {
    /// The role with its settings.
    pub role: Box<dyn Role>,
    /// Where it was given to the host, its appliance or the cluster, or where it was included.
    pub at: Location,
    /// The qualified name of the role that included it.
    pub included_by: Option<&'static str>,
    /// The qualified names of the roles that it includes itself.
    pub includes: Vec<&'static str>,
}

impl RoleInstance {
    /// A role that the definition gives, and where.
    pub(crate) fn given(role: impl Role, at: Location) -> Self {
        Self {
            role: Box::new(role),
            at,
            included_by: None,
            includes: Vec::new(),
        }
    }

    /// Asks the role for its part of a phase. A panic of the role is a mistake like others.
    pub(crate) fn ask(&self, work: impl FnOnce(&dyn Declares) -> Result<()>) -> Result<()> {
        let panicked = match caught(|| work(self.role.behavior())) {
            Ok(done) => return done,
            Err(panicked) => panicked,
        };
        let message = format!(
            "role {} panicked: {}",
            short_role_name(self.role.name()),
            panicked.message
        );
        let mut problem = Problem::new(Code::FailedDeclaration, message);
        if let Some(at) = panicked.at {
            problem = problem.at("it panicked", at);
        }
        Err(Problems::from(problem).into())
    }

    /// The problems that an error of the role amounts to on a host, with the place where the role was given.
    pub(crate) fn problems(&self, error: Error, host: &HostName) -> Problems {
        problems(
            error,
            self.role.name(),
            host,
            ("the role was given here", &self.at),
            None,
        )
    }
}

/// What an error of a role amounts to on a host: problems, each with its host, its resource and its place.
fn problems(
    error: Error,
    role: &str,
    host: &HostName,
    (label, at): (&str, &Location),
    resource: Option<&ResourceId>,
) -> Problems {
    let mut all = Problems::new();
    for mut problem in error.into_problems(Some(role)) {
        problem.host.get_or_insert_with(|| host.clone());
        problem.resource = problem.resource.or_else(|| resource.cloned());
        all.push(match problem.places.iter().any(|place| place.at == *at) {
            true => problem,
            false => problem.at(label, at.clone()),
        });
    }
    all
}

/// Phase 1: what a role sees when it says which roles come along.
pub struct IncludeCx<'w> {
    host: HostView<'w>,
    by: &'static str,
    pub(crate) included: Vec<RoleInstance>,
}

impl<'w> IncludeCx<'w> {
    pub(crate) const fn new(host: HostView<'w>, by: &'static str) -> Self {
        Self {
            host,
            by,
            included: Vec::new(),
        }
    }

    /// Gives the host another role. The same role with the same settings counts once; with other settings it is an error.
    #[track_caller]
    pub fn include(&mut self, role: impl Role) {
        self.included.push(RoleInstance {
            role: Box::new(role),
            at: Location::caller(),
            included_by: Some(self.by),
            includes: Vec::new(),
        });
    }

    /// Whether a condition holds for this host.
    ///
    /// # Errors
    /// An attribute is unset, or a fact isn't declared.
    pub fn holds(&self, condition: impl Into<Condition>) -> Result<bool> {
        condition.into().holds(&self.host)
    }
}

impl<'w> Deref for IncludeCx<'w> {
    type Target = HostView<'w>;

    fn deref(&self) -> &Self::Target {
        &self.host
    }
}

/// Phase 2: what a role sees when it says which endpoints it exposes.
pub struct ExposeCx<'w> {
    host: HostView<'w>,
    world: &'w World<'w>,
    pub(crate) exposed: Vec<EndpointInstance>,
}

impl<'w> ExposeCx<'w> {
    pub(crate) const fn new(world: &'w World<'w>, host: HostView<'w>) -> Self {
        Self {
            host,
            world,
            exposed: Vec::new(),
        }
    }

    /// Exposes an endpoint on this host.
    pub fn expose(&mut self, endpoint: impl Endpoint) {
        self.exposed.push(EndpointInstance::new(self.host.index(), endpoint));
    }

    /// The hosts that have the role, in the order of their declaration.
    #[must_use]
    pub fn hosts_with<R: Role>(&self) -> Vec<HostView<'w>> {
        self.world.hosts_with::<R>()
    }
}

impl<'w> Deref for ExposeCx<'w> {
    type Target = HostView<'w>;

    fn deref(&self) -> &Self::Target {
        &self.host
    }
}

/// Phase 3: what a role sees when it declares resources for a host.
///
/// It shows the host itself (every method of [`HostView`]), its peers, and takes declarations.
pub struct Cx<'w> {
    pub(super) host: HostView<'w>,
    pub(super) world: &'w World<'w>,
    role: &'static str,
    stage: Option<usize>,
    conditions: Vec<String>,
    pub(crate) drafts: Drafts,
    pub(crate) left_out: Vec<LeftOut>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) problems: Problems,
}

/// What a block under [`Cx::when`] may return: nothing, a handle, several of them, or a `Result` of anything.
#[diagnostic::on_unimplemented(
    message = "a block under `cx.when` can't return `{Self}`",
    label = "return nothing, a handle, an option, list or tuple of handles, or a `Result`"
)]
pub trait Block {
    /// What the block yields.
    type Out;

    /// What it yields, or why it failed.
    ///
    /// # Errors
    /// The block failed.
    fn finish(self) -> Result<Self::Out>;
}

impl Block for () {
    type Out = ();

    fn finish(self) -> Result<()> {
        Ok(())
    }
}

impl<R> Block for Handle<R> {
    type Out = Self;

    fn finish(self) -> Result<Self> {
        Ok(self)
    }
}

impl<T> Block for Option<T> {
    type Out = Self;

    fn finish(self) -> Result<Self> {
        Ok(self)
    }
}

impl<T> Block for Vec<T> {
    type Out = Self;

    fn finish(self) -> Result<Self> {
        Ok(self)
    }
}

impl<T> Block for Stage<T> {
    type Out = Self;

    fn finish(self) -> Result<Self> {
        Ok(self)
    }
}

impl<T, const N: usize> Block for [T; N] {
    type Out = Self;

    fn finish(self) -> Result<Self> {
        Ok(self)
    }
}

macro_rules! blocks {
    ($(($($name:ident),+))*) => { $(
        impl<$($name),+> Block for ($($name,)+) {
            type Out = Self;

            fn finish(self) -> Result<Self> {
                Ok(self)
            }
        }
    )* };
}

blocks! { (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) }

impl<T> Block for Result<T, Error> {
    type Out = T;

    fn finish(self) -> Self {
        self
    }
}

impl<'w> Cx<'w> {
    pub(crate) fn new(world: &'w World<'w>, host: HostView<'w>) -> Self {
        Self {
            host,
            world,
            role: "",
            stage: None,
            conditions: Vec::new(),
            drafts: Drafts::default(),
            left_out: Vec::new(),
            findings: Vec::new(),
            problems: Problems::new(),
        }
    }

    /// Has the role declare its resources; what fails becomes a problem.
    pub(crate) fn run(&mut self, instance: &RoleInstance) {
        self.role = instance.role.name();
        if let Err(error) = instance.ask(|role| role.declare(self)) {
            // A panic may have left a block open.
            self.conditions.clear();
            self.stage = None;
            self.drafts.has_failed = true;
            self.problems.extend(instance.problems(error, self.host.name()));
        }
    }

    fn fail(&mut self, error: Error, (label, at): (&str, Location), resource: Option<&ResourceId>) {
        self.drafts.has_failed = true;
        self.problems
            .extend(problems(error, self.role, self.host.name(), (label, &at), resource));
    }

    /// Declares a resource for this host and returns its handle, with which others may depend on it.
    ///
    /// What can't be built becomes an error of the whole definition, so that all mistakes are shown at once.
    #[track_caller]
    pub fn add<A: Add>(&mut self, declaration: A) -> Handle<A::Out> {
        let at = Location::caller();
        let id = declaration.identity().ok();
        match declaration.into_parts(&self.host) {
            Ok(parts) => self.push(parts, at),
            Err(error) => {
                self.fail(error, ("declared", at), id.as_ref());
                Handle::failed(self.host.index())
            }
        }
    }

    fn push<R>(&mut self, parts: Parts, at: Location) -> Handle<R> {
        self.drafts.resources.push(Draft {
            parts,
            at,
            role: self.role,
            stage: self.stage,
            conditions: self.conditions.clone(),
        });
        Handle::new(self.host.index(), self.drafts.resources.len() - 1)
    }

    /// Declares what the block declares, as a stage of this role: something that others can be ordered against as a whole.
    ///
    /// ```
    /// # use mesos_iac::prelude::*;
    /// # fn declare(cx: &mut Cx<'_>) {
    /// let base = cx.stage("base", |cx| {
    ///     cx.add(package("openjdk-17-jre-headless"));
    ///     cx.add(file("/etc/profile.d/java.sh").content("export JAVA_HOME=/usr/lib/jvm/default-java\n"));
    /// });
    /// cx.add(service("mesos-master").running().after(base));
    /// # }
    /// ```
    ///
    /// The name is the stage's in this role. A stage may stand within another.
    #[track_caller]
    pub fn stage<B: Block>(&mut self, name: impl Into<String>, block: impl FnOnce(&mut Self) -> B) -> Stage<B::Out> {
        let at = Location::caller();
        let number = self.drafts.stages.len();
        self.drafts.stages.push(StageDraft {
            name: name.into(),
            role: self.role,
            at: at.clone(),
            within: self.stage,
        });
        let outer = self.stage.replace(number);
        let result = block(self).finish();
        self.stage = outer;
        let out = match result {
            Ok(out) => Some(out),
            Err(error) => {
                self.fail(error, ("in the stage", at), None);
                None
            }
        };
        Stage::new(self.host.index(), number, out)
    }

    /// Orders everything that this role declares after these; within a stage, everything in the stage.
    ///
    /// What the roles declare that this one includes is left out: they serve others too. So is what is itself part of what
    /// is waited for, such as a package that both roles declare.
    ///
    /// ```
    /// # use mesos_iac::prelude::*;
    /// # #[derive(Role, Clone)]
    /// # #[role(name = "zookeeper")]
    /// # #[resource(package("zookeeperd"))]
    /// # struct ZooKeeper;
    /// # fn declare(cx: &mut Cx<'_>) {
    /// cx.after(role::<ZooKeeper>().if_any());
    /// # }
    /// ```
    #[track_caller]
    pub fn after(&mut self, dependencies: impl Dependencies) {
        let mut on = Vec::new();
        dependencies.add_to(&mut on);
        self.drafts.waits.push(Wait {
            role: self.role,
            stage: self.stage,
            on,
            at: Location::caller(),
        });
    }

    /// Declares what the block declares if the condition holds for this host, and records it where it doesn't.
    ///
    /// Returns what the block returned; `None` if the condition doesn't hold, and `None` is a dependency like any other.
    #[track_caller]
    pub fn when<B: Block>(
        &mut self,
        condition: impl Into<Condition>,
        block: impl FnOnce(&mut Self) -> B,
    ) -> Option<B::Out> {
        let at = Location::caller();
        let condition = condition.into();
        if !self.decide(&condition, &at, None)? {
            return None;
        }
        self.conditions.push(condition.to_string());
        let result = block(self).finish();
        self.conditions.pop();
        match result {
            Ok(out) => Some(out),
            Err(error) => {
                self.fail(error, ("in the block", at), None);
                None
            }
        }
    }

    /// Declares one resource if the condition holds for this host; records which one was left out where it doesn't.
    ///
    /// `#[resource(…, when = …)]` expands to this.
    #[track_caller]
    pub fn add_when<A: Add>(&mut self, condition: impl Into<Condition>, declaration: A) -> Option<Handle<A::Out>> {
        let at = Location::caller();
        let condition = condition.into();
        let id = declaration.identity().ok();
        if !self.decide(&condition, &at, id.as_ref())? {
            return None;
        }
        self.conditions.push(condition.to_string());
        let handle = match declaration.into_parts(&self.host) {
            Ok(parts) => self.push(parts, at),
            Err(error) => {
                self.fail(error, ("declared", at), id.as_ref());
                Handle::failed(self.host.index())
            }
        };
        self.conditions.pop();
        Some(handle)
    }

    /// Whether the condition holds; `None` if that can't be decided, which is recorded as a problem.
    fn decide(&mut self, condition: &Condition, at: &Location, resource: Option<&ResourceId>) -> Option<bool> {
        match condition.holds(&self.host) {
            Ok(true) => Some(true),
            Ok(false) => {
                let attributes = condition.attributes();
                self.left_out.push(LeftOut {
                    resource: resource.cloned(),
                    condition: condition.to_string(),
                    attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
                    role: short_role_name(self.role).to_owned(),
                    at: at.clone(),
                });
                Some(false)
            }
            Err(error) => {
                self.fail(error, ("the condition stands", at.clone()), resource);
                None
            }
        }
    }

    /// Whether a condition holds for this host. Unlike [`Cx::when`] it leaves no trace for `explain`.
    ///
    /// # Errors
    /// An attribute is unset, or a fact isn't declared.
    pub fn holds(&self, condition: impl Into<Condition>) -> Result<bool> {
        condition.into().holds(&self.host)
    }

    /// Finds fault with what is declared, though it can be built: what only the role itself can see, such as versions that
    /// don't go together. What shows in the catalogs is better looked for by a [rule](crate::lint::Rule), which sees what
    /// others wrote, too.
    pub fn report(&mut self, finding: Finding) {
        let finding = finding.on(self.host.name());
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// This host as its peers see it.
    #[must_use]
    pub const fn host(&self) -> HostView<'w> {
        self.host
    }
}

impl<'w> Deref for Cx<'w> {
    type Target = HostView<'w>;

    fn deref(&self) -> &Self::Target {
        &self.host
    }
}
