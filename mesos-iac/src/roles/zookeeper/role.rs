use super::{HeapIn, ZooKeeperLayout};
use crate::kinds::{command, directory, file, package, service};
use crate::model::{
    Code, Cx, Declare as _, Declares, Endpoint, Error, ExposeCx, FormedSecret, Gate, HostView, MaxDown, Problem,
    Problems, Result, Rollout, RolloutOrder, SecretForm,
};
use crate::roles::placed::Changes;
use crate::words::Secret;
use mesos_iac_macros::{Attributes, Role, Template};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a host says of the server that it runs.
#[derive(Debug, Clone, PartialEq, Attributes)]
#[attributes(prefix = "zookeeper")]
pub struct ZooKeeperHost {
    /// The server's number in the ensemble, 1 to 255. It is said of each host and never counted: a host that is added in
    /// the middle of a list must not give the others new numbers.
    pub id: u8,
    /// Whether it follows without a vote.
    #[attr(default = false)]
    pub observer: bool,
}

/// A server of an ensemble, as others find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZooKeeperServer {
    /// The name of its ensemble.
    pub ensemble: String,
    /// Its number.
    pub id: u8,
    /// Its address.
    pub address: String,
    /// Where clients connect.
    pub client_port: u16,
    /// Whether it has no vote.
    pub observer: bool,
    /// How long a tick is. Sessions last 2 to 20 of them.
    pub tick: Duration,
}

impl Endpoint for ZooKeeperServer {}

/// ZooKeeper's own web server, which takes Marathon's port unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdminServer {
    /// None.
    Off,
    /// On this port. Debian's package lacks the servlet API that it needs, and starts none whatever is said.
    Port(u16),
}

/// ZooKeeper. The hosts that have the role with the same [`ZooKeeper::ensemble`] make up an ensemble.
///
/// ```
/// use mesos_iac::prelude::*;
/// use mesos_iac::roles::zookeeper::{ZooKeeper, ZooKeeperHost};
///
/// # fn cluster() -> Result<Cluster> {
/// Cluster::new("lab")
///     .role(ZooKeeper::new())
///     .hosts(
///         hosts("zk-[1-3]")
///             .addrs(["10.0.0.1", "10.0.0.2", "10.0.0.3"])
///             .set_each(ZooKeeperHost::ID, [1, 2, 3]),
///     )
///     .build()
/// # }
/// ```
///
/// Writes `zoo.cfg`, `myid` and the size of the heap, and keeps the service running. A single host gets a `zoo.cfg`
/// without servers, which is what ZooKeeper takes for one that stands alone.
#[derive(Debug, Clone, PartialEq, Role)]
#[role(name = "zookeeper")]
#[must_use = "a role takes part once it is given to a cluster, an appliance or a host"]
pub struct ZooKeeper {
    layout: ZooKeeperLayout,
    ensemble: String,
    tick: Duration,
    init_limit: u16,
    sync_limit: u16,
    client_port: u16,
    peer_ports: (u16, u16),
    max_client_connections: u32,
    snapshots_kept: u8,
    purge_hours: u32,
    commands: Vec<String>,
    admin_server: AdminServer,
    heap_megabytes: u32,
    data: Option<String>,
    data_log: Option<String>,
    super_digest: Option<Secret<String>>,
    settings: BTreeMap<String, String>,
}

impl Default for ZooKeeper {
    fn default() -> Self {
        Self::new()
    }
}

impl ZooKeeper {
    /// Debian's ZooKeeper with what an ensemble for Mesos needs: old snapshots purged, the questions allowed that tell its
    /// health, no web server on Marathon's port.
    pub fn new() -> Self {
        Self {
            layout: ZooKeeperLayout::debian(),
            ensemble: "zookeeper".to_owned(),
            tick: Duration::from_secs(2),
            init_limit: 10,
            sync_limit: 5,
            client_port: 2181,
            peer_ports: (2888, 3888),
            max_client_connections: 0,
            snapshots_kept: 3,
            purge_hours: 24,
            commands: ["srvr", "ruok", "mntr", "stat", "isro", "conf"]
                .map(str::to_owned)
                .to_vec(),
            admin_server: AdminServer::Off,
            heap_megabytes: 512,
            data: None,
            data_log: None,
            super_digest: None,
            settings: BTreeMap::new(),
        }
    }

    /// Where the package keeps its things; [`ZooKeeperLayout::debian`] unless said.
    pub fn layout(mut self, layout: ZooKeeperLayout) -> Self {
        self.layout = layout;
        self
    }

