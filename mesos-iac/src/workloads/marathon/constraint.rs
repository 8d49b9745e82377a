use super::version::{MarathonLine as _, Since};
use crate::model::{Key, nearest};
use crate::roles::Version;
use crate::workloads::pattern::{Pattern, PatternError};
use serde_json::{Value as Json, json};
use std::fmt;

/// Where instances may be placed: a field of the agents, an operator, and what it is compared with.
///
/// ```
/// use mesos_iac::prelude::*;
/// use mesos_iac::workloads::marathon::Constraint;
///
/// #[derive(Attributes)]
/// struct Lab {
///     rack: String,
/// }
/// # fn main() {
/// // An attribute of the definition is a field where its agents publish it under its name.
/// let one_rack = Constraint::cluster(Lab::RACK, "r1");
/// let apart = Constraint::unique("hostname");
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    field: String,
    operator: Operator,
    value: Option<String>,
}

/// The field of a constraint: `hostname`, an attribute of the agents by its name or its key, and from 1.6 on `@hostname`,
/// `@region` and `@zone`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field(String);

impl From<&str> for Field {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl From<String> for Field {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl<T> From<Key<T>> for Field {
    fn from(key: Key<T>) -> Self {
        Self(key.name().to_owned())
    }
}

/// How a constraint compares. An agent without the field is refused by all but [`Operator::Unlike`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// No two instances with one value.
    Unique,
    /// All instances with one value: the given one, or that of the first instance.
    Cluster,
    /// Instances spread evenly over the values.
    GroupBy,
    /// The whole value matches.
    Like,
    /// The whole value doesn't match, or there is none.
    Unlike,
    /// At most so many instances with one value. From 1.2 on.
    MaxPer,
    /// The value equals. From 1.6 on.
    Is,
}

/// Why something isn't a constraint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintError {
    /// It isn't two or three texts.
    #[error("a constraint is a field, an operator and at most one value, and this has {0} parts")]
    Parts(usize),
    /// It has no field.
    #[error("the constraint names no field")]
    NoField,
    /// There is no such operator.
    #[error("there is no operator `{found}`; {hint}")]
    Operator {
        /// What stands there.
        found: String,
        /// What may have been meant.
        hint: String,
    },
    /// The operator takes no value.
    #[error("UNIQUE takes no value, and this has `{0}`; `[\"{1}\", \"UNIQUE\"]` is right")]
    Value(String, String),
    /// The operator needs a value.
    #[error("{0} needs a value")]
    NoValue(Operator),
    /// The value is no whole number.
    #[error("{0} needs a whole number from 1 on, and this has `{1}`")]
    Number(Operator, String),
    /// The value has other characters than `IS` takes.
    #[error("IS takes letters, digits, `_`, `/`, `.` and `-`, and this has `{0}`")]
    Characters(String),
    /// The value is no regular expression.
    #[error("{0} needs a regular expression: failed to {1}")]
    Pattern(Operator, PatternError),
}

