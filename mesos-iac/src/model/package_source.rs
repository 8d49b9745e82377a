use crate::words::AbsPath;

/// A repository as the package manager knows it: a file that names it, and what it read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageSource {
    /// The file that names it, such as `/etc/apt/sources.list.d/mesosphere.sources`.
    pub file: AbsPath,
    /// How the names of the lists begin that the package manager keeps of it, one for each suite.
    pub lists: Vec<String>,
}
