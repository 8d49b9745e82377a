use crate::model::{Code, Error, Problem, Problems};

/// Why Mesos wouldn't read something, and what it is to be instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GrammarError(String);

impl GrammarError {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl From<GrammarError> for Error {
    /// A mistake of the definition.
    fn from(error: GrammarError) -> Self {
        Problems::from(Problem::new(Code::InvalidValue, error.to_string())).into()
    }
}