    /// The name of the ensemble, where a cluster has several.
    pub fn ensemble(mut self, name: impl Into<String>) -> Self {
        self.ensemble = name.into();
        self
    }

    /// How long a tick is; 2 s unless said. Sessions last 2 to 20 ticks, whatever a client asks for.
    pub const fn tick(mut self, tick: Duration) -> Self {
        self.tick = tick;
        self
    }

    /// How many ticks a follower may take to connect to the leader and catch up, and how many it may lag; 10 and 5 unless
    /// said.
    pub const fn limits(mut self, init: u16, sync: u16) -> Self {
        self.init_limit = init;
        self.sync_limit = sync;
        self
    }

    /// Where clients connect; 2181 unless said.
    pub const fn client_port(mut self, port: u16) -> Self {
        self.client_port = port;
        self
    }

    /// Where the servers talk to each other and where they elect their leader; 2888 and 3888 unless said.
    pub const fn peer_ports(mut self, peers: u16, election: u16) -> Self {
        self.peer_ports = (peers, election);
        self
    }

    /// How many connections one address may have; unlimited (0) unless said, since all of a host's frameworks share one.
    pub const fn max_client_connections(mut self, connections: u32) -> Self {
        self.max_client_connections = connections;
        self
    }

    /// How many snapshots are kept, 3 at the least, and after how many hours older ones are purged; 3 and 24 unless said.
    /// Nothing else ever removes them.
    pub const fn autopurge(mut self, kept: u8, hours: u32) -> Self {
        self.snapshots_kept = kept;
        self.purge_hours = hours;
        self
    }

