use super::{Dependencies, Dependency, Role, short_type_name};
use crate::words::Location;
use std::any::{TypeId, type_name};
use std::fmt;
use std::marker::PhantomData;

/// A role as a whole, for others to be ordered against; see [`role`].
#[must_use = "it takes effect in `.after(…)` and its kin"]
pub struct RoleReference<R> {
    is_optional: bool,
    role: PhantomData<fn() -> R>,
}

/// Names a role of this host as a whole: `.after(role::<ZooKeeper>())`.
///
/// What comes after a role comes after everything that the role declares on the host, and after what the roles declare
/// that it includes. What comes before a role comes before everything that the role declares itself: a role that is
/// included serves others too, and isn't made to wait. A host without the role, or on which it declares nothing, is a
/// mistake; [`RoleReference::if_any`] says otherwise.
pub const fn role<R: Role>() -> RoleReference<R> {
    RoleReference {
        is_optional: false,
        role: PhantomData,
    }
}

impl<R: Role> RoleReference<R> {
    /// Orders nothing on hosts that don't have the role, or on which it declares nothing.
    pub const fn if_any(mut self) -> Self {
        self.is_optional = true;
        self
    }
}

impl<R> Clone for RoleReference<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for RoleReference<R> {}

impl<R> fmt::Debug for RoleReference<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoleReference({})", short_type_name(type_name::<R>()))
    }
}

impl<R: Role> Dependencies for RoleReference<R> {
    fn add_to(self, list: &mut Vec<Dependency>) {
        list.push(Dependency::Role {
            role: TypeId::of::<R>(),
            type_name: type_name::<R>(),
            is_optional: self.is_optional,
        });
    }
}

/// A part of a role that is ordered as a whole; made by [`Cx::stage`](super::Cx::stage). Bound to its host.
///
/// What comes after a stage comes after everything in it. A stage in which nothing was declared orders nothing.
#[derive(Debug, Clone, Copy)]
pub struct Stage<T = ()> {
    host: usize,
    stage: usize,
    /// What the block returned; none if it failed.
    pub out: Option<T>,
}

impl<T> Stage<T> {
    pub(crate) const fn new(host: usize, stage: usize, out: Option<T>) -> Self {
        Self { host, stage, out }
    }
}

impl<T> Dependencies for &Stage<T> {
    fn add_to(self, list: &mut Vec<Dependency>) {
        list.push(Dependency::Stage {
            host: self.host,
            stage: self.stage,
        });
    }
}

impl<T> Dependencies for Stage<T> {
    fn add_to(self, list: &mut Vec<Dependency>) {
        (&self).add_to(list);
    }
}

/// A stage as a role made it.
#[derive(Debug)]
pub struct StageDraft {
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) at: Location,
    /// The stage that it stands in.
    pub(crate) within: Option<usize>,
}

/// That everything in a role, or in a stage of it, comes after something.
#[derive(Debug)]
pub struct Wait {
    pub(crate) role: &'static str,
    pub(crate) stage: Option<usize>,
    pub(crate) on: Vec<Dependency>,
    pub(crate) at: Location,
}
