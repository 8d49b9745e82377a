use crate::words::AbsPath;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A part of a host that a resource reads, owns or brings along. Automatic edges and conflicts are found from these.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Effect {
    /// A file, directory or link.
    Path(AbsPath),
    /// Everything below a directory. Can be read, not owned.
    Tree(AbsPath),
    /// A package, by name.
    Package(String),
    /// A unit, by its full name (`zookeeper.service`).
    Unit(String),
    /// A user, by name.
    User(String),
    /// A numeric user id.
    Uid(u32),
    /// A group, by name.
    Group(String),
    /// A numeric group id.
    Gid(u32),
    /// A TCP port that something listens on.
    Port(u16),
    /// A package repository, by name.
    Repository(String),
    /// Every package repository. Can be read, not owned.
    Repositories,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "path {path}"),
            Self::Tree(path) => write!(f, "everything below {path}"),
            Self::Package(name) => write!(f, "package {name}"),
            Self::Unit(name) => write!(f, "unit {name}"),
            Self::User(name) => write!(f, "user {name}"),
            Self::Uid(id) => write!(f, "user id {id}"),
            Self::Group(name) => write!(f, "group {name}"),
            Self::Gid(id) => write!(f, "group id {id}"),
            Self::Port(port) => write!(f, "port {port}"),
            Self::Repository(name) => write!(f, "repository {name}"),
            Self::Repositories => f.write_str("every repository"),
        }
    }
}

/// Everything that a resource declares about its dealings with the host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    /// What must be in place before it is checked or applied, if anything in the catalog puts it there.
    pub reads: Vec<Effect>,
    /// What it owns. Two resources that own one thing are a conflict.
    pub writes: Vec<Effect>,
    /// What comes along with it without being owned, such as the unit and the directories of a package.
    pub provides: Vec<Effect>,
    /// Whether what it owns goes away, so that whatever reads it comes before and not after.
    pub removes: bool,
}

impl Effects {
    /// Nothing read, owned or provided.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds something that must be in place first.
    #[must_use]
    pub fn read(mut self, effect: Effect) -> Self {
        self.reads.push(effect);
        self
    }

    /// Adds something that must be in place first, if there is such a thing.
    #[must_use]
    pub fn read_if(self, effect: Option<Effect>) -> Self {
        match effect {
            Some(effect) => self.read(effect),
            None => self,
        }
    }

    /// Adds something that is owned.
    #[must_use]
    pub fn write(mut self, effect: Effect) -> Self {
        self.writes.push(effect);
        self
    }

    /// Says that what it owns goes away.
    #[must_use]
    pub const fn removing(mut self, removes: bool) -> Self {
        self.removes = removes;
        self
    }

    /// Adds something that comes along.
    #[must_use]
    pub fn provide(mut self, effect: Effect) -> Self {
        self.provides.push(effect);
        self
    }
}
