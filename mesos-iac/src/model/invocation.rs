use super::Ended;
use crate::words::{AbsPath, CommandLine, HumanDuration};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a command may take unless told otherwise.
pub const COMMAND_TIME_OUT: Duration = Duration::from_secs(600);

/// A command to run, and the conditions under which it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invocation {
    /// The program and its arguments.
    pub command: CommandLine,
    /// The directory it starts in; none: the root directory.
    pub directory: Option<AbsPath>,
    /// Who runs it; none: root.
    pub user: Option<String>,
    /// Variables added to a minimal environment.
    pub environment: BTreeMap<String, String>,
    /// How long it may take before it and its children are ended.
    pub time_out: HumanDuration,
}

impl Invocation {
    /// The command, run by root in the root directory with a minimal environment.
    #[must_use]
    pub const fn new(command: CommandLine) -> Self {
        Self {
            command,
            directory: None,
            user: None,
            environment: BTreeMap::new(),
            time_out: HumanDuration(COMMAND_TIME_OUT),
        }
    }
}

/// A question that is put to the host by running a command: exit status 0 is yes, 1 is no, all else an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// What is run.
    pub invocation: Invocation,
    /// Whether the user promises that it changes nothing; only then a plan runs it.
    pub read_only: bool,
}

/// What a command left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub ended: Ended,
    /// What it wrote to its standard output, the end of it if it was much.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error, the end of it if it was much.
    pub stderr: Vec<u8>,
}
