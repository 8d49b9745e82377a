use super::{AgentDescription, Attributes, Resources, RoleName, Verdict, reconfiguration};
use crate::kinds::File;
use crate::model::{
    Check, Converge, Declare, Diff, Effect, Effects, Error, FileWrite, HostView, PathKind, ReadSystem, Resource,
    Result, Shown, System,
};
use crate::words::{AbsPath, ResourceId};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where it is kept what an agent told. Not in its work directory, which may move, and which people remove.
const RECORD: &str = "/var/lib/mesos-iac-mesos-agent.json";

/// Ensures that what the Mesos agent of a host tells of itself changes only in ways that it bears, or that somebody
/// consented to.
///
/// An agent keeps what it told the masters under its id, below `WORK_DIR/meta`, and refuses to start when its attributes,
/// resources, name or port have changed in a way that its policy doesn't bear. It then stays away, and after 75 seconds its
/// tasks count as lost. The known way out is to remove `meta/slaves/latest`, which loses them at once; so does another work
/// directory.
///
/// So this comes before the files that say it. What was approved is kept in `/var/lib/mesos-iac-mesos-agent.json`, and
/// compared with what is desired; where nothing was kept yet, the flag files that the host has are. What the agent bears is
/// approved. What it doesn't bear **fails, in a plan too**, says which change it is, and keeps everything behind it from
/// being changed; with consent the agent gets a new id, and the plan says so. So does an agent with an id of which nobody
/// knows what it told. An agent that never started is bound by nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.mesos-agent-identity", key = name)]
pub struct MesosAgentIdentity {
    name: String,
    description: Description,
    additive: bool,
    tasks_may_be_lost: bool,
    told_before: bool,
    /// The directory of flag files that the agent reads, if it does.
    flags: Option<AbsPath>,
}

/// What an agent tells of itself, as it stands in a catalog and on a disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    format: u32,
    work_dir: AbsPath,
    hostname: Option<String>,
    port: u16,
    domain: Option<String>,
    default_role: Option<String>,
    attributes: String,
    resources: String,
}

/// The name of the resource: a host has one agent.
const NAME: &str = "agent";

/// The version of what is kept.
const FORMAT: u32 = 1;

/// An identity in the making; see [`MesosAgentIdentity`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct MesosAgentIdentityBuilder {
    work_dir: String,
    hostname: Option<String>,
    port: u16,
    domain: Option<String>,
    default_role: Option<String>,
    attributes: String,
    resources: String,
    additive: bool,
    tasks_may_be_lost: bool,
    told_before: bool,
    flags: Option<String>,
}

/// The identity of the host's agent, which works in this directory.
pub fn mesos_agent_identity(work_dir: impl Into<String>) -> MesosAgentIdentityBuilder {
    MesosAgentIdentityBuilder {
        work_dir: work_dir.into(),
        hostname: None,
        port: 5051,
        domain: None,
        default_role: None,
        attributes: String::new(),
        resources: String::new(),
        additive: false,
        tasks_may_be_lost: false,
        told_before: false,
        flags: None,
    }
}

impl MesosAgentIdentityBuilder {
    /// The name that it announces; none where it finds out its own.
    pub fn hostname(mut self, name: Option<&str>) -> Self {
        self.hostname = name.map(ToOwned::to_owned);
        self
    }

    /// The port that it listens on.
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Its fault domain, as the text of its flag; none unless said.
    pub fn domain(mut self, domain: Option<&str>) -> Self {
        self.domain = domain.map(ToOwned::to_owned);
        self
    }

    /// The role of resources that name none; none for `*`.
    pub fn default_role(mut self, role: Option<&str>) -> Self {
        self.default_role = role.map(ToOwned::to_owned);
        self
    }

    /// Its attributes, as the text of its flag: `rack:r1;ssd:true`.
    pub fn attributes(mut self, text: impl Into<String>) -> Self {
        self.attributes = text.into();
        self
    }

    /// Its resources, as the text of its flag: `cpus:4;mem:8192`.
    pub fn resources(mut self, text: impl Into<String>) -> Self {
        self.resources = text.into();
        self
    }

    /// Says that it bears what is only added (`--reconfiguration_policy=additive`, from 1.5 on).
    pub const fn additive(mut self, additive: bool) -> Self {
        self.additive = additive;
        self
    }

