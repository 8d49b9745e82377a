use super::value::{covers, united};
use super::{Attributes, DiskSource, Resources, RoleName, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What an agent tells of itself, and keeps under its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentDescription {
    /// The name that it announces.
    pub hostname: String,
    /// The port that it listens on.
    pub port: u16,
    /// Its fault domain, as the text of the flag.
    pub domain: Option<String>,
    /// Its attributes.
    pub attributes: Attributes,
    /// Its resources.
    pub resources: Resources,
    /// The role of resources that name none; none for `*`.
    pub default_role: Option<RoleName>,
}

/// A difference between two descriptions of one agent, and whether the agent starts with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Of what.
    pub subject: Subject,
    /// What it was; none where it is new.
    pub old: Option<String>,
    /// What it is; none where it is gone.
    pub new: Option<String>,
    /// Whether the agent starts with it.
    pub verdict: Verdict,
}

/// What a [`Change`] is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The name that the agent announces.
    Hostname,
    /// Its port.
    Port,
    /// Its fault domain.
    Domain,
    /// The role of the resources that it finds out itself.
    DefaultRole,
    /// The attribute of this key.
    Attribute(String),
    /// This resource, with its role between parentheses.
    Resource(String),
}

/// Whether an agent starts after a change of what it tells of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It does, under its old id; its tasks go on.
    Kept,
    /// One of the values is what the agent finds out on its host, so that only the host can tell.
    Unknown,
    /// It refuses to, until `meta/slaves/latest` of its work directory is removed: it then gets a new id, and its tasks are
    /// lost.
    NewAgentId,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hostname => f.write_str("host name"),
            Self::Port => f.write_str("port"),
            Self::Domain => f.write_str("fault domain"),
            Self::DefaultRole => f.write_str("role of what it finds out"),
            Self::Attribute(key) => write!(f, "attribute {key}"),
            Self::Resource(key) => write!(f, "resource {key}"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.subject.fmt(f)?;
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => write!(f, ": {old} → {new}")?,
            (Some(old), None) => write!(f, ": {old} is gone")?,
            (None, Some(new)) => write!(f, ": {new} is new")?,
            (None, None) => {}
        }
        f.write_str(match self.verdict {
            Verdict::Kept => " (the agent keeps its id and its tasks)",
            Verdict::Unknown => " (what it was or will be is found out on the host: the agent may refuse to start)",
            Verdict::NewAgentId => " (the agent refuses to start: it needs a new id, and its tasks are lost)",
        })
    }
}

