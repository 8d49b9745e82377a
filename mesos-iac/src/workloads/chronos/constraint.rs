use crate::workloads::marathon::{Constraint, ConstraintError, Field};
use serde_json::{Value as Json, json};
use std::fmt;

/// Where a job may run: an attribute of the agents, compared with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobConstraint {
    operator: &'static str,
    /// The one of Marathon that the same agents satisfy.
    same: Constraint,
}

impl JobConstraint {
    /// Only agents whose attribute has this value.
    #[must_use]
    pub fn equals(attribute: impl Into<Field>, value: impl Into<String>) -> Self {
        Self {
            operator: "EQUALS",
            same: Constraint::is(attribute, value),
        }
    }

    /// Only agents whose attribute matches all of the regular expression.
    #[must_use]
    pub fn like(attribute: impl Into<Field>, pattern: impl Into<String>) -> Self {
        Self {
            operator: "LIKE",
            same: Constraint::like(attribute, pattern),
        }
    }

    /// Only agents whose attribute doesn't match all of the regular expression. Of agents without the attribute nothing is
    /// said here: they count as satisfying it.
    #[must_use]
    pub fn unlike(attribute: impl Into<Field>, pattern: impl Into<String>) -> Self {
        Self {
            operator: "UNLIKE",
            same: Constraint::unlike(attribute, pattern),
        }
    }

    /// The one of Marathon that the same agents satisfy.
    #[must_use]
    pub const fn same(&self) -> &Constraint {
        &self.same
    }

    pub(super) fn check(&self) -> Result<(), ConstraintError> {
        match self.same.check() {
            // What `IS` of Marathon allows in a value is no concern of Chronos.
            Err(ConstraintError::Characters(_)) => Ok(()),
            other => other,
        }
    }

    pub(super) fn to_json(&self) -> Json {
        json!([self.same.field(), self.operator, self.same.value().unwrap_or_default()])
    }
}

impl fmt::Display for JobConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.same.value().unwrap_or_default();
        write!(f, "{} {} {value}", self.same.field(), self.operator)
    }
}
