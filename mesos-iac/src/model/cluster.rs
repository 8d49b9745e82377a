use super::host::{Host, Hosts, IntoHostPattern, Settings};
use super::{
    Allowance, Appliance, Assignment, AttributeGroup, AttributeSpec, AttributeValue, Code, IntoValue, Key, Lint,
    Precedence, Problem, Problems, Result, Role, RoleInstance, Scope, Workload, nearest, registry,
};
use crate::words::{HostName, HostPattern, Location};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A cluster's definition: attributes, appliances, hosts and roles. A value; making it does no I/O.
#[derive(Clone)]
pub struct Cluster {
    name: String,
    precedence: Precedence,
    roles: Vec<RoleInstance>,
    settings: Settings,
    appliances: BTreeMap<String, Appliance>,
    environments: BTreeMap<String, AttributeGroup>,
    systems: BTreeMap<String, AttributeGroup>,
    pub(super) hosts: Vec<Host>,
    pub(super) keys: BTreeMap<String, AttributeSpec>,
    pub(super) inputs: super::Assignments,
    allowed: Vec<Allowance>,
    workloads: Vec<Box<dyn Workload>>,
}

/// A cluster in the making. What is wrong is collected and returned by [`ClusterBuilder::build`], all of it at once.
#[derive(Clone)]
#[must_use = "call `.build()` to get the cluster"]
pub struct ClusterBuilder {
    name: String,
    at: Location,
    precedence: Precedence,
    roles: Vec<RoleInstance>,
    settings: Settings,
    appliances: Vec<Appliance>,
    environments: Vec<AttributeGroup>,
    systems: Vec<AttributeGroup>,
    hosts: Vec<Host>,
    allowed: Vec<Allowance>,
    workloads: Vec<Box<dyn Workload>>,
    problems: Problems,
}

impl Cluster {
    /// Begins the definition of a cluster.
    #[expect(
        clippy::new_ret_no_self,
        reason = "a definition reads best as `Cluster::new(…)…build()`"
    )]
    #[track_caller]
    pub fn new(name: impl Into<String>) -> ClusterBuilder {
        ClusterBuilder {
            name: name.into(),
            at: Location::caller(),
            precedence: Precedence::default(),
            roles: Vec::new(),
            settings: Settings::default(),
            appliances: Vec::new(),
            environments: Vec::new(),
            systems: Vec::new(),
            hosts: Vec::new(),
            allowed: Vec::new(),
            workloads: Vec::new(),
            problems: Problems::new(),
        }
    }

    /// The cluster's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// In which order scopes shadow each other.
    #[must_use]
    pub const fn precedence(&self) -> Precedence {
        self.precedence
    }

    /// The hosts, in the order of their declaration.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The names of the appliances, sorted.
    pub fn appliances(&self) -> impl Iterator<Item = &str> {
        self.appliances.keys().map(String::as_str)
    }

    /// Every attribute that is known here, by name: those that a crate of the program declares and those that the
    /// definition sets.
    #[must_use]
    pub const fn attributes(&self) -> &BTreeMap<String, AttributeSpec> {
        &self.keys
    }

    /// Whether an attribute is set for all hosts or for any.
    #[must_use]
    pub fn sets(&self, key: &str) -> bool {
        self.settings.assignments.of(key).next().is_some()
            || (0..self.hosts.len()).any(|host| !self.assignments(host, key).is_empty())
    }

    /// The lints that the definition allows everywhere.
    #[must_use]
    pub fn allowed(&self) -> &[Allowance] {
        &self.allowed
    }

    /// What runs on the cluster, in the order of declaration.
    pub fn workloads(&self) -> impl Iterator<Item = &dyn Workload> {
        self.workloads.iter().map(|workload| &**workload)
    }

    /// The roles that are given to a host: the cluster's, its appliance's, its own.
    pub(crate) fn given_roles(&self, host: usize) -> impl Iterator<Item = &RoleInstance> {
        let host = &self.hosts[host];
        let appliance = host.appliance_name().and_then(|name| self.appliances.get(name));
        let of_appliance = appliance.map_or(&[][..], |appliance| &appliance.roles);
        self.roles.iter().chain(of_appliance).chain(&host.roles)
    }

    /// Every value that a scope sets for an attribute of a host, the one that wins last.
    #[must_use]
    pub fn assignments(&self, host: usize, key: &str) -> Vec<(Scope, &Assignment)> {
        let Some(host) = self.hosts.get(host) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for scope in self.precedence.scopes() {
            let set = match scope {
                Scope::Default => None,
                Scope::Global => Some(&self.settings.assignments),
                Scope::Appliance => host
                    .appliance_name()
                    .and_then(|name| self.appliances.get(name))
                    .map(|appliance| &appliance.settings.assignments),
                Scope::Os => host
                    .declared_os()
                    .and_then(|os| self.systems.get(&os.id))
                    .map(|group| &group.settings.assignments),
                Scope::Environment => host
                    .environment_name()
                    .and_then(|name| self.environments.get(name))
                    .map(|group| &group.settings.assignments),
                Scope::Host => Some(&host.settings.assignments),
                Scope::Input => Some(&self.inputs),
                Scope::HostInput => Some(&host.inputs),
            };
            if let Some(set) = set {
                found.extend(
                    set.iter()
                        .filter(|assignment| assignment.key == key)
                        .map(|assignment| (scope, assignment)),
                );
            }
        }
        found
    }

    /// The place of a host among [`Cluster::hosts`].
    #[must_use]
    pub fn host_index(&self, name: &str) -> Option<usize> {
        self.hosts.iter().position(|host| host.name().as_str() == name)
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.hosts.iter().map(Host::name).collect();
        f.debug_struct("Cluster")
            .field("name", &self.name)
            .field("hosts", &names)
            .finish_non_exhaustive()
    }
}

