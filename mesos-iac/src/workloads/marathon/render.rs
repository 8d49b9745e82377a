//! One app, and the JSON of each version.

use super::app::{App, EnvValue, KillSelection};
use super::checks::since;
use super::container::{Container, Network, Runtime, Source, Volume};
use super::port::Port;
use super::version::MarathonLine as _;
use crate::model::Problems;
use crate::roles::Version;
use crate::workloads::json::{Object, number, texts};
use serde_json::{Value as Json, json};

impl App {
    /// The JSON that this version of Marathon takes. A secret stands in it by its source.
    ///
    /// # Errors
    /// The version would refuse it, or can't have something that is said; see [`App::problems`].
    pub fn render(&self, version: Version) -> Result<Json, Problems> {
        self.problems(version).into_result(())?;
        Ok(self.to_json(version))
    }

    pub(super) fn to_json(&self, version: Version) -> Json {
        let mut object = Object::new();
        object.set("id", self.id.as_str()).set_some("cmd", self.cmd.as_deref());
        object.set_list("args", self.args.iter().map(|argument| argument.as_str().into()));
        object
            .set_some("cpus", self.cpus.map(number))
            .set_some("mem", self.mem.map(number));
        object
            .set_some("disk", self.disk.map(number))
            .set_some("gpus", self.gpus);
        object
            .set_some("instances", self.instances)
            .set_some("user", self.user.as_deref());
        // What is whole stands there even if it is empty, so that what was taken out goes.
        let env = self.env.iter().map(|(name, value)| (name.clone(), env_json(value)));
        object.set("env", Json::Object(env.collect()));
        object.set("labels", texts(&self.labels));
        if version.has(since::FETCH) {
            object.set(
                "fetch",
                self.fetch.iter().map(|uri| json!({ "uri": uri })).collect::<Vec<_>>(),
            );
        } else {
            object.set("uris", self.fetch.clone());
        }
        if let Some(ports) = &self.ports {
            if version.has(since::PORT_DEFINITIONS) || ports.iter().any(Port::is_more) {
                object.set("portDefinitions", ports.iter().map(Port::to_json).collect::<Vec<_>>());
            } else {
                object.set("ports", ports.iter().map(|port| port.number).collect::<Vec<_>>());
            }
        }
        let network = self.container.as_ref().map(|container| &container.network);
        let network = network.unwrap_or(&Network::Host);
        // From 1.5 on it is for the agent's network alone, and shown as off for any other whatever was sent.
        let is_for_network = !version.has_networks() || *network == Network::Host;
        object.set("requirePorts", self.require_ports && is_for_network);
        object.set_some(
            "container",
            self.container.as_ref().map(|container| container.to_json(version)),
        );
        match network {
            Network::Host if version.has_networks() => {
                object.set("networks", json!([{ "mode": "host" }]));
            }
            Network::Bridge if version.has_networks() => {
                object.set("networks", json!([{ "mode": "container/bridge" }]));
            }
            Network::Named(name) if version.has_networks() => {
                object.set("networks", json!([{ "mode": "container", "name": name }]));
            }
            Network::Host | Network::Bridge => {}
            Network::Named(name) => {
                object.set("ipAddress", json!({ "networkName": name }));
            }
        }
        object.set(
            "constraints",
            self.constraints
                .iter()
                .map(super::Constraint::to_json)
                .collect::<Vec<_>>(),
        );
        object.set_some("acceptedResourceRoles", self.accepted_roles.clone());
        object.set(
            "healthChecks",
            self.health_checks
                .iter()
                .map(super::HealthCheck::to_json)
                .collect::<Vec<_>>(),
        );
        if version.has(since::READINESS) || !self.readiness_checks.is_empty() {
            object.set(
                "readinessChecks",
                self.readiness_checks
                    .iter()
                    .map(super::ReadinessCheck::to_json)
                    .collect::<Vec<_>>(),
            );
        }
        if self.min_health.is_some() || self.max_over.is_some() {
            let mut upgrade = Object::new();
            upgrade.set_some("minimumHealthCapacity", self.min_health.map(number));
            upgrade.set_some("maximumOverCapacity", self.max_over.map(number));
            object.set("upgradeStrategy", upgrade.done());
        }
        object.set_some("backoffSeconds", self.backoff_seconds);
        object.set_some("backoffFactor", self.backoff_factor.map(number));
        object.set_some("maxLaunchDelaySeconds", self.max_launch_delay);
        object.set_some("taskKillGracePeriodSeconds", self.kill_grace);
        object.set_some(
            "killSelection",
            self.kill_selection.map(|selection| match selection {
                KillSelection::YoungestFirst => "YOUNGEST_FIRST",
                KillSelection::OldestFirst => "OLDEST_FIRST",
            }),
        );
        object.set("dependencies", self.dependencies.clone());
        for (name, value) in &self.fields {
            object.set(name, value.clone());
        }
        object.done()
    }
}

fn env_json(value: &EnvValue) -> Json {
    match value {
        EnvValue::Plain(text) => text.as_str().into(),
        EnvValue::Secret(secret) => serde_json::to_value(secret).unwrap_or_default(),
    }
}

impl Container {
    fn to_json(&self, version: Version) -> Json {
        let mut object = Object::new();
        object.set(
            "type",
            match self.runtime {
                Runtime::Docker => "DOCKER",
                Runtime::Mesos => "MESOS",
            },
        );
        // A network of its own without a word on mappings gets one of Marathon's choice; the agent's network has none.
        let mappings = || {
            let mappings = self.mappings.iter().map(super::PortMapping::to_json);
            (self.network != Network::Host).then(|| mappings.collect::<Vec<_>>())
        };
        if let Some(image) = &self.image {
            let mut docker = Object::new();
            docker.set("image", image.as_str());
            if !version.has_networks() && self.runtime == Runtime::Docker {
                docker.set(
                    "network",
                    match self.network {
                        Network::Host => "HOST",
                        Network::Bridge => "BRIDGE",
                        Network::Named(_) => "USER",
                    },
                );
                docker.set_some("portMappings", mappings());
            }
            // What is off is said where the version knows it, so that what was taken out goes.
            let knows = version.has(since::DOCKER_OPTIONS);
            let is_docker = self.runtime == Runtime::Docker;
            if self.privileged || (knows && is_docker) {
                docker.set("privileged", self.privileged);
            }
            if self.force_pull || knows {
                docker.set("forcePullImage", self.force_pull);
            }
            if !self.parameters.is_empty() || (knows && is_docker) {
                let parameters = self.parameters.iter();
                docker.set(
                    "parameters",
                    parameters
                        .map(|(key, value)| json!({ "key": key, "value": value }))
                        .collect::<Vec<_>>(),
                );
            }
            object.set("docker", docker.done());
        }
        if version.has_networks() {
            object.set_some("portMappings", mappings());
        }
        object.set("volumes", self.volumes.iter().map(Volume::to_json).collect::<Vec<_>>());
        object.done()
    }
}

impl Volume {
    fn to_json(&self) -> Json {
        let mut object = Object::new();
        object.set("containerPath", self.container_path.as_str());
        match &self.source {
            Source::Host(path) => object.set("hostPath", path.as_str()),
            Source::Persistent(megabytes) => object.set("persistent", json!({ "size": megabytes })),
        };
        object.set("mode", if self.read_only { "RO" } else { "RW" });
        object.done()
    }
}