/// What it costs to change an agent from `old` to `new`: one that bears what is only added (`--reconfiguration_policy=additive`,
/// from 1.5 on), or one that bears nothing.
///
/// ```
/// use mesos_iac::kinds::mesos_agent::{AgentDescription, Attributes, Resources, Verdict, reconfiguration};
///
/// let agent = |attributes| AgentDescription {
///     hostname: "agent-1".into(),
///     port: 5051,
///     domain: None,
///     attributes,
///     resources: Resources::new(),
///     default_role: None,
/// };
/// let old = agent(Attributes::new().with("rack", "r1"));
/// let new = agent(Attributes::new().with("rack", "r1").with("ssd", true));
/// assert_eq!(reconfiguration(&old, &new, true)[0].verdict, Verdict::Kept);
/// assert_eq!(reconfiguration(&old, &new, false)[0].verdict, Verdict::NewAgentId);
/// ```
#[must_use]
pub fn reconfiguration(old: &AgentDescription, new: &AgentDescription, additive: bool) -> Vec<Change> {
    let judge = |kept: bool| match kept && additive {
        true => Verdict::Kept,
        false => Verdict::NewAgentId,
    };
    let mut changes = Vec::new();
    let mut add = |subject, old: Option<String>, new: Option<String>, verdict| {
        if old != new {
            changes.push(Change {
                subject,
                old,
                new,
                verdict,
            });
        }
    };
    let hostnames = (Some(old.hostname.clone()), Some(new.hostname.clone()));
    add(Subject::Hostname, hostnames.0, hostnames.1, Verdict::NewAgentId);
    add(
        Subject::Port,
        Some(old.port.to_string()),
        Some(new.port.to_string()),
        Verdict::NewAgentId,
    );
    add(
        Subject::Domain,
        old.domain.clone(),
        new.domain.clone(),
        judge(old.domain.is_none()),
    );

    // What is named changes with its pool, below; what is found out changes its role without a word.
    let finds = |agent: &AgentDescription| {
        FOUND
            .iter()
            .any(|name| agent.resources.iter().all(|found| found.name() != *name))
    };
    if finds(old) && finds(new) {
        let role = |agent: &AgentDescription| agent.default_role.as_ref().map(ToString::to_string);
        add(Subject::DefaultRole, role(old), role(new), Verdict::NewAgentId);
    }

    let shown = |value: Option<&Value>| value.map(ToString::to_string);
    let keys: BTreeSet<&str> = old
        .attributes
        .iter()
        .chain(new.attributes.iter())
        .map(|(key, _)| key)
        .collect();
    for key in keys {
        let (old, new) = (old.attributes.get(key), new.attributes.get(key));
        let kept = kept(old, new);
        add(Subject::Attribute(key.to_owned()), shown(old), shown(new), judge(kept));
    }

    let (old, new) = (pools(old), pools(new));
    let keys: BTreeSet<&Pool> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let (old_value, new_value) = (old.get(key), new.get(key));
        let named = |pools: &Pools| pools.keys().any(|pool| pool.name == key.name);
        // What isn't named under any role, the agent finds out.
        let found = FOUND.contains(&key.name.as_str()) && !(named(&old) && named(&new));
        let verdict = if found {
            Verdict::Unknown
        } else {
            judge(kept(old_value, new_value))
        };
        add(
            Subject::Resource(key.to_string()),
            shown(old_value),
            shown(new_value),
            verdict,
        );
    }
    changes
}

/// The resources that an agent finds out where they aren't named.
const FOUND: [&str; 5] = ["cpus", "mem", "disk", "gpus", "ports"];

/// Whether nothing was taken away.
fn kept(old: Option<&Value>, new: Option<&Value>) -> bool {
    match (old, new) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(Value::Scalar(old)), Some(Value::Scalar(new))) => new >= old,
        (Some(Value::Ranges(old)), Some(Value::Ranges(new))) => covers(new, old),
        (Some(Value::Set(old)), Some(Value::Set(new))) => old.is_subset(new),
        (Some(old), Some(new)) => old == new,
    }
}

/// Resources that Mesos adds up: of one name, for one role, from one source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Pool {
    name: String,
    role: RoleName,
    source: Option<DiskSource>,
}

type Pools = BTreeMap<Pool, Value>;

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.role)?;
        match &self.source {
            Some(DiskSource::Path(root) | DiskSource::Mount(root)) => write!(f, " at {root}"),
            Some(DiskSource::Block) => f.write_str(" (block)"),
            Some(DiskSource::Raw) => f.write_str(" (raw)"),
            None => Ok(()),
        }
    }
}

