//! What a program refuses of flags that are right each by itself, and what it doesn't start without.

use super::program::Known;
use super::{FlagText, MesosDuration};
use crate::model::{Code, Problem, Problems};
use crate::roles::Version;
use crate::words::Location;

/// The rules of one program.
#[derive(Debug)]
pub(super) struct Rules {
    /// Combinations that are refused.
    pub(super) forbidden: fn(&Settings<'_>, &mut Problems),
    /// Flags without which the program doesn't start.
    pub(super) missing: fn(&Settings<'_>, &mut Problems),
}

/// A flag that has a value.
pub(super) struct Setting {
    /// The newest name.
    pub(super) identity: String,
    /// The name as the version spells it.
    pub(super) name: String,
    pub(super) value: FlagText,
    pub(super) at: Location,
}

/// All flags that have a value.
pub(super) struct Settings<'a> {
    known: &'a Known,
    version: Version,
    settings: &'a [Setting],
}

impl<'a> Settings<'a> {
    pub(super) const fn new(known: &'a Known, version: Version, settings: &'a [Setting]) -> Self {
        Self {
            known,
            version,
            settings,
        }
    }

    fn get(&self, identity: &str) -> Option<&'a Setting> {
        self.settings.iter().find(|setting| setting.identity == identity)
    }

    /// The text of a flag; none if it isn't set, or no text.
    fn text(&self, identity: &str) -> Option<&'a str> {
        match &self.get(identity)?.value {
            FlagText::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a flag, or the one that it has where it isn't set.
    fn text_or_default(&self, identity: &str) -> Option<&'a str> {
        match self.get(identity) {
            Some(_) => self.text(identity),
            None => {
                let facts = self.known.flags().find(|facts| facts.name == identity)?;
                facts.default_in(self.version)
            }
        }
    }

    fn problem(&self, message: String) -> Problem {
        Problem::new(
            Code::InvalidFlag,
            format!("{} {}: {message}", self.known.name, self.version),
        )
    }

    /// Two flags of which only one may be set.
    fn exclude(&self, a: &str, b: &str, problems: &mut Problems) {
        if let (Some(a), Some(b)) = (self.get(a), self.get(b)) {
            let problem = self.problem(format!("`--{}` and `--{}` exclude each other", a.name, b.name));
            problems.push(
                problem
                    .at("set here", a.at.clone())
                    .at("and here", b.at.clone())
                    .hint("take one of them away"),
            );
        }
    }

    /// A flag that needs another one.
    fn require(&self, flag: &str, needed: &str, problems: &mut Problems) {
        if let (Some(flag), None) = (self.get(flag), self.get(needed)) {
            let problem = self.problem(format!("`--{}` needs `--{needed}`", flag.name));
            problems.push(
                problem
                    .at("set here", flag.at.clone())
                    .hint(format!("set `--{needed}`, too")),
            );
        }
    }

    /// A value that is refused.
    fn refuse(&self, flag: &str, why: &str, hint: &str, problems: &mut Problems) {
        if let Some(flag) = self.get(flag) {
            let problem = self.problem(format!("`--{}` {why}", flag.name));
            problems.push(problem.at("set here", flag.at.clone()).hint(hint));
        }
    }

    /// A flag that has to be set.
    fn need(&self, flag: &str, why: &str, problems: &mut Problems) {
        if self.get(flag).is_none() {
            let problem = self.problem(format!("`--{flag}` is missing: {why}"));
            problems.push(problem.hint(format!("set `--{flag}`")));
        }
    }
}

pub(super) const MASTER: Rules = Rules {
    forbidden: |flags, problems| {
        mesos(flags, problems);
        flags.exclude("zk", "master_contender", problems);
        flags.exclude("zk", "master_detector", problems);
        flags.require("master_contender", "master_detector", problems);
        flags.require("master_detector", "master_contender", problems);
        if flags
            .text("authorizers")
            .is_some_and(|authorizers| authorizers.contains(','))
        {
            flags.refuse("authorizers", "takes exactly one authorizer", "name one", problems);
        }
        let strict = flags
            .get("registry_strict")
            .is_some_and(|strict| strict.value == FlagText::Switch(true));
        if strict && flags.version >= Version::new(1, 0, 0) {
            flags.refuse("registry_strict", "is refused from 1.0 on", "leave it out", problems);
        }
        sorters(flags, problems);
    },
    missing: |flags, problems| {
        let replicated = flags.text_or_default("registry") == Some("replicated_log");
        if replicated {
            flags.need("work_dir", "the replicated log stands there", problems);
        }
        if replicated && flags.get("zk").is_some() {
            flags.need(
                "quorum",
                "with ZooKeeper, the replicated log needs to know how many masters are a majority",
                problems,
            );
        }
    },
};