    /// The four-letter words that are answered. Without `srvr` nobody can tell whether the ensemble is well.
    pub fn four_letter_words<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.commands = words.into_iter().map(Into::into).collect();
        self
    }

    /// ZooKeeper's own web server; off unless said.
    pub const fn admin_server(mut self, server: AdminServer) -> Self {
        self.admin_server = server;
        self
    }

    /// The size of the Java heap in MB; 512 unless said. A server that swaps loses its sessions.
    pub const fn heap_megabytes(mut self, megabytes: u32) -> Self {
        self.heap_megabytes = megabytes;
        self
    }

    /// Where snapshots are kept, if not where the package does.
    pub fn data(mut self, path: impl Into<String>) -> Self {
        self.data = Some(path.into());
        self
    }

    /// Where transaction logs are kept: a disk of its own makes writes faster.
    pub fn data_log(mut self, path: impl Into<String>) -> Self {
        self.data_log = Some(path.into());
        self
    }

    /// Who may do everything, whatever the ACLs say: `super:` and the digest of its password, as
    /// `DigestAuthenticationProvider.generateDigest` makes it. It stands in `zoo.cfg`, which nobody else can read then: as an
    /// option of Java every user of the host would see it.
    pub fn super_digest(mut self, digest: Secret<String>) -> Self {
        self.super_digest = Some(digest);
        self
    }

    /// Any other line of `zoo.cfg`.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.insert(name.into(), value.into());
        self
    }

    /// Whether its servers are those of this ensemble.
    pub(in crate::roles) fn is_of(&self, ensemble: &str) -> bool {
        self.ensemble == ensemble
    }

    fn data_directory(&self) -> &str {
        self.data.as_deref().unwrap_or(&self.layout.data)
    }

    fn server(&self, host: &HostView<'_>) -> Result<ZooKeeperServer> {
        Ok(ZooKeeperServer {
            ensemble: self.ensemble.clone(),
            id: host.get(ZooKeeperHost::ID)?,
            address: host.addr()?.to_owned(),
            client_port: self.client_port,
            observer: host.get(ZooKeeperHost::OBSERVER)?,
            tick: self.tick,
        })
    }

    /// The servers of the ensemble, by number, each with its host.
    fn ensemble_of<'w>(&self, cx: &Cx<'w>) -> Result<Vec<(HostView<'w>, ZooKeeperServer)>> {
        let mut servers: Vec<_> = cx
            .endpoints::<ZooKeeperServer>()
            .into_iter()
            .filter(|(_, server)| server.ensemble == self.ensemble)
            .collect();
        servers.sort_by_key(|(_, server)| server.id);
        let mut problems = Problems::new();
        for (host, server) in &servers {
            if server.id == 0 {
                let message = format!("the server of {} has the number 0: numbers are 1 to 255", host.name());
                problems.push(Problem::new(Code::InvalidValue, message).hint("set `zookeeper.id`"));
            }
        }
        for pair in servers.windows(2) {
            let [(one, server), (other, same)] = pair else { continue };
            if server.id == same.id {
                let message = format!(
                    "the servers of {} and {} have the same number {}",
                    one.name(),
                    other.name(),
                    server.id
                );
                let hint = "each server has a number of its own; one that was used before must not be given to another";
                problems.push(Problem::new(Code::DuplicateName, message).hint(hint));
            }
        }
        if !servers.is_empty() && servers.iter().all(|(_, server)| server.observer) {
            let message = format!(
                "no server of the ensemble {} has a vote: all of them are observers",
                self.ensemble
            );
            problems.push(Problem::new(Code::InvalidValue, message));
        }
        Ok(problems.into_result(servers)?)
    }

    fn zoo_cfg<'a>(&'a self, servers: &[ZooKeeperServer], observes: bool) -> ZooCfg<'a> {
        let (peers, election) = self.peer_ports;
        let line = |server: &ZooKeeperServer| {
            // An IPv6 address has colons of its own.
            let address = match server.address.contains(':') {
                true => format!("[{}]", server.address),
                false => server.address.clone(),
            };
            let observer = if server.observer { ":observer" } else { "" };
            format!("server.{}={address}:{peers}:{election}{observer}", server.id)
        };
        let mut settings: Vec<String> = Vec::new();
        if observes {
            settings.push("peerType=observer".to_owned());
        }
        match self.admin_server {
            AdminServer::Off => settings.push("admin.enableServer=false".to_owned()),
            AdminServer::Port(port) => settings.push(format!("admin.serverPort={port}")),
        }
        settings.extend(self.settings.iter().map(|(name, value)| format!("{name}={value}")));
        ZooCfg {
            tick_ms: self.tick.as_millis(),
            init_limit: self.init_limit,
            sync_limit: self.sync_limit,
            data: self.data_directory(),
            data_log: self.data_log.as_deref(),
            client_port: self.client_port,
            max_client_connections: self.max_client_connections,
            snapshots_kept: self.snapshots_kept,
            purge_hours: self.purge_hours,
            commands: (!self.commands.is_empty()).then(|| self.commands.join(",")),
            super_digest: self
                .super_digest
                .as_ref()
                .map(|digest| SecretForm::JavaProperty.of(digest)),
            settings,
            // One server stands alone; a `server.` line would make it wait for a quorum of itself.
            servers: if servers.len() > 1 {
                servers.iter().map(line).collect()
            } else {
                Vec::new()
            },
        }
    }

    fn check(&self) -> Result<()> {
        let mut wrong = Vec::new();
        if self.snapshots_kept < 3 {
            wrong.push(format!(
                "{} snapshots are kept: ZooKeeper keeps 3 at the least",
                self.snapshots_kept
            ));
        }
        if self.purge_hours == 0 {
            wrong
                .push("snapshots are purged every 0 hours, which ZooKeeper takes for never: 1 at the least".to_owned());
        }
        if let Some(name) = self
            .settings
            .keys()
            .find(|name| OWN_SETTINGS.contains(&name.as_str()) || name.starts_with("server."))
        {
            wrong.push(format!(
                "`{name}` is set by `.setting(…)`, and the role writes it itself: use its method"
            ));
        }
        // Java's properties take a backslash at the end of a line for its continuation.
        let is_value = |text: &str| !text.contains(|c: char| c.is_control() || c == '\\');
        let is_name =
            |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if let Some((name, value)) = self
            .settings
            .iter()
            .find(|(name, value)| !is_name(name) || !is_value(value))
        {
            wrong.push(format!(
                "the setting {name:?} is {value:?}: expected a name of letters, digits, `.`, `_` and `-`, and a value without \
                 control characters and backslashes"
            ));
        }
        let written = self.commands.iter().chain(&self.data).chain(&self.data_log);
        let written = written.chain([&self.layout.data]);
        if let Some(text) = written
            .map(String::as_str)
            .find(|text| !is_value(text) || text.contains(','))
        {
            wrong.push(format!("{text:?} would be read as something else in zoo.cfg"));
        }
        if self.tick < Duration::from_millis(1) || self.tick > Duration::from_secs(3600) {
            wrong.push(format!(
                "a tick lasts {:?}: a millisecond at the least, an hour at the most",
                self.tick
            ));
        }
        let admin_port = match self.admin_server {
            AdminServer::Off => None,
            AdminServer::Port(port) => Some(port),
        };
        let (peers, election) = self.peer_ports;
        if [self.client_port, peers, election]
            .into_iter()
            .chain(admin_port)
            .any(|port| port == 0)
        {
            wrong.push("others have to know its ports, and 0 is any".to_owned());
        }
        if self.heap_megabytes == 0 || self.init_limit == 0 || self.sync_limit == 0 {
            wrong.push("the heap and the limits are 1 at the least".to_owned());
        }
        match wrong.first() {
            None => Ok(()),
            Some(first) => Err(Error::message(format!("declare ZooKeeper: {first}"))),
        }
    }
}

