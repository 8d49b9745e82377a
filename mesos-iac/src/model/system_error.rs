use crate::words::{AbsPath, CommandLine, HumanDuration, SecretSource};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a system couldn't answer or act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SystemError {
    /// The kernel refused.
    #[error("{action} {path}: {why}")]
    Path {
        /// What was tried, as a verb.
        action: String,
        /// On which path.
        path: AbsPath,
        /// The reason given.
        why: String,
    },
    /// A directory that should go holds something still.
    #[error("remove {path}: the directory isn't empty")]
    NotEmpty {
        /// The directory.
        path: AbsPath,
    },
    /// The directory that should hold the path doesn't exist.
    #[error("create {path}: its directory {directory} doesn't exist")]
    NoDirectory {
        /// What was to be made.
        path: AbsPath,
        /// What is missing.
        directory: AbsPath,
    },
    /// Something that a resource works on doesn't exist on the host.
    #[error("find the {what} `{name}` on the host: there is none")]
    Missing {
        /// The sort of thing: `user`, `group`, `unit`.
        what: String,
        /// Its name.
        name: String,
    },
    /// A tool ended with an error.
    #[error("run `{command}`: {ended}{}", .stderr.trim_end().lines().last().map(|line| format!(": {line}")).unwrap_or_default())]
    Tool {
        /// The tool and its arguments.
        command: CommandLine,
        /// How it ended.
        ended: Ended,
        /// The end of what it wrote to its standard error.
        stderr: String,
    },
    /// A tool couldn't be started.
    #[error("start `{command}`: {why}")]
    Start {
        /// The tool and its arguments.
        command: CommandLine,
        /// The reason given.
        why: String,
    },
    /// A tool took too long and was ended.
    #[error("run `{command}`: not done after {after}, ended")]
    TimedOut {
        /// The tool and its arguments.
        command: CommandLine,
        /// The time it had.
        after: HumanDuration,
    },
    /// A program didn't answer on HTTP, or not in a way that can be understood.
    #[error("ask http://{address}{target}: {why}")]
    Http {
        /// Where it should answer.
        address: std::net::SocketAddr,
        /// What was asked.
        target: String,
        /// The reason.
        why: String,
    },
    /// A plan doesn't run what isn't marked as read-only.
    #[error("run the guard `{command}`: it isn't marked as read-only, so a plan doesn't run it")]
    GuardNotRun {
        /// The guard.
        command: CommandLine,
    },
    /// This system has no way to know.
    #[error("{system} can't know {what}")]
    Unknowable {
        /// The system: a sandbox, a fake.
        system: String,
        /// What was asked.
        what: String,
    },
    /// The host lacks something that this kind of resource works with.
    #[error("find {what} on the host: {why}")]
    Unsupported {
        /// What is lacking, such as `dpkg`.
        what: String,
        /// What that means.
        why: String,
    },
    /// The value of a secret didn't come with the run.
    #[error("reveal the secret {0}: its value didn't come with this run")]
    NoSecret(SecretSource),
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

/// How a tool ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// By itself, with this exit status.
    Exit(i32),
    /// By this signal.
    Signal(i32),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit status {code}"),
            Self::Signal(signal) => write!(f, "ended by signal {signal}"),
        }
    }
}
