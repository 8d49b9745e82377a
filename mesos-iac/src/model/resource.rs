use super::{Check, Diff, Effects, Error, FileDraft, OwnedPaths, PackageRequest, ReadSystem, Result, Shown, System};
use crate::words::{AbsPath, NameError, ResourceId};
use dyn_clone::DynClone;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::fmt;

/// What a resource is: data that says which fact about a host is desired. Derived, never written by hand.
///
/// A resource travels to hosts and stands in catalogs under the name of its kind, so it is `Serialize` and
/// `Deserialize`; how it is checked and applied is [`Converge`].
///
/// ```
/// use mesos_iac::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// /// Ensures that a directory of HDFS exists.
/// #[derive(Debug, Clone, Serialize, Deserialize, Resource)]
/// #[resource(kind = "doc.hdfs-dir", key = path)]
/// struct HdfsDir {
///     path: String,
/// }
///
/// impl Converge for HdfsDir {
///     fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
///         let mut diff = Diff::new();
///         let there = system.probe(&probe(["hdfs", "dfs", "-test", "-d", &self.path])?.read_only())?;
///         diff.compare("exists", Some(there), Some(true));
///         Ok(diff.into())
///     }
///
///     fn apply(&self, system: &dyn System, _: &Diff) -> Result<()> {
///         system.run_checked(&invoke(["hdfs", "dfs", "-mkdir", "-p", &self.path])?)?;
///         Ok(())
///     }
/// }
/// # fn main() {}
/// ```
#[typetag::serde]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no resource",
    label = "not a resource",
    note = "derive it: `#[derive(Debug, Clone, Serialize, Deserialize, Resource)] #[resource(kind = \"owner.kind\", key = field)]`"
)]
pub trait Resource: Any + fmt::Debug + DynClone + Send + Sync {
    /// Its kind and natural key.
    ///
    /// # Errors
    /// The key is empty or has a control character in it.
    fn id(&self) -> std::result::Result<ResourceId, NameError>;

    /// How it is checked and applied.
    fn behavior(&self) -> &dyn Converge;
}

dyn_clone::clone_trait_object!(Resource);

/// The name of a kind. Derived with [`Resource`].
pub trait Kind: Resource {
    /// Such as `core.file`.
    const KIND: &'static str;
}

/// How a resource finds out whether a host is as desired, and makes it so. Written by hand, once per kind.
///
/// The executor alone calls it. Promises that the tests of a kind should hold it to: after `apply` returned `Ok`, `check`
/// returns [`Check::NoChange`]; `apply` makes the difference that `check` found go away and touches nothing else; what the
/// user left unset is left as it is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` says what is desired, but not how to reach it",
    label = "no `Converge`",
    note = "write `impl Converge for {Self} {{ fn check(…) … fn apply(…) … }}`"
)]
pub trait Converge {
    /// Compares the host with what is desired. It sees the host through [`ReadSystem`], which can't change one.
    ///
    /// # Errors
    /// The comparison isn't possible. An error never reads as "no change".
    fn check(&self, system: &dyn ReadSystem) -> Result<Check>;

    /// Makes the difference that `check` found go away.
    ///
    /// # Errors
    /// It isn't possible; what was changed so far stays.
    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()>;

    /// How its change is made beside others. A kind that says nothing is applied while nothing else is.
    fn work(&self, diff: &Diff) -> Work {
        let _ = diff;
        Work::Alone
    }

