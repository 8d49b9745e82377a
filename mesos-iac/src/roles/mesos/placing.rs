//! Flags, where each layout reads them.

use super::layout::{FlagsIn, Init, MesosLayout};
use super::{Attributes, Daemon, Mesos, Resources};
use crate::kinds::{UnitFileBuilder, directory, file, service, unit_file};
use crate::model::{Content, Cx, Declare as _, Dependency, Error, Problems, Result};
use crate::roles::Version;
use crate::roles::flags::{CheckedFlag, EnvironmentLine, FlagText};
use crate::roles::placed::{
    Changes, directory_of_flags, plain_path, port_of_role, upstart_job, upstart_job_by_hand, variables,
};

/// What a daemon is to read.
pub(super) struct Daemonized<'a> {
    pub(super) mesos: &'a Mesos,
    pub(super) daemon: Daemon,
    pub(super) flags: Vec<CheckedFlag>,
    pub(super) attributes: Option<&'a Attributes>,
    pub(super) resources: Option<&'a Resources>,
    pub(super) port: u16,
    /// Variables beside the flags.
    pub(super) environment: Vec<EnvironmentLine>,
    /// Settings of a unit of ours.
    pub(super) unit: Vec<(String, String, String)>,
    /// A program that prints the address, for versions that don't ask one themselves.
    pub(super) address_from: Option<&'static str>,
    /// What must be in place before any of it is changed.
    pub(super) gate: Vec<Dependency>,
}

