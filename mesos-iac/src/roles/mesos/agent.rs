use super::attribute::HostAttribute;
use super::cluster::{Mesos, wrong};
use super::layout::FlagsIn;
use super::placing::{self, Daemonized};
use super::{Attributes, Credential, Daemon, IntoAttribute, MesosMaster, Resources};
use crate::kinds::file;
use crate::kinds::mesos_agent::mesos_agent_identity;
use crate::model::{
    Cx, Declares, Dependencies as _, Endpoint, ExposeCx, Gate, HostView, MaxDown, Result, Rollout, RolloutOrder,
};
use crate::roles::Version;
use crate::roles::docker::{DOCKER_VERSION, DockerAt, clash};
use crate::roles::flags::{Agent, CheckedFlag, Flag, FlagText, FlagValue, Flags, ReconfigurationPolicy, agent};
use mesos_iac_macros::Role;

/// A Mesos agent, made by [`Mesos::agent`]; a slave, before 1.0.
///
/// What it tells frameworks of its host comes from the host's attributes:
///
/// ```
/// use mesos_iac::prelude::*;
/// use mesos_iac::roles::Version;
/// use mesos_iac::roles::mesos::{Mesos, MesosLayout};
///
/// #[derive(Attributes)]
/// struct Site {
///     /// What sort of disk the host has.
///     storage: String,
/// }
///
/// # fn cluster() -> Result<Cluster> {
/// let mesos = Mesos::new(Version::new(0, 22, 0), MesosLayout::mesosphere()).zookeeper("zk://10.0.0.1:2181/mesos".parse()?);
/// Cluster::new("lab")
///     .role(mesos.agent().attribute("storage", Site::STORAGE))
///     .hosts(hosts("agent-[1-2]").addrs(["10.0.0.11", "10.0.0.12"]).set(Site::STORAGE, "local"))
///     .build()
/// # }
/// ```
///
/// # Attributes that change
///
/// An agent refuses to start when what it told frameworks changes in a way that its version doesn't bear; the way out that
/// everybody knows, removing `meta/slaves/latest`, kills its tasks. So the role asks first: before any file is changed, a
/// resource of its own compares the description with the one that the agent was last started with. What the agent bears
/// is done; what would cost its tasks fails and says so, and the files stay as they are, unless
/// [`MesosAgent::tasks_may_be_lost`].
#[derive(Debug, Clone, PartialEq, Role)]
#[role(name = "mesos-agent")]
#[must_use = "a role takes part once it is given to a cluster, an appliance or a host"]
pub struct MesosAgent {
    mesos: Mesos,
    flags: Flags<Agent>,
    attributes: Vec<HostAttribute>,
    resources: Resources,
    port: u16,
    credential: Option<Credential>,
    tasks_may_be_lost: bool,
    told_before: bool,
    address: AgentAddress,
    unit: Vec<(String, String, String)>,
}

/// How an agent comes to know its own address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgentAddress {
    /// It is the one that the definition says.
    Declared,
    /// The first global IPv4 address of the interfaces whose names match this pattern, such as `eno*`, found on the host as
    /// the agent starts: for hosts that get their addresses by DHCP. The agent announces itself under it.
    OfInterface(String),
}

/// An agent as others find it: what it tells frameworks.
#[derive(Debug, Clone, PartialEq)]
pub struct MesosAgentAt {
    /// What describes it.
    pub attributes: Attributes,
    /// What it has to offer; what isn't named it finds out itself.
    pub resources: Resources,
    /// The name that it announces.
    pub hostname: String,
    /// The port that it listens on.
    pub port: u16,
    /// Its version.
    pub version: Version,
    /// The masters that it registers with.
    pub(super) election: (super::cluster::ZooKeeperAt, String),
}

impl Endpoint for MesosAgentAt {}

impl MesosAgent {
    pub(super) fn new(mesos: Mesos) -> Self {
        Self {
            mesos,
            flags: Flags::new(),
            attributes: Vec::new(),
            resources: Resources::default(),
            port: 5051,
            credential: None,
            tasks_may_be_lost: false,
            told_before: false,
            address: AgentAddress::Declared,
            unit: Vec::new(),
        }
    }

    /// Adds an attribute, by which frameworks choose agents: a value, or the attribute of the host that has it.
    pub fn attribute(mut self, name: impl Into<String>, value: impl IntoAttribute) -> Self {
        self.attributes.push(value.into_attribute(name.into()));
        self
    }

