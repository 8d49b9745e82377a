use crate::words::{HostName, Location, ResourceId, visible};
use serde::Serialize;
use std::fmt;

/// A mistake in a definition: what, where, why, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which sort of mistake.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// On which host, if it concerns one.
    pub host: Option<HostName>,
    /// In which resource, if it concerns one.
    pub resource: Option<ResourceId>,
    /// The places in the source that have to do with it.
    pub places: Vec<Place>,
    /// What to do next.
    pub hint: Option<String>,
}

/// A place that has to do with a problem, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// What happened there, such as `declared here`.
    pub label: String,
    /// Where.
    pub at: Location,
}

/// The sorts of mistakes, each under a stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// A name, path, mode, pattern or command that can't be one.
    InvalidValue,
    /// The definition has no hosts.
    EmptyCluster,
    /// A host pattern that matches no declared host.
    NoHostMatches,
    /// Two hosts, appliances or the like under one name.
    DuplicateName,
    /// A name that nothing was declared under.
    UnknownName,
    /// An attribute that is read and was never set.
    UnsetAttribute,
    /// An attribute key that nothing declares.
    UnknownAttribute,
    /// A value that isn't of its attribute's type.
    WrongType,
    /// One attribute name with two types.
    ConflictingTypes,
    /// One kind, role or attribute name for two types.
    DuplicateRegistration,
    /// A role that is included twice with different settings.
    UnequalRoles,
    /// A role or a resource couldn't be built.
    FailedDeclaration,
    /// Two resources that own the same thing.
    TwoWriters,
    /// A dependency on something that isn't declared on this host.
    DanglingReference,
    /// A dependency on a resource of another host.
    ForeignHandle,
    /// Resources that wait for each other.
    Cycle,
    /// A flag that a daemon of the declared version doesn't read, or not so.
    InvalidFlag,
    /// An app or job that its scheduler would refuse.
    InvalidWorkload,
    /// An app or job that none of the declared agents could run.
    UnplaceableWorkload,
    /// What a lint of this name found.
    Lint(&'static str),
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Code {
    /// The stable name, such as `two-writers`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidValue => "invalid-value",
            Self::EmptyCluster => "empty-cluster",
            Self::NoHostMatches => "no-host-matches",
            Self::DuplicateName => "duplicate-name",
            Self::UnknownName => "unknown-name",
            Self::UnsetAttribute => "unset-attribute",
            Self::UnknownAttribute => "unknown-attribute",
            Self::WrongType => "wrong-type",
            Self::ConflictingTypes => "conflicting-types",
            Self::DuplicateRegistration => "duplicate-registration",
            Self::UnequalRoles => "unequal-roles",
            Self::FailedDeclaration => "failed-declaration",
            Self::TwoWriters => "two-writers",
            Self::DanglingReference => "dangling-reference",
            Self::ForeignHandle => "foreign-handle",
            Self::Cycle => "cycle",
            Self::InvalidFlag => "invalid-flag",
            Self::Lint(name) => name,
            Self::InvalidWorkload => "invalid-workload",
            Self::UnplaceableWorkload => "unplaceable-workload",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Problem {
    /// A mistake of this sort.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            host: None,
            resource: None,
            places: Vec::new(),
            hint: None,
        }
    }

    /// Adds a place that has to do with it.
    #[must_use]
    pub fn at(mut self, label: impl Into<String>, at: Location) -> Self {
        self.places.push(Place {
            label: label.into(),
            at,
        });
        self
    }

    /// Says which host it concerns.
    #[must_use]
    pub fn on(mut self, host: &HostName) -> Self {
        self.host = Some(host.clone());
        self
    }

    /// Says which resource it concerns.
    #[must_use]
    pub fn of(mut self, resource: &ResourceId) -> Self {
        self.resource = Some(resource.clone());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] ", self.code)?;
        if let Some(host) = &self.host {
            write!(f, "{host}: ")?;
        }
        if let Some(resource) = &self.resource {
            write!(f, "{resource}: ")?;
        }
        // Keys and values from inputs stand in the message, and may mean to look like other lines.
        f.write_str(&visible(&self.message))?;
        for place in &self.places {
            write!(f, "\n  {} at {}", visible(&place.label), place.at)?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {}", visible(hint))?;
        }
        Ok(())
    }
}

/// All mistakes that were found, in a stable order. Never empty where it is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// No mistakes yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one, unless it was found already.
    pub fn push(&mut self, problem: Problem) {
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    /// Adds all of these.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    /// The mistakes.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// Whether none was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many were found.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// `value`, if there are no mistakes.
    ///
    /// # Errors
    /// There are.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