/// The mistake that a pattern matches none of these hosts; `origin` is where it stands, with a colon, if that is no code.
pub(super) fn no_host<'a>(pattern: &HostPattern, origin: &str, hosts: impl Iterator<Item = &'a HostName>) -> Problem {
    let hosts: Vec<&HostName> = hosts.collect();
    let names: Vec<&str> = hosts.iter().map(|host| host.as_str()).collect();
    let known = match names.as_slice() {
        [] => "no host is declared".to_owned(),
        names if names.len() <= 8 => format!("the hosts are {}", names.join(", ")),
        names => format!(
            "the hosts are {} … {} ({} in all)",
            names[0],
            names[names.len() - 1],
            names.len()
        ),
    };
    let problem = Problem::new(Code::NoHostMatches, format!("{origin}`{pattern}` matches no host")).hint(known);
    match pattern.meant_as_classes(hosts) {
        Some(meant) => problem.hint(meant),
        None => problem,
    }
}

impl ClusterBuilder {
    /// Sets an attribute for the whole cluster.
    #[track_caller]
    pub fn set<T: AttributeValue>(mut self, key: Key<T>, value: impl IntoValue<T>) -> Self {
        self.settings.set(key, value, Location::caller());
        self
    }

    /// Makes a key that was written by hand known to `--set`, without setting it. Keys that derive `Attributes` are known.
    #[track_caller]
    pub fn attribute<T: AttributeValue>(mut self, key: Key<T>) -> Self {
        self.settings.keys.push(AttributeSpec::of(key, Location::caller()));
        self
    }

    /// Chooses the order in which scopes shadow each other.
    pub const fn precedence(mut self, precedence: Precedence) -> Self {
        self.precedence = precedence;
        self
    }

    /// Gives every host a role.
    #[track_caller]
    pub fn role(mut self, role: impl Role) -> Self {
        self.roles.push(RoleInstance::given(role, Location::caller()));
        self
    }

