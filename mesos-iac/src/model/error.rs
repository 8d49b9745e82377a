use super::{AttributeError, Code, Problem, Problems, Sha256DigestError, SystemError, TemplateError, short_role_name};
use crate::words::{CommandLineError, DurationError, ModeError, NameError, PathError, PatternError, SecretSourceError};
use std::fmt;

/// `Result` with this crate's [`enum@Error`] unless another error is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in a definition or a resource. All but the first read after "failed to".
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The definition has mistakes; all of them, not only the first.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// A host couldn't answer or be changed.
    #[error(transparent)]
    System(#[from] SystemError),
    /// An attribute couldn't be read or set.
    #[error("read an attribute: {0}")]
    Attribute(Box<AttributeError>),
    /// A template couldn't be rendered.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A name was refused.
    #[error("read a name: {0}")]
    Name(#[from] NameError),
    /// A path was refused.
    #[error("read a path: {0}")]
    Path(#[from] PathError),
    /// A host pattern was refused.
    #[error("read the {0}")]
    Pattern(#[from] PatternError),
    /// A mode was refused.
    #[error("read a mode: {0}")]
    Mode(#[from] ModeError),
    /// A digest was refused.
    #[error("read a digest: {0}")]
    Digest(#[from] Sha256DigestError),
    /// A length of time was refused.
    #[error("read a length of time: {0}")]
    Duration(#[from] DurationError),
    /// A command was refused.
    #[error("read a command: {0}")]
    Command(#[from] CommandLineError),
    /// A secret's source was refused.
    #[error("read a secret's source: {0}")]
    Secret(#[from] SecretSourceError),
    /// What comes of a mistake that is told where it was made, and isn't told itself: made by
    /// [`Cx::no_endpoint_of`](super::Cx::no_endpoint_of).
    #[error(transparent)]
    Follows(Consequence),
    /// Anything else, in words.
    #[error("{0}")]
    Message(String),
}

/// An error that follows from one that is told elsewhere. Only the context makes it, which knows that this is so: else a
/// definition could fail without a word.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Consequence(pub(super) Box<Error>);

// Boxed, so that a `Result` with this error stays small.
impl From<AttributeError> for Error {
    fn from(error: AttributeError) -> Self {
        Self::Attribute(Box::new(error))
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl Error {
    /// An error in words. They start in lower case and read after "failed to".
    #[must_use]
    pub fn message(text: impl Into<String>) -> Self {
        Self::Message(text.into())
    }

    /// The mistakes in the definition that it amounts to, and the role that made them, if one did.
    pub(crate) fn into_problems(self, role: Option<&str>) -> Problems {
        let invalid = |error: &dyn fmt::Display| Problem::new(Code::InvalidValue, error.to_string()).into();
        match self {
            Self::Problems(problems) => problems,
            Self::Follows(_) => Problems::new(),
            Self::Attribute(error) => error.to_problem().into(),
            // What a value should have been is all there is to say.
            Self::Name(error) => invalid(&error),
            Self::Path(error) => invalid(&error),
            Self::Pattern(error) => invalid(&error),
            Self::Mode(error) => invalid(&error),
            Self::Duration(error) => invalid(&error),
            Self::Command(error) => invalid(&error),
            Self::Secret(error) => invalid(&error),
            error => {
                let role = role.map(|role| format!("role {}: ", short_role_name(role)));
                let message = format!("{}failed to {error}", role.unwrap_or_default());
                Problem::new(Code::FailedDeclaration, message).into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{AbsPath, CommandLine, HostPattern, SecretSource, check_account_name};

    #[test]
    fn every_error_reads_after_failed_to() {
        let missing = |what: &str| SystemError::Missing {
            what: what.to_owned(),
            name: "zookeeper".to_owned(),
        };
        let no_directory = SystemError::NoDirectory {
            path: AbsPath::new("/srv/a/b").unwrap(),
            directory: AbsPath::new("/srv/a").unwrap(),
        };
        let token = SecretSource::Environment("TOKEN".into());
        for (error, sentence) in [
            (
                Error::from(missing("user")),
                "failed to find the user `zookeeper` on the host: there is none",
            ),
            (
                missing("unit").into(),
                "failed to find the unit `zookeeper` on the host: there is none",
            ),
            (
                no_directory.into(),
                "failed to create /srv/a/b: its directory /srv/a doesn't exist",
            ),
            (
                SystemError::NoSecret(token).into(),
                "failed to reveal the secret env:TOKEN: its value didn't come with this run",
            ),
            (
                check_account_name("Bad Name").unwrap_err().into(),
                "failed to read a name: \"Bad Name\" is no name of a user or group: expected at most 32 lower-case \
                 letters, digits, `_` and `-`, a letter or `_` first",
            ),
            (
                CommandLine::new(Vec::<String>::new()).unwrap_err().into(),
                "failed to read a command: a command needs a program: the list is empty",
            ),
            (
                HostPattern::new("").unwrap_err().into(),
                "failed to read the host pattern \"\": it is empty",
            ),
        ] {
            assert_eq!(format!("failed to {error}"), sentence);
        }
    }
}
