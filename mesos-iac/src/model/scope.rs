use super::{Code, Problem, Value, short_type_name};
use crate::words::{HostName, Location};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where an attribute was set, and so how much that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The key's own default; shadowed by everything.
    Default,
    /// The whole cluster.
    Global,
    /// The host's appliance.
    Appliance,
    /// The host's declared operating system.
    Os,
    /// The host's environment.
    Environment,
    /// The host itself.
    Host,
    /// `--set` or `--inputs`, for all hosts.
    Input,
    /// `--inputs`, for this host.
    HostInput,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::Global => "global",
            Self::Appliance => "appliance",
            Self::Os => "os",
            Self::Environment => "environment",
            Self::Host => "host",
            Self::Input => "input",
            Self::HostInput => "input for the host",
        })
    }
}

/// In which order scopes shadow each other. The last scope that sets an attribute wins.
///
/// Without a word of the definition it is [`Precedence::Stacki5_4`]. Stacki's releases and documents disagree about the order, so each order is a profile with a name. Inputs come last in
/// all of them: whoever runs the program has the last word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Precedence {
    /// global, appliance, os, environment, host: Stacki's code from 5.4 on.
    #[default]
    Stacki5_4,
    /// global, os, appliance, environment, host: Stacki's code up to 5.3.
    Stacki1_0,
    /// global, environment, os, appliance, host: Stacki's wiki for 5.x.
    StackiWiki,
}

impl Precedence {
    /// The scopes, from the one that every other shadows to the one that wins.
    #[must_use]
    pub const fn scopes(self) -> [Scope; 8] {
        use Scope::{Appliance, Default, Environment, Global, Host, HostInput, Input, Os};
        match self {
            Self::Stacki5_4 => [Default, Global, Appliance, Os, Environment, Host, Input, HostInput],
            Self::Stacki1_0 => [Default, Global, Os, Appliance, Environment, Host, Input, HostInput],
            Self::StackiWiki => [Default, Global, Environment, Os, Appliance, Host, Input, HostInput],
        }
    }
}

/// An attribute that was set somewhere.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The attribute's name.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Where it was set.
    pub origin: Origin,
}

/// What set an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Origin {
    /// A line of the definition.
    Source(Location),
    /// An input: the option or the file it came by.
    Input(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(at) => at.fmt(f),
            Self::Input(by) => f.write_str(by),
        }
    }
}

/// The attributes that one scope sets, in the order in which they were set; the last one of a name counts.
#[derive(Debug, Clone, Default)]
pub struct Assignments(Vec<Assignment>);

impl Assignments {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets an attribute.
    pub fn push(&mut self, assignment: Assignment) {
        self.0.push(assignment);
    }

    /// The values that this scope sets for the attribute, the one that counts last.
    pub fn of<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Assignment> {
        self.0.iter().filter(move |assignment| assignment.key == key)
    }

    /// Everything that this scope sets.
    pub fn iter(&self) -> impl Iterator<Item = &Assignment> {
        self.0.iter()
    }

    /// Adds everything that `other` sets.
    pub fn append(&mut self, other: &Self) {
        self.0.extend(other.0.iter().cloned());
    }
}

/// Why an attribute couldn't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttributeError {
    /// No scope sets it and it has no default.
    #[error("attribute `{key}` isn't set for {host}: searched {searched} (read at {at})")]
    Unset {
        /// The attribute.
        key: String,
        /// The host it was read for.
        host: HostName,
        /// The scopes that were searched.
        searched: String,
        /// Where it was declared, if the cluster knows.
        declared: Option<Location>,
        /// Where it was read.
        at: Location,
    },
    /// It was set as another type than it is read as.
    #[error("attribute `{key}` is read as {read} at {at}, but was set as {set} at {origin}")]
    WrongType {
        /// The attribute.
        key: String,
        /// The type it is read as.
        read: String,
        /// The type it was set as.
        set: String,
        /// Where it was read.
        at: Location,
        /// What set it.
        origin: String,
    },
    /// It is read for a host's address, which was not declared.
    #[error("host {host} has no address (read at {at})")]
    NoAddress {
        /// The host.
        host: HostName,
        /// Where it was read.
        at: Location,
    },
}

impl AttributeError {
    /// The mistake in the definition that this amounts to.
    #[must_use]
    pub fn to_problem(&self) -> Problem {
        match self {
            Self::Unset { key, host, searched, declared, at } => {
                let message = format!("attribute `{key}` is read but not set; searched {searched}");
                let problem = Problem::new(Code::UnsetAttribute, message).on(host).at("read", at.clone());
                let problem = match declared {
                    Some(declared) => problem.at("the attribute is declared", declared.clone()),
                    None => problem,
                };
                problem.hint(format!("set it with `.set(…)`, with `--set {key}=VALUE`, or give it a default"))
            }
            Self::WrongType { key, read, set, at, origin } => Problem::new(
                Code::ConflictingTypes,
                format!("attribute `{key}` has two types: it is read as {read}, and was set as {set} by {origin}"),
            )
            .at("read", at.clone())
            .hint("use one key for one attribute, or give the second one a prefix: `#[attributes(prefix = \"…\")]`"),
            Self::NoAddress { host, at } => {
                Problem::new(Code::UnsetAttribute, "the host's address is read but was not declared")
                    .on(host)
                    .at("read", at.clone())
                    .hint("declare it with `.addr(\"10.0.0.1\")`, or give it in a file of inputs: `[host.NAME] address = \"10.0.0.1\"`")
            }
        }
    }

    pub(crate) fn wrong_type<T>(assignment: &Assignment, at: Location) -> Self {
        Self::WrongType {
            key: assignment.key.clone(),
            read: short_type_name(std::any::type_name::<T>()),
            set: short_type_name(assignment.value.type_name()),
            at,
            origin: assignment.origin.to_string(),
        }
    }
}
