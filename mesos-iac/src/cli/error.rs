use super::exit_code;
use crate::fleet::{ProgramError, SecretError};
use crate::model::{Error, Problem, Problems, UnfitSecret};
use crate::report::Paint;
use crate::transport::{SshThreadError, TransportError};
use crate::words::{HostName, fold_names, visible};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

/// What ends a command before it is done, with what whoever runs it can do next.
#[derive(Debug)]
pub(super) struct CliError {
    kind: Kind,
    /// One mistake on each line; what belongs to the line before it is set in.
    lines: Vec<String>,
    hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The definition or the command line has a mistake.
    Usage,
    /// The program or its surroundings failed.
    Failed,
    /// A host wasn't reached.
    Unreachable,
    /// Whoever read the output has gone away, which is no mistake.
    BrokenPipe,
}

impl CliError {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            lines: vec![message.into()],
            hint: None,
        }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// The same with what belongs to it, set in below it: an excerpt of a file.
    pub(super) fn detailed(mut self, text: &str) -> Self {
        self.lines.extend(text.lines().map(|line| format!("  {line}")));
        self
    }

    pub(super) fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Both; the hint is the first one's, or else the other's.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.lines.extend(other.lines);
        self.hint = self.hint.or(other.hint);
        self
    }

    pub(super) fn is_broken_pipe(&self) -> bool {
        self.kind == Kind::BrokenPipe
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            Kind::Usage => exit_code::USAGE,
            Kind::Failed => exit_code::FAILED,
            Kind::Unreachable => exit_code::UNREACHABLE,
            Kind::BrokenPipe => exit_code::SUCCESS,
        })
    }

    /// The lines to show on standard error.
    pub(super) fn render(&self, paint: Paint) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let mark = if line.starts_with("  ") {
                String::new()
            } else {
                format!("{} ", paint.red("error:"))
            };
            // A String takes everything.
            let _infallible = writeln!(text, "{mark}{}", visible(line));
        }
        if let Some(hint) = &self.hint {
            let _infallible = writeln!(text, "{} {}", paint.cyan("hint:"), visible(hint));
        }
        text
    }
}

impl From<Problems> for CliError {
    fn from(problems: Problems) -> Self {
        Self {
            kind: Kind::Usage,
            lines: group(problems),
            hint: None,
        }
    }
}

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        match error {
            Error::Problems(problems) => problems.into(),
            error => Self::usage(format!("failed to {error}")),
        }
    }
}

impl From<std::io::Error> for CliError {
    /// Only what is shown is written without a message of its own.
    fn from(error: std::io::Error) -> Self {
        let kind = if error.kind() == std::io::ErrorKind::BrokenPipe {
            Kind::BrokenPipe
        } else {
            Kind::Failed
        };
        Self::new(kind, format!("failed to write the output: {error}"))
    }
}

impl From<serde_json::Error> for CliError {
    fn from(error: serde_json::Error) -> Self {
        if error.is_io() {
            return std::io::Error::from(error).into();
        }
        Self::usage(format!("failed to serialise: {error}"))
    }
}

impl From<SshThreadError> for CliError {
    fn from(error: SshThreadError) -> Self {
        Self::failed(format!("failed to {error}"))
    }
}

impl From<TransportError> for CliError {
    fn from(error: TransportError) -> Self {
        Self {
            hint: error.hint(),
            ..Self::new(Kind::Unreachable, format!("failed to {error}"))
        }
    }
}

impl From<ProgramError> for CliError {
    fn from(error: ProgramError) -> Self {
        Self::usage(format!("failed to {error}")).hinted(error.hint())
    }
}

impl From<SecretError> for CliError {
    fn from(error: SecretError) -> Self {
        Self::usage(format!("failed to {error}"))
    }
}

impl From<UnfitSecret> for CliError {
    fn from(error: UnfitSecret) -> Self {
        Self::usage(format!("failed to {error}"))
    }
}

/// The same mistake on many hosts is one mistake with many hosts.
pub(super) fn group(problems: Problems) -> Vec<String> {
    let mut order = Vec::<Problem>::new();
    let mut hosts = BTreeMap::<usize, Vec<HostName>>::new();
    for mut problem in problems {
        let host = problem.host.take();
        let index = order.iter().position(|other| *other == problem).unwrap_or_else(|| {
            order.push(problem);
            order.len() - 1
        });
        hosts.entry(index).or_default().extend(host);
    }
    let mut lines = Vec::new();
    for (index, problem) in order.iter().enumerate() {
        let on = hosts.remove(&index).unwrap_or_default();
        let mut shown = problem.to_string();
        if !on.is_empty() {
            // After the code, before the message, as a problem of one host stands.
            let at = shown.find("] ").map_or(0, |at| at + 2);
            shown.insert_str(at, &format!("{}: ", fold_names(&on)));
        }
        lines.extend(shown.lines().map(ToOwned::to_owned));
    }
    lines
}
