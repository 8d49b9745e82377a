use crate::kinds::{AptRepositoryBuilder, PackageBuilder, package};
use crate::model::{Cx, Dependencies, Dependency};

/// Where the software of a role comes from. Chosen explicitly: the public repositories that packages of Mesos and Marathon
/// once came from are gone, so none of them stands anywhere as a default.
///
/// ```
/// use mesos_iac::prelude::*;
/// use mesos_iac::roles::Source;
///
/// // From a mirror of one's own, pinned.
/// let mirror = apt_repository("mesos").uri("http://mirror.example/mesos").suite("stable").component("main").unsigned();
/// let source = Source::packages(["mesos"]).version("1.11.0-2.0.1").repository(mirror);
/// // There already: built from source, or part of the image.
/// let present = Source::present();
/// ```
#[derive(Debug, Clone)]
#[must_use = "a source takes effect when it is given to a role"]
pub struct Source {
    packages: Vec<String>,
    version: Option<String>,
    repository: Option<AptRepositoryBuilder>,
}

impl PartialEq for Source {
    /// Two repositories are the same if the same was said of them.
    fn eq(&self, other: &Self) -> bool {
        let said = |source: &Self| format!("{:?}", source.repository);
        self.packages == other.packages && self.version == other.version && said(self) == said(other)
    }
}

impl Source {
    /// These packages, from whatever repositories the host has.
    pub fn packages<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self {
            packages: names.into_iter().map(Into::into).collect(),
            version: None,
            repository: None,
        }
    }

    /// Nothing is installed: the software is on the host already, or another role brings it.
    pub fn present() -> Self {
        Self::packages::<String>([])
    }

    /// Pins the packages to this version, as the package manager writes it.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Has the packages come from this repository, which becomes a resource of the host, with its key.
    pub fn repository(mut self, repository: AptRepositoryBuilder) -> Self {
        self.repository = Some(repository);
        self
    }

    /// The version that the packages are pinned to.
    #[must_use]
    pub fn pinned(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Declares the repository and the packages, each told what it brings by `provides`.
    pub fn declare(&self, cx: &mut Cx<'_>, provides: impl Fn(PackageBuilder) -> PackageBuilder) -> Installed {
        let mut handles = Vec::new();
        let repository = self.repository.clone().map(|repository| cx.add(repository));
        repository.add_to(&mut handles);
        for name in &self.packages {
            let mut wanted = provides(package(name));
            if let Some(version) = &self.version {
                wanted = wanted.version(version);
            }
            cx.add(wanted).add_to(&mut handles);
        }
        Installed(handles)
    }
}

/// What a [`Source`] declared, to be ordered against.
#[derive(Debug, Clone)]
pub struct Installed(Vec<Dependency>);

impl Dependencies for Installed {
    fn add_to(self, dependencies: &mut Vec<Dependency>) {
        dependencies.extend(self.0);
    }
}
