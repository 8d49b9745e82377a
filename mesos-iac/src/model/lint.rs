use super::{Code, Problem};
use crate::words::{HostName, Location, ResourceId};
use serde::Serialize;
use std::fmt;

/// A mistake that can be built and yet hurts: an even number of masters, a password that everybody knows. `check` looks
/// for each of them in what the hosts will have, whoever wrote it, before any host is touched.
///
/// ```
/// use mesos_iac::{Level, Lint};
///
/// /// A file whose lines end in `\r\n`.
/// pub static CRLF_LINES: Lint = Lint {
///     name: "crlf-lines",
///     level: Level::Warning,
///     summary: "a configuration file has the line ends of Windows",
///     page: "Most daemons take the `\\r` for a part of the value. Write the file with `\\n`.",
/// };
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Lint {
    /// Its name, such as `two-masters`: lower case, with hyphens; unique in a program.
    pub name: &'static str,
    /// Whether it keeps hosts from being touched.
    pub level: Level,
    /// What is wrong, in one line.
    pub summary: &'static str,
    /// What is wrong, what comes of it, and what to do: its page in the documentation, in Markdown.
    pub page: &'static str,
}

/// What comes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It is told.
    Warning,
    /// The definition isn't planned or applied.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One place where a definition has the mistake that a [`Lint`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which mistake.
    pub lint: &'static Lint,
    /// What, where, and what to do next.
    pub problem: Problem,
}

impl Lint {
    /// The mistake in one definition: what exactly is wrong there, in one sentence without a full stop.
    #[must_use]
    pub fn finding(&'static self, message: impl Into<String>) -> Finding {
        Finding {
            lint: self,
            problem: Problem::new(Code::Lint(self.name), message),
        }
    }
}

impl Finding {
    /// Says which host it concerns.
    #[must_use]
    pub fn on(mut self, host: &HostName) -> Self {
        self.problem = self.problem.on(host);
        self
    }

    /// Says which resource it concerns.
    #[must_use]
    pub fn of(mut self, resource: &ResourceId) -> Self {
        self.problem = self.problem.of(resource);
        self
    }

    /// Adds a place that has to do with it.
    #[must_use]
    pub fn at(mut self, label: impl Into<String>, at: Location) -> Self {
        self.problem = self.problem.at(label, at);
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.problem = self.problem.hint(hint);
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

/// A lint that is allowed on purpose, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// Which.
    pub lint: &'static Lint,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub at: Location,
}
