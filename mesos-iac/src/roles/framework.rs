//! What Marathon and Chronos have in common: programs on Java beside Mesos' library, from packages or from an archive, that a
//! unit of the package's starts, one of ours, or a job of Upstart.

use super::flags::EnvironmentLine;
use super::mesos::Init;
use super::placed::{Changes, plain_path, upstart_job};
use super::{Source, Version};
use crate::kinds::{PackageBuilder, directory, file, package, service, unit_file};
use crate::model::{Content, Cx, Declare as _, Endpoint, Error, Result};

/// A host has Java: a layout declares a package of it, or says that it is there.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::roles) struct HasJava;

impl Endpoint for HasJava {}

/// Debian's package of Java.
const JAVA: &str = "default-jre-headless";

/// Where such a program is, and what starts it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placement {
    pub(super) source: Source,
    /// The directory of an archive, which brings no unit.
    pub(super) archive: Option<String>,
    pub(super) init: Init,
    pub(super) java: Option<String>,
}

impl Placement {
    /// This package, which brings the unit.
    pub(super) fn packaged(name: &str) -> Self {
        Self {
            source: Source::packages([name]),
            archive: None,
            init: Init::Systemd,
            java: Some(JAVA.to_owned()),
        }
    }

    /// What was unpacked below this directory.
    pub(super) fn archive(prefix: String) -> Self {
        Self {
            source: Source::present(),
            archive: Some(prefix),
            init: Init::Systemd,
            java: Some(JAVA.to_owned()),
        }
    }

    /// Whether it is started by a unit of ours.
    pub(super) const fn has_own_unit(&self) -> bool {
        self.archive.is_some()
    }
}

/// What a layout says of a [`Placement`] in its field `placement`.
macro_rules! placement_methods {
    ($layout:ident) => {
        impl $layout {
            /// Where the software comes from, with its pin: [`pinned`](Self::pinned) is said after it.
            pub fn source(mut self, source: Source) -> Self {
                self.placement.source = source;
                self
            }

            /// Pins the packages of the source to this version, as the package manager writes it. So a host gets what the
            /// role's version says, and not what its repository has that day. A source without packages has nothing to pin,
            /// which the lint `pin-without-packages` tells.
            pub fn pinned(mut self, version: impl Into<String>) -> Self {
                self.placement.source = self.placement.source.version(version);
                self
            }

            /// The package of the Java that it runs on; Debian's `default-jre-headless` unless said. No package of it brings
            /// one along.
            pub fn java(mut self, package: impl Into<String>) -> Self {
                self.placement.java = Some(package.into());
                self
            }

            /// Says that Java is on the host already, or that something else brings it.
            pub fn java_is_present(mut self) -> Self {
                self.placement.java = None;
                self
            }

            /// What starts it; systemd unless said. For Upstart the job is written, since it names the program, which early
            /// packages have in `/usr/local/bin` and later ones in `/usr/bin`: Marathon's since 0.8.0.
            pub const fn init(mut self, init: Init) -> Self {
                self.placement.init = init;
                self
            }
        }
    };
}
pub(in crate::roles) use placement_methods;

/// Such a program on a host.
pub(super) struct Framework<'a> {
    /// What its package, its service and its files are called.
    pub(super) name: &'static str,
    /// Its name for people.
    pub(super) title: &'static str,
    pub(super) version: Version,
    pub(super) placement: &'a Placement,
    pub(super) program: String,
    pub(super) port: u16,
}

/// What a program is told beside its directory of flags.
#[derive(Default)]
pub(super) struct Told {
    /// What stands in its file of variables; empty for no such file.
    pub(super) variables: Content,
    /// Whether its package's own start reads that file.
    pub(super) is_read: bool,
    /// What follows the program in a unit of ours, as systemd reads it.
    pub(super) words: Vec<String>,
}