    /// Consents to a new id, and to the loss of the tasks under the old one.
    pub const fn tasks_may_be_lost(mut self, consent: bool) -> Self {
        self.tasks_may_be_lost = consent;
        self
    }

    /// Says that an agent which is there already, and of which nothing is known, told the same: for a host that was set up by
    /// other means.
    pub const fn told_before(mut self, same: bool) -> Self {
        self.told_before = same;
        self
    }

    /// Says which directory of flag files the agent reads, such as `/etc/mesos-slave`: what stands there is what it told
    /// where nothing else is known.
    pub fn flags(mut self, directory: impl Into<String>) -> Self {
        self.flags = Some(directory.into());
        self
    }
}

impl Declare for MesosAgentIdentityBuilder {
    type Out = MesosAgentIdentity;

    fn identity(&self) -> Result<ResourceId> {
        Ok(ResourceId::new("core.mesos-agent-identity", NAME)?)
    }

    fn build(self, _: &HostView<'_>) -> Result<MesosAgentIdentity> {
        let description = Description {
            format: FORMAT,
            work_dir: AbsPath::new(&self.work_dir)?,
            hostname: self.hostname,
            port: self.port,
            domain: self.domain,
            default_role: self.default_role,
            attributes: self.attributes,
            resources: self.resources,
        };
        // So that what can't be read is told here, and not on a host.
        description.read()?;
        Ok(MesosAgentIdentity {
            name: NAME.to_owned(),
            description,
            additive: self.additive,
            tasks_may_be_lost: self.tasks_may_be_lost,
            told_before: self.told_before,
            flags: self.flags.map(AbsPath::new).transpose()?,
        })
    }
}

impl Description {
    fn read(&self) -> Result<AgentDescription> {
        let wrong = |error: &dyn fmt::Display| Error::message(format!("read what the agent tells of itself: {error}"));
        let role = self.default_role.as_deref().filter(|role| *role != "*");
        Ok(AgentDescription {
            hostname: self.hostname.clone().unwrap_or_default(),
            port: self.port,
            domain: self.domain.clone(),
            attributes: self.attributes.parse::<Attributes>().map_err(|error| wrong(&error))?,
            resources: self.resources.parse::<Resources>().map_err(|error| wrong(&error))?,
            default_role: role
                .map(str::parse::<RoleName>)
                .transpose()
                .map_err(|error| wrong(&error))?,
        })
    }

    /// Where the agent finds the id that it has.
    fn latest(&self) -> Result<AbsPath> {
        Ok(self.work_dir.join("meta/slaves/latest")?)
    }
}

impl MesosAgentIdentity {
    fn approved(system: &dyn ReadSystem) -> Result<Option<Description>> {
        let path = AbsPath::new(RECORD)?;
        let Some(bytes) = system.read(&path)? else {
            return Ok(None);
        };
        let description: Description = serde_json::from_slice(&bytes).map_err(|error| {
            Error::message(format!(
                "read {path}: {error}; if the agent runs as it should, remove the file"
            ))
        })?;
        match description.format {
            FORMAT => Ok(Some(description)),
            newer => Err(Error::message(format!(
                "read {path}: it is of format {newer}, and this program knows {FORMAT}; use a newer one"
            ))),
        }
    }

    /// What the files say that the agent reads: one for each flag, and a directory each for attributes and resources.
    fn configured(&self, system: &dyn ReadSystem) -> Result<Option<Description>> {
        let Some(flags) = &self.flags else { return Ok(None) };
        if system.entry(flags)?.is_none() {
            return Ok(None);
        }
        let text = |name: &str| -> Result<Option<String>> {
            let bytes = system.read(&flags.join(name)?)?;
            Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned()))
        };
        // A directory with a file for each, or a file with the text of the flag.
        let listed = |name: &str| -> Result<String> {
            let path = flags.join(name)?;
            if system
                .entry(&path)?
                .is_none_or(|entry| entry.kind != PathKind::Directory)
            {
                return Ok(text(name)?.unwrap_or_default());
            }
            let mut items = Vec::new();
            for key in system.list(&path)?.unwrap_or_default() {
                if let Some(bytes) = system.read(&path.join(&key)?)? {
                    items.push(format!(
                        "{key}:{}",
                        String::from_utf8_lossy(&bytes).trim_end_matches('\n')
                    ));
                }
            }
            items.sort();
            Ok(items.join(";"))
        };
        let work_dir = text("work_dir")?.and_then(|path| AbsPath::new(path).ok());
        let announces = self.description.hostname.is_some();
        Ok(Some(Description {
            format: FORMAT,
            work_dir: work_dir.unwrap_or_else(|| self.description.work_dir.clone()),
            hostname: announces.then(|| text("hostname")).transpose()?.flatten(),
            port: text("port")?.and_then(|port| port.parse().ok()).unwrap_or(5051),
            domain: text("domain")?,
            default_role: text("default_role")?,
            attributes: listed("attributes")?,
            resources: listed("resources")?,
        }))
    }
}

