use super::constraint::JobConstraint;
use crate::model::Problems;
use crate::words::{Location, Secret};
use crate::workloads::json::{Object, number};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// A job of Chronos: a command that runs at times of a schedule, or after other jobs.
///
/// What isn't said is left to Chronos: a job that is there keeps the value that it has. Whole are the schedule with its time zone,
/// the jobs that it comes after, the command, the container, environment, constraints, and what is fetched: what isn't said of
/// them isn't there.
#[derive(Debug, Clone)]
#[must_use = "a job runs when it is given to a cluster: `.workload(…)`"]
pub struct Job {
    pub(super) name: String,
    pub(super) at: Location,
    pub(super) schedule: Option<String>,
    pub(super) time_zone: Option<String>,
    pub(super) parents: Vec<String>,
    pub(super) command: Option<String>,
    pub(super) arguments: Vec<String>,
    pub(super) description: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) user: Option<String>,
    pub(super) cpus: Option<f64>,
    pub(super) mem: Option<f64>,
    pub(super) disk: Option<f64>,
    pub(super) retries: Option<u32>,
    pub(super) epsilon: Option<String>,
    pub(super) disabled: Option<bool>,
    pub(super) concurrent: Option<bool>,
    pub(super) env: BTreeMap<String, Result<String, Secret>>,
    pub(super) fetch: Vec<String>,
    pub(super) container: Option<JobContainer>,
    pub(super) constraints: Vec<JobConstraint>,
}

/// The container of Docker's engine that a job's command runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobContainer {
    pub(super) image: String,
    pub(super) network: &'static str,
    pub(super) force_pull: bool,
    pub(super) volumes: Vec<(String, String, bool)>,
}

impl JobContainer {
    /// A container from this image.
    #[must_use]
    pub fn new(image: impl Into<String>) -> Self {
        Self {
            image: image.into(),
            network: "HOST",
            force_pull: false,
            volumes: Vec::new(),
        }
    }

    /// Puts it on the agent's network, where it is unless something else is said.
    #[must_use]
    pub const fn on_host(mut self) -> Self {
        self.network = "HOST";
        self
    }

    /// Puts it on a bridge of the agent.
    #[must_use]
    pub const fn bridge(mut self) -> Self {
        self.network = "BRIDGE";
        self
    }

    /// Has the image pulled before each start.
    #[must_use]
    pub const fn force_pull(mut self) -> Self {
        self.force_pull = true;
        self
    }

    /// Shows it a path of the agent, to be written to.
    #[must_use]
    pub fn volume(mut self, host_path: impl Into<String>, container_path: impl Into<String>) -> Self {
        self.volumes.push((host_path.into(), container_path.into(), false));
        self
    }

    /// Shows it a path of the agent, to be read only.
    #[must_use]
    pub fn read_only_volume(mut self, host_path: impl Into<String>, container_path: impl Into<String>) -> Self {
        self.volumes.push((host_path.into(), container_path.into(), true));
        self
    }

    fn to_json(&self) -> Json {
        let mut object = Object::new();
        object.set("type", "DOCKER").set("image", self.image.as_str());
        // What is off is said, so that what was taken out goes.
        object.set("network", self.network);
        object.set("forcePullImage", self.force_pull);
        let volumes = self.volumes.iter().map(|(host, container, read_only)| {
            let mode = if *read_only { "RO" } else { "RW" };
            json!({ "hostPath": host, "containerPath": container, "mode": mode })
        });
        object.set("volumes", volumes.collect::<Vec<_>>());
        object.done()
    }
}

/// A job under this name.
#[track_caller]
pub fn job(name: impl Into<String>) -> Job {
    Job {
        name: name.into(),
        at: Location::caller(),
        schedule: None,
        time_zone: None,
        parents: Vec::new(),
        command: None,
        arguments: Vec::new(),
        description: None,
        owner: None,
        user: None,
        cpus: None,
        mem: None,
        disk: None,
        retries: None,
        epsilon: None,
        disabled: None,
        concurrent: None,
        env: BTreeMap::new(),
        fetch: Vec::new(),
        container: None,
        constraints: Vec::new(),
    }
}

impl Job {
    /// When it runs: `R[n]/start/period`, see [`Schedule`](super::Schedule).
    pub fn schedule(mut self, schedule: impl Into<String>) -> Self {
        self.schedule = Some(schedule.into());
        self
    }

    /// The time zone of the schedule, such as `Europe/Berlin`.
    pub fn time_zone(mut self, name: impl Into<String>) -> Self {
        self.time_zone = Some(name.into());
        self
    }

    /// Runs it each time another job of the cluster has run, instead of by a schedule. Of several, all of them.
    pub fn after(mut self, job: impl Into<String>) -> Self {
        self.parents.push(job.into());
        self
    }

