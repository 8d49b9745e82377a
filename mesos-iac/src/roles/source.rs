use crate::kinds::{AptRepositoryBuilder, PackageBuilder, YumRepositoryBuilder, archive, download, package};
use crate::model::{Cx, Declare as _, Dependencies, Dependency};
use crate::roles::{Version, pins};

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
/// // An archive, known by its digest, unpacked below a prefix.
/// let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// let archive = Source::archive("/opt/marathon", "http://mirror.example/marathon-1.5.15.tgz", digest);
/// // There already: built from source, or part of the image.
/// let present = Source::present();
/// ```
#[derive(Debug, Clone)]
#[must_use = "a source takes effect when it is given to a role"]
pub struct Source {
    from: From,
    version: Option<String>,
    repository: Option<Repository>,
}

#[derive(Debug, Clone)]
enum From {
    Packages(Vec<String>),
    Archive {
        prefix: String,
        url: String,
        sha256: String,
    },
}

/// A repository of packages that becomes a resource of the host, and brings its key along if the definition has it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Repository {
    /// Of apt.
    Apt(AptRepositoryBuilder),
    /// Of yum.
    Yum(YumRepositoryBuilder),
}

impl std::convert::From<AptRepositoryBuilder> for Repository {
    fn from(repository: AptRepositoryBuilder) -> Self {
        Self::Apt(repository)
    }
}

impl std::convert::From<YumRepositoryBuilder> for Repository {
    fn from(repository: YumRepositoryBuilder) -> Self {
        Self::Yum(repository)
    }
}

impl PartialEq for Source {
    /// Two are the same if the same was said of them.
    fn eq(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

impl Source {
    const fn new(from: From) -> Self {
        Self {
            from,
            version: None,
            repository: None,
        }
    }

    /// These packages, from whatever repositories the host has.
    pub fn packages<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::new(From::Packages(names.into_iter().map(Into::into).collect()))
    }

    /// An archive whose one directory becomes `prefix`, fetched by the host and known by its SHA-256 digest.
    pub fn archive(prefix: impl Into<String>, url: impl Into<String>, sha256: impl Into<String>) -> Self {
        Self::new(From::Archive {
            prefix: prefix.into(),
            url: url.into(),
            sha256: sha256.into(),
        })
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

    /// Has the packages come from this repository, which becomes a resource of the host.
    pub fn repository(mut self, repository: impl Into<Repository>) -> Self {
        self.repository = Some(repository.into());
        self
    }

    /// The version that the packages are pinned to.
    #[must_use]
    pub fn pin(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Finds fault with packages that may turn out to be of another release than the one that a role says the software has,
    /// and holds its flags against: the lints `unpinned-version` and `version-differs`. An archive is known by its digest; a
    /// pin of it, or of what is on the host already, means nothing, which `pin-without-packages` tells.
    pub fn hold_against(&self, cx: &mut Cx<'_>, software: &str, version: Version) {
        let names: &[String] = match &self.from {
            From::Packages(names) => names,
            From::Archive { .. } => &[],
        };
        if let Some(finding) = pins::of_packages(names, self.pin(), software, version) {
            cx.report(finding);
        }
    }

    /// Declares the repository and the packages, each told what it brings by `provides`; or the archive.
    pub fn declare(&self, cx: &mut Cx<'_>, provides: impl Fn(PackageBuilder) -> PackageBuilder) -> Installed {
        let mut repository = Vec::new();
        match self.repository.clone() {
            Some(Repository::Apt(apt)) => cx.add(apt).add_to(&mut repository),
            Some(Repository::Yum(yum)) => cx.add(yum).add_to(&mut repository),
            None => {}
        }
        let mut handles = Vec::new();
        match &self.from {
            From::Packages(names) => {
                for name in names {
                    let mut wanted = provides(package(name));
                    if let Some(version) = &self.version {
                        wanted = wanted.version(version);
                    }
                    cx.add(wanted.after(repository.clone())).add_to(&mut handles);
                }
            }
            From::Archive { prefix, url, sha256 } => {
                let file = format!("{prefix}.archive");
                let fetched = cx.add(download(&file).url(url).sha256(sha256));
                let unpacked = archive(prefix).from(&file).sha256(sha256).strip(1);
                cx.add(unpacked.after(fetched)).add_to(&mut handles);
            }
        }
        Installed(handles)
    }
}

/// The software that a [`Source`] declared: its packages, or its archive. What runs it is restarted when it changes, since
/// no package is let do that itself.
#[derive(Debug, Clone)]
pub struct Installed(Vec<Dependency>);

impl Dependencies for Installed {
    fn add_to(self, dependencies: &mut Vec<Dependency>) {
        dependencies.extend(self.0);
    }
}
