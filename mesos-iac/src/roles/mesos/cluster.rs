use super::{MesosAgent, MesosControl, MesosLayout, MesosMaster, Tls, ZkUrl};
use crate::model::{Code, Cx, Endpoint, Problem, Problems, Result};
use crate::roles::Version;
use crate::roles::flags::EnvironmentLine;
use crate::roles::zookeeper::{ZooKeeper, ZooKeeperServer};
use crate::words::Secret;

/// Mesos of one version, laid out in one way, with one ZooKeeper: what the masters and agents of a cluster share. A value;
/// the roles are made of it, so that what must be equal on all hosts is said once.
///
/// ```standalone_crate
/// use mesos_iac::prelude::*;
/// use mesos_iac::roles::Version;
/// use mesos_iac::roles::mesos::{Mesos, MesosLayout};
/// use mesos_iac::roles::zookeeper::{ZooKeeper, ZooKeeperHost};
///
/// # fn cluster() -> Result<Cluster> {
/// let mesos = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere());
/// Cluster::new("lab")
///     .appliance(appliance("master").role(ZooKeeper::new()).role(mesos.master().cluster("lab")))
///     .appliance(appliance("agent").role(mesos.agent().attribute("rack", "r1")))
///     .hosts(hosts("master-[1-3]").appliance("master").addrs(["10.0.0.1", "10.0.0.2", "10.0.0.3"]).set_each(ZooKeeperHost::ID, [1, 2, 3]))
///     .hosts(hosts("agent-[1-2]").appliance("agent").addrs(["10.0.0.11", "10.0.0.12"]))
///     .build()
/// # }
/// # cluster().unwrap().compile().unwrap();
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "roles are made of it: `.master()`, `.agent()`"]
pub struct Mesos {
    pub(super) version: Version,
    pub(super) layout: MesosLayout,
    pub(super) zookeeper: ZooKeeperAt,
    pub(super) path: String,
    pub(super) digest: Option<(String, Secret)>,
    pub(super) work_dir: String,
    pub(super) log_dir: String,
    pub(super) ulimit: String,
    pub(super) tls: Option<Tls>,
}

/// Where the ZooKeeper of a cluster is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ZooKeeperAt {
    /// The hosts of this definition that have the role, by the name of their ensemble.
    Ensemble(String),
    /// Elsewhere.
    Url(ZkUrl),
}

/// Where a master is, as others find it.
#[derive(Debug, Clone, PartialEq)]
pub struct MesosMasterAt {
    /// The master's address.
    pub address: String,
    /// The port that it listens on.
    pub port: u16,
    /// Its version.
    pub version: Version,
    /// With whom it elects a leader.
    pub(super) election: (ZooKeeperAt, String),
}

impl Endpoint for MesosMasterAt {}

impl Mesos {
    /// Mesos of this version, laid out like this, with the ensemble of the hosts that have the role
    /// [`ZooKeeper`](crate::roles::zookeeper::ZooKeeper) and the path `/mesos` in it.
    pub fn new(version: Version, layout: MesosLayout) -> Self {
        Self {
            version,
            layout,
            zookeeper: ZooKeeperAt::Ensemble("zookeeper".to_owned()),
            path: "/mesos".to_owned(),
            digest: None,
            work_dir: "/var/lib/mesos".to_owned(),
            log_dir: "/var/log/mesos".to_owned(),
            ulimit: "-n 16384".to_owned(),
            tls: None,
        }
    }

    /// Uses the ensemble of this name, where the definition has several.
    pub fn ensemble(mut self, name: impl Into<String>) -> Self {
        self.zookeeper = ZooKeeperAt::Ensemble(name.into());
        self
    }

    /// Uses a ZooKeeper that isn't part of this definition; the path of the URL is the path of the masters.
    pub fn zookeeper(mut self, url: ZkUrl) -> Self {
        url.path().clone_into(&mut self.path);
        self.zookeeper = ZooKeeperAt::Url(url);
        self
    }

