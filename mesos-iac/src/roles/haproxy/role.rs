use super::marathons::Marathons;
use super::units;
use crate::bridge::{BRIDGE_FORMAT, BridgeConfig, HaProxyVersion, Routing};
use crate::kinds::{directory, file, installed_agent, package, service};
use crate::model::{
    Cx, Declare as _, Declares, Error, FormedSecret, Gate, MaxDown, Result, Rollout, RolloutOrder, SecretForm,
};
use crate::words::{AbsPath, CommandLine, HumanDuration, Secret};
use mesos_iac_macros::{Role, Template};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// The agent that the timer starts.
pub(super) const AGENT: &str = "/usr/local/lib/mesos-iac/agent";

/// What the bridge is told.
pub(in crate::roles) const BRIDGE_CONFIG: &str = "/etc/mesos-iac/haproxy-bridge.json";

/// The directory of what HAProxy serves.
pub(super) const SERVED: &str = "/etc/haproxy/marathon";

/// Where the bridge keeps what it did last.
pub(super) const STATE: &str = "/var/lib/mesos-iac-haproxy-bridge";

/// HAProxy's own configuration.
const CONFIG: &str = "/etc/haproxy/haproxy.cfg";

/// The name of the units.
pub(super) const UNIT: &str = "mesos-iac-haproxy-bridge";

/// The first version that runs under systemd by itself, as a master with workers.
const OLDEST: HaProxyVersion = HaProxyVersion::new(1, 8);

/// Where HAProxy says that it is alive, and where it shows its statistics, both to the host itself only.
const ALIVE_PORT: u16 = 9089;
const STATS_PORT: u16 = 9090;

/// What a period of the bridge can be.
const PERIODS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(3600));

/// Ensures that HAProxy runs and serves what Marathon says is running, kept up to date by a timer.
///
/// Unless told otherwise each service port of an app is a TCP port of the host, from 1024 on, and the Marathons are those of
/// the cluster: the endpoints [`MarathonApi`](crate::roles::marathon::MarathonApi), in the order of their hosts, each asked
/// with its own name and password if it has some. Give the role to the hosts that clients connect to: the masters, or all
/// of them. `http://127.0.0.1:9089/` answers 200 as long as HAProxy is alive.
///
/// Does not open a firewall, and makes no names: those of `by_host_name` are for a wildcard of the domain that leads to the
/// hosts with this role.
#[derive(Role, Clone, Debug)]
#[role(name = "haproxy")]
pub struct HaProxy {
    domain: Option<String>,
    http_port: u16,
    lowest_port: u16,
    bind: IpAddr,
    marathons: Vec<String>,
    credentials: Option<Secret<String>>,
    every: HumanDuration,
    reserved_ports: BTreeSet<u16>,
    stats: Option<(String, Secret<String>)>,
    version: HaProxyVersion,
}

impl Default for HaProxy {
    fn default() -> Self {
        Self::new()
    }
}

impl HaProxy {
    /// By port, from 1024 on, every ten seconds.
    #[must_use]
    pub fn new() -> Self {
        Self {
            domain: None,
            http_port: 80,
            lowest_port: 1024,
            bind: Ipv4Addr::UNSPECIFIED.into(),
            marathons: Vec::new(),
            credentials: None,
            every: HumanDuration(Duration::from_secs(10)),
            reserved_ports: BTreeSet::from([22]),
            stats: None,
            version: HaProxyVersion::new(2, 6),
        }
    }

