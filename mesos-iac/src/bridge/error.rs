use crate::words::CommandLine;
use std::path::PathBuf;

/// Why a run of the bridge changed nothing, or not all that it had to. Each message reads after "failed to".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BridgeError {
    /// Its own configuration can't be used.
    #[error("read the bridge's configuration {}: {why}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The bridge can't log in to a Marathon as it was told to. Nothing of what the file holds is told.
    #[error("read the name and the password for Marathon in {}: {why}", path.display())]
    Credentials {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// No Marathon says what is running.
    #[error("ask a Marathon for its tasks: {}; the last configuration stays", why.join("; "))]
    NoAnswer {
        /// What each of them said, in the order in which they were asked.
        why: Vec<String>,
    },
    /// HAProxy refuses what was written.
    #[error("have HAProxy take what was written: `{command}` ends with {ended}: {said}; the last configuration stays")]
    Refused {
        /// What looked at it.
        command: CommandLine,
        /// How that ended.
        ended: String,
        /// What it said, on one line.
        said: String,
    },
    /// The new file is in place, and HAProxy doesn't read it.
    #[error("reload HAProxy: `{command}` ends with {ended}: {said}; the next run tries again")]
    Reload {
        /// What was to reload it.
        command: CommandLine,
        /// How that ended.
        ended: String,
        /// What it said, on one line.
        said: String,
    },
    /// Another run of the bridge isn't done yet.
    #[error("begin: another run of the bridge has the lock {}", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// A file can't be read or written.
    #[error("{action} {}: {why}", path.display())]
    File {
        /// What was to be done with it.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it couldn't.
        why: String,
    },
}

impl BridgeError {
    /// The exit status of a run that ends with it.
    ///
    /// | status | why |
    /// |---|---|
    /// | 2 | the bridge's configuration, or a file of credentials that it names, can't be used |
    /// | 3 | no Marathon says what is running |
    /// | 4 | HAProxy refuses what was written |
    /// | 5 | HAProxy couldn't be reloaded |
    /// | 6 | another run isn't done yet |
    /// | 7 | a file can't be read or written |
    #[must_use]
    pub const fn exit_status(&self) -> u8 {
        match self {
            Self::Config { .. } | Self::Credentials { .. } => 2,
            Self::NoAnswer { .. } => 3,
            Self::Refused { .. } => 4,
            Self::Reload { .. } => 5,
            Self::Busy { .. } => 6,
            Self::File { .. } => 7,
        }
    }
}
