use super::layout::FlagsIn;
use super::{MarathonApi, MarathonLayout};
use crate::model::{Cx, Declares, ExposeCx, Gate, MaxDown, Result, Rollout, RolloutOrder};
use crate::roles::Version;
use crate::roles::flags::{CheckedFlag, Flag, FlagValue, Flags, Marathon as Program, marathon};
use crate::roles::framework::{Framework, HasJava, Told, lines};
use crate::roles::mesos::Mesos;
use crate::roles::placed::{Changes, directory_of_flags, port_of_role, principals_secret, variables};
use crate::words::Secret;
use mesos_iac_macros::Role;
use std::net::IpAddr;

/// As whom the packages run it, from 1.5 on.
const OWN_USER: &str = "marathon";

/// Marathon, in high availability: the hosts that have the role elect a leader, and the others hand on to it.
///
/// ```standalone_crate
/// use mesos_iac::prelude::*;
/// use mesos_iac::roles::Version;
/// use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
/// use mesos_iac::roles::mesos::{Mesos, MesosLayout};
///
/// # fn cluster() -> Result<Cluster> {
/// let mesos = Mesos::new(Version::new(0, 22, 0), MesosLayout::mesosphere()).zookeeper("zk://10.0.0.1:2181/mesos".parse()?);
/// let marathon = Marathon::new(Version::new(0, 8, 2), MarathonLayout::mesosphere(), &mesos);
/// Cluster::new("lab").hosts(host("m1").addr("10.0.0.2").role(marathon)).build()
/// # }
/// # cluster().unwrap().compile().unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Role)]
#[role(name = "marathon")]
#[must_use = "a role takes part once it is given to a cluster, an appliance or a host"]
pub struct Marathon {
    version: Version,
    layout: MarathonLayout,
    mesos: Mesos,
    flags: Flags<Program>,
    path: String,
    port: u16,
    credentials: Option<Secret<String>>,
    principal: Option<(String, Secret<String>)>,
}

impl Marathon {
    /// Marathon of this version, laid out like this, on top of this Mesos.
    pub fn new(version: Version, layout: MarathonLayout, mesos: &Mesos) -> Self {
        Self {
            version,
            layout,
            mesos: mesos.clone(),
            flags: Flags::new(),
            path: "/marathon".to_owned(),
            port: 8080,
            credentials: None,
            principal: None,
        }
    }

    /// Where Marathon keeps its state in the ZooKeeper of its Mesos; `/marathon` unless said.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The port that it listens on; 8080 unless said.
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

    /// Adds flags.
    pub fn flags(mut self, flags: Flags<Program>) -> Self {
        self.flags = self.flags.merge(flags);
        self
    }

    /// Where apps' artifacts are uploaded to, such as `hdfs://…` or `file:///srv/artifacts`; until 1.5.
    #[track_caller]
    pub fn artifact_store(self, url: impl Into<String>) -> Self {
        self.flag(marathon::ARTIFACT_STORE, url.into())
    }

    /// Who may use its API: name and password with a colon between them. Any other value is refused before a host is touched.
    pub fn credentials(mut self, credentials: Secret<String>) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Who Marathon is for the masters.
    pub fn principal(mut self, name: impl Into<String>, secret: Secret<String>) -> Self {
        self.principal = Some((name.into(), secret));
        self
    }

    /// Whether it runs as a user of its own, as the packages have it from 1.5 on.
    fn has_own_user(&self) -> bool {
        self.layout.flags_in(self.version) == FlagsIn::Environment && !self.layout.placement.has_own_unit()
    }

    fn framework(&self) -> Framework<'_> {
        Framework {
            name: "marathon",
            title: "Marathon",
            version: self.version,
            placement: &self.layout.placement,
            program: self.layout.binary(self.version),
            port: self.port,
        }
    }

    fn checked(&self, cx: &mut Cx<'_>, changes: &mut Changes) -> Result<Vec<CheckedFlag>> {
        let zk = self.mesos.zk_url(cx)?;
        let state = zk.with_path(&self.path).map_err(crate::roles::mesos::wrong)?;
        let mut defaults = Flags::<Program>::new()
            .set(marathon::MASTER, zk)
            .set(marathon::ZK, state)
            .set(marathon::HOSTNAME, cx.addr()?)
            .set(marathon::HTTP_PORT, self.port);
        if self.has_own_user() {
            // Under it no task could be started.
            defaults = defaults.set(marathon::MESOS_USER, "root");
        }
        if let Some(credentials) = &self.credentials {
            defaults = defaults.set(marathon::HTTP_CREDENTIALS, credentials.clone());
        }
        if let Some((name, secret)) = &self.principal {
            let path = "/etc/marathon/mesos-secret";
            let owner = if self.has_own_user() { OWN_USER } else { "root" };
            changes.add(cx.add(principals_secret(path, secret).owner(owner)));
            defaults = defaults
                .set(marathon::MESOS_AUTHENTICATION_PRINCIPAL, name.as_str())
                .set(marathon::MESOS_AUTHENTICATION_SECRET_FILE, path);
        }
        let flags = self.flags.clone().with_defaults(defaults);
        let mut problems = flags.missing(self.version);
        let checked = flags.checked(self.version).unwrap_or_else(|found| {
            problems.extend(found);
            Vec::new()
        });
        let checked = problems.into_result(checked)?;
        port_of_role(&checked, marathon::HTTP_PORT.name(), self.port)?;
        Ok(checked)
    }
}

impl Declares for Marathon {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        cx.expose(HasJava);
        // A host that is declared by name can't be asked by its address here; the bridge is told of it by hand then.
        if let Ok(address) = cx.addr()?.parse::<IpAddr>() {
            let mut api = MarathonApi::at((address, self.port).into(), self.version);
            if let Some(credentials) = &self.credentials {
                api = api.credentials(credentials.clone());
            }
            cx.expose(api);
        }
        Ok(())
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let framework = self.framework();
        framework.check()?;
        let mut changes = Changes::default();
        framework.install(cx, &mut changes, |package| match self.has_own_user() {
            true => package.provides_user(OWN_USER),
            false => package,
        });
        let flags = self.checked(cx, &mut changes)?;
        let environment = lines(&self.mesos.environment()?);
        let told = match self.layout.flags_in(self.version) {
            FlagsIn::Directory => {
                directory_of_flags(cx, "/etc/marathon/conf", &flags, &[], &mut changes)?;
                Told {
                    variables: environment,
                    // The first start script that does is that of 0.8.2.
                    is_read: self.version >= Version::new(0, 8, 2),
                    ..Told::default()
                }
            }
            FlagsIn::Environment => Told {
                variables: variables(&flags)?.and(environment),
                is_read: true,
                ..Told::default()
            },
        };
        framework.start(cx, told, changes)
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