/// Roles and frameworks are sorted alike; sorting by lot came with the name `role_sorter`.
fn sorters(flags: &Settings<'_>, problems: &mut Problems) {
    let roles = flags.text_or_default("role_sorter");
    let frameworks = flags.text_or_default("framework_sorter");
    if let Some(setting) = flags.get("role_sorter")
        && setting.name == "user_sorter"
        && roles != Some("drf")
    {
        flags.refuse("role_sorter", "takes `drf` alone", "write `drf`", problems);
        return;
    }
    if roles == frameworks {
        return;
    }
    let set = ["role_sorter", "framework_sorter"].map(|flag| flags.get(flag));
    let mut problem = flags.problem(format!(
        "roles are sorted by `{}` and frameworks by `{}`, which have to be the same",
        roles.unwrap_or("drf"),
        frameworks.unwrap_or("drf")
    ));
    for setting in set.into_iter().flatten() {
        problem = problem.at("set here", setting.at.clone());
    }
    problems.push(problem.hint("set both to `drf` or both to `random`"));
}

pub(super) const AGENT: Rules = Rules {
    forbidden: |flags, problems| {
        mesos(flags, problems);
        flags.exclude("ip6", "ip6_discovery_command", problems);
        flags.exclude("master", "master_detector", problems);
        let no_fault_domain = |text: &str| {
            let value = serde_json::from_str::<serde_json::Value>(text);
            value.is_ok_and(|value| value.get("fault_domain").is_none())
        };
        if flags.text("domain").is_some_and(no_fault_domain) {
            let hint = r#"write `{"fault_domain":{"region":{"name":…},"zone":{"name":…}}}`"#;
            flags.refuse("domain", "needs a `fault_domain`", hint, problems);
        }
        if flags
            .text("domain_socket_location")
            .is_some_and(|path| path.len() >= 108)
        {
            let why = "is too long for a socket, whose path has less than 108 bytes";
            flags.refuse("domain_socket_location", why, "choose a shorter path", problems);
        }
        let duration = |flag| {
            flags
                .text_or_default(flag)
                .and_then(|text| text.parse::<MesosDuration>().ok())
        };
        let perf = ["perf_duration", "perf_interval"];
        if let [Some(length), Some(interval)] = perf.map(duration)
            && length > interval
        {
            let flag = if flags.get(perf[0]).is_some() { perf[0] } else { perf[1] };
            let why = format!("makes samples of {length} each {interval}, which would overlap");
            flags.refuse(
                flag,
                &why,
                "make `perf_duration` at most as long as `perf_interval`",
                problems,
            );
        }
    },
    missing: |flags, problems| {
        if flags.get("master_detector").is_none() {
            flags.need("master", "the agent has to know where the masters are", problems);
        }
        if flags.version >= Version::new(1, 0, 0) {
            flags.need("work_dir", "it has no default from 1.0 on", problems);
        }
    },
};

/// What masters and agents have in common.
fn mesos(flags: &Settings<'_>, problems: &mut Problems) {
    flags.exclude("modules", "modules_dir", problems);
    flags.exclude("ip", "ip_discovery_command", problems);
}

pub(super) const MARATHON: Rules = Rules {
    forbidden: |flags, problems| {
        if flags.text("metrics_histogram_reservoir_resetting_chunks") == Some("1") {
            let flag = "metrics_histogram_reservoir_resetting_chunks";
            flags.refuse(flag, "is 0 or at least 2", "write 0 or 2", problems);
        }
        let path = |text: &str| {
            text.strip_prefix("zk://")
                .map(|rest| rest.find('/').is_some_and(|at| at + 1 < rest.len()))
        };
        if flags.text("zk").and_then(path) == Some(false) {
            let why = "has no path, which Marathon needs";
            flags.refuse("zk", why, "write `zk://host:port/marathon`", problems);
        }
    },
    missing: |flags, problems| flags.need("master", "Marathon has to know where the masters are", problems),
};

pub(super) const CHRONOS: Rules = Rules {
    forbidden: |_, _| {},
    missing: |flags, problems| flags.need("master", "Chronos has to know where the masters are", problems),
};
