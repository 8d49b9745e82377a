use super::{
    AfterFailure, Error, HostView, RefreshAction, Reload, Rerun, Resource, Restart, Result, Retry, StageDraft, Timing,
    Wait,
};
use crate::words::{HumanDuration, Location, NameError, ResourceId};
use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// Names a resource that was declared, for others to depend on. Bound to its host.
pub struct Handle<R> {
    host: usize,
    draft: Option<usize>,
    resource: PhantomData<fn() -> R>,
}

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Handle<R> {}

impl<R> fmt::Debug for Handle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({}, {:?})", self.host, self.draft)
    }
}

impl<R> Handle<R> {
    pub(crate) const fn new(host: usize, draft: usize) -> Self {
        Self {
            host,
            draft: Some(draft),
            resource: PhantomData,
        }
    }

    /// The handle of a declaration that failed; depending on it adds no second mistake.
    pub(crate) const fn failed(host: usize) -> Self {
        Self {
            host,
            draft: None,
            resource: PhantomData,
        }
    }
}

/// What a declaration depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dependency {
    /// A declaration, by its handle.
    Handle {
        /// The host it was declared for.
        host: usize,
        /// Its place among the host's declarations; none if it failed.
        draft: Option<usize>,
    },
    /// A resource that another role declares, by its identity.
    Id(Result<ResourceId, NameError>),
    /// Everything that a role declares, and the roles that it includes.
    Role {
        /// The role's type.
        role: TypeId,
        /// The type's name, for people.
        type_name: &'static str,
        /// Whether nothing is waited for where there is no such role, or nothing in it.
        is_optional: bool,
    },
    /// Everything in a stage.
    Stage {
        /// The host it was made for.
        host: usize,
        /// Its place among the host's stages.
        stage: usize,
    },
}

/// What `.after(…)` and its kin take: handles, stages, resources by identity, whole roles, and options, lists and tuples of
/// them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` doesn't name a resource",
    label = "expected a handle",
    note = "pass the handle that `cx.add(…)` returned, or name what another role declares: `resource::<Package>(\"mesos\")`, or all of it: `role::<Mesos>()`"
)]
pub trait Dependencies {
    /// Adds them to the list.
    fn add_to(self, list: &mut Vec<Dependency>);
}

impl Dependencies for Dependency {
    fn add_to(self, list: &mut Vec<Dependency>) {
        list.push(self);
    }
}

impl<R> Dependencies for Handle<R> {
    fn add_to(self, list: &mut Vec<Dependency>) {
        list.push(Dependency::Handle {
            host: self.host,
            draft: self.draft,
        });
    }
}

/// A resource that another role declares on the same host, named by its key: `resource::<Package>("mesos")`.
pub struct Reference<R> {
    id: Result<ResourceId, NameError>,
    resource: PhantomData<fn() -> R>,
}

/// Names a resource that another role declares on the same host. If none does, the definition has a dangling reference.
#[must_use]
pub fn resource<R: super::Kind>(key: impl Into<String>) -> Reference<R> {
    Reference {
        id: ResourceId::new(R::KIND, key),
        resource: PhantomData,
    }
}

impl<R> Dependencies for Reference<R> {
    fn add_to(self, list: &mut Vec<Dependency>) {
        list.push(Dependency::Id(self.id));
    }
}

impl<D: Dependencies> Dependencies for Option<D> {
    fn add_to(self, list: &mut Vec<Dependency>) {
        if let Some(dependency) = self {
            dependency.add_to(list);
        }
    }
}

impl<D: Dependencies> Dependencies for Vec<D> {
    fn add_to(self, list: &mut Vec<Dependency>) {
        self.into_iter().for_each(|dependency| dependency.add_to(list));
    }
}

impl<D: Dependencies, const N: usize> Dependencies for [D; N] {
    fn add_to(self, list: &mut Vec<Dependency>) {
        self.into_iter().for_each(|dependency| dependency.add_to(list));
    }
}

macro_rules! tuples {
    ($(($($name:ident $index:tt),+))*) => { $(
        impl<$($name: Dependencies),+> Dependencies for ($($name,)+) {
            fn add_to(self, list: &mut Vec<Dependency>) {
                $(self.$index.add_to(list);)+
            }
        }
    )* };
}

tuples! {
    (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6) (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}

/// A refresh that a declaration asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The change of which resource causes it.
    pub on: Dependency,
    /// What it does.
    pub action: RefreshAction,
    /// When.
    pub timing: Timing,
    /// What becomes of it when something failed.
    pub after_failure: AfterFailure,
}

