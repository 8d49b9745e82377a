use super::defaults;
use crate::kinds::{file, service};
use crate::model::{
    Cx, Declare as _, Declares, Endpoint, Error, ExposeCx, Gate, MaxDown, Result, Rollout, RolloutOrder,
};
use crate::roles::placed::Changes;
use crate::roles::{Source, Version};
use mesos_iac_macros::Role;
use serde_json::{Map, Value as Json, json};

/// Docker's engine.
///
/// ```
/// use mesos_iac::prelude::*;
/// use mesos_iac::roles::{Source, Version};
/// use mesos_iac::roles::docker::Docker;
///
/// let docker = Docker::new(Version::new(20, 10, 24), Source::packages(["docker.io"]))
///     .insecure_registry("registry.lab.example:5000")
///     .option("log-driver", "journald");
/// ```
///
/// Writes `/etc/docker/daemon.json`, which engines before 1.12 don't read: for those the options stand in
/// `/etc/default/docker` as words of a command line, so that a value has no spaces and quotes there. Mesos' agents on the host are held against the version ([`clash`](super::clash)).
#[derive(Debug, Clone, PartialEq, Role)]
#[role(name = "docker")]
#[must_use = "a role takes part once it is given to a cluster, an appliance or a host"]
pub struct Docker {
    version: Version,
    source: Source,
    registries: Vec<String>,
    options: Map<String, Json>,
}

/// The engine of a host.
#[derive(Debug, Clone, PartialEq)]
pub struct DockerAt {
    /// Its version.
    pub version: Version,
}

impl Endpoint for DockerAt {}

impl Docker {
    /// The engine of this version, from there.
    pub fn new(version: Version, source: Source) -> Self {
        Self {
            version,
            source,
            registries: Vec::new(),
            options: Map::new(),
        }
    }

    /// Trusts a registry that has no certificate; `host:port`, or a network.
    pub fn insecure_registry(mut self, registry: impl Into<String>) -> Self {
        self.registries.push(registry.into());
        self
    }

    /// Any other option of the daemon, under its name in `daemon.json`.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        self.options.insert(name.into(), value.into());
        self
    }

    fn options(&self) -> Map<String, Json> {
        let mut options = self.options.clone();
        if !self.registries.is_empty() {
            options.insert("insecure-registries".to_owned(), json!(self.registries));
        }
        options
    }
}

impl Declares for Docker {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        cx.expose(DockerAt { version: self.version });
        Ok(())
    }

    fn rollout(&self) -> Option<Rollout> {
        // A restart of the engine ends its containers.
        Some(Rollout {
            order: RolloutOrder::Declared,
            max_down: MaxDown::Percent(10),
            gate: Gate::Unit {
                name: "docker.service".to_owned(),
            },
        })
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let mut changes = Changes::default();
        self.source.hold_against(cx, "Docker", self.version);
        changes.add(self.source.declare(cx, |package| {
            package.provides_unit("docker").provides_path(defaults::PATH)
        }));
        if self.version < Version::new(1, 12, 0) {
            let text = defaults::text(&self.options())
                .map_err(|why| Error::message(format!("declare Docker {}: {why}", self.version)))?;
            changes.add(cx.add(file(defaults::PATH).content(text)));
        } else if !self.options().is_empty() {
            let text = serde_json::to_string_pretty(&Json::Object(self.options())).unwrap_or_default();
            changes.add(cx.add(file("/etc/docker/daemon.json").content(format!("{text}\n"))));
        }
        cx.add(service("docker").enabled().running().restart_on(changes));
        Ok(())
    }
}
