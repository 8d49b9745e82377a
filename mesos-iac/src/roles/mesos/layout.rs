use super::Daemon;
use crate::roles::{Source, Version};

/// Where a package of Mesos reads its flags and what it calls its daemons. Chosen explicitly, since a host can't be asked
/// before it is touched, and each of these reads its configuration from somewhere else.
///
/// | profile | flags | unit | agent's name |
/// |---|---|---|---|
/// | [`mesosphere`](Self::mesosphere) | `/etc/mesos/zk`, `/etc/mesos-{master,slave}/FLAG`, `/etc/default/mesos*` | the package's | slave |
/// | [`apache_rpm`](Self::apache_rpm) | the same under `/etc/mesos-agent` and `/etc/default/mesos-agent` | the package's `mesos-slave` | agent |
/// | [`default_files`](Self::default_files) | `/etc/default/mesos*`, as variables | the package's | slave |
/// | [`environment_file`](Self::environment_file) | a file of variables that the unit names | ours | by version |
/// | [`command_line`](Self::command_line) | the unit itself | ours | by version |
///
/// What the packages of Mesosphere bring changed with 0.22: before, binaries and `mesos-init-wrapper` are under `/usr/local`.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a layout takes effect when it is given to `Mesos::new`"]
pub struct MesosLayout {
    pub(super) flags: FlagsIn,
    pub(super) init: Init,
    pub(super) prefix: Option<String>,
    pub(super) source: Source,
}

/// Where flags are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlagsIn {
    /// `mesos-init-wrapper` makes arguments of a directory of files.
    Wrapper,
    /// The same by the wrapper of Apache's own RPM, under the agent's new name.
    ApacheWrapper,
    /// `mesos-init-wrapper` hands the variables of `/etc/default` on.
    DefaultFiles,
    /// The unit names a file of variables.
    EnvironmentFile,
    /// They stand in the unit.
    CommandLine,
}

/// What starts daemons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Init {
    /// systemd.
    Systemd,
    /// Upstart: Ubuntu up to 14.04, Enterprise Linux 6. Jobs are written, started and stopped by
    /// `initctl`; that of a daemon whose role the host doesn't have starts by hand only.
    Upstart,
    /// Scripts of System V.
    SysV,
}

impl MesosLayout {
    const fn new(flags: FlagsIn, source: Source) -> Self {
        Self {
            flags,
            init: Init::Systemd,
            prefix: None,
            source,
        }
    }

    /// Mesosphere's packages, and those that are built by their recipes: one file for each flag, in a directory for each
    /// daemon that holds nothing else.
    pub fn mesosphere() -> Self {
        Self::new(FlagsIn::Wrapper, Source::packages(["mesos"]))
    }

    /// Apache's own RPM. Its unit is called `mesos-slave` and starts the agent, which reads `/etc/mesos-agent` and
    /// `/etc/default/mesos-agent`; what the package itself puts under `/etc/mesos-slave` is never read.
    pub fn apache_rpm() -> Self {
        Self::new(FlagsIn::ApacheWrapper, Source::packages(["mesos"]))
    }

    /// Mesosphere's packages with all flags as variables in `/etc/default`; the directories of flag files are removed, since
    /// what stands there would win.
    pub fn default_files() -> Self {
        Self::new(FlagsIn::DefaultFiles, Source::packages(["mesos"]))
    }

    /// Binaries that bring no unit, with flags in a file of variables that a unit of ours names.
    pub fn environment_file() -> Self {
        Self::new(FlagsIn::EnvironmentFile, Source::present())
    }

    /// Binaries that bring no unit, with flags in the unit itself. Secrets can't stand there: every user of the host sees
    /// the arguments of a process.
    pub fn command_line() -> Self {
        Self::new(FlagsIn::CommandLine, Source::present())
    }

    /// Where the software comes from, with its pin: [`pinned`](Self::pinned) is said after it.
    pub fn source(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// Pins the packages of the source to this version, as the package manager writes it. So a host gets what the role's
    /// version says, and not what its repository has that day. A source without packages has nothing to pin, which the lint
    /// `pin-without-packages` tells.
    pub fn pinned(mut self, version: impl Into<String>) -> Self {
        self.source = self.source.version(version);
        self
    }

    /// What starts the daemons; systemd unless said.
    pub const fn init(mut self, init: Init) -> Self {
        self.init = init;
        self
    }

    /// Where the binaries are, such as `/opt/mesos`; `/usr` unless said, and `/usr/local` for Mesosphere's packages before
    /// 0.22.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    pub(super) fn prefix_of(&self, version: Version) -> &str {
        let packaged = matches!(self.flags, FlagsIn::Wrapper | FlagsIn::DefaultFiles);
        match &self.prefix {
            Some(prefix) => prefix,
            None if packaged && version < Version::new(0, 22, 0) => "/usr/local",
            None => "/usr",
        }
    }

    /// Whether the package brings the units.
    pub(super) const fn has_units(&self) -> bool {
        matches!(
            self.flags,
            FlagsIn::Wrapper | FlagsIn::ApacheWrapper | FlagsIn::DefaultFiles
        )
    }

    /// The service of a daemon.
    pub(super) fn service(&self, daemon: Daemon, version: Version) -> &'static str {
        match daemon {
            Daemon::Master => "mesos-master",
            Daemon::Agent if self.has_units() || version < AGENT => "mesos-slave",
            Daemon::Agent => "mesos-agent",
        }
    }

    /// What a daemon's files are called after: `mesos-master`, `mesos-slave`, `mesos-agent`.
    pub(super) fn files(&self, daemon: Daemon, version: Version) -> &'static str {
        match (daemon, self.flags) {
            (Daemon::Master, _) => "mesos-master",
            (Daemon::Agent, FlagsIn::Wrapper | FlagsIn::DefaultFiles) => "mesos-slave",
            (Daemon::Agent, FlagsIn::ApacheWrapper) => "mesos-agent",
            (Daemon::Agent, _) if version < AGENT => "mesos-slave",
            (Daemon::Agent, _) => "mesos-agent",
        }
    }

    /// The binary of a daemon.
    pub(super) fn binary(&self, daemon: Daemon, version: Version) -> String {
        let name = match daemon {
            Daemon::Master => "mesos-master",
            Daemon::Agent if version < AGENT => "mesos-slave",
            Daemon::Agent => "mesos-agent",
        };
        format!("{}/sbin/{name}", self.prefix_of(version))
    }

    /// Where the scripts that start and stop whole clusters read the names of hosts.
    pub(super) fn deploy_directory(&self, version: Version) -> String {
        let prefix = self.prefix_of(version);
        match version < Version::new(0, 21, 0) {
            true => format!("{prefix}/var/mesos/deploy"),
            false => format!("{prefix}/etc/mesos"),
        }
    }
}

/// When slaves became agents.
pub(super) const AGENT: Version = Version::new(1, 0, 0);