impl Operator {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Unique,
        Self::Cluster,
        Self::GroupBy,
        Self::Like,
        Self::Unlike,
        Self::MaxPer,
        Self::Is,
    ];

    /// As Marathon spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unique => "UNIQUE",
            Self::Cluster => "CLUSTER",
            Self::GroupBy => "GROUP_BY",
            Self::Like => "LIKE",
            Self::Unlike => "UNLIKE",
            Self::MaxPer => "MAX_PER",
            Self::Is => "IS",
        }
    }

    pub(super) const fn since(self) -> Option<Since> {
        match self {
            Self::MaxPer => Some(Since::new((1, 1), (1, 2))),
            Self::Is => Some(Since::new((1, 5), (1, 6))),
            _ => None,
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Constraint {
    fn new(field: impl Into<Field>, operator: Operator, value: Option<String>) -> Self {
        Self {
            field: field.into().0,
            operator,
            value,
        }
    }

    /// No two instances on agents with one value of the field.
    #[must_use]
    pub fn unique(field: impl Into<Field>) -> Self {
        Self::new(field, Operator::Unique, None)
    }

    /// Only agents whose field has this value.
    #[must_use]
    pub fn cluster(field: impl Into<Field>, value: impl Into<String>) -> Self {
        Self::new(field, Operator::Cluster, Some(value.into()))
    }

    /// All instances on agents with one value of the field, whichever the first gets.
    #[must_use]
    pub fn together(field: impl Into<Field>) -> Self {
        Self::new(field, Operator::Cluster, None)
    }

    /// Instances spread evenly over this many values of the field.
    #[must_use]
    pub fn group_by(field: impl Into<Field>, values: u32) -> Self {
        Self::new(field, Operator::GroupBy, Some(values.to_string()))
    }

    /// Only agents whose field matches all of the regular expression.
    #[must_use]
    pub fn like(field: impl Into<Field>, pattern: impl Into<String>) -> Self {
        Self::new(field, Operator::Like, Some(pattern.into()))
    }

    /// Only agents whose field doesn't match all of the regular expression, or who don't have it.
    #[must_use]
    pub fn unlike(field: impl Into<Field>, pattern: impl Into<String>) -> Self {
        Self::new(field, Operator::Unlike, Some(pattern.into()))
    }

    /// At most so many instances on agents with one value of the field.
    #[must_use]
    pub fn max_per(field: impl Into<Field>, instances: u32) -> Self {
        Self::new(field, Operator::MaxPer, Some(instances.to_string()))
    }

    /// Only agents whose field has this value; scalars are equal if three decimals are.
    #[must_use]
    pub fn is(field: impl Into<Field>, value: impl Into<String>) -> Self {
        Self::new(field, Operator::Is, Some(value.into()))
    }

    /// A constraint as an app's JSON has it: `["rack", "LIKE", "r[12]"]`, the operator in any case.
    ///
    /// # Errors
    /// Marathon would refuse it, whatever its version.
    pub fn read<T: AsRef<str>>(parts: &[T]) -> Result<Self, ConstraintError> {
        let (field, operator, value) = match parts {
            [field, operator] => (field, operator.as_ref(), None),
            [field, operator, value] => (field, operator.as_ref(), Some(value.as_ref().to_owned())),
            other => return Err(ConstraintError::Parts(other.len())),
        };
        let spelled = operator.to_ascii_uppercase();
        let known = Operator::ALL.into_iter().find(|known| known.as_str() == spelled);
        let operator = known.ok_or_else(|| ConstraintError::Operator {
            found: operator.to_owned(),
            hint: nearest(
                &spelled,
                Operator::ALL.iter().map(|known| known.as_str()),
                "see `Operator`",
            ),
        })?;
        let constraint = Self::new(field.as_ref(), operator, value);
        constraint.check()?;
        Ok(constraint)
    }

    /// What every version of Marathon would refuse.
    ///
    /// # Errors
    /// It would refuse it.
    pub fn check(&self) -> Result<(), ConstraintError> {
        if self.field.is_empty() {
            return Err(ConstraintError::NoField);
        }
        let operator = self.operator;
        match (operator, self.value.as_deref()) {
            (Operator::Unique, Some(value)) => Err(ConstraintError::Value(value.to_owned(), self.field.clone())),
            (Operator::GroupBy, Some("inf")) => Ok(()),
            (Operator::GroupBy | Operator::MaxPer, Some(value)) if !value.parse::<u32>().is_ok_and(|n| n > 0) => {
                Err(ConstraintError::Number(operator, value.to_owned()))
            }
            (Operator::Like | Operator::Unlike, Some(value)) => match Pattern::new(value) {
                Ok(_) => Ok(()),
                Err(error) => Err(ConstraintError::Pattern(operator, error)),
            },
            (Operator::Is, Some(value)) if !value.chars().all(is_plain) => {
                Err(ConstraintError::Characters(value.to_owned()))
            }
            (Operator::Like | Operator::Unlike | Operator::MaxPer | Operator::Is, None) => {
                Err(ConstraintError::NoValue(operator))
            }
            _ => Ok(()),
        }
    }

    /// What it needs that the version doesn't have, and since when that is there.
    pub(super) fn lacking(&self, version: Version) -> Option<(String, Since)> {
        let at_field = self.field.starts_with('@').then(|| Since::new((1, 5), (1, 6)));
        let operator = self
            .operator
            .since()
            .map(|since| (format!("the operator {}", self.operator), since));
        let field = at_field.map(|since| (format!("the field `{}`", self.field), since));
        operator
            .into_iter()
            .chain(field)
            .find(|(_, since)| version.lacks(*since))
    }

    /// The field.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The operator.
    #[must_use]
    pub const fn operator(&self) -> Operator {
        self.operator
    }

    /// What the field is compared with.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    pub(super) fn to_json(&self) -> Json {
        match &self.value {
            Some(value) => json!([self.field, self.operator.as_str(), value]),
            None => json!([self.field, self.operator.as_str()]),
        }
    }
}

impl fmt::Display for Constraint {
    /// `rack LIKE r[12]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.operator)?;
        self.value.as_ref().map_or(Ok(()), |value| write!(f, " {value}"))
    }
}

const fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_marathon_takes_is_taken() {
        for parts in [
            &["hostname", "unique"][..],
            &["rack", "CLUSTER"],
            &["rack", "cluster", "r1"],
            &["rack", "GROUP_BY"],
            &["rack", "GROUP_BY", "inf"],
            &["rack", "LIKE", "(?=x)y"],
            &["rack", "IS", ""],
            &["rack", "MAX_PER", "2"],
        ] {
            Constraint::read(parts).unwrap();
        }
        assert_eq!(
            Constraint::read(&["rack", "like", "a"]),
            Ok(Constraint::like("rack", "a"))
        );
        assert_eq!(Constraint::unique("hostname").to_json(), json!(["hostname", "UNIQUE"]));
    }

    #[test]
    fn operators_and_fields_come_with_versions() {
        let lacks = |constraint: &Constraint, minor| constraint.lacking(Version::new(1, minor, 0)).is_some();
        let max = Constraint::max_per("rack", 2);
        assert!(lacks(&max, 1) && !lacks(&max, 2));
        let is = Constraint::is("rack", "r1");
        assert!(lacks(&is, 5) && !lacks(&is, 6));
        let zone = Constraint::unique("@zone");
        assert!(lacks(&zone, 5) && !lacks(&zone, 6));
    }
}
