use super::reach::{Wrong, check_address, check_login, check_port, read_host_key};
use super::{
    Allowance, Arch, Assignment, Assignments, AttributeSpec, AttributeValue, Code, Fingerprint, HostInput, IntoValue,
    Key, Lint, Origin, Os, Problem, Problems, Role, RoleInstance, Value, short_type_name,
};
use crate::words::{HostName, HostPattern, Location, PatternError};

/// Attributes that were set in one place, with what went wrong and what was learned of their keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) assignments: Assignments,
    pub(crate) keys: Vec<AttributeSpec>,
    pub(crate) problems: Problems,
}

impl Settings {
    pub(crate) fn set<T: AttributeValue>(&mut self, key: Key<T>, value: impl IntoValue<T>, at: Location) {
        self.keys.push(AttributeSpec::of(key, at.clone()));
        match value.into_value() {
            Ok(value) => self.assignments.push(Assignment {
                key: key.name().to_owned(),
                value: Value::new(value),
                origin: Origin::Source(at),
            }),
            Err(why) => {
                let expected = short_type_name(std::any::type_name::<T>());
                let message = format!("attribute `{}` needs a value of type {expected}: {why}", key.name());
                self.problems.push(Problem::new(Code::WrongType, message).at("set", at));
            }
        }
    }
}

/// A host of the definition: a name, declared facts, attributes and roles.
///
/// ```
/// use mesos_iac::prelude::*;
/// let host = host("zk1").addr("10.0.0.1").os(Os::debian("12"));
/// ```
#[derive(Clone)]
#[must_use = "a host takes part once it is given to `Cluster::new(…).hosts(…)`"]
pub struct Host {
    name: HostName,
    at: Location,
    address: Option<String>,
    connect: Option<String>,
    user: Option<String>,
    port: Option<u16>,
    host_keys: Vec<Fingerprint>,
    os: Option<Os>,
    arch: Option<Arch>,
    appliance: Option<(String, Location)>,
    environment: Option<(String, Location)>,
    pub(crate) roles: Vec<RoleInstance>,
    pub(crate) settings: Settings,
    pub(crate) inputs: Assignments,
    allowed: Vec<Allowance>,
}

/// One host.
#[track_caller]
pub fn host(name: &str) -> Hosts {
    let at = Location::caller();
    match HostName::new(name) {
        Ok(name) => Hosts::new(vec![name], &at, Problems::new()),
        Err(error) => {
            let problem = Problem::new(Code::InvalidValue, error.to_string()).at("declared", at.clone());
            let names_several = HostPattern::new(name).is_ok_and(|pattern| pattern.expand().is_ok());
            let problem = match names_several {
                true => problem.hint(format!("`hosts({name:?})` names the hosts of a pattern")),
                false => problem,
            };
            Hosts::new(vec![], &at, problem.into())
        }
    }
}

/// The hosts that a pattern names, such as `backend-0-[0-4]`; see [`HostPattern`].
#[track_caller]
pub fn hosts(pattern: &str) -> Hosts {
    let at = Location::caller();
    match HostPattern::new(pattern).and_then(|pattern| pattern.expand()) {
        Ok(names) => Hosts::new(names, &at, Problems::new()),
        Err(error) => Hosts::new(
            vec![],
            &at,
            Problem::new(Code::InvalidValue, error.to_string())
                .at("declared", at.clone())
                .into(),
        ),
    }
}

impl Host {
    pub(crate) fn new(name: HostName, at: Location) -> Self {
        Self {
            name,
            at,
            address: None,
            connect: None,
            user: None,
            port: None,
            host_keys: Vec::new(),
            os: None,
            arch: None,
            appliance: None,
            environment: None,
            roles: Vec::new(),
            settings: Settings::default(),
            inputs: Assignments::new(),
            allowed: Vec::new(),
        }
    }

    /// Sets the host's own address: an IP address, or a DNS name. It is what templates and peers see, and where the host
    /// is reached unless [`Host::connect`] says otherwise. An IP address is verified on contact.
    #[track_caller]
    pub fn addr(self, address: impl Into<String>) -> Self {
        self.addr_at(address.into(), &Location::caller())
    }

    /// Sets where the controller reaches the host, if that isn't its own address: behind address translation, say.
    #[track_caller]
    pub fn connect(self, address: impl Into<String>) -> Self {
        self.connect_at(address.into(), &Location::caller())
    }