/// A declaration: a resource, or a builder of one.
///
/// A kind's own methods come first; `.after(…)` and its kin wrap what they are called on, so they come last.
#[diagnostic::on_unimplemented(
    message = "`{Self}` declares no resource",
    label = "not a resource, nor a builder of one",
    note = "a `command` is complete once it says when it has work to do: `.creates(…)`, `.unless(…)`, `.only_if(…)` or `.refresh_only()`"
)]
pub trait Declare: Sized {
    /// The resource.
    type Out: Resource;

    /// Its identity, known before it is built.
    ///
    /// # Errors
    /// Its key can't be one.
    fn identity(&self) -> Result<ResourceId>;

    /// The resource for this host.
    ///
    /// # Errors
    /// A value was refused, an attribute is unset, or a template fails.
    fn build(self, host: &HostView<'_>) -> Result<Self::Out>;

    /// Orders it after these: it is checked and applied once they are in place, and skipped if one of them fails.
    #[must_use = "a declaration takes effect when it is given to `cx.add`"]
    fn after(self, dependencies: impl Dependencies) -> Declared<Self> {
        Declared::new(self).after(dependencies)
    }

    /// Orders it before these.
    #[must_use = "a declaration takes effect when it is given to `cx.add`"]
    fn before(self, dependencies: impl Dependencies) -> Declared<Self> {
        Declared::new(self).before(dependencies)
    }

    /// Orders it after these, and restarts it once at the end of a run in which one of them changed.
    #[must_use = "a declaration takes effect when it is given to `cx.add`"]
    fn restart_on(self, dependencies: impl Dependencies) -> Declared<Self>
    where
        Self::Out: Restart,
    {
        Declared::new(self).restart_on(dependencies)
    }

    /// Orders it after these, and reloads it once at the end of a run in which one of them changed.
    #[must_use = "a declaration takes effect when it is given to `cx.add`"]
    fn reload_on(self, dependencies: impl Dependencies) -> Declared<Self>
    where
        Self::Out: Reload,
    {
        Declared::new(self).reload_on(dependencies)
    }

    /// Orders it after these, and reruns it once at the end of a run in which one of them changed.
    #[must_use = "a declaration takes effect when it is given to `cx.add`"]
    fn rerun_on(self, dependencies: impl Dependencies) -> Declared<Self>
    where
        Self::Out: Rerun,
    {
        Declared::new(self).rerun_on(dependencies)
    }

    /// Tries it again when it fails, this often and after this pause: a download, or a daemon that isn't up yet. What
    /// depends on it waits.
    #[must_use = "a declaration takes effect when it is given to `cx.add`"]
    fn retry(self, times: u32, pause: Duration) -> Declared<Self> {
        Declared::new(self).retry(times, pause)
    }
}

#[diagnostic::do_not_recommend]
impl<R: Resource + Clone> Declare for R {
    type Out = R;

    fn identity(&self) -> Result<ResourceId> {
        Ok(self.id()?)
    }

    fn build(self, _: &HostView<'_>) -> Result<R> {
        Ok(self)
    }
}

/// A declaration with its edges.
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct Declared<B> {
    inner: B,
    after: Vec<Dependency>,
    before: Vec<Dependency>,
    triggers: Vec<Trigger>,
    immediate: bool,
    retry: Option<Retry>,
}

impl<B: Declare> Declared<B> {
    const fn new(inner: B) -> Self {
        Self {
            inner,
            after: Vec::new(),
            before: Vec::new(),
            triggers: Vec::new(),
            immediate: false,
            retry: None,
        }
    }

    /// As [`Declare::after`].
    pub fn after(mut self, dependencies: impl Dependencies) -> Self {
        dependencies.add_to(&mut self.after);
        self
    }

    /// As [`Declare::before`].
    pub fn before(mut self, dependencies: impl Dependencies) -> Self {
        dependencies.add_to(&mut self.before);
        self
    }

    /// As [`Declare::restart_on`].
    pub fn restart_on(self, dependencies: impl Dependencies) -> Self
    where
        B::Out: Restart,
    {
        self.trigger(dependencies, RefreshAction::Restart)
    }

    /// As [`Declare::reload_on`].
    pub fn reload_on(self, dependencies: impl Dependencies) -> Self
    where
        B::Out: Reload,
    {
        self.trigger(dependencies, RefreshAction::Reload)
    }

    /// As [`Declare::rerun_on`].
    pub fn rerun_on(self, dependencies: impl Dependencies) -> Self
    where
        B::Out: Rerun,
    {
        self.trigger(dependencies, RefreshAction::Rerun)
    }

