use crate::roles::framework::{Placement, placement_methods};
use crate::roles::mesos::Init;
use crate::roles::{Source, Version};

/// Where a package of Marathon reads its flags. Chosen by the version: up to 1.4 one file for each flag in
/// `/etc/marathon/conf`, from 1.5 on the variables of `/etc/default/marathon` and nothing else.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a layout takes effect when it is given to a role"]
pub struct MarathonLayout {
    pub(super) placement: Placement,
}

/// Where flags stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlagsIn {
    /// A file for each, in `/etc/marathon/conf`.
    Directory,
    /// Variables in `/etc/default/marathon`.
    Environment,
}

impl MarathonLayout {
    /// Mesosphere's packages, which bring the unit.
    pub fn mesosphere() -> Self {
        Self {
            placement: Placement::packaged("marathon"),
        }
    }

    /// A Marathon below this directory that brings no unit, such as an unpacked archive: started by a unit of ours, with
    /// flags as variables.
    pub fn archive(prefix: impl Into<String>) -> Self {
        Self {
            placement: Placement::archive(prefix.into()),
        }
    }

    pub(super) fn flags_in(&self, version: Version) -> FlagsIn {
        match self.placement.has_own_unit() || version >= Version::new(1, 5, 0) {
            true => FlagsIn::Environment,
            false => FlagsIn::Directory,
        }
    }

    pub(super) fn binary(&self, version: Version) -> String {
        match &self.placement.archive {
            Some(prefix) => format!("{prefix}/bin/marathon"),
            None if version < Version::new(0, 8, 0) => "/usr/local/bin/marathon".to_owned(),
            None => "/usr/bin/marathon".to_owned(),
        }
    }
}

placement_methods!(MarathonLayout);
