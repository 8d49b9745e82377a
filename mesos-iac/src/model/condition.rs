use super::{Arch, AttributeValue, HostView, IntoValue, Key, Result};
use std::fmt;
use std::ops::{BitAnd, BitOr, Not};
use std::sync::Arc;

/// A typed expression over attributes and declared facts, decided when a cluster is compiled.
///
/// ```
/// use mesos_iac::prelude::*;
/// const MASTER: Key<bool> = Key::new("is_mesos_master").default(|| false);
/// const RACK: Key<String> = Key::new("rack").default(|| "r1".to_owned());
///
/// let condition = !MASTER & RACK.is("r2".to_owned()) | Condition::os("ubuntu");
/// assert_eq!(condition.to_string(), "(not is_mesos_master and rack is r2) or os is ubuntu");
/// ```
#[derive(Clone)]
pub struct Condition(Node);

#[derive(Clone)]
enum Node {
    Test(Arc<dyn Test>),
    Not(Box<Self>),
    All(Box<Self>, Box<Self>),
    Any(Box<Self>, Box<Self>),
}

trait Test: Send + Sync {
    fn holds(&self, host: &HostView<'_>) -> Result<bool>;
    fn attribute(&self) -> Option<&'static str>;
    fn describe(&self) -> String;
}

struct Is<T: AttributeValue> {
    key: Key<T>,
    value: Result<T, String>,
}

impl<T: AttributeValue> Test for Is<T> {
    fn holds(&self, host: &HostView<'_>) -> Result<bool> {
        match &self.value {
            Ok(value) => Ok(host.get(self.key)? == *value),
            Err(why) => Err(super::Error::message(format!(
                "compare attribute `{}`: {why}",
                self.key.name()
            ))),
        }
    }

    fn attribute(&self) -> Option<&'static str> {
        Some(self.key.name())
    }

    fn describe(&self) -> String {
        match &self.value {
            Ok(value) => format!("{} is {}", self.key.name(), super::Value::new(value.clone())),
            Err(_) => format!("{} is ?", self.key.name()),
        }
    }
}

struct IsTrue(Key<bool>);

impl Test for IsTrue {
    fn holds(&self, host: &HostView<'_>) -> Result<bool> {
        host.get(self.0)
    }

    fn attribute(&self) -> Option<&'static str> {
        Some(self.0.name())
    }

    fn describe(&self) -> String {
        self.0.name().to_owned()
    }
}

enum Fact {
    Os(String),
    Arch(Arch),
}

impl Test for Fact {
    fn holds(&self, host: &HostView<'_>) -> Result<bool> {
        let undeclared = |what: &str| {
            super::Error::message(format!(
                "decide `{}` for {}: its {what} isn't declared",
                self.describe(),
                host.name()
            ))
        };
        match self {
            Self::Os(id) => host
                .os()
                .map(|os| os.id == *id)
                .ok_or_else(|| undeclared("operating system")),
            Self::Arch(arch) => host.arch().map(|a| a == arch).ok_or_else(|| undeclared("architecture")),
        }
    }

    fn attribute(&self) -> Option<&'static str> {
        None
    }

    fn describe(&self) -> String {
        match self {
            Self::Os(id) => format!("os is {id}"),
            Self::Arch(arch) => format!("arch is {arch}"),
        }
    }
}

impl Condition {
    /// Whether the host's declared operating system has this `ID`, whatever its version.
    ///
    /// Deciding it for a host without a declared operating system is an error.
    #[must_use]
    pub fn os(id: impl Into<String>) -> Self {
        Self(Node::Test(Arc::new(Fact::Os(id.into()))))
    }

    /// Whether the host's declared architecture is this one.
    ///
    /// Deciding it for a host without a declared architecture is an error.
    #[must_use]
    pub fn arch(arch: Arch) -> Self {
        Self(Node::Test(Arc::new(Fact::Arch(arch))))
    }

    /// Whether it holds for this host.
    ///
    /// # Errors
    /// An attribute is unset, or a fact isn't declared.
    pub fn holds(&self, host: &HostView<'_>) -> Result<bool> {
        self.0.holds(host)
    }

    /// The names of the attributes it reads, in the order in which they stand.
    #[must_use]
    pub fn attributes(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        self.0.attributes(&mut names);
        names
    }
}

impl Node {
    fn holds(&self, host: &HostView<'_>) -> Result<bool> {
        Ok(match self {
            Self::Test(test) => test.holds(host)?,
            Self::Not(node) => !node.holds(host)?,
            Self::All(a, b) => a.holds(host)? && b.holds(host)?,
            Self::Any(a, b) => a.holds(host)? || b.holds(host)?,
        })
    }

    fn attributes(&self, names: &mut Vec<&'static str>) {
        match self {
            Self::Test(test) => {
                if let Some(name) = test.attribute()
                    && !names.contains(&name)
                {
                    names.push(name);
                }
            }
            Self::Not(node) => node.attributes(names),
            Self::All(a, b) | Self::Any(a, b) => {
                a.attributes(names);
                b.attributes(names);
            }
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, nested: bool) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, a: &Self, word: &str, b: &Self| {
            f.write_str(if nested { "(" } else { "" })?;
            a.write(f, true)?;
            write!(f, " {word} ")?;
            b.write(f, true)?;
            f.write_str(if nested { ")" } else { "" })
        };
        match self {
            Self::Test(test) => f.write_str(&test.describe()),
            Self::Not(node) => {
                f.write_str("not ")?;
                node.write(f, true)
            }
            Self::All(a, b) => joined(f, a, "and", b),
            Self::Any(a, b) => joined(f, a, "or", b),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, false)
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T: AttributeValue> Key<T> {
    /// The condition that the attribute has this value, or the one that this text parses as. Text that doesn't parse is an
    /// error wherever the condition is decided.
    #[must_use]
    pub fn is(self, value: impl IntoValue<T>) -> Condition {
        let value = value.into_value();
        Condition(Node::Test(Arc::new(Is { key: self, value })))
    }
}

impl From<Key<bool>> for Condition {
    fn from(key: Key<bool>) -> Self {
        Self(Node::Test(Arc::new(IsTrue(key))))
    }
}

macro_rules! operators {
    ($($type:ty),*) => { $(
        impl Not for $type {
            type Output = Condition;
            fn not(self) -> Condition {
                Condition(Node::Not(Box::new(Condition::from(self).0)))
            }
        }
        impl<R: Into<Condition>> BitAnd<R> for $type {
            type Output = Condition;
            fn bitand(self, other: R) -> Condition {
                Condition(Node::All(Box::new(Condition::from(self).0), Box::new(other.into().0)))
            }
        }
        impl<R: Into<Condition>> BitOr<R> for $type {
            type Output = Condition;
            fn bitor(self, other: R) -> Condition {
                Condition(Node::Any(Box::new(Condition::from(self).0), Box::new(other.into().0)))
            }
        }
    )* };
}

operators!(Condition, Key<bool>);