/// What the role writes itself into `zoo.cfg`.
const OWN_SETTINGS: [&str; 14] = [
    "DigestAuthenticationProvider.superDigest",
    "tickTime",
    "initLimit",
    "syncLimit",
    "dataDir",
    "dataLogDir",
    "clientPort",
    "maxClientCnxns",
    "autopurge.snapRetainCount",
    "autopurge.purgeInterval",
    "4lw.commands.whitelist",
    "admin.enableServer",
    "admin.serverPort",
    "peerType",
];

#[derive(Template)]
#[template("zoo.cfg.j2")]
struct ZooCfg<'a> {
    tick_ms: u128,
    init_limit: u16,
    sync_limit: u16,
    data: &'a str,
    data_log: Option<&'a str>,
    client_port: u16,
    max_client_connections: u32,
    snapshots_kept: u8,
    purge_hours: u32,
    commands: Option<String>,
    super_digest: Option<FormedSecret>,
    settings: Vec<String>,
    servers: Vec<String>,
}

/// The options of the Java machine, as the package's start script takes them.
#[derive(Template)]
#[template("zookeeper_java.j2")]
struct JavaOptions {
    variable: &'static str,
    heap_megabytes: u32,
}

impl Declares for ZooKeeper {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        let server = self.server(cx)?;
        cx.expose(server);
        Ok(())
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        self.check()?;
        let servers: Vec<_> = self.ensemble_of(cx)?.into_iter().map(|(_, server)| server).collect();
        let own = self.server(cx)?;
        let layout = &self.layout;
        let (java_options, variable) = match layout.heap {
            HeapIn::DefaultFile => ("/etc/default/zookeeper".to_owned(), "JAVA_OPTS"),
            HeapIn::JavaEnv => (format!("{}/java.env", layout.config), "JVMFLAGS"),
        };
        let mut changes = Changes::default();
        for name in &layout.packages {
            changes.add(
                cx.add(
                    package(name)
                        .provides_unit(&layout.service)
                        .provides_path(&layout.config)
                        .provides_path(&layout.data)
                        .provides_path(&java_options)
                        .provides_user(&layout.user),
                ),
            );
        }
        let own_directories = [self.data.as_deref(), self.data_log.as_deref()];
        let directories: Vec<_> = own_directories
            .into_iter()
            .flatten()
            .map(|path| cx.add(directory(path).owner(&layout.user).group(&layout.user).mode(0o750)))
            .collect();
        let mut config = file(format!("{}/zoo.cfg", layout.config)).content(self.zoo_cfg(&servers, own.observer));
        if self.super_digest.is_some() {
            // The server reads it as its own user, and nobody else may.
            config = config.owner("root").group(&layout.user).mode(0o640);
        }
        let config = cx.add(config);
        let id_file = match &self.data {
            Some(data) => format!("{data}/myid"),
            None => layout.id_file.clone(),
        };
        let id = cx.add(file(id_file).content(format!("{}\n", own.id)));
        let java = cx.add(file(java_options).content(JavaOptions {
            variable,
            heap_megabytes: self.heap_megabytes,
        }));
        let init = layout
            .init
            .as_ref()
            // It makes what `zoo.cfg` names, wherever that is.
            .map(|(words, makes)| {
                let makes = makes.replacen(&layout.data, self.data_directory(), 1);
                cx.add(
                    command(words.iter().map(String::as_str))
                        .creates(&makes)
                        .after(config)
                        .before(id),
                )
            });
        let (peers, election) = self.peer_ports;
        let mut running = service(&layout.service)
            .enabled()
            .running()
            .listens_on(self.client_port);
        if servers.len() > 1 {
            running = running.listens_on(peers).listens_on(election);
        }
        if let AdminServer::Port(port) = self.admin_server {
            running = running.listens_on(port);
        }
        cx.add(
            running
                .restart_on((changes, config, id, java))
                .after((directories, init)),
        );
        Ok(())
    }

    fn rollout(&self) -> Option<Rollout> {
        Some(Rollout {
            order: RolloutOrder::LeaderLast,
            max_down: MaxDown::OneWithQuorum,
            gate: Gate::ZooKeeper { port: self.client_port },
        })
    }
}
