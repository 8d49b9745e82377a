//! What every promise is shown on: the hosts, and the programs that work on them.

use crate::bed::Bed;
use crate::builds::Builds;
use crate::program::{Program, Report};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::OnceLock;

/// The hosts of `examples/stacki_mesos.rs`; the first is the master.
pub(crate) const STACKI: [&str; 5] = [
    "backend-0-0",
    "backend-0-1",
    "backend-0-2",
    "backend-0-3",
    "backend-0-4",
];

/// The hosts of `definitions/lab.rs`.
pub(crate) const LAB: [&str; 10] = [
    "lab-0-0", "lab-0-1", "lab-0-2", "lab-0-3", "lab-0-4", "lab-0-5", "lab-0-6", "lab-0-7", "lab-0-8", "lab-0-9",
];

/// Whoever an example needs is played by these.
pub(crate) const STAGE: [&str; 10] = [
    "stage-0", "stage-1", "stage-2", "stage-3", "stage-4", "stage-5", "stage-6", "stage-7", "stage-8", "stage-9",
];

/// The ways in which hosts are reached: the option's value, and a login.
pub(crate) const WAYS: [(&str, &str); 2] = [("libssh2", "root"), ("openssh", "deploy")];

pub(crate) struct Suite {
    pub(crate) bed: Bed,
    pub(crate) builds: Builds,
    first_apply: OnceLock<Report>,
}

impl Suite {
    /// Builds the programs and makes the hosts.
    ///
    /// # Errors
    /// A line that says what this machine lacks.
    pub(crate) fn prepare() -> Result<Self, String> {
        let owner = std::fs::metadata("/proc/self").map_err(|error| format!("/proc can't be read: {error}"))?;
        if owner.uid() != 0 {
            return Err("it needs root, since its hosts are containers with networks of their own".to_owned());
        }
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        if !release.lines().any(|line| line == "VERSION_ID=\"12\"") {
            return Err(
                "it needs Debian 12: hosts are of the machine's release, and its definitions declare that".to_owned(),
            );
        }
        // Hosts first: a machine that can't make them says so at once.
        let bed = Bed::raise(&[&STACKI[..], &LAB[..], &STAGE[..]].concat())?;
        let builds = Builds::make()?;
        Ok(Self {
            bed,
            builds,
            first_apply: OnceLock::new(),
        })
    }

    /// The program of `examples/stacki_mesos.rs`, with the testbed's addresses and the kinds-only agent.
    pub(crate) fn stacki(&self) -> Program<'_> {
        let zookeeper = format!("zookeeper_ip={}", self.bed.address(STACKI[0]));
        Program::new(&self.bed, &self.builds.stacki)
            .with(["--inputs", &self.bed.inputs("stacki", &STACKI)])
            .with(["--set", &zookeeper])
            .agent(&self.builds.agent)
    }

    /// The program of `definitions/lab.rs`, likewise.
    pub(crate) fn lab(&self) -> Program<'_> {
        self.lab_program(&self.builds.lab)
    }

    /// Another build of it.
    pub(crate) fn lab_program(&self, file: &Path) -> Program<'_> {
        Program::new(&self.bed, file)
            .with(["--inputs", &self.bed.inputs("lab", &LAB)])
            .agent(&self.builds.agent)
    }

    /// What the first apply of the stacki cluster reported; it is made when it is first asked for.
    pub(crate) fn first_apply(&self) -> &Report {
        self.first_apply
            .get_or_init(|| self.stacki().report(&["apply", "--detailed-exitcode"], 2))
    }
}
