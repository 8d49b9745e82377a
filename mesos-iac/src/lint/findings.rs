use super::{LintCx, Rule};
use crate::compile::Compiled;
use crate::model::{Allowance, Cluster, Finding, Level, Lint, Problems};
use crate::words::HostName;
use std::collections::{BTreeSet, HashMap};
use std::ptr;

/// What the rules found in a cluster, sorted by level, name and host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What is to be told.
    pub found: Vec<Finding>,
    /// What the definition allows.
    pub allowed: Vec<Allowed>,
}

/// A finding that the definition allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// What was found.
    pub finding: Finding,
    /// What allows it.
    pub by: Allowance,
}

/// A lint is allowed and finds nothing.
pub static UNUSED_ALLOWANCE: Lint = Lint {
    name: "unused-allowance",
    level: Level::Warning,
    summary: "a lint is allowed that finds nothing",
    page: include_str!("pages/unused-allowance.md"),
};

/// What is found here and by no rule.
pub(super) const OWN: &[&Lint] = &[&UNUSED_ALLOWANCE];

/// Has every rule of the program look at a cluster, and takes out what the definition allows.
#[must_use]
pub fn check(cluster: &Cluster, compiled: &Compiled) -> Findings {
    let cx = LintCx::new(cluster, compiled);
    let mut rules: Vec<&Rule> = inventory::iter::<Rule>().collect();
    // The linker decides in which order rules are registered.
    rules.sort_by_key(|rule| rule.lints.first().map(|lint| lint.name));
    rules.iter().for_each(|rule| (rule.look)(&cx));
    for host in &compiled.hosts {
        host.findings.iter().for_each(|finding| cx.report(finding.clone()));
    }
    let mut findings = Allowances::of(cluster).sift(cx.into_found());
    findings.sort();
    findings
}

impl Findings {
    /// Those that keep hosts from being touched.
    #[must_use]
    pub fn errors(&self) -> Problems {
        let mut problems = Problems::new();
        problems.extend(self.of(Level::Error).map(|finding| finding.problem.clone()));
        problems
    }

    /// Those that are only told.
    #[must_use]
    pub fn warnings(&self) -> Problems {
        let mut problems = Problems::new();
        problems.extend(self.of(Level::Warning).map(|finding| finding.problem.clone()));
        problems
    }

    fn of(&self, level: Level) -> impl Iterator<Item = &Finding> {
        self.found.iter().filter(move |finding| finding.lint.level == level)
    }

    fn sort(&mut self) {
        self.found.sort_by(|one, two| {
            let key = |finding: &Finding| (std::cmp::Reverse(finding.lint.level), finding.lint.name);
            // A stable sort: hosts and resources stay in the order of the definition.
            key(one).cmp(&key(two))
        });
    }
}

/// What a definition allows, and what of it was of use.
struct Allowances<'c> {
    all: Vec<(Option<&'c HostName>, &'c Allowance)>,
    /// The first that allows a lint, everywhere or on a host.
    first: HashMap<(*const Lint, Option<&'c HostName>), usize>,
    used: BTreeSet<usize>,
}

impl<'c> Allowances<'c> {
    fn of(cluster: &'c Cluster) -> Self {
        let everywhere = cluster.allowed().iter().map(|allowance| (None, allowance));
        let on_hosts = cluster.hosts().iter().flat_map(|host| {
            let name = host.name();
            host.allowed().iter().map(move |allowance| (Some(name), allowance))
        });
        let all: Vec<_> = everywhere.chain(on_hosts).collect();
        let mut first = HashMap::new();
        for (index, (on, allowance)) in all.iter().enumerate() {
            first.entry((ptr::from_ref(allowance.lint), *on)).or_insert(index);
        }
        Self {
            all,
            first,
            used: BTreeSet::new(),
        }
    }

    fn sift(mut self, found: Vec<Finding>) -> Findings {
        let mut findings = Findings::default();
        for finding in found {
            let on = |host| self.first.get(&(ptr::from_ref(finding.lint), host)).copied();
            match on(None).or_else(|| on(finding.problem.host.as_ref())) {
                Some(index) => {
                    self.used.insert(index);
                    let by = self.all[index].1.clone();
                    findings.allowed.push(Allowed { finding, by });
                }
                None => findings.found.push(finding),
            }
        }
        findings.found.extend(self.unused());
        findings
    }

    /// Hosts that are declared together allow things together: what one of them uses, all of them use.
    fn unused(&self) -> Vec<Finding> {
        let used_at = |allowance: &Allowance| {
            let used = |index: &usize| self.all[*index].1;
            self.used
                .iter()
                .map(used)
                .any(|other| other.at == allowance.at && ptr::eq(other.lint, allowance.lint))
        };
        let mut findings = Vec::<Finding>::new();
        for (_, allowance) in self.all.iter().filter(|(_, allowance)| !used_at(allowance)) {
            let message = format!("`{}` is allowed and found nowhere", allowance.lint.name);
            let finding = UNUSED_ALLOWANCE
                .finding(message)
                .at("allowed", allowance.at.clone())
                .hint("take the `.allow(…)` out");
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        findings
    }
}