    /// Has `check` say nothing of a lint on any host, for a reason. One that finds nothing to allow is told.
    ///
    /// ```
    /// # use mesos_iac::prelude::*;
    /// # use mesos_iac::lint;
    /// # fn cluster() -> Result<Cluster> {
    /// Cluster::new("lab")
    ///     .allow(&lint::CRLF_LINES, "the appliance's own configuration wants them")
    /// #   .hosts(host("a")).build()
    /// # }
    /// ```
    #[track_caller]
    pub fn allow(mut self, lint: &'static Lint, reason: impl Into<String>) -> Self {
        let (reason, at) = (reason.into(), Location::caller());
        self.allowed.push(Allowance { lint, reason, at });
        self
    }

    /// Adds something that runs on the cluster: an app, a group, a job. `deploy` makes it so.
    pub fn workload(mut self, workload: impl Workload) -> Self {
        self.workloads.push(Box::new(workload));
        self
    }

    /// Adds several of these.
    pub fn workloads<W: Workload>(mut self, workloads: impl IntoIterator<Item = W>) -> Self {
        let boxed = workloads
            .into_iter()
            .map(|workload| Box::new(workload) as Box<dyn Workload>);
        self.workloads.extend(boxed);
        self
    }

    /// Adds an appliance.
    pub fn appliance(mut self, appliance: Appliance) -> Self {
        self.appliances.push(appliance);
        self
    }

    /// Adds the attributes of an environment.
    pub fn environment(mut self, group: AttributeGroup) -> Self {
        self.environments.push(group);
        self
    }

    /// Adds the attributes of an operating system, by its `ID`.
    pub fn os(mut self, group: AttributeGroup) -> Self {
        self.systems.push(group);
        self
    }

    /// Adds hosts: what [`host`](super::host()), [`hosts`](super::hosts()) or a derived enum made.
    pub fn hosts(mut self, hosts: impl Into<Hosts>) -> Self {
        let hosts = hosts.into();
        self.hosts.extend(hosts.hosts);
        self.problems.extend(hosts.problems);
        self
    }

    /// Amends every host so far that the pattern matches; no match is an error.
    #[track_caller]
    pub fn hosts_matching(mut self, pattern: impl IntoHostPattern, mut amend: impl FnMut(Host) -> Host) -> Self {
        let at = Location::caller();
        let pattern = match pattern.into_host_pattern() {
            Ok(pattern) => pattern,
            Err(error) => {
                self.problems
                    .push(Problem::new(Code::InvalidValue, error.to_string()).at("written", at));
                return self;
            }
        };
        let mut matched = false;
        for host in &mut self.hosts {
            if pattern.matches(host.name()) {
                matched = true;
                *host = amend(host.clone());
            }
        }
        if !matched {
            self.problems
                .push(no_host(&pattern, "", self.hosts.iter().map(Host::name)).at("written", at));
        }
        self
    }