    /// Sets who logs in. Unless told, that is root, and with `--transport openssh` whom `ssh_config` says. Anyone but root
    /// needs `sudo` without a password.
    #[track_caller]
    pub fn user(self, user: impl Into<String>) -> Self {
        self.user_at(user.into(), &Location::caller())
    }

    /// Sets the port of the host's SSH server. Unless told, that is 22, and with `--transport openssh` what `ssh_config`
    /// says.
    #[track_caller]
    pub fn port(self, port: u16) -> Self {
        self.port_at(port, &Location::caller())
    }

    /// Pins the host's SSH key by its fingerprint, as `ssh-keygen -l` prints it (`SHA256:…`). A pin is all that counts:
    /// `known_hosts` files aren't asked. Several pins admit several keys.
    #[track_caller]
    pub fn host_key(self, fingerprint: impl Into<String>) -> Self {
        self.host_key_at(&fingerprint.into(), &Location::caller())
    }

    fn addr_at(mut self, address: String, at: &Location) -> Self {
        self.keep(check_address(&address), at);
        self.address = Some(address);
        self
    }

    fn connect_at(mut self, address: String, at: &Location) -> Self {
        self.keep(check_address(&address), at);
        self.connect = Some(address);
        self
    }

    fn user_at(mut self, user: String, at: &Location) -> Self {
        self.keep(check_login(&user), at);
        self.user = Some(user);
        self
    }

    fn port_at(mut self, port: u16, at: &Location) -> Self {
        self.keep(check_port(port), at);
        self.port = Some(port);
        self
    }

    fn host_key_at(mut self, fingerprint: &str, at: &Location) -> Self {
        let pin = self.keep(read_host_key(fingerprint), at);
        self.host_keys.extend(pin);
        self
    }

    /// The value; or nothing, and what is wrong with it becomes a problem of the definition.
    fn keep<T>(&mut self, checked: Result<T, Wrong>, at: &Location) -> Option<T> {
        checked
            .map_err(|wrong| {
                let problem = Problem::new(Code::InvalidValue, wrong.message).on(&self.name);
                self.settings
                    .problems
                    .push(problem.at("given", at.clone()).hint(wrong.hint));
            })
            .ok()
    }

    /// Declares the operating system. Verified on contact: a host that runs another one is refused.
    pub fn os(mut self, os: Os) -> Self {
        self.os = Some(os);
        self
    }

    /// Declares the architecture. Verified on contact.
    pub fn arch(mut self, arch: Arch) -> Self {
        self.arch = Some(arch);
        self
    }

    /// Makes the host one of an appliance: it gets that appliance's roles and attributes.
    #[track_caller]
    pub fn appliance(mut self, name: impl Into<String>) -> Self {
        self.appliance = Some((name.into(), Location::caller()));
        self
    }

