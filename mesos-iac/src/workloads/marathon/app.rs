use super::constraint::Constraint;
use super::container::Container;
use super::health::{HealthCheck, ReadinessCheck};
use super::port::Port;
use crate::words::{Location, Secret};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::time::Duration;

/// An app of Marathon: so many instances of one program, kept running.
///
/// What isn't said is left to Marathon: an app that runs keeps the value that it has. Whole are the command, the arguments, the
/// container and its network, environment, labels, constraints, health and readiness checks, dependencies, and what is fetched:
/// what isn't said of them isn't there, but for times and numbers of checks and service ports, which stay as they are. Where a declared version of Marathon
/// can't have what is said, [`App::problems`] says so; nothing is left out in silence.
#[derive(Debug, Clone)]
#[must_use = "an app runs when it is given to a cluster: `.workload(…)`"]
pub struct App {
    pub(super) id: String,
    pub(super) at: Location,
    pub(super) cmd: Option<String>,
    pub(super) args: Vec<String>,
    pub(super) cpus: Option<f64>,
    pub(super) mem: Option<f64>,
    pub(super) disk: Option<f64>,
    pub(super) gpus: Option<u32>,
    pub(super) instances: Option<u32>,
    pub(super) user: Option<String>,
    pub(super) env: BTreeMap<String, EnvValue>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) fetch: Vec<String>,
    pub(super) ports: Option<Vec<Port>>,
    pub(super) require_ports: bool,
    pub(super) container: Option<Container>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) accepted_roles: Option<Vec<String>>,
    pub(super) health_checks: Vec<HealthCheck>,
    pub(super) readiness_checks: Vec<ReadinessCheck>,
    pub(super) min_health: Option<f64>,
    pub(super) max_over: Option<f64>,
    pub(super) backoff_seconds: Option<u32>,
    pub(super) backoff_factor: Option<f64>,
    pub(super) max_launch_delay: Option<u32>,
    pub(super) kill_grace: Option<u32>,
    pub(super) kill_selection: Option<KillSelection>,
    pub(super) dependencies: Vec<String>,
    pub(super) fields: BTreeMap<String, Json>,
    pub(super) within: Option<Duration>,
}

/// A variable of the environment.
#[derive(Debug, Clone)]
pub(super) enum EnvValue {
    Plain(String),
    Secret(Secret),
}

/// Which instances end first when an app shrinks. From 1.4 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillSelection {
    /// Those that were started last.
    YoungestFirst,
    /// Those that were started first.
    OldestFirst,
}

/// An app under this id: an absolute path such as `/shop/web`, or within a group a name.
#[track_caller]
pub fn app(id: impl Into<String>) -> App {
    App {
        id: id.into(),
        at: Location::caller(),
        cmd: None,
        args: Vec::new(),
        cpus: None,
        mem: None,
        disk: None,
        gpus: None,
        instances: None,
        user: None,
        env: BTreeMap::new(),
        labels: BTreeMap::new(),
        fetch: Vec::new(),
        ports: None,
        require_ports: false,
        container: None,
        constraints: Vec::new(),
        accepted_roles: None,
        health_checks: Vec::new(),
        readiness_checks: Vec::new(),
        min_health: None,
        max_over: None,
        backoff_seconds: None,
        backoff_factor: None,
        max_launch_delay: None,
        kill_grace: None,
        kill_selection: None,
        dependencies: Vec::new(),
        fields: BTreeMap::new(),
        within: None,
    }
}

impl App {
    /// The command, which a shell reads.
    pub fn cmd(mut self, command: impl Into<String>) -> Self {
        self.cmd = Some(command.into());
        self
    }

    /// The arguments of the container's own program, which no shell reads.
    pub fn args<T: Into<String>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.args = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// How many processors each instance has, in parts of one: 0.001 at the least.
    pub const fn cpus(mut self, cpus: f64) -> Self {
        self.cpus = Some(cpus);
        self
    }

    /// How much memory each instance has, in megabytes.
    pub fn mem(mut self, megabytes: impl Into<f64>) -> Self {
        self.mem = Some(megabytes.into());
        self
    }

    /// How much space on disk each instance has, in megabytes.
    pub fn disk(mut self, megabytes: impl Into<f64>) -> Self {
        self.disk = Some(megabytes.into());
        self
    }

    /// How many graphics processors each instance has. From 1.3 on, where Marathon has the feature `gpu_resources`.
    pub const fn gpus(mut self, gpus: u32) -> Self {
        self.gpus = Some(gpus);
        self
    }

    /// The ports of an agent that it must have, and no others.
    pub(super) fn fixed_ports(&self) -> Vec<u16> {
        let required = self
            .ports
            .iter()
            .flatten()
            .filter(|_| self.require_ports)
            .map(|port| port.number);
        let mapped = self.container.iter().flat_map(|container| &container.mappings);
        let mapped = mapped.filter_map(|mapping| mapping.host);
        required.chain(mapped).filter(|port| *port != 0).collect()
    }