    /// The cluster.
    ///
    /// # Errors
    /// Every mistake that can be seen without compiling: no hosts, two of one name, a pattern that matches nothing, an
    /// unknown appliance, a value of the wrong type, one attribute with two types.
    pub fn build(self) -> Result<Cluster> {
        let mut problems = self.problems;
        // The name stands in paths and on disks, so it is as plain as a host's.
        if HostName::new(&self.name).is_err() {
            let message = format!(
                "{:?} is no cluster's name: expected letters, digits, `-`, `_` and `.`",
                self.name
            );
            problems.push(Problem::new(Code::InvalidValue, message).at("named", self.at.clone()));
        }
        problems.extend(registry::check().err().into_iter().flatten());
        if self.hosts.is_empty() && problems.is_empty() {
            problems.push(
                Problem::new(Code::EmptyCluster, format!("cluster `{}` has no hosts", self.name))
                    .at("begun", self.at)
                    .hint("add some: `.hosts(hosts(\"backend-0-[0-4]\"))`"),
            );
        }
        let mut keys = registry::attributes().unwrap_or_else(|found| {
            problems.extend(found);
            BTreeMap::new()
        });
        let groups = self
            .environments
            .iter()
            .chain(&self.systems)
            .map(|group| &group.settings);
        let appliances = self.appliances.iter().map(|appliance| &appliance.settings);
        let hosts = self.hosts.iter().map(|host| &host.settings);
        for settings in std::iter::once(&self.settings)
            .chain(appliances)
            .chain(groups)
            .chain(hosts)
        {
            problems.extend(settings.problems.clone());
            for spec in &settings.keys {
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                if spec.name.is_empty() || !spec.name.chars().all(plain) {
                    let message = format!(
                        "{:?} is no attribute's name: expected letters, digits, `-`, `_` and `.`",
                        spec.name
                    );
                    problems.push(Problem::new(Code::InvalidValue, message).at("named", spec.at.clone()));
                }
                match keys.get(&spec.name) {
                    Some(known) if !known.same_type(spec) => problems.push(registry::two_types(known, spec)),
                    Some(_) => {}
                    None => {
                        keys.insert(spec.name.clone(), spec.clone());
                    }
                }
            }
        }
        let appliances = by_name("appliance", self.appliances, |a| (&a.name, &a.at), &mut problems);
        let environments = by_name("environment", self.environments, |g| (&g.name, &g.at), &mut problems);
        let systems = by_name("operating system", self.systems, |g| (&g.name, &g.at), &mut problems);
        check_hosts(&self.hosts, &appliances, &environments, &mut problems);
        let cluster = Cluster {
            name: self.name,
            precedence: self.precedence,
            roles: self.roles,
            settings: self.settings,
            appliances,
            environments,
            systems,
            hosts: self.hosts,
            keys,
            inputs: super::Assignments::new(),
            allowed: self.allowed,
            workloads: self.workloads,
        };
        Ok(problems.into_result(cluster)?)
    }
}

fn by_name<T>(
    what: &str,
    items: Vec<T>,
    name_of: impl Fn(&T) -> (&String, &Location),
    problems: &mut Problems,
) -> BTreeMap<String, T> {
    let mut map = BTreeMap::<String, T>::new();
    for item in items {
        let (name, at) = name_of(&item);
        if let Some(first) = map.get(name) {
            let message = format!("the {what} `{name}` is declared twice");
            problems.push(
                Problem::new(Code::DuplicateName, message)
                    .at("declared", name_of(first).1.clone())
                    .at("declared again", at.clone()),
            );
        } else {
            map.insert(name.clone(), item);
        }
    }
    map
}

fn check_hosts(
    hosts: &[Host],
    appliances: &BTreeMap<String, Appliance>,
    environments: &BTreeMap<String, AttributeGroup>,
    problems: &mut Problems,
) {
    let mut seen = BTreeMap::<&HostName, &Location>::new();
    let mut reported = BTreeSet::new();
    for host in hosts {
        if let Some(first) = seen.insert(host.name(), host.declared_at()) {
            problems.push(
                Problem::new(Code::DuplicateName, "the host is declared twice")
                    .on(host.name())
                    .at("declared", first.clone())
                    .at("declared again", host.declared_at().clone())
                    .hint("amend a host that is declared already with `.hosts_matching(…)`"),
            );
        }
        let mut unknown = |what: &str, given: Option<&(String, Location)>, known: Vec<&str>| {
            if let Some((name, at)) = given
                && !known.contains(&name.as_str())
                && reported.insert((what.to_owned(), name.clone(), at.clone()))
            {
                let problem = Problem::new(Code::UnknownName, format!("there is no {what} `{name}`"));
                problems.push(problem.on(host.name()).at("named", at.clone()).hint(nearest(
                    name,
                    known.into_iter(),
                    &format!("declare it with `.{what}(…)`"),
                )));
            }
        };
        unknown(
            "appliance",
            host.appliance_given(),
            appliances.keys().map(String::as_str).collect(),
        );
        // An environment needs no attributes, so it needs no declaration; where some are declared, a name that is close to
        // one of them and yet another one is a slip of the pen.
        if !environments.is_empty() {
            unknown(
                "environment",
                host.environment_given(),
                environments.keys().map(String::as_str).collect(),
            );
        }
    }
}