impl Daemonized<'_> {
    /// Declares packages, files, the unit and the service.
    pub(super) fn declare(self, cx: &mut Cx<'_>) -> Result<()> {
        let Mesos { layout, version, .. } = self.mesos;
        self.check()?;
        let both = [Daemon::Master, Daemon::Agent];
        let mut changes = Changes::default();
        layout.source.hold_against(cx, "Mesos", *version);
        changes.add(layout.source.declare(cx, |mut package| {
            for daemon in both {
                if layout.has_units() {
                    package = package.provides_unit(layout.service(daemon, *version));
                }
                let files = layout.files(daemon, *version);
                package = package
                    .provides_path(&format!("/etc/{files}"))
                    .provides_path(&format!("/etc/default/{files}"));
            }
            package.provides_path("/etc/mesos")
        }));
        match layout.flags {
            FlagsIn::Wrapper | FlagsIn::ApacheWrapper => self.by_files(cx, changes),
            FlagsIn::DefaultFiles => self.by_default_files(cx, changes),
            FlagsIn::EnvironmentFile => self.by_environment(cx, changes),
            FlagsIn::CommandLine => self.by_command_line(cx, changes),
        }
    }

    /// # Errors
    /// What was said of the daemon can't all be so.
    fn check(&self) -> Result<()> {
        let layout = &self.mesos.layout;
        let is_bare = matches!(layout.flags, FlagsIn::EnvironmentFile | FlagsIn::CommandLine);
        if is_bare && layout.init != Init::Systemd {
            return Err(Error::message(format!(
                "start {}: this layout starts it by a unit of systemd; jobs of Upstart and scripts of System V start the \
                 wrapper that packages bring, so take `MesosLayout::mesosphere()` or another layout of packages",
                self.name()
            )));
        }
        if self.port == 0 {
            return Err(Error::message(format!(
                "start {}: it needs a port that others know, and 0 is any",
                self.name()
            )));
        }
        plain_path("the directory of logs", self.logs())?;
        plain_path("the prefix of Mesos", layout.prefix_of(self.mesos.version))?;
        let is_option = |c: char| c.is_ascii_alphanumeric() || "- ".contains(c);
        if self.mesos.ulimit == "-n 0" {
            return Err(Error::message(format!(
                "start {}: with 0 open files it can't open any, not even its log; leave `.open_files(…)` out, or say thousands",
                self.name()
            )));
        }
        if !self.mesos.ulimit.chars().all(is_option) {
            return Err(Error::message(format!(
                "declare the limits {:?}: expected options of `ulimit`, such as `-n 16384`",
                self.mesos.ulimit
            )));
        }
        port_of_role(&self.flags, "port", self.port)
    }

    /// The flag of this name, if it is set.
    fn flag(&self, name: &str) -> Option<&CheckedFlag> {
        self.flags.iter().find(|flag| flag.name() == name)
    }

    fn name(&self) -> &'static str {
        self.mesos.layout.files(self.daemon, self.mesos.version)
    }

    /// The flag that says where the masters are; in the packages' convention it has a file of its own.
    const fn zk_flag(&self) -> &'static str {
        match self.daemon {
            Daemon::Master => "zk",
            Daemon::Agent => "master",
        }
    }

    /// What the wrapper takes from the environment: a variable for what would otherwise be a file.
    fn default_file(&self, cx: &mut Cx<'_>, changes: &mut Changes) {
        let variable = match self.daemon {
            Daemon::Master => "ZK",
            Daemon::Agent => "MASTER",
        };
        let mut content = Content::text("");
        if self.daemon == Daemon::Master {
            content = content.and(Content::text(format!("PORT={}\n", self.port)));
        }
        // The wrapper makes an argument of it, which every user sees: one with a password in it, the daemon reads itself.
        content = content.and(Content::text(match self.has_password() {
            true => format!("{variable}=file:///etc/mesos/zk\n"),
            false => format!("{variable}=`cat /etc/mesos/zk`\n"),
        }));
        for line in &self.environment {
            content = content.and(line.line());
        }
        if let Some(program) = self.address_from {
            content = content.and(Content::text(format!("IP=`{program}`\n")));
        }
        changes.add(cx.add(file(format!("/etc/default/{}", self.name())).content(content)));
    }

    /// Whether there is a password in the URL of ZooKeeper.
    fn has_password(&self) -> bool {
        self.flag(self.zk_flag())
            .is_some_and(|flag| matches!(flag.value(), FlagText::Secret(_)))
    }

    /// Where the daemon writes its logs.
    fn logs(&self) -> &str {
        let flag = self.flag("log_dir").and_then(|flag| match flag.value() {
            FlagText::Text(text) => Some(text.as_str()),
            _ => None,
        });
        flag.unwrap_or(&self.mesos.log_dir)
    }

    fn common(&self, cx: &mut Cx<'_>, changes: &mut Changes) {
        let text = format!("LOGS={}\nULIMIT=\"{}\"\n", self.logs(), self.mesos.ulimit);
        changes.add(cx.add(file("/etc/default/mesos").content(text)));
    }

    fn by_files(self, cx: &mut Cx<'_>, mut changes: Changes) -> Result<()> {
        let at = format!("/etc/{}", self.name());
        self.common(cx, &mut changes);
        self.default_file(cx, &mut changes);
        let zk = self.zk_flag();
        // These three the wrapper makes of variables; a file would give them twice, which no daemon forgives.
        let of_variables = |flag: &&CheckedFlag| match flag.name() {
            "log_dir" => true,
            "port" => self.daemon == Daemon::Master,
            name => name == zk,
        };
        let in_files = self.flags.iter().filter(|flag| !of_variables(flag));
        directory_of_flags(cx, &at, in_files, &self.gate, &mut changes)?;
        if let Some(flag) = self.flag(zk) {
            let content = match flag.value() {
                // Without a line feed, since no shell drops it where the daemon reads the file.
                FlagText::Secret(url) => Some(url.clone()),
                _ => flag.file().map_err(Problems::from)?.map(|placed| placed.content),
            };
            changes.add(content.map(|content| cx.add(file("/etc/mesos/zk").content(content))));
        }
        for (kind, files) in [
            ("attributes", self.attributes.map(Attributes::files)),
            ("resources", self.resources.map(Resources::files)),
        ] {
            let Some(files) = files else { continue };
            let files = files.map_err(super::cluster::wrong)?;
            // An empty one is left to the directory above it, which removes what nobody owns.
            if files.is_empty() {
                continue;
            }
            let within = format!("{at}/{kind}");
            changes.add(cx.add(directory(&within).exclusive().after(self.gate.clone())));
            for (name, content) in files {
                changes.add(
                    cx.add(
                        file(format!("{within}/{name}"))
                            .content(content)
                            .after(self.gate.clone()),
                    ),
                );
            }
        }
        self.start(cx, changes, None);
        Ok(())
    }

    fn by_default_files(self, cx: &mut Cx<'_>, mut changes: Changes) -> Result<()> {
        let mut content = self.variables()?;
        if let Some(program) = self.address_from {
            content = content.and(Content::text(format!("MESOS_IP=`{program}`\n")));
        }
        self.common(cx, &mut changes);
        let path = format!("/etc/default/{}", self.name());
        changes.add(cx.add(file(path).content(content).after(self.gate.clone())));
        // What stands in the directories becomes arguments, and arguments win.
        changes.add(
            cx.add(
                directory(format!("/etc/{}", self.name()))
                    .exclusive()
                    .after(self.gate.clone()),
            ),
        );
        self.start(cx, changes, None);
        Ok(())
    }

    fn by_environment(self, cx: &mut Cx<'_>, mut changes: Changes) -> Result<()> {
        let content = self.variables()?;
        let path = format!("/etc/default/{}", self.name());
        changes.add(cx.add(file(&path).content(content).after(self.gate.clone())));
        let unit = self.own_unit(&[], Some(&path));
        self.start(cx, changes, Some(unit));
        Ok(())
    }

    fn by_command_line(self, cx: &mut Cx<'_>, mut changes: Changes) -> Result<()> {
        let mut problems = Problems::new();
        let mut words = Vec::new();
        for flag in &self.flags {
            match flag.words() {
                Ok(more) => words.extend(more),
                Err(problem) => problems.push(problem),
            }
        }
        problems.into_result(())?;
        let path = format!("/etc/default/{}", self.name());
        let environment = !self.environment.is_empty();
        if environment {
            let lines = self.environment.iter().map(EnvironmentLine::line);
            let content = lines.fold(Content::empty(), Content::and);
            changes.add(cx.add(file(&path).content(content).after(self.gate.clone())));
        }
        let unit = self.own_unit(&words, environment.then_some(path.as_str()));
        self.start(cx, changes, Some(unit));
        Ok(())
    }

    /// All flags and other variables, one a line.
    fn variables(&self) -> Result<Content> {
        let content = variables(&self.flags)?;
        Ok(self
            .environment
            .iter()
            .map(EnvironmentLine::line)
            .fold(content, Content::and))
    }

    /// A unit of ours, for binaries that bring none.
    fn own_unit(&self, words: &[String], environment: Option<&str>) -> UnitFileBuilder {
        let Mesos { layout, version, .. } = self.mesos;
        let binary = layout.binary(self.daemon, *version);
        let open_files = self.mesos.ulimit.trim_start_matches("-n ");
        let mut unit = unit_file(layout.service(self.daemon, *version))
            .unit("Description", self.daemon.description())
            .unit("Wants", "network-online.target")
            .unit("After", "network-online.target");
        if let Some(path) = environment {
            unit = unit.service("EnvironmentFile", path);
        }
        if let Some(program) = self.address_from {
            let found = format!("/run/{}.address", layout.service(self.daemon, *version));
            // systemd reads the file once this has written it.
            unit = unit
                .service(
                    "ExecStartPre",
                    format!("/bin/sh -c 'echo MESOS_IP=$$({program}) >{found}'"),
                )
                .service("EnvironmentFile", format!("-{found}"));
        }
        unit = unit
            .exec_start(std::iter::once(&binary).chain(words))
            // A master that loses the lead ends itself, and whatever supervises it starts it again.
            .service("Restart", "always")
            .service("RestartSec", "20")
            .service("LimitNOFILE", open_files);
        if self.daemon == Daemon::Agent {
            // Tasks outlive the agent, which finds them again when it is back.
            unit = unit
                .service("KillMode", "process")
                .service("Delegate", "true")
                .service("CPUAccounting", "true")
                .service("MemoryAccounting", "true");
        }
        for (section, key, value) in &self.unit {
            unit = unit.set(section, key, value);
        }
        unit.wanted_by("multi-user.target")
    }

    /// Has the daemon run, and the other one not unless the host has its role too.
    fn start(self, cx: &mut Cx<'_>, mut changes: Changes, unit: Option<UnitFileBuilder>) {
        let Mesos { layout, version, .. } = self.mesos;
        let name = layout.service(self.daemon, *version);
        if let Some(unit) = unit {
            changes.add(cx.add(unit.after(self.gate.clone())));
        }
        match layout.init {
            Init::Systemd => {
                let running = service(name).enabled().running().listens_on(self.port);
                cx.add(running.restart_on(changes));
            }
            Init::Upstart => {
                let wrapper = wrapper(layout, *version, self.daemon);
                upstart_job(cx, name, self.daemon.description(), &wrapper, changes);
            }
            Init::SysV => {
                let wrapper = format!("{}/bin/mesos-init-wrapper", layout.prefix_of(*version));
                let script = sysv_script(name, self.daemon.description(), &wrapper, self.daemon.wrapped(layout));
                changes.add(cx.add(file(format!("/etc/init.d/{name}")).content(script).mode(0o755)));
                let running = service(name).enabled().running().listens_on(self.port);
                cx.add(running.restart_on(changes));
            }
        }
    }
}

