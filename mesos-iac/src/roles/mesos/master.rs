use super::cluster::Mesos;
use super::membership::{self, quorum};
use super::placing::{self, Daemonized};
use super::{Acls, Credentials, Daemon, MesosAgent, MesosMasterAt};
use crate::kinds::file;
use crate::model::{Cx, Declares, Dependencies as _, ExposeCx, Gate, MaxDown, Result, Rollout, RolloutOrder};
use crate::roles::flags::{Flag, FlagValue, Flags, Master, master};
use crate::words::Location;
use mesos_iac_macros::Role;

/// A Mesos master, made by [`Mesos::master`]. The hosts that have the role are the masters; the quorum is counted from them.
#[derive(Debug, Clone, PartialEq, Role)]
#[role(name = "mesos-master")]
#[must_use = "a role takes part once it is given to a cluster, an appliance or a host"]
pub struct MesosMaster {
    mesos: Mesos,
    flags: Flags<Master>,
    port: u16,
    credentials: Option<Credentials>,
    acls: Option<Acls>,
    change: Option<membership::Change>,
}

impl MesosMaster {
    pub(super) fn new(mesos: Mesos) -> Self {
        Self {
            mesos,
            flags: Flags::new(),
            port: 5050,
            credentials: None,
            acls: None,
            change: None,
        }
    }

    /// The name that the masters show.
    #[track_caller]
    pub fn cluster(self, name: impl Into<String>) -> Self {
        self.flag(master::CLUSTER, name.into())
    }

    /// The port that it listens on; 5050 unless said.
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets a flag. What the role would set itself otherwise is shadowed.
    #[track_caller]
    pub fn flag<V: FlagValue>(mut self, flag: Flag<Master, V>, value: impl Into<V>) -> Self {
        self.flags = self.flags.set(flag, value);
        self
    }

    /// Adds flags.
    pub fn flags(mut self, flags: Flags<Master>) -> Self {
        self.flags = self.flags.merge(flags);
        self
    }

    /// Whom the master knows, by name and secret: agents and frameworks that must authenticate.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Who may do what.
    pub fn acls(mut self, acls: Acls) -> Self {
        self.acls = Some(acls);
        self
    }

    /// States that there are so many masters today, and that the definition is to change that. Refused where old masters
    /// and new ones could each have a majority of their own, or none; the error names the way. Take it out once the change
    /// is done.
    #[track_caller]
    pub fn changing_from(mut self, masters: usize) -> Self {
        let at = Location::caller();
        self.change = Some(membership::Change { from: masters, at });
        self
    }
}

impl Declares for MesosMaster {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        let at = MesosMasterAt {
            address: cx.addr()?.to_owned(),
            port: self.port,
            version: self.mesos.version,
            election: self.mesos.election(),
        };
        cx.expose(at);
        Ok(())
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let election = self.mesos.election();
        let peers = cx
            .endpoints::<MesosMasterAt>()
            .iter()
            .filter(|(_, peer)| peer.election == election)
            .count();
        if let Some(change) = &self.change {
            membership::check(change, peers)?;
        }
        let zk = self.mesos.zk_url(cx)?;
        let address = cx.addr()?.to_owned();
        let mut defaults = Flags::<Master>::new()
            .set(master::ZK, zk)
            .set(master::QUORUM, u32::try_from(quorum(peers)).unwrap_or(u32::MAX))
            .set(master::WORK_DIR, self.mesos.work_dir.as_str())
            .set(master::LOG_DIR, self.mesos.log_dir.as_str())
            .set(master::HOSTNAME, address.as_str())
            .set(master::PORT, self.port);
        if let Ok(ip) = address.parse::<std::net::IpAddr>() {
            defaults = defaults.set(master::IP, ip);
        }
        let mut gate = Vec::new();
        if let Some(credentials) = &self.credentials {
            let path = "/etc/mesos/credentials";
            cx.add(file(path).content(credentials.content(self.mesos.version)))
                .add_to(&mut gate);
            defaults = defaults.set(master::CREDENTIALS, path);
        }
        if let Some(acls) = &self.acls {
            defaults = defaults.set(master::ACLS, acls.json(self.mesos.version));
        }
        let flags = self.flags.clone().with_defaults(defaults);
        let mut problems = flags.missing(self.mesos.version);
        let checked = flags.checked(self.mesos.version).unwrap_or_else(|found| {
            problems.extend(found);
            Vec::new()
        });
        problems.into_result(())?;
        Daemonized {
            mesos: &self.mesos,
            daemon: Daemon::Master,
            flags: checked,
            attributes: None,
            resources: None,
            port: self.port,
            environment: self.mesos.environment()?,
            unit: Vec::new(),
            address_from: None,
            gate,
        }
        .declare(cx)?;
        if !cx.has_role::<MesosAgent>() {
            placing::disable(cx, &self.mesos, Daemon::Agent);
        }
        Ok(())
    }

    fn rollout(&self) -> Option<Rollout> {
        Some(Rollout {
            order: RolloutOrder::LeaderLast,
            max_down: MaxDown::OneWithQuorum,
            gate: Gate::MesosMaster { port: self.port },
        })
    }
}