    /// Serves HTTP on one port, on which the `Host` header says the app: `www.example.com` is `/www`, and what labels of
    /// apps say otherwise ([`crate::bridge`]).
    #[must_use]
    pub fn by_host_name(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Sets the port of `by_host_name`: 80 unless told otherwise.
    #[must_use]
    pub const fn http_port(mut self, port: u16) -> Self {
        self.http_port = port;
        self
    }

    /// Serves service ports from this one on: 1024 unless told otherwise. Whoever may run apps can have any of them.
    #[must_use]
    pub const fn lowest_port(mut self, port: u16) -> Self {
        self.lowest_port = port;
        self
    }

    /// Keeps these ports of the host free, whatever service ports apps have. 22 and HAProxy's own are kept free anyway, and
    /// so is one on which another program listens by the time that an app wants it.
    #[must_use]
    pub fn keep_free(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.reserved_ports.extend(ports);
        self
    }

    /// Listens on this address of the host only: on all of IPv4 unless told otherwise.
    #[must_use]
    pub fn bind(mut self, address: impl Into<IpAddr>) -> Self {
        self.bind = address.into();
        self
    }

    /// Asks these Marathons, `address:port` each, in this order, and not those of the cluster.
    #[must_use]
    pub fn marathons<M: ToString>(mut self, marathons: impl IntoIterator<Item = M>) -> Self {
        self.marathons = marathons.into_iter().map(|marathon| marathon.to_string()).collect();
        self
    }

    /// Logs in with this, name and password with a colon between them, to Marathons of which no role says how: those of
    /// `marathons` that aren't part of the definition. Every such Marathon that it asks is shown it.
    #[must_use]
    pub fn credentials(mut self, credentials: Secret<String>) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sets the pause between two runs of the bridge: ten seconds unless told otherwise, at least 5 seconds, at most an hour.
    #[must_use]
    pub const fn every(mut self, pause: Duration) -> Self {
        self.every = HumanDuration(pause);
        self
    }

    /// Shows statistics to who knows the password, at `http://127.0.0.1:9090/haproxy`. There are none unless told so, and no
    /// password that everybody knows.
    #[must_use]
    pub fn stats(mut self, user: impl Into<String>, password: Secret<String>) -> Self {
        self.stats = Some((user.into(), password));
        self
    }

    /// Sets the version that is installed, which decides how the bridge writes: 2.6 unless told otherwise, at least 1.8.
    #[must_use]
    pub const fn version(mut self, version: HaProxyVersion) -> Self {
        self.version = version;
        self
    }

    fn routing(&self) -> Routing {
        match &self.domain {
            Some(domain) => Routing::HostNames {
                domain: domain.clone(),
                port: self.http_port,
            },
            None => Routing::Ports {
                lowest: self.lowest_port,
            },
        }
    }

    fn bridge(&self, marathons: &Marathons) -> Result<BridgeConfig> {
        if self.version < OLDEST {
            return Err(wrong(format!(
                "HAProxy {} can't run as a service of systemd: {OLDEST} or later can",
                self.version
            )));
        }
        if self.every.0 < PERIODS.0 || self.every.0 > PERIODS.1 {
            return Err(wrong(format!(
                "{} is no period for it: at least 5s, at most 1h",
                self.every
            )));
        }
        let mut reserved_ports = self.reserved_ports.clone();
        reserved_ports.insert(ALIVE_PORT);
        if self.stats.is_some() {
            reserved_ports.insert(STATS_PORT);
        }
        if self.domain.is_some() && reserved_ports.contains(&self.http_port) {
            return Err(wrong(format!(
                "port {} is kept free on this host, so it can't be that of `.http_port(…)`",
                self.http_port
            )));
        }
        let bridge = BridgeConfig {
            format: BRIDGE_FORMAT,
            marathons: marathons.addresses.clone(),
            credentials: marathons.credentials.clone(),
            routing: self.routing(),
            bind: self.bind,
            haproxy: self.version,
            reserved_ports,
            output: AbsPath::new(format!("{SERVED}/marathon.cfg"))?,
            validate: CommandLine::new(["/usr/sbin/haproxy", "-c", "-f", CONFIG, "-f", "{}"])?,
            // One that doesn't run isn't started: somebody may have stopped it.
            reload: CommandLine::new(["systemctl", "try-reload-or-restart", "haproxy.service"])?,
            state: AbsPath::new(STATE)?,
        };
        bridge.check().map_err(wrong)?;
        Ok(bridge)
    }
}

pub(super) fn wrong(why: impl std::fmt::Display) -> Error {
    Error::message(format!("declare HAProxy's bridge from Marathon: {why}"))
}

/// HAProxy's own configuration.
#[derive(Template)]
#[template("haproxy.cfg.j2")]
struct Config {
    served: &'static str,
    alive_port: u16,
    has_stats: bool,
    stats_port: u16,
    stats_user: String,
    stats_password: Option<FormedSecret>,
}

impl Declares for HaProxy {
    fn rollout(&self) -> Option<Rollout> {
        Some(Rollout {
            order: RolloutOrder::Declared,
            max_down: MaxDown::Count(1),
            gate: Gate::Unit {
                name: "haproxy.service".to_owned(),
            },
        })
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let marathons = Marathons::find(cx, &self.marathons, self.credentials.as_ref())?;
        let bridge = self.bridge(&marathons)?;
        if let Some((user, _)) = &self.stats
            && !(1..=64).contains(&user.len())
                | !user
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        {
            return Err(wrong(format!(
                "{user:?} is no user for statistics: expected letters, digits, `-`, `_`, `.`"
            )));
        }

        let haproxy = cx.add(package("haproxy"));
        let (stats_user, stats_password) = self.stats.clone().unzip();
        let config = Config {
            served: SERVED,
            alive_port: ALIVE_PORT,
            has_stats: self.stats.is_some(),
            stats_port: STATS_PORT,
            stats_user: stats_user.unwrap_or_default(),
            stats_password: stats_password.map(|password| SecretForm::HaProxyWord.of(&password)),
        };
        let config = cx.add(
            file(CONFIG)
                .content(config)
                .verify(["/usr/sbin/haproxy", "-c", "-f", "{}"])
                .after(haproxy),
        );
        let served = cx.add(directory(SERVED).after(haproxy));
        // The first option is the package's own, which this line takes the place of.
        let options = cx.add(
            file("/etc/default/haproxy")
                .content(format!("EXTRAOPTS=\"-S /run/haproxy-master.sock -f {SERVED}\"\n"))
                .after(haproxy),
        );
        let mut running = service("haproxy").enabled().running().listens_on(ALIVE_PORT);
        if self.stats.is_some() {
            running = running.listens_on(STATS_PORT);
        }
        if self.domain.is_some() {
            running = running.listens_on(self.http_port);
        }
        let running = cx.add(running.after(served).restart_on((options, haproxy)).reload_on(config));

        cx.add(directory("/usr/local/lib/mesos-iac"));
        cx.add(directory("/etc/mesos-iac"));
        let json = serde_json::to_string_pretty(&bridge).map_err(|error| wrong(error.to_string()))?;
        let told = cx.add(file(BRIDGE_CONFIG).content(json + "\n"));
        let mut logins = Vec::new();
        for (path, secret) in marathons.files {
            let login = file(path.as_str())
                .content(SecretForm::NameAndPassword.of(&secret))
                .owner("root")
                .group("root")
                .mode(0o400);
            logins.push(cx.add(login));
        }
        let agent = cx.add(installed_agent(AGENT));
        let run = cx.add(units::run());
        let again = cx.add(units::again(self.every.0));
        cx.add(
            service(format!("{UNIT}.timer"))
                .enabled()
                .running()
                .after((told, logins, agent, running))
                .restart_on((run, again)),
        );
        Ok(())
    }
}