    /// How many instances run. Unless it is said, one, or as many as there are.
    pub const fn instances(mut self, instances: u32) -> Self {
        self.instances = Some(instances);
        self
    }

    /// The user that runs it.
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.user = Some(name.into());
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), EnvValue::Plain(value.into()));
        self
    }

    /// Sets a variable of the environment to a secret, which no output shows. Whoever may read Marathon's API sees it.
    pub fn env_secret(mut self, name: impl Into<String>, secret: Secret) -> Self {
        self.env.insert(name.into(), EnvValue::Secret(secret));
        self
    }

    /// Adds a label.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// Has a file fetched into each instance's sandbox; archives are unpacked.
    pub fn fetch(mut self, uri: impl Into<String>) -> Self {
        self.fetch.push(uri.into());
        self
    }

    /// Asks for a port of the agent; its index is that of `$PORT0`, `$PORT1` … For apps on the host's network.
    pub fn port(mut self, port: impl Into<Port>) -> Self {
        self.ports.get_or_insert_default().push(port.into());
        self
    }

    /// Asks for no port. An app on the host's network that says nothing gets one.
    pub fn no_ports(mut self) -> Self {
        self.ports = Some(Vec::new());
        self
    }

    /// Runs instances only where the agent has these very ports. For apps on the host's network: an agent's port that a
    /// [`PortMapping`](super::PortMapping::host_port) says is always that very one.
    pub const fn require_ports(mut self) -> Self {
        self.require_ports = true;
        self
    }

    /// What it runs in.
    pub fn container(mut self, container: Container) -> Self {
        self.container = Some(container);
        self
    }

    /// Adds a condition on where instances may be placed; all of them have to hold.
    pub fn constraint(mut self, constraint: Constraint) -> Self {
        self.constraints.push(constraint);
        self
    }

    /// Takes only resources that are reserved for these roles of Mesos; `*` are those that aren't. From 0.9 on.
    pub fn accepted_resource_roles<T: Into<String>>(mut self, roles: impl IntoIterator<Item = T>) -> Self {
        self.accepted_roles = Some(roles.into_iter().map(Into::into).collect());
        self
    }

    /// Adds a health check.
    pub fn health_check(mut self, check: HealthCheck) -> Self {
        self.health_checks.push(check);
        self
    }

    /// Sets the readiness check. From 1.0 on.
    pub fn readiness_check(mut self, check: ReadinessCheck) -> Self {
        self.readiness_checks.push(check);
        self
    }

    /// Which part of the instances is healthy at every moment of a deployment, from 0 to 1.
    pub const fn minimum_health_capacity(mut self, part: f64) -> Self {
        self.min_health = Some(part);
        self
    }

    /// Which part of the instances may run in addition during a deployment, from 0 to 1. From 0.9 on.
    pub const fn maximum_over_capacity(mut self, part: f64) -> Self {
        self.max_over = Some(part);
        self
    }

    /// How long after a failure an instance is started again, and by what that grows with each further one.
    pub const fn backoff(mut self, seconds: u32, factor: f64) -> Self {
        self.backoff_seconds = Some(seconds);
        self.backoff_factor = Some(factor);
        self
    }

    /// The most that the time between failure and start grows to. From 0.9 on.
    pub const fn max_launch_delay_seconds(mut self, seconds: u32) -> Self {
        self.max_launch_delay = Some(seconds);
        self
    }

    /// How long an instance that is told to end may take. From 1.2 on.
    pub const fn kill_grace_seconds(mut self, seconds: u32) -> Self {
        self.kill_grace = Some(seconds);
        self
    }

    /// Which instances end first when the app shrinks. From 1.4 on.
    pub const fn kill_selection(mut self, selection: KillSelection) -> Self {
        self.kill_selection = Some(selection);
        self
    }

    /// Comes after an app or a group of the same cluster, by its absolute id.
    pub fn depends_on(mut self, id: impl Into<String>) -> Self {
        self.dependencies.push(id.into());
        self
    }

    /// How long `deploy` waits for its deployment; 10 minutes unless it is said, and a week at the most.
    pub const fn deploy_within(mut self, time: Duration) -> Self {
        self.within = Some(time);
        self
    }

    /// Sets a field of the app's JSON that has no method here. Nothing checks it.
    pub fn unchecked_field(mut self, name: impl Into<String>, value: Json) -> Self {
        self.fields.insert(name.into(), value);
        self
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it was declared.
    #[must_use]
    pub const fn declared_at(&self) -> &Location {
        &self.at
    }

    /// Its constraints.
    #[must_use]
    pub fn constraints(&self) -> &[Constraint] {
        &self.constraints
    }

    /// How many ports it has, for indices.
    pub(super) fn port_count(&self) -> usize {
        match &self.container {
            Some(container) if container.network != super::Network::Host => container.mappings.len(),
            // Without a word on ports there is one.
            _ => self.ports.as_ref().map_or(1, Vec::len),
        }
    }
}
