use crate::roles::Source;
use crate::roles::framework::{Placement, placement_methods};
use crate::roles::mesos::Init;

/// Where Chronos is, and what starts it.
///
/// Chronos takes flags as arguments alone, whatever they are read from: every user of the host sees them.
///
/// ```
/// use mesos_iac::roles::chronos::ChronosLayout;
/// use mesos_iac::roles::mesos::Init;
///
/// let of_old_hosts = ChronosLayout::mesosphere().init(Init::Upstart);
/// let of_ours = ChronosLayout::archive("/opt/chronos").java("openjdk-8-jre-headless");
/// # let _ = (of_old_hosts, of_ours);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a layout takes effect when it is given to a role"]
pub struct ChronosLayout {
    pub(super) placement: Placement,
    program: Option<String>,
}

impl Default for ChronosLayout {
    fn default() -> Self {
        Self::mesosphere()
    }
}

impl ChronosLayout {
    /// Mesosphere's packages, which bring the unit: one file for each flag in `/etc/chronos/conf`.
    pub fn mesosphere() -> Self {
        Self {
            placement: Placement::packaged("chronos"),
            program: None,
        }
    }

    /// A Chronos below this directory that brings no unit, such as an unpacked archive: `bin/chronos`, which hands its
    /// arguments on, is started by a unit of ours.
    pub fn archive(prefix: impl Into<String>) -> Self {
        Self {
            placement: Placement::archive(prefix.into()),
            program: None,
        }
    }

    /// What a job of Upstart or a unit of ours starts; `/usr/bin/chronos` or the archive's `bin/chronos` unless said. Early
    /// packages have it in `/usr/local/bin`.
    pub fn program(mut self, path: impl Into<String>) -> Self {
        self.program = Some(path.into());
        self
    }

    pub(super) fn binary(&self) -> String {
        match (&self.program, &self.placement.archive) {
            (Some(program), _) => program.clone(),
            (None, Some(prefix)) => format!("{prefix}/bin/chronos"),
            (None, None) => "/usr/bin/chronos".to_owned(),
        }
    }
}

placement_methods!(ChronosLayout);