impl Framework<'_> {
    /// The file of its variables.
    pub(super) fn variables_file(&self) -> String {
        format!("/etc/default/{}", self.name)
    }

    /// # Errors
    /// What was said of it can't all be so.
    pub(super) fn check(&self) -> Result<()> {
        let title = self.title;
        if self.placement.has_own_unit() && self.placement.init != Init::Systemd {
            return Err(Error::message(format!(
                "start {title}: an archive is started by a unit of systemd; take `{title}Layout::mesosphere()` where Upstart or \
                 System V start services"
            )));
        }
        if self.port == 0 {
            return Err(Error::message(format!(
                "start {title}: it needs a port that others know, and 0 is any"
            )));
        }
        plain_path(&format!("where {title} is:"), &self.program)
    }

    /// Has the software, its Java and its directory on the host; what the package brings beside its unit and its file of
    /// variables is told by `provides`.
    pub(super) fn install(
        &self,
        cx: &mut Cx<'_>,
        changes: &mut Changes,
        provides: impl Fn(PackageBuilder) -> PackageBuilder,
    ) {
        let placement = self.placement;
        if let Some(java) = &placement.java {
            cx.add(package(java));
        }
        placement.source.hold_against(cx, self.title, self.version);
        changes.add(placement.source.declare(cx, |package| match placement.has_own_unit() {
            true => package,
            false => provides(package.provides_unit(self.name).provides_path(&self.variables_file())),
        }));
        // Not every package brings it.
        cx.add(directory(format!("/etc/{}", self.name)));
    }

    /// Has it run with what it is told, and restarted when any of that changes.
    ///
    /// # Errors
    /// Nothing would hand it its variables.
    pub(super) fn start(&self, cx: &mut Cx<'_>, told: Told, mut changes: Changes) -> Result<()> {
        let (name, variables) = (self.name, self.variables_file());
        let has_variables = told.variables != Content::empty();
        if has_variables && !told.is_read && self.placement.init == Init::SysV {
            let (title, version) = (self.title, self.version);
            return Err(Error::message(format!(
                "start {title}: it is told variables, such as those of `Mesos::tls`, and the System V script of its package for \
                 {version} isn't known to read {variables}; take `Init::Upstart` or `Init::Systemd` in `{title}Layout::init`, \
                 or tell it none"
            )));
        }
        if has_variables {
            changes.add(cx.add(file(&variables).content(told.variables)));
        }
        if self.placement.has_own_unit() {
            let mut unit = unit_file(format!("{name}.service"))
                .unit("Description", self.title)
                .unit("Wants", "network-online.target")
                .unit("After", "network-online.target");
            if has_variables {
                unit = unit.service("EnvironmentFile", &variables);
            }
            let command: Vec<&str> = std::iter::once(&self.program)
                .chain(&told.words)
                .map(String::as_str)
                .collect();
            let unit = unit
                .service("ExecStart", command.join(" "))
                .service("Restart", "always")
                .service("RestartSec", "60")
                .wanted_by("multi-user.target");
            changes.add(cx.add(unit));
        } else if has_variables && !told.is_read && self.placement.init == Init::Systemd {
            cx.add(directory(format!("/etc/systemd/system/{name}.service.d")));
            let unit = unit_file(format!("{name}.service")).drop_in("variables");
            changes.add(cx.add(unit.service("EnvironmentFile", &variables)));
        }
        if self.placement.init == Init::Upstart {
            let exec = match has_variables {
                // Not every start script reads them.
                true => format!("/bin/sh -c 'set -a; . {variables}; exec {}'", self.program),
                false => self.program.clone(),
            };
            upstart_job(cx, name, self.title, &exec, changes);
            return Ok(());
        }
        cx.add(
            service(name)
                .enabled()
                .running()
                .listens_on(self.port)
                .restart_on(changes),
        );
        Ok(())
    }
}

/// These variables, one a line.
pub(super) fn lines(environment: &[EnvironmentLine]) -> Content {
    environment
        .iter()
        .map(EnvironmentLine::line)
        .fold(Content::empty(), Content::and)
}