    /// The first part of `apply`, for a kind whose change is a new file: what is returned does the rest. Many such files
    /// are made durable at once before any of them takes its place. `None`: `apply` does it all.
    ///
    /// # Errors
    /// As [`Converge::apply`].
    fn draft<'s>(&self, system: &'s dyn System, diff: &Diff) -> Result<Option<Box<dyn FileDraft + 's>>> {
        let _ = (system, diff);
        Ok(None)
    }

    /// The path at which applying the difference makes something, in a directory that must be there by then. `None`: it
    /// makes nothing, or sees to the directory itself. A plan finds out by it what can't be applied.
    fn makes(&self, diff: &Diff) -> Option<&AbsPath> {
        let _ = diff;
        None
    }

    /// A digest of its state on the host, as far as it is managed or matters to what depends on it. A refresh that is owed
    /// for a change is dropped if the digest from before the change comes back. `None`: there is no such digest.
    ///
    /// # Errors
    /// The state can't be read.
    fn image(&self, system: &dyn ReadSystem) -> Result<Option<String>> {
        let _ = system;
        Ok(None)
    }

    /// Whether a boot of the host does what the refresh would have done.
    fn is_refreshed_by_boot(&self, action: RefreshAction) -> bool {
        let _ = action;
        false
    }

    /// Restarts, reloads or reruns, because something that it depends on changed; or finds that there is no need to.
    ///
    /// # Errors
    /// It isn't possible, or this kind can't be refreshed.
    fn refresh(&self, system: &dyn System, action: RefreshAction) -> Result<Refreshed> {
        let _ = system;
        Err(Error::message(format!("this kind of resource can't {action}")))
    }

    /// Whether a refresh would find something to do once this difference, if there is any, is gone. `None`: that can't be
    /// known before. A plan tells by it which refreshes would follow.
    fn has_refresh(&self, system: &dyn ReadSystem, own: Option<&Diff>, action: RefreshAction) -> Option<bool> {
        let _ = (system, own, action);
        Some(true)
    }

    /// Whether applying this difference does what the refresh would have done: starting a service satisfies its restart.
    fn satisfies(&self, diff: &Diff, action: RefreshAction) -> bool {
        let _ = (diff, action);
        false
    }

    /// Where on this host the path is that it writes: links followed as it follows them. Two resources can't be in one
    /// place. `None`: it writes no path of its own.
    ///
    /// # Errors
    /// The path can't be resolved.
    fn location(&self, system: &dyn ReadSystem) -> Result<Option<AbsPath>> {
        let _ = system;
        Ok(None)
    }

    /// What it reads, owns and brings along; automatic edges and conflicts are found from these.
    fn effects(&self) -> Effects {
        Effects::none()
    }

    /// The paths beyond those that it owns which applying this difference changes, in that order. A run that waits to be
    /// confirmed remembers what stands there.
    fn touches(&self, diff: &Diff) -> Vec<AbsPath> {
        let _ = diff;
        Vec::new()
    }

    /// Whether a change of it stays though the run is undone: what it makes is too much to be remembered.
    fn lasts(&self) -> bool {
        false
    }

    /// The same resource as it stands in its host's catalog, for a kind that has to know what the others of the host own.
    /// Its effects stay the same. `None`: it stands there as it was declared.
    fn completed(&self, paths: &OwnedPaths) -> Option<Box<dyn Resource>> {
        let _ = paths;
        None
    }

    /// Whether applying this difference makes what wasn't there, so that it is ours and pruning undoes it. What was there is
    /// adopted, and stays. `is_brought`: what brings it along, its package or its unit file, is ours.
    ///
    /// # Errors
    /// What is there can't be read.
    fn creates(&self, system: &dyn ReadSystem, diff: &Diff, is_brought: bool) -> Result<bool> {
        let _ = (system, is_brought);
        Ok(diff.changes.first().is_some_and(|change| change.from == Shown::Absent))
    }

    /// The resource that undoes it, where there is one; pruning uses it.
    fn inverse(&self) -> Option<Box<dyn Resource>> {
        None
    }
}

/// How the changes of a kind are made beside others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Work {
    /// While nothing else is done.
    Alone,
    /// At the same time as others of this sort: it touches nothing but the paths that it owns.
    Beside,
    /// In one transaction with all other packages that can be installed or removed by then.
    Install(PackageRequest),
    /// Likewise.
    Remove(String),
}

/// What came of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// It was done.
    Done,
    /// There was nothing to do: a service that doesn't run has nothing to reload.
    Needless,
}

/// What a refresh does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RefreshAction {
    /// Reads its configuration again, without stopping.
    Reload,
    /// Runs a command again.
    Rerun,
    /// Stops and starts; a restart includes a reload.
    Restart,
}

impl fmt::Display for RefreshAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reload => "reload",
            Self::Rerun => "rerun",
            Self::Restart => "restart",
        })
    }
}

/// When a refresh happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timing {
    /// After everything else, once, whatever the number of causes.
    #[default]
    Delayed,
    /// As soon as everything that the target depends on is in place.
    Immediate,
}

/// What becomes of a refresh when something failed in the run. Of several that apply to one target, the most careful counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AfterFailure {
    /// It is delivered all the same.
    Deliver,
    /// It is held if the target failed, or something that the target depends on, and delivered otherwise.
    #[default]
    HoldIfNeeded,
    /// It is held whatever it was that failed.
    Hold,
}

/// A resource that can be restarted: `restart_on` exists for it.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` can't be restarted",
    label = "`restart_on` needs something that can be restarted, such as a `Service`",
    note = "for a kind of your own: implement `Converge::refresh` and add `impl Restart for {Self} {{}}`"
)]
pub trait Restart {}

/// A resource that can be reloaded: `reload_on` exists for it.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` can't be reloaded",
    label = "`reload_on` needs something that can be reloaded, such as a `Service`",
    note = "for a kind of your own: implement `Converge::refresh` and add `impl Reload for {Self} {{}}`"
)]
pub trait Reload {}

/// A resource that can be rerun: `rerun_on` exists for it.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` can't be rerun",
    label = "`rerun_on` needs something that can be rerun, such as a `Command`",
    note = "for a kind of your own: implement `Converge::refresh` and add `impl Rerun for {Self} {{}}`"
)]
pub trait Rerun {}