    /// As [`Declare::retry`].
    pub const fn retry(mut self, times: u32, pause: Duration) -> Self {
        let pause = HumanDuration(pause);
        self.retry = Some(Retry { times, pause });
        self
    }

    /// Refreshes it in its own place in the order instead of at the end of the run.
    pub const fn immediately(mut self) -> Self {
        self.immediate = true;
        self
    }

    /// Delivers the refreshes that were asked for so far even if something that the target depends on failed. Without a
    /// word they are held then, until a run in which it succeeds.
    pub fn despite_failures(self) -> Self {
        self.after_failure(AfterFailure::Deliver)
    }

    /// Holds the refreshes that were asked for so far if anything failed on the host, related or not.
    pub fn unless_anything_failed(self) -> Self {
        self.after_failure(AfterFailure::Hold)
    }

    fn after_failure(mut self, policy: AfterFailure) -> Self {
        for trigger in &mut self.triggers {
            if trigger.after_failure == AfterFailure::default() {
                trigger.after_failure = policy;
            }
        }
        self
    }

    fn trigger(mut self, dependencies: impl Dependencies, action: RefreshAction) -> Self {
        let mut list = Vec::new();
        dependencies.add_to(&mut list);
        self.triggers.extend(list.into_iter().map(|on| Trigger {
            on,
            action,
            timing: Timing::Delayed,
            after_failure: AfterFailure::default(),
        }));
        self
    }
}

/// A built declaration: the resource and its edges.
#[derive(Debug)]
pub struct Parts {
    pub(crate) id: ResourceId,
    pub(crate) resource: Box<dyn Resource>,
    pub(crate) after: Vec<Dependency>,
    pub(crate) before: Vec<Dependency>,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) retry: Option<Retry>,
}

/// What `cx.add` takes: a declaration, with or without edges.
#[diagnostic::on_unimplemented(
    message = "`{Self}` declares no resource",
    label = "not a resource, nor a builder of one",
    note = "a `command` is complete once it says when it has work to do: `.creates(…)`, `.unless(…)`, `.only_if(…)` or `.refresh_only()`",
    note = "a kind of your own needs `#[derive(Debug, Clone, Serialize, Deserialize, Resource)]`"
)]
pub trait Add {
    /// The resource.
    type Out: Resource;

    /// Its identity, known before it is built.
    ///
    /// # Errors
    /// Its key can't be one.
    fn identity(&self) -> Result<ResourceId>;

    /// The resource and its edges for this host.
    ///
    /// # Errors
    /// It can't be built.
    fn into_parts(self, host: &HostView<'_>) -> Result<Parts>;
}

#[diagnostic::do_not_recommend]
impl<B: Declare> Add for B {
    type Out = B::Out;

    fn identity(&self) -> Result<ResourceId> {
        Declare::identity(self)
    }

    fn into_parts(self, host: &HostView<'_>) -> Result<Parts> {
        Declared::new(self).into_parts(host)
    }
}

impl<B: Declare> Add for Declared<B> {
    type Out = B::Out;

    fn identity(&self) -> Result<ResourceId> {
        self.inner.identity()
    }

    fn into_parts(self, host: &HostView<'_>) -> Result<Parts> {
        let resource = self.inner.build(host)?;
        let timing = if self.immediate {
            Timing::Immediate
        } else {
            Timing::Delayed
        };
        if let Some(retry) = self.retry {
            retry.check()?;
        }
        let triggers = self.triggers.into_iter().map(|trigger| Trigger { timing, ..trigger });
        Ok(Parts {
            id: resource.id().map_err(Error::from)?,
            resource: Box::new(resource),
            after: self.after,
            before: self.before,
            triggers: triggers.collect(),
            retry: self.retry,
        })
    }
}

/// All that a host's roles declared, before the catalog is compiled.
#[derive(Debug, Default)]
pub struct Drafts {
    pub(crate) resources: Vec<Draft>,
    pub(crate) stages: Vec<StageDraft>,
    pub(crate) waits: Vec<Wait>,
    /// Whether something couldn't be declared, so that what isn't there may not be what is wrong.
    pub(crate) has_failed: bool,
}

/// A declaration as a host's roles made it.
#[derive(Debug)]
pub struct Draft {
    pub(crate) parts: Parts,
    pub(crate) at: Location,
    pub(crate) role: &'static str,
    /// The innermost stage that it stands in.
    pub(crate) stage: Option<usize>,
    pub(crate) conditions: Vec<String>,
}
