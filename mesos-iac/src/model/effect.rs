use super::Invocation;
use crate::words::{AbsPath, CommandLine};
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
    /// All that stands in a directory, whoever put it there. Can be read, not owned.
    Entries(AbsPath),
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
            Self::Entries(path) => write!(f, "all that stands in {path}"),
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
    /// The versions that it asks for, each with its package, an architecture left out: two that ask for different ones
    /// are a conflict, whoever owns the package.
    pub pins: Vec<(String, String)>,
    /// The links among what it owns, each with where it leads: what is written below the one is written below the other.
    pub links: Vec<(AbsPath, AbsPath)>,
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

    /// Adds a command's program: its path, and the package of its name.
    #[must_use]
    pub fn program(mut self, command: &CommandLine) -> Self {
        let program = command.program();
        let (directory, name) = program.rsplit_once('/').unwrap_or(("", program));
        if !directory.is_empty() {
            self = self.read_if(AbsPath::new(program).ok().map(Effect::Path));
        }
        self.read(Effect::Package(name.to_owned()))
    }

    /// Adds what a command needs: its program, and the absolute paths among its arguments, also in the shape
    /// `--option=/path`.
    #[must_use]
    pub fn run(mut self, command: &CommandLine) -> Self {
        self = self.program(command);
        for word in command.arguments() {
            let word = match word.split_once('=') {
                Some((option, value)) if !option.starts_with('/') => value,
                _ => word,
            };
            self = self.read_if(AbsPath::new(word).ok().map(Effect::Path));
        }
        self
    }

    /// Adds the directory in which a command is run, and the user who runs it.
    #[must_use]
    pub fn surroundings(self, invocation: &Invocation) -> Self {
        self.read_if(invocation.directory.clone().map(Effect::Path))
            .read_if(invocation.user.clone().map(Effect::User))
    }

    /// Adds the version that it asks for of a package. The package's name may have an architecture (`libc6:i386`): those of
    /// one package must all have one version.
    #[must_use]
    pub fn pin(mut self, package: &str, version: impl Into<String>) -> Self {
        let name = package.split(':').next().unwrap_or(package);
        self.pins.push((name.to_owned(), version.into()));
        self
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

    /// Says that what it owns at `path` is a link that leads to `target`.
    #[must_use]
    pub fn link(mut self, path: AbsPath, target: AbsPath) -> Self {
        self.links.push((path, target));
        self
    }

    /// Adds something that comes along.
    #[must_use]
    pub fn provide(mut self, effect: Effect) -> Self {
        self.provides.push(effect);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_needs_its_program_and_the_paths_among_its_words() {
        let command = CommandLine::new([
            "/usr/sbin/haproxy",
            "-c",
            "-f",
            "/etc/a",
            "--log=/var/b",
            "x=y",
            "c/d",
            "/e=f",
        ]);
        let path = |path: &str| Effect::Path(AbsPath::new(path).unwrap());
        assert_eq!(
            Effects::none().run(&command.unwrap()).reads,
            [
                path("/usr/sbin/haproxy"),
                Effect::Package("haproxy".into()),
                path("/etc/a"),
                path("/var/b"),
                path("/e=f"),
            ]
        );
    }
}