    /// Puts the host into an environment: it gets that environment's attributes.
    #[track_caller]
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.environment = Some((name.into(), Location::caller()));
        self
    }

    /// Gives the host a role.
    #[track_caller]
    pub fn role(mut self, role: impl Role) -> Self {
        self.roles.push(RoleInstance::given(role, Location::caller()));
        self
    }

    /// Sets an attribute for this host.
    #[track_caller]
    pub fn set<T: AttributeValue>(mut self, key: Key<T>, value: impl IntoValue<T>) -> Self {
        self.settings.set(key, value, Location::caller());
        self
    }

    /// Has `check` say nothing of a lint on this host, for a reason; see [`ClusterBuilder::allow`](super::ClusterBuilder::allow).
    #[track_caller]
    pub fn allow(mut self, lint: &'static Lint, reason: impl Into<String>) -> Self {
        let (reason, at) = (reason.into(), Location::caller());
        self.allowed.push(Allowance { lint, reason, at });
        self
    }

    /// The lints that are allowed on this host.
    #[must_use]
    pub fn allowed(&self) -> &[Allowance] {
        &self.allowed
    }

    /// The host's name.
    #[must_use]
    pub const fn name(&self) -> &HostName {
        &self.name
    }

    /// Where it was declared.
    #[must_use]
    pub const fn declared_at(&self) -> &Location {
        &self.at
    }

    /// The host's own address, if declared.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Where the controller reaches the host: what `.connect(…)` says, else its address, else its name.
    #[must_use]
    pub fn reached_at(&self) -> &str {
        self.connect
            .as_deref()
            .or(self.address.as_deref())
            .unwrap_or(self.name.as_str())
    }

    /// Who logs in, if the definition says so.
    #[must_use]
    pub fn login(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The port of the host's SSH server, if the definition says it.
    #[must_use]
    pub const fn ssh_port(&self) -> Option<u16> {
        self.port
    }

    /// The pinned fingerprints of the host's SSH keys.
    #[must_use]
    pub fn pinned_keys(&self) -> &[Fingerprint] {
        &self.host_keys
    }

    /// The declared operating system.
    #[must_use]
    pub const fn declared_os(&self) -> Option<&Os> {
        self.os.as_ref()
    }

    /// The declared architecture.
    #[must_use]
    pub const fn declared_arch(&self) -> Option<&Arch> {
        self.arch.as_ref()
    }

    /// The name of its appliance, if it has one.
    #[must_use]
    pub fn appliance_name(&self) -> Option<&str> {
        self.appliance.as_ref().map(|(name, _)| name.as_str())
    }

    /// The name of its environment, if it has one.
    #[must_use]
    pub fn environment_name(&self) -> Option<&str> {
        self.environment.as_ref().map(|(name, _)| name.as_str())
    }

    /// Takes what an input says of how the host is reached. It was checked already.
    pub(crate) fn reach_by_input(&mut self, input: &HostInput) {
        for (own, given) in [
            (&mut self.address, &input.address),
            (&mut self.connect, &input.connect),
            (&mut self.user, &input.user),
        ] {
            if given.is_some() {
                own.clone_from(given);
            }
        }
        self.port = input.port.or(self.port);
    }

    pub(crate) const fn appliance_given(&self) -> Option<&(String, Location)> {
        self.appliance.as_ref()
    }

    pub(crate) const fn environment_given(&self) -> Option<&(String, Location)> {
        self.environment.as_ref()
    }
}

/// Hosts that are declared together; each method works on all of them.
#[derive(Clone)]
#[must_use = "hosts take part once they are given to `Cluster::new(…).hosts(…)`"]
pub struct Hosts {
    pub(crate) hosts: Vec<Host>,
    pub(crate) problems: Problems,
}

impl Hosts {
    fn new(names: Vec<HostName>, at: &Location, problems: Problems) -> Self {
        Self {
            hosts: names.into_iter().map(|name| Host::new(name, at.clone())).collect(),
            problems,
        }
    }

    /// These hosts and the others.
    pub fn and(mut self, others: impl Into<Self>) -> Self {
        let others = others.into();
        self.hosts.extend(others.hosts);
        self.problems.extend(others.problems);
        self
    }

    /// Changes each host by plain Rust; the number counts from 0 in the order of the names.
    pub fn each(mut self, mut change: impl FnMut(usize, Host) -> Host) -> Self {
        self.hosts = self
            .hosts
            .into_iter()
            .enumerate()
            .map(|(n, host)| change(n, host))
            .collect();
        self
    }

    /// Sets the one host's own address; see [`Host::addr`]. For several hosts it is an error: see [`Hosts::addrs`].
    #[track_caller]
    pub fn addr(self, address: impl Into<String>) -> Self {
        let address = address.into();
        self.addrs([address])
    }

    /// Sets the hosts' own addresses, one for each host in the order of their names.
    #[track_caller]
    pub fn addrs<A: Into<String>>(mut self, addresses: impl IntoIterator<Item = A>) -> Self {
        let at = Location::caller();
        let addresses: Vec<String> = addresses.into_iter().map(Into::into).collect();
        if addresses.len() != self.hosts.len() && self.problems.is_empty() {
            let message = format!("{} addresses are given for {} hosts", addresses.len(), self.hosts.len());
            self.problems.push(
                Problem::new(Code::InvalidValue, message)
                    .at("given", at)
                    .hint("give one address for each host"),
            );
            return self;
        }
        let mut addresses = addresses.into_iter();
        self.each(|_, host| match addresses.next() {
            Some(address) => host.addr_at(address, &at),
            None => host,
        })
    }

    /// Sets where the controller reaches the hosts; see [`Host::connect`]. Hosts behind one address differ in their ports.
    #[track_caller]
    pub fn connect(self, address: impl Into<String>) -> Self {
        let (address, at) = (address.into(), Location::caller());
        self.each(|_, host| host.connect_at(address.clone(), &at))
    }

    /// See [`Host::user`].
    #[track_caller]
    pub fn user(self, user: impl Into<String>) -> Self {
        let (user, at) = (user.into(), Location::caller());
        self.each(|_, host| host.user_at(user.clone(), &at))
    }

