use super::{AgentDescription, Attributes, Change, Resources, Verdict, reconfiguration};
use crate::model::{
    Check, Converge, Declare, Diff, Effect, Effects, Error, FileWrite, HostView, ReadSystem, Result, Shown, System,
};
use crate::words::{AbsPath, ResourceId};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};

/// Ensures that what a Mesos agent tells of itself changes only in ways that it bears, or that somebody consented to.
///
/// An agent keeps what it told the masters under its id, below `WORK_DIR/meta`, and refuses to start when its attributes,
/// resources, name or port have changed in a way that its policy doesn't bear. It then stays away, and after 75 seconds its
/// tasks count as lost. The known way out is to remove `meta/slaves/latest`, which loses them at once.
///
/// So this comes before the files that say it. It compares with what was approved last, or, where nothing was, with the
/// files that the host has. What the agent bears is approved. What it doesn't bear **fails, in a plan too**, says which
/// change it is, and keeps everything behind it from being changed; with consent the agent gets a new id, and the plan
/// says so. An agent that never started is bound by nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.mesos-agent-identity", key = work_dir)]
pub struct MesosAgentIdentity {
    work_dir: AbsPath,
    description: Description,
    additive: bool,
    tasks_may_be_lost: bool,
    /// The directory of flag files that the agent reads, if it does.
    flags: Option<AbsPath>,
}

/// What an agent tells of itself, as it stands in a catalog and on a disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    format: u32,
    hostname: Option<String>,
    port: u16,
    attributes: String,
    resources: String,
}

/// The version of what is kept.
const FORMAT: u32 = 1;

/// An identity in the making; see [`MesosAgentIdentity`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct MesosAgentIdentityBuilder {
    work_dir: String,
    description: Description,
    additive: bool,
    tasks_may_be_lost: bool,
    flags: Option<String>,
}

/// The identity of the agent that works in this directory.
pub fn mesos_agent_identity(work_dir: impl Into<String>) -> MesosAgentIdentityBuilder {
    MesosAgentIdentityBuilder {
        work_dir: work_dir.into(),
        description: Description {
            format: FORMAT,
            hostname: None,
            port: 5051,
            attributes: String::new(),
            resources: String::new(),
        },
        additive: false,
        tasks_may_be_lost: false,
        flags: None,
    }
}

impl MesosAgentIdentityBuilder {
    /// The name that it announces; none where it finds out its own.
    pub fn hostname(mut self, name: Option<&str>) -> Self {
        self.description.hostname = name.map(ToOwned::to_owned);
        self
    }

    /// The port that it listens on.
    pub const fn port(mut self, port: u16) -> Self {
        self.description.port = port;
        self
    }

    /// Its attributes, as the text of its flag: `rack:r1;ssd:true`.
    pub fn attributes(mut self, text: impl Into<String>) -> Self {
        self.description.attributes = text.into();
        self
    }

    /// Its resources, as the text of its flag: `cpus:4;mem:8192`.
    pub fn resources(mut self, text: impl Into<String>) -> Self {
        self.description.resources = text.into();
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
        let path = AbsPath::new(&self.work_dir)?;
        Ok(ResourceId::new("core.mesos-agent-identity", path.as_str())?)
    }

    fn build(self, _: &HostView<'_>) -> Result<MesosAgentIdentity> {
        // So that what can't be read is told here, and not on a host.
        self.description.read()?;
        Ok(MesosAgentIdentity {
            work_dir: AbsPath::new(&self.work_dir)?,
            description: self.description,
            additive: self.additive,
            tasks_may_be_lost: self.tasks_may_be_lost,
            flags: self.flags.map(AbsPath::new).transpose()?,
        })
    }
}

impl Description {
    fn read(&self) -> Result<AgentDescription> {
        let wrong = |error| Error::message(format!("read what the agent tells of itself: {error}"));
        Ok(AgentDescription {
            hostname: self.hostname.clone().unwrap_or_default(),
            port: self.port,
            domain: None,
            attributes: self.attributes.parse::<Attributes>().map_err(wrong)?,
            resources: self.resources.parse::<Resources>().map_err(wrong)?,
            default_role: None,
        })
    }
}

impl MesosAgentIdentity {
    fn latest(&self) -> Result<AbsPath> {
        Ok(self.work_dir.join("meta/slaves/latest")?)
    }

    fn record(&self) -> Result<AbsPath> {
        Ok(self.work_dir.join("meta/mesos-iac.json")?)
    }

    fn approved(&self, system: &dyn ReadSystem) -> Result<Option<Description>> {
        let path = self.record()?;
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
        let listed = |name: &str| -> Result<String> {
            let directory = flags.join(name)?;
            let mut items = Vec::new();
            for key in system.list(&directory)?.unwrap_or_default() {
                if let Some(bytes) = system.read(&directory.join(&key)?)? {
                    items.push(format!(
                        "{key}:{}",
                        String::from_utf8_lossy(&bytes).trim_end_matches('\n')
                    ));
                }
            }
            items.sort();
            Ok(items.join(";"))
        };
        Ok(Some(Description {
            format: FORMAT,
            hostname: self
                .description
                .hostname
                .is_some()
                .then(|| text("hostname"))
                .transpose()?
                .flatten(),
            port: text("port")?.and_then(|port| port.parse().ok()).unwrap_or(5051),
            attributes: listed("attributes")?,
            resources: listed("resources")?,
        }))
    }

    /// What differs from what the agent told when it was started last, as far as that is known.
    fn changes(&self, old: &Description) -> Result<Vec<Change>> {
        Ok(reconfiguration(&old.read()?, &self.description.read()?, self.additive))
    }
}

impl Converge for MesosAgentIdentity {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let approved = self.approved(system)?;
        let mut diff = Diff::new();
        if system.entry(&self.latest()?)?.is_none() {
            // It has no id to lose. What was approved for an earlier one would bind the next.
            if approved.as_ref().is_some_and(|approved| *approved != self.description) {
                diff.push("approved description", "of an earlier id", "of the next");
            }
            return Ok(diff.into());
        }
        let Some(old) = approved.map_or_else(|| self.configured(system), |approved| Ok(Some(approved)))? else {
            return Ok(Check::NoChange);
        };
        let changes = self.changes(&old)?;
        let costly: Vec<String> = changes
            .iter()
            .filter(|change| change.verdict != Verdict::Kept)
            .map(ToString::to_string)
            .collect();
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
            diff.push("agent id", "kept", "new: the tasks under the old one are lost");
        }
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        if diff.has("agent id") {
            system.remove(&self.latest()?)?;
        }
        let text = serde_json::to_vec(&self.description)
            .map_err(|error| Error::message(format!("write what was approved: {error}")))?;
        system.write_file(&self.record()?, &FileWrite::new(&text))?;
        Ok(())
    }

    fn effects(&self) -> Effects {
        Effects::none()
            .write(Effect::Path(
                self.work_dir
                    .join("meta/mesos-iac.json")
                    .unwrap_or_else(|_| self.work_dir.clone()),
            ))
            .read(Effect::Path(self.work_dir.clone()))
    }
}