    /// Says what it has to offer; what isn't named of `cpus`, `mem`, `disk` and `ports` it finds out itself.
    pub fn resources(mut self, resources: impl Into<Resources>) -> Self {
        self.resources = resources.into();
        self
    }

    /// The port that it listens on; 5051 unless said.
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets a flag. What the role would set itself otherwise is shadowed.
    #[track_caller]
    pub fn flag<V: FlagValue>(mut self, flag: Flag<Agent, V>, value: impl Into<V>) -> Self {
        self.flags = self.flags.set(flag, value);
        self
    }

    /// Adds flags.
    pub fn flags(mut self, flags: Flags<Agent>) -> Self {
        self.flags = self.flags.merge(flags);
        self
    }

    /// Who the agent is for the masters.
    pub fn credential(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// How it comes to know its address.
    pub fn address(mut self, address: AgentAddress) -> Self {
        self.address = address;
        self
    }

    /// Adds a setting to the unit, where the layout has one of ours: `.unit("Unit", "After", "docker.service")`.
    pub fn unit(mut self, section: &str, key: &str, value: &str) -> Self {
        self.unit.push((section.to_owned(), key.to_owned(), value.to_owned()));
        self
    }

    /// Consents to a new agent id, and to the loss of the tasks under the old one, where a change of attributes, resources,
    /// name or port asks for it. To be said for the one run that is to do it.
    pub const fn tasks_may_be_lost(mut self) -> Self {
        self.tasks_may_be_lost = true;
        self
    }

    /// Says that an agent which runs on the host already, set up by other means, told what the definition says. Only where a
    /// layout has no flag files, since those can be read.
    pub const fn told_before(mut self) -> Self {
        self.told_before = true;
        self
    }

    fn attributes_of(&self, host: &HostView<'_>) -> Result<Attributes> {
        let mut attributes = Attributes::new();
        for attribute in &self.attributes {
            attributes = attributes.with(attribute.name(), attribute.value(host)?);
        }
        attributes.check().map_err(wrong)?;
        Ok(attributes)
    }

    /// Reports an engine on the host that this version doesn't get along with, if the agent is to use it.
    fn heed_docker(&self, cx: &mut Cx<'_>, flags: &[CheckedFlag]) {
        let uses = |flag: &CheckedFlag| {
            let names = |text: &str| text.split(',').any(|name| name.trim() == "docker");
            flag.name() == "containerizers" && matches!(flag.value(), FlagText::Text(text) if names(text))
        };
        let Some(engine) = cx.endpoint_here::<DockerAt>() else {
            return;
        };
        if let Some(why) = clash(self.mesos.version, engine.version).filter(|_| flags.iter().any(uses)) {
            let message = format!("Mesos {} with Docker {}: {why}", self.mesos.version, engine.version);
            cx.report(DOCKER_VERSION.finding(message).hint("change one of the two versions"));
        }
    }

    fn hostname(host: &HostView<'_>) -> Result<String> {
        Ok(host.addr()?.to_owned())
    }
}

impl Declares for MesosAgent {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        let at = MesosAgentAt {
            attributes: self.attributes_of(cx)?,
            resources: self.resources.clone(),
            hostname: Self::hostname(cx)?,
            port: self.port,
            version: self.mesos.version,
            election: self.mesos.election(),
        };
        cx.expose(at);
        Ok(())
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let mesos = &self.mesos;
        let attributes = self.attributes_of(cx)?;
        self.resources.check().map_err(wrong)?;
        let hostname = Self::hostname(cx)?;
        let zk = mesos.zk_url(cx)?;
        let mut defaults = Flags::<Agent>::new()
            .set(agent::MASTER, zk)
            .set(agent::WORK_DIR, mesos.work_dir.as_str())
            .set(agent::LOG_DIR, mesos.log_dir.as_str())
            .set(agent::PORT, self.port);
        if mesos.version >= Version::new(1, 5, 0) {
            defaults = defaults.set(agent::RECONFIGURATION_POLICY, ReconfigurationPolicy::Additive);
        }
        let mut gate = Vec::new();
        let mut asked = None;
        match &self.address {
            AgentAddress::Declared => {
                defaults = defaults.set(agent::HOSTNAME, hostname.as_str());
                if let Ok(ip) = hostname.parse::<std::net::IpAddr>() {
                    defaults = defaults.set(agent::IP, ip);
                }
            }
            AgentAddress::OfInterface(pattern) => {
                cx.add(file(ADDRESS).content(address_script(pattern)?).mode(0o755))
                    .add_to(&mut gate);
                // Before, whatever starts the agent has to ask.
                if mesos.version >= Version::new(0, 24, 0) {
                    defaults = defaults.set(agent::IP_DISCOVERY_COMMAND, ADDRESS);
                } else {
                    asked = Some(ADDRESS);
                }
            }
        }
        if let Some(credential) = &self.credential {
            let path = "/etc/mesos/credential";
            cx.add(file(path).content(credential.content(mesos.version)))
                .add_to(&mut gate);
            defaults = defaults.set(agent::CREDENTIAL, path);
        }
        // Directories have one file for each; everywhere else they are a flag like others, and so are disks, which only
        // JSON can say.
        let in_directories = matches!(mesos.layout.flags, FlagsIn::Wrapper | FlagsIn::ApacheWrapper);
        let resources_in_directory = in_directories && !self.resources.to_string().starts_with('[');
        if !in_directories && !attributes.is_empty() {
            defaults = defaults.set(agent::ATTRIBUTES, attributes.clone());
        }
        if !resources_in_directory && !self.resources.is_empty() {
            defaults = defaults.set(agent::RESOURCES, self.resources.clone());
        }
        let flags = self.flags.clone().with_defaults(defaults);
        let mut problems = flags.missing(mesos.version);
        let checked = flags.checked(mesos.version).unwrap_or_else(|found| {
            problems.extend(found);
            Vec::new()
        });
        problems.into_result(())?;
        self.heed_docker(cx, &checked);
        // What counts is what the agent will read, which flags that are set by hand have a say in.
        let told = |name: &str| {
            checked.iter().find_map(|flag| match flag.value() {
                FlagText::Text(text) if flag.name() == name => Some(text.as_str()),
                _ => None,
            })
        };
        let mut identity = mesos_agent_identity(told("work_dir").unwrap_or(&mesos.work_dir))
            .hostname(told("hostname"))
            .port(told("port").and_then(|port| port.parse().ok()).unwrap_or(self.port))
            .domain(told("domain"))
            .default_role(told("default_role"))
            .told_before(self.told_before)
            .attributes(told("attributes").map_or_else(|| attributes.to_string(), ToOwned::to_owned))
            .resources(told("resources").map_or_else(|| self.resources.to_string(), ToOwned::to_owned))
            .additive(told("reconfiguration_policy") == Some("additive"))
            .tasks_may_be_lost(self.tasks_may_be_lost);
        if in_directories {
            identity = identity.flags(format!("/etc/{}", mesos.layout.files(Daemon::Agent, mesos.version)));
        }
        cx.add(identity).add_to(&mut gate);
        Daemonized {
            mesos,
            daemon: Daemon::Agent,
            flags: checked,
            attributes: in_directories.then_some(&attributes),
            resources: resources_in_directory.then_some(&self.resources),
            port: self.port,
            environment: mesos.environment()?,
            unit: self.unit.clone(),
            address_from: asked,
            gate,
        }
        .declare(cx)?;
        if !cx.has_role::<MesosMaster>() {
            placing::disable(cx, mesos, Daemon::Master);
        }
        Ok(())
    }

    fn rollout(&self) -> Option<Rollout> {
        Some(Rollout {
            order: RolloutOrder::Declared,
            max_down: MaxDown::Percent(10),
            gate: Gate::MesosAgent { port: self.port },
        })
    }
}

/// Prints the address of the host that an agent is to announce.
const ADDRESS: &str = "/usr/local/lib/mesos-address";

/// A script that prints the first global IPv4 address of the interfaces that a pattern matches.
fn address_script(pattern: &str) -> Result<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | '?' | '[' | ']' | '-' | '_' | '.');
    if pattern.is_empty() || !pattern.chars().all(fits) {
        return Err(wrong(format!(
            "`{pattern}` is no pattern of interfaces' names, such as `eno*`"
        ))
        .into());
    }
    Ok(format!(
        "#!/bin/sh\n\
         # The first global IPv4 address of an interface that the definition names.\n\
         ip -o -4 addr list scope global | while read -r _ interface _ address _; do\n\
         \x20   case $interface in ({pattern}) echo \"${{address%%/*}}\"; exit ;; esac\n\
         done | grep .\n"
    ))
}