impl Converge for MesosAgentIdentity {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let approved = Self::approved(system)?;
        let is_new = approved.as_ref() != Some(&self.description);
        let old = approved.map_or_else(|| self.configured(system), |approved| Ok(Some(approved)))?;
        let mut diff = Diff::new();
        let at = old.as_ref().unwrap_or(&self.description).latest()?;
        if system.entry(&at)?.is_some() {
            self.compare(old.as_ref(), &mut diff)?;
        }
        if is_new && diff.is_empty() {
            // It bears it, or has no id to lose.
            diff.push("approved", Shown::Absent, self.description.to_string());
        }
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        if diff.has(AGENT_ID) {
            system.remove(&self.description.latest()?)?;
        }
        let text = serde_json::to_vec(&self.description)
            .map_err(|error| Error::message(format!("write what was approved: {error}")))?;
        system.write_file(&AbsPath::new(RECORD)?, &FileWrite::new(&text))?;
        Ok(())
    }

    fn inverse(&self) -> Option<Box<dyn Resource>> {
        Some(Box::new(File::absent_at(AbsPath::new(RECORD).ok()?)))
    }

    fn effects(&self) -> Effects {
        let effects = Effects::none().read(Effect::Path(self.description.work_dir.clone()));
        match AbsPath::new(RECORD) {
            Ok(record) => effects.write(Effect::Path(record)),
            Err(_) => effects,
        }
    }
}

/// The property that says that the agent gets a new id.
const AGENT_ID: &str = "agent id";

impl MesosAgentIdentity {
    /// Compares what an agent with an id told with what it is to tell.
    fn compare(&self, old: Option<&Description>, diff: &mut Diff) -> Result<()> {
        let mut costly = Vec::new();
        let mut changes = Vec::new();
        match old {
            Some(old) => {
                changes = reconfiguration(&old.read()?, &self.description.read()?, self.additive);
                let costs = changes.iter().filter(|change| change.verdict != Verdict::Kept);
                costly.extend(costs.map(ToString::to_string));
                if old.work_dir != self.description.work_dir {
                    let (from, to) = (&old.work_dir, &self.description.work_dir);
                    costly.push(format!("work directory: {from} → {to} (the agent finds no id there, and its tasks are lost)"));
                    diff.push("work directory", from.to_string(), to.to_string());
                }
            }
            None if self.told_before => {}
            None => costly.push(format!(
                "it has an id, and nobody knows what it told under it (there is no {RECORD}); if it is what the definition says, say \
                 `.told_before()`"
            )),
        }
        if !costly.is_empty() && !self.tasks_may_be_lost {
            return Err(Error::message(format!(
                "change what the agent tells of itself: {}; drain the agent, and say `.tasks_may_be_lost()` in the definition \
                 for the run that is to do it",
                costly.join("; ")
            )));
        }
        for change in &changes {
            let shown = |text: &Option<String>| text.as_ref().map_or(Shown::Absent, |text| Shown::Value(text.clone()));
            diff.push(&change.subject.to_string(), shown(&change.old), shown(&change.new));
        }
        if !costly.is_empty() {
            diff.push(AGENT_ID, "kept", "new: the tasks under the old one are lost");
        }
        Ok(())
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "port {}, work directory {}", self.port, self.work_dir)?;
        let said = [
            ("name", self.hostname.as_deref()),
            ("fault domain", self.domain.as_deref()),
            ("default role", self.default_role.as_deref()),
            ("attributes", Some(self.attributes.as_str())),
            ("resources", Some(self.resources.as_str())),
        ];
        for (what, value) in said {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                write!(f, ", {what} {value}")?;
            }
        }
        Ok(())
    }
}
