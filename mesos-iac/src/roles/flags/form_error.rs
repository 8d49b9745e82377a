use crate::model::{Code, Error, Problem, Problems};

/// Why a value isn't of its flag's form, and how it is written right, if that can be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.told())]
pub struct FormError {
    why: String,
    right: Option<String>,
}

impl FormError {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            right: None,
        }
    }

    pub(crate) fn or(mut self, right: impl Into<String>) -> Self {
        self.right = Some(right.into());
        self
    }

    /// The value as it is to be written.
    #[must_use]
    pub fn right(&self) -> Option<&str> {
        self.right.as_deref()
    }

    /// What is wrong with it, without the right spelling.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    fn told(&self) -> String {
        match &self.right {
            Some(right) => format!("{}: write `{right}`", self.why),
            None => self.why.clone(),
        }
    }
}

impl From<FormError> for Error {
    /// A mistake of the definition.
    fn from(error: FormError) -> Self {
        Problems::from(Problem::new(Code::InvalidValue, error.to_string())).into()
    }
}
