//! What runs on a cluster through the API of a scheduler, as far as a definition needs to know of it.

use super::{Catalog, Endpoint, Entry, HostView, Problems, Role, World};
use crate::words::{Location, ResourceId};
use dyn_clone::DynClone;
use serde_json::Value as Json;
use std::any::Any;
use std::fmt;

/// Something that a scheduler runs on the cluster: an app of Marathon, a job of Chronos. Given to a cluster with
/// [`ClusterBuilder::workload`](super::ClusterBuilder::workload).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no workload",
    label = "not a workload",
    note = "workloads are made with the builders of `mesos_iac::workloads`: `app(\"/web\")`, `job(\"report\")`"
)]
pub trait Workload: Any + DynClone + fmt::Debug + Send + Sync {
    /// Who runs it.
    fn scheduler(&self) -> &'static dyn Scheduler;

    /// Where it was declared.
    fn declared_at(&self) -> &Location;
}

dyn_clone::clone_trait_object!(Workload);

/// Who runs workloads, and knows what becomes of all of them together.
pub trait Scheduler: Sync {
    /// Its name, such as `marathon`.
    fn name(&self) -> &'static str;

    /// What the cluster's workloads of this scheduler come to, on each host that its API is reached from. Pure: nothing is
    /// asked.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    fn compile(&self, workloads: &[&dyn Workload], cx: &WorkloadCx<'_>) -> Result<Scheduled, Problems>;
}

/// The cluster as a scheduler sees it.
pub struct WorkloadCx<'w> {
    world: &'w World<'w>,
}

impl<'w> WorkloadCx<'w> {
    pub(crate) const fn new(world: &'w World<'w>) -> Self {
        Self { world }
    }

    /// The cluster's name.
    #[must_use]
    pub fn cluster_name(&self) -> &'w str {
        self.world.cluster.name()
    }

    /// The endpoints of this type that any role of any host exposes, with their hosts, in the order of the hosts.
    #[must_use]
    pub fn endpoints<E: Endpoint>(&self) -> Vec<(HostView<'w>, E)> {
        self.world.endpoints_of()
    }

    /// Whether a role of this type failed to say what it exposes, so that endpoints of it are missing. That is told where it
    /// failed; what follows from it needn't be told besides.
    #[must_use]
    pub fn lacks_endpoints_of<R: Role>(&self) -> bool {
        self.world.is_silent(|_: &R| true)
    }
}

/// What the workloads of a scheduler come to.
#[derive(Debug, Default)]
pub struct Scheduled {
    /// The workloads, in the order in which they are made so.
    pub workloads: Vec<DeployedWorkload>,
    /// For each host that the API is reached from, in the order in which they are tried: the host, the resources with their
    /// edges, and the resource that removes what left the definition.
    pub hosts: Vec<ScheduledHost>,
}

/// What is done from one host.
#[derive(Debug)]
pub struct ScheduledHost {
    /// The host's place in the definition.
    pub host: usize,
    /// The workloads as resources, each after those that it depends on.
    pub entries: Vec<Entry>,
    /// What removes the workloads that left the definition.
    pub leftovers: Option<Entry>,
}

/// One workload as it is sent to its scheduler.
#[derive(Debug, Clone, PartialEq)]
pub struct DeployedWorkload {
    /// The resource that makes it so.
    pub id: ResourceId,
    /// Its name at the scheduler: `/shop/web`.
    pub name: String,
    /// How many instances run, where that is said.
    pub instances: Option<u32>,
    /// What is sent; secrets stand by their sources.
    pub json: Json,
    /// Where it was declared.
    pub at: Location,
}

/// The workloads of one scheduler, compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// The scheduler.
    pub scheduler: String,
    /// Its workloads, in the order in which they are made so.
    pub workloads: Vec<DeployedWorkload>,
    /// A catalog for each host that its API is reached from, in the order in which they are tried. One of them is converged.
    pub catalogs: Vec<DeploymentCatalog>,
}

/// What is done on a host for the workloads of a scheduler.
#[derive(Debug, Clone, PartialEq)]
pub struct DeploymentCatalog {
    /// The workloads.
    pub catalog: Catalog,
    /// What removes the workloads that left the definition.
    pub leftovers: Option<Entry>,
}
