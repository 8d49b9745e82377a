use super::{AttributeError, Problems, SystemError, TemplateError};
use crate::words::{CommandLineError, DurationError, ModeError, NameError, PathError, PatternError, SecretSourceError};

/// `Result` with this crate's [`enum@Error`] unless another error is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in a definition or a resource.
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
    #[error(transparent)]
    Attribute(Box<AttributeError>),
    /// A template couldn't be rendered.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A name was refused.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A path was refused.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A host pattern was refused.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// A mode was refused.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// A length of time was refused.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// A command was refused.
    #[error(transparent)]
    Command(#[from] CommandLineError),
    /// A secret's source was refused.
    #[error(transparent)]
    Secret(#[from] SecretSourceError),
    /// Anything else, in words.
    #[error("{0}")]
    Message(String),
}

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
}
