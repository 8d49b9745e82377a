use crate::roles::mesos::Init;
use crate::roles::{Source, Version};

/// Where a package of Marathon reads its flags. Chosen by the version: up to 1.4 one file for each flag in
/// `/etc/marathon/conf`, from 1.5 on the variables of `/etc/default/marathon` and nothing else.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a layout takes effect when it is given to a role"]
pub struct MarathonLayout {
    pub(super) own_unit: bool,
    pub(super) init: Init,
    pub(super) prefix: Option<String>,
    pub(super) source: Source,
    pub(super) java: Option<String>,
}

/// Debian's package of Java.
pub(in crate::roles) const JAVA: &str = "default-jre-headless";

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
            own_unit: false,
            init: Init::Systemd,
            prefix: None,
            source: Source::packages(["marathon"]),
            java: Some(JAVA.to_owned()),
        }
    }

    /// A Marathon below this directory that brings no unit, such as an unpacked archive: started by a unit of ours, with
    /// flags as variables.
    pub fn archive(prefix: impl Into<String>) -> Self {
        Self {
            own_unit: true,
            init: Init::Systemd,
            prefix: Some(prefix.into()),
            source: Source::present(),
            java: Some(JAVA.to_owned()),
        }
    }

    /// Where the software comes from.
    pub fn source(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// The package of the Java that it runs on; Debian's `default-jre-headless` unless said. No package of Marathon brings
    /// one along.
    pub fn java(mut self, package: impl Into<String>) -> Self {
        self.java = Some(package.into());
        self
    }

    /// Says that Java is on the host already, or that something else brings it.
    pub fn java_is_present(mut self) -> Self {
        self.java = None;
        self
    }

    /// What starts it; systemd unless said. For Upstart the job is written, since it names the binary, which moved from
    /// `/usr/local/bin` to `/usr/bin` with 0.8.0.
    pub const fn init(mut self, init: Init) -> Self {
        self.init = init;
        self
    }

    pub(super) fn flags_in(&self, version: Version) -> FlagsIn {
        match self.own_unit || version >= Version::new(1, 5, 0) {
            true => FlagsIn::Environment,
            false => FlagsIn::Directory,
        }
    }

    pub(super) fn binary(&self, version: Version) -> String {
        match &self.prefix {
            Some(prefix) => format!("{prefix}/bin/marathon"),
            None if version < Version::new(0, 8, 0) => "/usr/local/bin/marathon".to_owned(),
            None => "/usr/bin/marathon".to_owned(),
        }
    }
}
