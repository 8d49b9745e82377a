use super::{ChronosApi, ChronosLayout};
use crate::model::{Content, Cx, Declares, ExposeCx, Gate, MaxDown, Problems, Result, Rollout, RolloutOrder};
use crate::roles::Version;
use crate::roles::flags::{CheckedFlag, Chronos as Program, Flag, FlagText, FlagValue, Flags, chronos};
use crate::roles::framework::{Framework, HasJava, Told, lines};
use crate::roles::mesos::Mesos;
use crate::roles::placed::{Changes, directory_of_flags, port_of_role, principals_secret};
use crate::words::Secret;
use mesos_iac_macros::Role;
use std::net::IpAddr;

/// Chronos: jobs at their times, on Mesos. As packaged by Mesosphere, unless [`layout`](Self::layout) says otherwise.
///
/// A password in the URL of its Mesos' ZooKeeper is Chronos' too. Since Chronos takes flags as arguments alone, every user of
/// the host sees it, which the lint `zk-password-shown` tells.
#[derive(Debug, Clone, PartialEq, Role)]
#[role(name = "chronos")]
#[must_use = "a role takes part once it is given to a cluster, an appliance or a host"]
pub struct Chronos {
    version: Version,
    layout: ChronosLayout,
    mesos: Mesos,
    flags: Flags<Program>,
    path: String,
    port: u16,
    principal: Option<(String, Secret<String>)>,
}

impl Chronos {
    /// Chronos of this version on top of this Mesos, from Mesosphere's package.
    pub fn new(version: Version, mesos: &Mesos) -> Self {
        Self {
            version,
            layout: ChronosLayout::mesosphere(),
            mesos: mesos.clone(),
            flags: Flags::new(),
            path: "/chronos/state".to_owned(),
            port: 4400,
            principal: None,
        }
    }

    /// Where it is and what starts it; [`ChronosLayout::mesosphere`] unless said.
    pub fn layout(mut self, layout: ChronosLayout) -> Self {
        self.layout = layout;
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

    fn checked(&self, cx: &mut Cx<'_>, changes: &mut Changes) -> Result<Vec<CheckedFlag>> {
        let zk = self.mesos.zk_url(cx)?;
        let hosts: Vec<String> = zk
            .servers()
            .iter()
            .map(|(host, port)| format!("{host}:{port}"))
            .collect();
        let mut defaults = Flags::<Program>::new()
            .set(chronos::ZK_HOSTS, hosts)
            .set(chronos::ZK_PATH, self.path.as_str())
            .set(chronos::HOSTNAME, cx.addr()?)
            .set(chronos::HTTP_PORT, self.port);
        if let Some(auth) = zk.auth() {
            defaults = defaults.set(chronos::ZK_AUTH, auth);
        }
        defaults = defaults.set(chronos::MASTER, zk);
        if let Some((name, secret)) = &self.principal {
            let path = "/etc/chronos/mesos-secret";
            changes.add(cx.add(principals_secret(path, secret)));
            defaults = defaults
                .set(chronos::MESOS_AUTHENTICATION_PRINCIPAL, name.as_str())
                .set(chronos::MESOS_AUTHENTICATION_SECRET_FILE, path);
        }
        let flags = self.flags.clone().with_defaults(defaults).checked(self.version)?;
        port_of_role(&flags, chronos::HTTP_PORT.name(), self.port)?;
        Ok(flags)
    }
}

impl Declares for Chronos {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        cx.expose(HasJava);
        if let Ok(address) = cx.addr()?.parse::<IpAddr>() {
            cx.expose(ChronosApi::at((address, self.port).into(), self.version));
        }
        Ok(())
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let framework = Framework {
            name: "chronos",
            title: "Chronos",
            version: self.version,
            placement: &self.layout.placement,
            program: self.layout.binary(),
            port: self.port,
        };
        framework.check()?;
        let mut changes = Changes::default();
        framework.install(cx, &mut changes, |package| package.provides_path("/etc/chronos"));
        let flags = self.checked(cx, &mut changes)?;
        let mut told = Told {
            variables: lines(&self.mesos.environment()?),
            // Early start scripts don't.
            is_read: false,
            words: Vec::new(),
        };
        if self.layout.placement.has_own_unit() {
            let (variables, words) = words(&flags)?;
            told.variables = variables.and(told.variables);
            told.words = words;
        } else {
            directory_of_flags(cx, "/etc/chronos/conf", &flags, &[], &mut changes)?;
        }
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

/// Flags for a unit of ours: variables with their values, and words that put these into its command. So the unit, which
/// everybody may read, has no secret in it.
///
/// # Errors
/// A variable or a word can't carry the value of a flag; all of those that can't.
fn words(flags: &[CheckedFlag]) -> Result<(Content, Vec<String>)> {
    let mut problems = Problems::new();
    let (mut variables, mut words) = (Content::empty(), Vec::new());
    for flag in flags {
        if let FlagText::Switch(_) = flag.value() {
            words.extend(flag.words().map_err(Problems::from)?);
            continue;
        }
        // The variable is put in as one word, which is read as any other. A secret's value isn't known yet.
        if let (FlagText::Text(_), Err(problem)) = (flag.value(), flag.words()) {
            problems.push(problem);
            continue;
        }
        // Not `CHRONOS_`, of which start scripts make arguments of their own.
        match flag.environment_as("FLAG_") {
            Ok(Some(line)) => {
                words.push(format!("--{} ${{{}}}", flag.name(), line.name));
                variables = variables.and(line.line());
            }
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    Ok(problems.into_result((variables, words))?)
}
