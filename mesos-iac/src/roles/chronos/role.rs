use super::ChronosApi;
use crate::kinds::{directory, package, service};
use crate::model::{Cx, Declare as _, Declares, Error, ExposeCx, Gate, MaxDown, Result, Rollout, RolloutOrder};
use crate::roles::flags::{Chronos as Program, Flag, FlagValue, Flags, chronos};
use crate::roles::marathon::JAVA;
use crate::roles::mesos::Mesos;
use crate::roles::placed::{Changes, directory_of_flags, principals_secret};
use crate::roles::{Source, Version};
use crate::words::Secret;
use mesos_iac_macros::Role;
use std::net::IpAddr;

/// Chronos: jobs at their times, on Mesos. As packaged by Mesosphere: one file for each flag in `/etc/chronos/conf`.
#[derive(Debug, Clone, PartialEq, Role)]
#[role(name = "chronos")]
#[must_use = "a role takes part once it is given to a cluster, an appliance or a host"]
pub struct Chronos {
    version: Version,
    source: Source,
    java: Option<String>,
    mesos: Mesos,
    flags: Flags<Program>,
    path: String,
    port: u16,
    principal: Option<(String, Secret<String>)>,
}

impl Chronos {
    /// Chronos of this version on top of this Mesos, from the package `chronos`.
    pub fn new(version: Version, mesos: &Mesos) -> Self {
        Self {
            version,
            source: Source::packages(["chronos"]),
            java: Some(JAVA.to_owned()),
            mesos: mesos.clone(),
            flags: Flags::new(),
            path: "/chronos/state".to_owned(),
            port: 4400,
            principal: None,
        }
    }

    /// Where the software comes from.
    pub fn source(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// The package of the Java that it runs on; Debian's `default-jre-headless` unless said, none where it is on the host
    /// already.
    pub fn java(mut self, package: Option<&str>) -> Self {
        self.java = package.map(ToOwned::to_owned);
        self
    }

    /// Where it keeps its state in the ZooKeeper of its Mesos; `/chronos/state` unless said.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The port that it listens on; 4400 unless said, which is what the packages take, and leaves 8080 to Marathon.
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets a flag. What the role would set itself otherwise is shadowed.
    #[track_caller]
    pub fn flag<V: FlagValue>(mut self, flag: Flag<Program, V>, value: impl Into<V>) -> Self {
        self.flags = self.flags.set(flag, value);
        self
    }

    /// Who Chronos is for the masters.
    pub fn principal(mut self, name: impl Into<String>, secret: Secret<String>) -> Self {
        self.principal = Some((name.into(), secret));
        self
    }
}

impl Declares for Chronos {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        if let Ok(address) = cx.addr()?.parse::<IpAddr>() {
            cx.expose(ChronosApi::at((address, self.port).into(), self.version));
        }
        Ok(())
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let zk = self.mesos.zk_url(&Mesos::servers(cx))?;
        if zk.is_secret() {
            return Err(Error::message(
                "declare Chronos: it takes no password in ZooKeeper's URL; give it `flag(chronos::ZK_AUTH, …)` and its Mesos none",
            ));
        }
        let hosts: Vec<String> = zk
            .servers()
            .iter()
            .map(|(host, port)| format!("{host}:{port}"))
            .collect();
        let mut changes = Changes::default();
        if let Some(java) = &self.java {
            cx.add(package(java));
        }
        changes.add(self.source.declare(cx, |package| {
            package.provides_path("/etc/chronos").provides_unit("chronos")
        }));
        let mut defaults = Flags::<Program>::new()
            .set(chronos::MASTER, zk)
            .set(chronos::ZK_HOSTS, hosts)
            .set(chronos::ZK_PATH, self.path.as_str())
            .set(chronos::HOSTNAME, cx.addr()?)
            .set(chronos::HTTP_PORT, self.port);
        if let Some((name, secret)) = &self.principal {
            let path = "/etc/chronos/mesos-secret";
            principals_secret(cx, path, secret, &mut changes);
            defaults = defaults
                .set(chronos::MESOS_AUTHENTICATION_PRINCIPAL, name.as_str())
                .set(chronos::MESOS_AUTHENTICATION_SECRET_FILE, path);
        }
        let flags = self.flags.clone().with_defaults(defaults).checked(self.version)?;
        cx.add(directory("/etc/chronos"));
        directory_of_flags(cx, "/etc/chronos/conf", &flags, &[], &mut changes)?;
        cx.add(
            service("chronos")
                .enabled()
                .running()
                .listens_on(self.port)
                .restart_on(changes),
        );
        Ok(())
    }

    fn rollout(&self) -> Option<Rollout> {
        Some(Rollout {
            order: RolloutOrder::LeaderLast,
            max_down: MaxDown::Count(1),
            gate: Gate::Http {
                port: self.port,
                path: "/ping".to_owned(),
            },
        })
    }
}