    /// See [`Host::port`].
    #[track_caller]
    pub fn port(self, port: u16) -> Self {
        let at = Location::caller();
        self.each(|_, host| host.port_at(port, &at))
    }

    /// See [`Host::host_key`].
    #[track_caller]
    pub fn host_key(self, fingerprint: impl Into<String>) -> Self {
        let (fingerprint, at) = (fingerprint.into(), Location::caller());
        self.each(|_, host| host.host_key_at(&fingerprint, &at))
    }

    /// See [`Host::os`].
    pub fn os(self, os: Os) -> Self {
        self.each(|_, host| host.os(os.clone()))
    }

    /// See [`Host::arch`].
    pub fn arch(self, arch: Arch) -> Self {
        self.each(|_, host| host.arch(arch.clone()))
    }

    /// See [`Host::appliance`].
    #[track_caller]
    pub fn appliance(mut self, name: impl Into<String>) -> Self {
        let given = (name.into(), Location::caller());
        for host in &mut self.hosts {
            host.appliance = Some(given.clone());
        }
        self
    }

    /// See [`Host::environment`].
    #[track_caller]
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        let given = (name.into(), Location::caller());
        for host in &mut self.hosts {
            host.environment = Some(given.clone());
        }
        self
    }

    /// See [`Host::role`].
    #[track_caller]
    pub fn role(mut self, role: impl Role) -> Self {
        let instance = RoleInstance::given(role, Location::caller());
        for host in &mut self.hosts {
            host.roles.push(instance.clone());
        }
        self
    }

    /// Sets an attribute of each host to a value of its own, one for each host in the order of their names.
    #[track_caller]
    pub fn set_each<T: AttributeValue, V: IntoValue<T>>(
        mut self,
        key: Key<T>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let at = Location::caller();
        let values: Vec<V> = values.into_iter().collect();
        if values.len() != self.hosts.len() && self.problems.is_empty() {
            let message = format!("{} values are given for {} hosts", values.len(), self.hosts.len());
            self.problems.push(
                Problem::new(Code::InvalidValue, message)
                    .at("given", at)
                    .hint("give one value for each host"),
            );
            return self;
        }
        for (host, value) in self.hosts.iter_mut().zip(values) {
            host.settings.set(key, value, at.clone());
        }
        self
    }

    /// See [`Host::allow`].
    #[track_caller]
    pub fn allow(mut self, lint: &'static Lint, reason: impl Into<String>) -> Self {
        let (reason, at) = (reason.into(), Location::caller());
        for host in &mut self.hosts {
            let (reason, at) = (reason.clone(), at.clone());
            host.allowed.push(Allowance { lint, reason, at });
        }
        self
    }

    /// See [`Host::set`].
    #[track_caller]
    pub fn set<T: AttributeValue>(mut self, key: Key<T>, value: impl IntoValue<T>) -> Self {
        let mut settings = Settings::default();
        settings.set(key, value, Location::caller());
        self.problems.extend(std::mem::take(&mut settings.problems));
        for host in &mut self.hosts {
            host.settings.assignments.append(&settings.assignments);
            host.settings.keys.extend(settings.keys.iter().cloned());
        }
        self
    }
}

/// A pattern where hosts are selected: text is read by [`HostPattern::new`], [`fnmatch`] makes the other sort.
pub trait IntoHostPattern {
    /// The pattern.
    ///
    /// # Errors
    /// It is none.
    fn into_host_pattern(self) -> Result<HostPattern, PatternError>;
}

impl IntoHostPattern for &str {
    fn into_host_pattern(self) -> Result<HostPattern, PatternError> {
        HostPattern::new(self)
    }
}

impl IntoHostPattern for HostPattern {
    fn into_host_pattern(self) -> Result<HostPattern, PatternError> {
        Ok(self)
    }
}

impl IntoHostPattern for Result<HostPattern, PatternError> {
    fn into_host_pattern(self) -> Result<HostPattern, PatternError> {
        self
    }
}

/// A pattern as Stacki reads it: brackets hold a class of characters; see [`HostPattern::fnmatch`].
///
/// # Errors
/// It is no pattern. `hosts_matching` takes the result as it is and reports that with its place.
pub fn fnmatch(pattern: &str) -> Result<HostPattern, PatternError> {
    HostPattern::fnmatch(pattern)
}