    /// The command, which a shell reads.
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// The command's arguments. With them no shell reads the command.
    pub fn arguments<T: Into<String>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// What it is for.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Who is told of failures: mail addresses, commas between them.
    pub fn owner(mut self, addresses: impl Into<String>) -> Self {
        self.owner = Some(addresses.into());
        self
    }

    /// The user that runs it.
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.user = Some(name.into());
        self
    }

    /// How many processors it has, in parts of one.
    pub const fn cpus(mut self, cpus: f64) -> Self {
        self.cpus = Some(cpus);
        self
    }

    /// How much memory it has, in megabytes.
    pub fn mem(mut self, megabytes: impl Into<f64>) -> Self {
        self.mem = Some(megabytes.into());
        self
    }

    /// How much space on disk it has, in megabytes.
    pub fn disk(mut self, megabytes: impl Into<f64>) -> Self {
        self.disk = Some(megabytes.into());
        self
    }

    /// How often it is tried again when it fails.
    pub const fn retries(mut self, times: u32) -> Self {
        self.retries = Some(times);
        self
    }

    /// How late it may start and still does, as a period: `PT15M`.
    pub fn epsilon(mut self, period: impl Into<String>) -> Self {
        self.epsilon = Some(period.into());
        self
    }

    /// Keeps it from running.
    pub const fn disabled(mut self) -> Self {
        self.disabled = Some(true);
        self
    }

    /// Lets it run.
    pub const fn enabled(mut self) -> Self {
        self.disabled = Some(false);
        self
    }

    /// Lets a run begin while an earlier one goes on.
    pub const fn concurrent(mut self) -> Self {
        self.concurrent = Some(true);
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), Ok(value.into()));
        self
    }

    /// Sets a variable of the environment to a secret, which no output shows. Whoever may read Chronos' API sees it.
    pub fn env_secret(mut self, name: impl Into<String>, secret: Secret) -> Self {
        self.env.insert(name.into(), Err(secret));
        self
    }

    /// Has a file fetched into its sandbox; archives are unpacked.
    pub fn fetch(mut self, uri: impl Into<String>) -> Self {
        self.fetch.push(uri.into());
        self
    }

    /// What it runs in.
    pub fn container(mut self, container: JobContainer) -> Self {
        self.container = Some(container);
        self
    }

    /// Adds a condition on where it may run; all of them have to hold.
    pub fn constraint(mut self, constraint: JobConstraint) -> Self {
        self.constraints.push(constraint);
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it was declared.
    #[must_use]
    pub const fn declared_at(&self) -> &Location {
        &self.at
    }

    /// The JSON that Chronos takes. A secret stands in it by its source.
    ///
    /// # Errors
    /// Chronos would refuse it; see [`Job::problems`].
    pub fn render(&self) -> Result<Json, Problems> {
        self.problems().into_result(())?;
        Ok(self.to_json())
    }

    pub(super) fn to_json(&self) -> Json {
        let mut object = Object::new();
        object
            .set("name", self.name.as_str())
            .set_some("schedule", self.schedule.as_deref());
        object.set_some("scheduleTimeZone", self.time_zone.as_deref());
        object.set_list("parents", self.parents.iter().map(|parent| parent.as_str().into()));
        object.set_some("command", self.command.as_deref());
        object
            .set("shell", self.arguments.is_empty())
            .set("arguments", self.arguments.clone());
        object
            .set_some("description", self.description.as_deref())
            .set_some("owner", self.owner.as_deref());
        object.set_some("runAsUser", self.user.as_deref());
        object
            .set_some("cpus", self.cpus.map(number))
            .set_some("mem", self.mem.map(number));
        object
            .set_some("disk", self.disk.map(number))
            .set_some("retries", self.retries);
        object
            .set_some("epsilon", self.epsilon.as_deref())
            .set_some("disabled", self.disabled);
        object.set_some("concurrent", self.concurrent);
        let variables = self.env.iter().map(|(name, value)| {
            let value = match value {
                Ok(text) => text.as_str().into(),
                Err(secret) => serde_json::to_value(secret).unwrap_or_default(),
            };
            json!({ "name": name, "value": value })
        });
        object.set("environmentVariables", variables.collect::<Vec<_>>());
        object.set(
            "fetch",
            self.fetch.iter().map(|uri| json!({ "uri": uri })).collect::<Vec<_>>(),
        );
        object.set_some("container", self.container.as_ref().map(JobContainer::to_json));
        object.set(
            "constraints",
            self.constraints.iter().map(JobConstraint::to_json).collect::<Vec<_>>(),
        );
        object.done()
    }
}
