use super::builder::Mistake;
use crate::model::{
    Check, Converge, Declare, Diff, Effect, Effects, Error, HostView, PackageRequest, ReadSystem, Resource, Result,
    Shown, System, Work, full_unit_name,
};
use crate::words::{AbsPath, ResourceId, check_package_name, check_package_version};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};

/// Where a repository's files are: what is below these, and these.
const REPOSITORY_DIRECTORIES: [&str; 7] = [
    "/etc/apt/sources.list.d",
    "/etc/apt/preferences.d",
    "/etc/apt/apt.conf.d",
    "/etc/apt/auth.conf.d",
    "/etc/apt/keyrings",
    "/etc/apt/trusted.gpg.d",
    "/usr/share/keyrings",
];
const REPOSITORY_FILES: [&str; 4] = [
    "/etc/apt/sources.list",
    "/etc/apt/preferences",
    "/etc/apt/apt.conf",
    "/etc/apt/auth.conf",
];

/// Ensures that a package is installed, in a version if one is given; or that it isn't.
///
/// Changed configuration files are kept, nothing else is removed, and no service is started or restarted: services start when
/// the catalog says so, and run a new version once they `.restart_on(…)` the package. Absent means removed with its
/// configuration kept, never purged.
///
/// What a package brings along comes after it: its unit, and the paths `/etc/NAME`, `/etc/default/NAME`, `/var/lib/NAME`
/// and `/var/log/NAME` by default. Say what else it brings with `.provides_unit(…)` and its kin; a package can't be asked
/// before it is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.package", key = name)]
pub struct Package {
    name: String,
    present: bool,
    version: Option<String>,
    provides: Vec<Effect>,
}

/// A package in the making; see [`Package`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct PackageBuilder {
    name: String,
    present: bool,
    version: Option<String>,
    provides: Vec<Effect>,
    mistake: Mistake,
}

/// The package of this name.
pub fn package(name: impl Into<String>) -> PackageBuilder {
    PackageBuilder {
        name: name.into(),
        present: true,
        version: None,
        provides: Vec::new(),
        mistake: Mistake::default(),
    }
}

impl PackageBuilder {
    /// Ensures exactly this version. Without one, any installed version is as desired.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Says that the package brings a unit along.
    pub fn provides_unit(mut self, unit: &str) -> Self {
        self.provides.push(Effect::Unit(full_unit_name(unit)));
        self
    }

    /// Says that the package brings a path along, and what is below it.
    pub fn provides_path(mut self, path: &str) -> Self {
        let path = self.mistake.keep(AbsPath::new(path));
        self.provides.extend(path.map(Effect::Path));
        self
    }

    /// Says that the package makes a user, and a group of the same name.
    pub fn provides_user(mut self, user: &str) -> Self {
        if let Some(user) = self.mistake.keep(super::builder::account_name(user)) {
            self.provides.push(Effect::Group(user.clone()));
            self.provides.push(Effect::User(user));
        }
        self
    }

    /// Ensures that the package isn't installed.
    pub const fn absent(mut self) -> Self {
        self.present = false;
        self
    }
}

impl Declare for PackageBuilder {
    type Out = Package;

    fn identity(&self) -> Result<ResourceId> {
        Ok(ResourceId::new("core.package", &*self.name)?)
    }

    fn build(self, _: &HostView<'_>) -> Result<Package> {
        self.mistake.check()?;
        check_package_name(&self.name)?;
        if let Some(version) = &self.version {
            if !self.present {
                return Err(Error::message(format!(
                    "declare package {}: an absent package has no version",
                    self.name
                )));
            }
            check_package_version(version)?;
        }
        Ok(Package {
            name: self.name,
            present: self.present,
            version: self.version,
            provides: self.provides,
        })
    }
}

impl Package {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version, if it is pinned.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    fn request(&self) -> PackageRequest {
        PackageRequest {
            name: self.name.clone(),
            version: self.version.clone(),
        }
    }

    /// Whether it is to be installed.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.present
    }
}

impl Converge for Package {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let installed = system.package(&self.name)?;
        let mut diff = Diff::new();
        match (&installed, self.present) {
            (None, true) => {
                let wanted = self.version.as_deref().unwrap_or("the repository's candidate");
                diff.push("version", Shown::Absent, wanted);
            }
            (Some(version), false) => diff.push("version", version.as_str(), Shown::Absent),
            (Some(version), true) => {
                if let Some(wanted) = &self.version
                    && wanted != version
                {
                    diff.push("version", version.as_str(), wanted.as_str());
                }
            }
            (None, false) if system.package_is_unfinished(&self.name)? => {
                diff.push("version", "begun and not finished", Shown::Absent);
            }
            (None, false) => {}
        }
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, _: &Diff) -> Result<()> {
        if self.present {
            system.install_packages(&[self.request()])?;
        } else {
            system.remove_packages(std::slice::from_ref(&self.name))?;
        }
        Ok(())
    }

    fn work(&self, _: &Diff) -> Work {
        if self.present {
            Work::Install(self.request())
        } else {
            Work::Remove(self.name.clone())
        }
    }

    fn image(&self, system: &dyn ReadSystem) -> Result<Option<String>> {
        let installed = system.package(&self.name)?;
        Ok(Some(installed.unwrap_or_else(|| "absent".to_owned())))
    }

    fn inverse(&self) -> Option<Box<dyn Resource>> {
        self.present.then(|| {
            Box::new(Self {
                name: self.name.clone(),
                present: false,
                version: None,
                provides: Vec::new(),
            }) as _
        })
    }

    fn effects(&self) -> Effects {
        // Its unit is stopped, if that is desired, before it goes.
        let mut effects = Effects::none()
            .write(Effect::Package(self.name.clone()))
            .provide(Effect::Unit(full_unit_name(&self.name)))
            .removing(!self.present);
        if let Some(version) = &self.version {
            effects = effects.pin(&self.name, version);
        }
        if self.present {
            effects = effects.read(Effect::Repositories);
            // A repository may well be declared as the files that it is made of.
            for directory in REPOSITORY_DIRECTORIES {
                effects = effects.read_if(AbsPath::new(directory).ok().map(Effect::Tree));
            }
            for file in REPOSITORY_FILES {
                effects = effects.read_if(AbsPath::new(file).ok().map(Effect::Path));
            }
            let usual = ["/etc", "/etc/default", "/var/lib", "/var/log"];
            for directory in usual {
                if let Ok(path) = AbsPath::new(format!("{directory}/{}", self.name)) {
                    effects = effects.provide(Effect::Path(path));
                }
            }
            effects.provides.extend(self.provides.iter().cloned());
        }
        effects
    }
}