fn pools(agent: &AgentDescription) -> Pools {
    let mut pools = Pools::new();
    for resource in agent.resources.iter() {
        let Some(value) = resource.value() else { continue };
        let role = resource.reserved_for().or(agent.default_role.as_ref());
        let pool = Pool {
            name: resource.name().to_owned(),
            role: role.cloned().unwrap_or_else(RoleName::any),
            source: resource.disk_source().cloned(),
        };
        let sum = match (pools.get(&pool), value) {
            (Some(Value::Scalar(a)), Value::Scalar(b)) => Value::Scalar(a.plus(*b)),
            (Some(Value::Ranges(a)), Value::Ranges(b)) => Value::Ranges(united(a, b)),
            (Some(Value::Set(a)), Value::Set(b)) => Value::Set(a | b),
            (_, value) => value.clone(),
        };
        pools.insert(pool, sum);
    }
    pools
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(attributes: &str, resources: &str) -> AgentDescription {
        AgentDescription {
            hostname: "a".into(),
            port: 5051,
            domain: None,
            attributes: attributes.parse().unwrap(),
            resources: resources.parse().unwrap(),
            default_role: None,
        }
    }

    fn told(old: &AgentDescription, new: &AgentDescription) -> Vec<(String, Verdict)> {
        let changes = reconfiguration(old, new, true);
        let equal = reconfiguration(old, new, false);
        assert_eq!(changes.len(), equal.len());
        assert!(equal.iter().all(|change| change.verdict != Verdict::Kept));
        changes
            .into_iter()
            .map(|change| {
                (
                    change.to_string().split(" (").next().unwrap().to_owned(),
                    change.verdict,
                )
            })
            .collect()
    }

    #[test]
    fn what_takes_nothing_away_is_kept() {
        let (kept, lost) = (Verdict::Kept, Verdict::NewAgentId);
        for (old, new, verdict) in [
            ("rack:r1", "rack:r1;ssd:true", kept),
            ("rack:r1", "rack:r2", lost),
            ("rack:r1", "", lost),
            ("n:1", "n:2", kept),
            ("n:2", "n:1", lost),
            ("n:2", "n:x", lost),
            ("p:[1-5]", "p:[1-9]", kept),
            ("p:[1-5]", "p:[2-9]", lost),
        ] {
            let told = told(&agent(old, ""), &agent(new, ""));
            assert_eq!(told.len(), 1, "{told:?}");
            assert_eq!(told[0].1, verdict, "{told:?}");
        }
        for (old, new, verdict) in [
            ("cpus:1", "cpus:2", kept),
            ("cpus:2", "cpus:1", lost),
            ("cpus:2", "cpus:1;cpus:1", kept),
            ("cpus:1", "cpus:1;cpus(prod):1", kept),
            ("bugs:{a}", "bugs:{a,b}", kept),
            ("bugs:{a}", "bugs:{b}", lost),
            ("cpus:1", "", Verdict::Unknown),
            ("", "ports:[1-2]", Verdict::Unknown),
            ("", "bugs:{a}", kept),
        ] {
            let told = told(&agent("", old), &agent("", new));
            assert!(told.iter().all(|(_, told)| *told == verdict), "{old} → {new}: {told:?}");
            assert_eq!(told.is_empty(), old == "cpus:2" && verdict == kept, "{told:?}");
        }
    }

    #[test]
    fn another_default_role_takes_the_old_resources_away() {
        let old = agent("", "cpus:2");
        let new = AgentDescription {
            default_role: Some("prod".parse().unwrap()),
            ..old.clone()
        };
        let told = told(&old, &new);
        // Memory, disk and ports are found out, and go to the other role too.
        assert_eq!(told[0].0, "role of what it finds out: prod is new");
        assert_eq!(told[1], ("resource cpus(*): 2 is gone".to_owned(), Verdict::NewAgentId));
        assert_eq!(told[2].1, Verdict::Kept);
    }

    #[test]
    fn host_name_port_and_domain() {
        let old = agent("", "");
        let new = AgentDescription {
            hostname: "b".into(),
            port: 5052,
            domain: Some("{}".into()),
            ..old.clone()
        };
        let verdicts: Vec<_> = told(&old, &new).into_iter().map(|(_, verdict)| verdict).collect();
        assert_eq!(verdicts, [Verdict::NewAgentId, Verdict::NewAgentId, Verdict::Kept]);
        assert_eq!(
            told(
                &new,
                &AgentDescription {
                    domain: None,
                    ..new.clone()
                }
            )[0]
            .1,
            Verdict::NewAgentId
        );
    }
}