/// Ensures that a daemon that came along with the package, and whose role the host doesn't have, isn't started.
pub(super) fn disable(cx: &mut Cx<'_>, mesos: &Mesos, other: Daemon) {
    let name = mesos.layout.service(other, mesos.version);
    if !mesos.layout.has_units() {
        return;
    }
    match mesos.layout.init {
        Init::Systemd | Init::SysV => {
            cx.add(service(name).disabled().stopped());
        }
        Init::Upstart => {
            let wrapper = wrapper(&mesos.layout, mesos.version, other);
            upstart_job_by_hand(cx, name, other.description(), &wrapper);
        }
    }
}

/// What a job of Upstart runs.
fn wrapper(layout: &MesosLayout, version: Version, daemon: Daemon) -> String {
    let role = daemon.wrapped(layout);
    format!("{}/bin/mesos-init-wrapper {role}", layout.prefix_of(version))
}

fn sysv_script(name: &str, description: &str, wrapper: &str, role: &str) -> String {
    format!(
        "#!/bin/sh\n\
         ### BEGIN INIT INFO\n\
         # Provides:          {name}\n\
         # Required-Start:    $network $remote_fs\n\
         # Required-Stop:     $network $remote_fs\n\
         # Default-Start:     2 3 4 5\n\
         # Default-Stop:      0 1 6\n\
         # Short-Description: {description}\n\
         ### END INIT INFO\n\
         set -eu\n\
         pid=/run/{name}.pid\n\
         start() {{ start-stop-daemon --start --oknodo --background --make-pidfile --pidfile \"$pid\" --startas {wrapper} -- {role}; }}\n\
         stop() {{ start-stop-daemon --stop --oknodo --retry 10 --pidfile \"$pid\"; rm -f \"$pid\"; }}\n\
         case ${{1:-}} in\n\
         start) start ;;\n\
         stop) stop ;;\n\
         restart | force-reload) stop; start ;;\n\
         status) start-stop-daemon --status --pidfile \"$pid\" ;;\n\
         *) echo \"usage: $0 start|stop|restart|status\" >&2; exit 2 ;;\n\
         esac\n"
    )
}