    /// The path in ZooKeeper under which the masters elect their leader; `/mesos` unless said.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Who the masters and agents are for ZooKeeper, by its digest scheme.
    pub fn digest(mut self, user: impl Into<String>, password: Secret) -> Self {
        self.digest = Some((user.into(), password));
        self
    }

    /// Where masters keep their log and agents their tasks; `/var/lib/mesos` unless said.
    pub fn work_dir(mut self, path: impl Into<String>) -> Self {
        self.work_dir = path.into();
        self
    }

    /// Where daemons write their logs; `/var/log/mesos` unless said.
    pub fn log_dir(mut self, path: impl Into<String>) -> Self {
        self.log_dir = path.into();
        self
    }

    /// The options of `ulimit` that the packages' wrapper sets, and the number of open files where the unit is ours;
    /// `-n 16384` unless said.
    pub fn open_files(mut self, number: u32) -> Self {
        self.ulimit = format!("-n {number}");
        self
    }

    /// Encrypts what masters and agents say to each other, and what Marathon and Chronos of this Mesos say to them: all of
    /// them get the same variables, and are restarted when these change.
    ///
    /// The certificates and the key are paths on the hosts. Something else of the definition brings them
    /// (`file(…).content(Secret::from_file(…))`), or an image does; a directory that nothing makes for them is told by the
    /// lint `missing-directory`. Whoever runs a daemon reads them: root, and for Marathon's packages from 1.5 on the user
    /// `marathon`.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The role of a master.
    pub fn master(&self) -> MesosMaster {
        MesosMaster::new(self.clone())
    }

    /// The role of an agent; a slave, before 1.0.
    pub fn agent(&self) -> MesosAgent {
        MesosAgent::new(self.clone())
    }

    /// The role of a host from which the cluster is started and stopped as a whole.
    pub fn control(&self) -> MesosControl {
        MesosControl::new(self.clone())
    }

    /// The version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Where the masters elect their leader.
    pub(in crate::roles) fn zk_url(&self, cx: &Cx<'_>) -> Result<ZkUrl> {
        let url = match &self.zookeeper {
            ZooKeeperAt::Url(url) => url.with_path(&self.path),
            ZooKeeperAt::Ensemble(name) => {
                let servers: Vec<(String, u16)> = Self::servers(cx)
                    .iter()
                    .filter(|server| server.ensemble == *name)
                    .map(|server| (server.address.clone(), server.client_port))
                    .collect();
                if servers.is_empty() {
                    let message = format!("no host has the role ZooKeeper for the ensemble `{name}`");
                    let problem = Problem::new(Code::UnknownName, message).hint(
                        "give the role to hosts, or say where ZooKeeper is: `Mesos::zookeeper(\"zk://…\".parse()?)`",
                    );
                    return Err(cx.no_endpoint_of(|role: &ZooKeeper| role.is_of(name), Problems::from(problem)));
                }
                ZkUrl::new(servers, &self.path)
            }
        };
        let url = url.map_err(wrong)?;
        match &self.digest {
            Some((user, password)) => url
                .credentials(user, password.clone())
                .map_err(|error| wrong(error).into()),
            None => Ok(url),
        }
    }

    /// What the masters that elect a leader together have in common.
    pub(super) fn election(&self) -> (ZooKeeperAt, String) {
        (self.zookeeper.clone(), self.path.clone())
    }

    /// The variables beside the flags, for all that loads its library.
    pub(in crate::roles) fn environment(&self) -> Result<Vec<EnvironmentLine>> {
        match &self.tls {
            Some(tls) => Ok(tls.environment(self.version).map_err(wrong)?),
            None => Ok(Vec::new()),
        }
    }

    /// The servers of all ensembles, by number.
    fn servers(cx: &Cx<'_>) -> Vec<ZooKeeperServer> {
        let mut servers: Vec<_> = cx
            .endpoints::<ZooKeeperServer>()
            .into_iter()
            .map(|(_, server)| server)
            .collect();
        servers.sort_by_key(|server| server.id);
        servers
    }
}

/// A value that no daemon would read as it is meant.
pub(in crate::roles) fn wrong(error: impl std::fmt::Display) -> Problems {
    Problems::from(Problem::new(Code::InvalidValue, error.to_string()))
}
