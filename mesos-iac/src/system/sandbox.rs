use super::known_secrets::KnownSecrets;
use super::local::{Durability, Files, Ownership, Root};
use super::machine::{MACHINE_FORMAT, Machine};
use super::sandbox_place::{OWN, admit, inspect, is_own};
use crate::model::{
    Account, AccountChange, Arch, Catalog, DeclaredFacts, Facts, Fetch, FileWrite, GroupEntry, HttpAnswer, HttpChange,
    HttpQuestion, Invocation, Os, Output, PackageForecast, PackageRequest, PackageSource, PathAttributes, PathEntry,
    PathKind, Probe, ReadSystem, Sha256Digest, System, SystemError, UnitAction, UnitState, Unpack,
};
use crate::words::{AbsPath, HostName, Mode, ResourceId, SecretSource, SecretText};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Result<T> = std::result::Result<T, SystemError>;

/// A directory that stands for a host: files are really written below it; packages, services, users, owners and modes are
/// kept in a model beside them, `.mesos-iac/machine.json`.
///
/// It says what it can't know. Commands aren't run, so their effects and the answers of guards are unknown. A package
/// that is installed in the model brings no files, so directories that one would have brought are made where a file needs
/// them. The declared facts are taken at their word.
#[derive(Debug)]
pub struct Sandbox {
    /// None: the directory doesn't exist yet, and this is a plan that may not make it.
    files: Option<Files>,
    place: PathBuf,
    host: HostName,
    declared: DeclaredFacts,
    machine: Mutex<Machine>,
    secrets: KnownSecrets,
}

/// Why a sandbox can't be used. Each message reads after "failed to".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SandboxError {
    /// A directory or file of the sandbox can't be used.
    #[error("use the sandbox {}: {why}", path.display())]
    Path {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A resource of the definition would change what the sandbox itself keeps.
    #[error("use the sandbox for {resource}: below /{OWN} it keeps its own model and state; declare another path")]
    Own {
        /// The resource.
        resource: ResourceId,
    },
    /// The model is of another release.
    #[error("use the sandbox {}: its model has version {found}, this program knows {known}; remove the sandbox, or use the program that made it", path.display())]
    Version {
        /// The model.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that is known.
        known: u32,
    },
}

impl Sandbox {
    /// The sandbox of the catalog's host below `directory`; `create` makes it where there is none.
    ///
    /// # Errors
    /// It can't be made or read, or was made by another release; it is a link, or holds one where its model and state
    /// stand; or the catalog wants something there. Nothing was written then.
    pub fn open(directory: &Path, catalog: &Catalog, create: bool) -> std::result::Result<Self, SandboxError> {
        let place = directory.join(catalog.host.as_str());
        admit(catalog)?;
        inspect(&place)?;
        let machine = read_model(&model(&place))?;
        let fail = |path: &Path, why: String| SandboxError::Path {
            path: path.to_owned(),
            why,
        };
        if create {
            std::fs::create_dir_all(place.join(OWN)).map_err(|error| fail(&place, error.to_string()))?;
        }
        let files = if place.is_dir() {
            let absolute = place.canonicalize().map_err(|error| fail(&place, error.to_string()))?;
            let root = Root::below(&absolute).map_err(|error| fail(&place, error.to_string()))?;
            Some(Files::new(Arc::new(root), Ownership::Leave, Durability::Batch))
        } else {
            None
        };
        Ok(Self {
            machine: Mutex::new(machine),
            files,
            place,
            host: catalog.host.clone(),
            declared: catalog.declared.clone(),
            secrets: KnownSecrets::default(),
        })
    }

    /// The same sandbox with the values of secrets.
    #[must_use]
    pub fn with_secrets(mut self, secrets: BTreeMap<SecretSource, SecretText>) -> Self {
        self.secrets = KnownSecrets::new(secrets);
        self
    }

    /// Where its state stands, as a host's does in `/var/lib/mesos-iac`.
    #[must_use]
    pub fn state_directory(&self) -> PathBuf {
        self.place.join(OWN).join("state")
    }

    /// Writes the model down.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn save(&self) -> std::result::Result<(), SandboxError> {
        let path = model(&self.place);
        let fail = |why: String| SandboxError::Path {
            path: path.clone(),
            why,
        };
        let json = serde_json::to_string_pretty(&*self.lock()).map_err(|error| fail(error.to_string()))?;
        // A run that is killed here leaves the old model or the new one.
        let fresh = path.with_extension(format!("json-{}", std::process::id()));
        std::fs::write(&fresh, json + "\n").map_err(|error| fail(error.to_string()))?;
        std::fs::rename(&fresh, &path).map_err(|error| fail(error.to_string()))
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The files, for a change at this path.
    fn files(&self, path: &AbsPath) -> Result<&Files> {
        let files = self
            .files
            .as_ref()
            .ok_or_else(|| SystemError::Other(format!("use the sandbox {}: it doesn't exist", self.place.display())))?;
        // The definition was looked through already; this is for links that lead there.
        let above = path.parent().unwrap_or_else(AbsPath::root);
        if is_own(path) || is_own(&files.root().resolve(&above)?) {
            return Err(SystemError::Path {
                action: "change".into(),
                path: path.clone(),
                why: format!("below /{OWN} the sandbox keeps its own model and state"),
            });
        }
        Ok(files)
    }

    /// Makes the directories above the path, which on a host a package would have brought.
    fn make_parents(files: &Files, path: &AbsPath) -> Result<()> {
        let mut missing: Vec<AbsPath> = Vec::new();
        for above in path.ancestors() {
            if files.entry(&above)?.is_some() {
                break;
            }
            missing.push(above);
        }
        missing
            .iter()
            .rev()
            .try_for_each(|above| files.create_directory(above, &PathAttributes::default()))
    }

    /// Keeps what was said of a path; what is new belongs to root unless something else was said.
    fn keep(&self, path: &AbsPath, said: &PathAttributes, is_new: bool, mode: Mode) {
        let mut machine = self.lock();
        if is_new {
            let new = PathAttributes {
                mode: Some(mode),
                owner: Some("root".into()),
                group: Some("root".into()),
            };
            machine.keep_attributes(path, &new);
        }
        machine.keep_attributes(path, said);
    }

    fn unknowable(what: String) -> SystemError {
        SystemError::Unknowable {
            system: "a sandbox".into(),
            what,
        }
    }
}

/// Where the model of the sandbox at this place stands.
fn model(place: &Path) -> PathBuf {
    place.join(OWN).join("machine.json")
}

fn read_model(path: &Path) -> std::result::Result<Machine, SandboxError> {
    let fail = |why: String| SandboxError::Path {
        path: path.to_owned(),
        why,
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Machine::default()),
        Err(error) => return Err(fail(error.to_string())),
    };
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
    let found = json
        .get("format")
        .and_then(serde_json::Value::as_u64)
        .and_then(|n| u32::try_from(n).ok());
    match found {
        Some(MACHINE_FORMAT) => serde_json::from_value(json).map_err(|error| fail(error.to_string())),
        Some(found) => Err(SandboxError::Version {
            path: path.to_owned(),
            found,
            known: MACHINE_FORMAT,
        }),
        None => Err(fail("it is no model of a sandbox".into())),
    }
}

impl ReadSystem for Sandbox {
    fn facts(&self) -> Result<Facts> {
        Ok(Facts {
            hostname: self.host.to_string(),
            os: self.declared.os.clone().unwrap_or_else(|| Os::any("unknown")),
            arch: self.declared.arch.clone().unwrap_or_else(|| Arch("unknown".into())),
            addresses: self.declared.address.into_iter().collect(),
            init: "unknown".into(),
        })
    }

    fn entry(&self, path: &AbsPath) -> Result<Option<PathEntry>> {
        let Some(files) = &self.files else { return Ok(None) };
        let Some(found) = files.entry(path)? else {
            return Ok(None);
        };
        let kept = self.lock().attributes.get(path).cloned().unwrap_or_default();
        Ok(Some(PathEntry {
            kind: found.kind,
            mode: kept.mode,
            owner: kept.owner,
            group: kept.group,
        }))
    }

    fn resolve(&self, path: &AbsPath) -> Result<AbsPath> {
        self.files
            .as_ref()
            .map_or_else(|| Ok(path.clone()), |files| files.root().resolve(path))
    }

    fn read(&self, path: &AbsPath) -> Result<Option<Vec<u8>>> {
        self.files.as_ref().map_or(Ok(None), |files| files.root().read(path))
    }

    fn digest(&self, path: &AbsPath) -> Result<Option<Sha256Digest>> {
        self.files.as_ref().map_or(Ok(None), |files| files.root().digest(path))
    }

    fn list(&self, path: &AbsPath) -> Result<Option<Vec<String>>> {
        self.files.as_ref().map_or(Ok(None), |files| files.root().list(path))
    }

    fn package(&self, name: &str) -> Result<Option<String>> {
        Ok(self.lock().packages.get(name).cloned())
    }

    fn package_is_unfinished(&self, name: &str) -> Result<bool> {
        let _ = name;
        Ok(false)
    }

    fn foresee_packages(&self, _: &[PackageRequest], _: &[String]) -> Result<PackageForecast> {
        let what = "which versions a transaction of packages installs, and what it brings along";
        Err(Self::unknowable(what.to_owned()))
    }

    fn knows_package_source(&self, source: &PackageSource) -> Result<bool> {
        Ok(self.lock().knows_package_source(source))
    }

    fn unit(&self, name: &str) -> Result<UnitState> {
        Ok(self.lock().unit(name))
    }

    fn user(&self, name: &str) -> Result<Option<Account>> {
        Ok(self.lock().users.get(name).cloned())
    }

    fn group(&self, name: &str) -> Result<Option<GroupEntry>> {
        Ok(self.lock().groups.get(name).cloned())
    }

    fn probe(&self, probe: &Probe) -> Result<bool> {
        Err(Self::unknowable(format!(
            "what the guard `{}` would answer",
            probe.invocation.command
        )))
    }

    fn http_get(&self, question: &HttpQuestion) -> Result<HttpAnswer> {
        let HttpQuestion { address, target, .. } = question;
        Err(Self::unknowable(format!(
            "what http://{address}{target} answers: nothing runs in one"
        )))
    }

    fn runs_commands(&self) -> bool {
        false
    }

    fn makes_directories(&self) -> bool {
        true
    }

    fn needs_accounts(&self) -> bool {
        false
    }

    fn boot(&self) -> Result<Option<String>> {
        Ok(None)
    }

    fn reveal(&self, secret: &SecretSource) -> Result<SecretText> {
        self.secrets.reveal(secret)
    }

    fn redacted(&self, text: String) -> String {
        self.secrets.redacted(text)
    }
}

impl System for Sandbox {
    fn write_file(&self, path: &AbsPath, write: &FileWrite<'_>) -> Result<()> {
        let path = self.resolve(path)?;
        let files = self.files(&path)?;
        Self::make_parents(files, &path)?;
        let is_new = files.entry(&path)?.is_none();
        // The command that would approve of the content isn't run: there is no saying whether it is there.
        let unverified = FileWrite { verify: None, ..*write };
        files.write_file(&path, &unverified, &|_| Ok(()))?;
        self.keep(&path, write.attributes, is_new, Mode::FILE);
        Ok(())
    }

    fn sweep(&self, directories: &[AbsPath]) -> Result<()> {
        let Some(files) = &self.files else { return Ok(()) };
        for directory in directories {
            let found = files.entry(directory)?;
            if found.is_some_and(|entry| entry.kind == PathKind::Directory) {
                files.sweep(directory)?;
            }
        }
        Ok(())
    }

    fn create_directory(&self, path: &AbsPath, attributes: &PathAttributes) -> Result<()> {
        let files = self.files(path)?;
        Self::make_parents(files, path)?;
        files.create_directory(path, attributes)?;
        self.keep(path, attributes, true, Mode::DIRECTORY);
        Ok(())
    }

    fn write_symlink(&self, path: &AbsPath, target: &str) -> Result<()> {
        let files = self.files(path)?;
        Self::make_parents(files, path)?;
        files.write_symlink(path, target)
    }

    fn fetch(&self, path: &AbsPath, fetch: &Fetch<'_>) -> Result<()> {
        Err(Self::unknowable(format!("what is at {}, for {path}", fetch.url)))
    }

    fn unpack(&self, directory: &AbsPath, _: &Unpack<'_>) -> Result<()> {
        Err(Self::unknowable(format!("what an archive puts into {directory}")))
    }

    fn set_attributes(&self, path: &AbsPath, attributes: &PathAttributes) -> Result<()> {
        self.keep(&self.resolve(path)?, attributes, false, Mode::FILE);
        Ok(())
    }

    fn remove(&self, path: &AbsPath) -> Result<()> {
        self.files(path)?.remove(path)?;
        self.lock().attributes.remove(path);
        Ok(())
    }

    fn install_packages(&self, packages: &[PackageRequest]) -> Result<()> {
        self.lock().install(packages);
        Ok(())
    }

    fn remove_packages(&self, names: &[String]) -> Result<()> {
        self.lock().remove_packages(names);
        Ok(())
    }

    /// What is in the repository nobody asks: a package that is installed in the model is taken to exist.
    fn read_package_source(&self, source: &PackageSource) -> Result<()> {
        self.lock().read_package_source(source);
        Ok(())
    }

    fn control_unit(&self, name: &str, action: UnitAction) -> Result<()> {
        self.lock().control(name, action)
    }

    fn reload_units(&self) -> Result<()> {
        Ok(())
    }

    fn create_user(&self, name: &str, change: &AccountChange) -> Result<()> {
        self.lock().create_user(name, change)
    }

    fn change_user(&self, name: &str, change: &AccountChange) -> Result<()> {
        self.lock().change_user(name, change)
    }

    fn remove_user(&self, name: &str) -> Result<()> {
        self.lock().users.remove(name);
        Ok(())
    }

    fn create_group(&self, name: &str, gid: Option<u32>, _system: bool) -> Result<()> {
        self.lock().create_group(name, gid);
        Ok(())
    }

    fn change_group(&self, name: &str, gid: u32) -> Result<()> {
        self.lock().change_group(name, gid)
    }

    fn remove_group(&self, name: &str) -> Result<()> {
        self.lock().groups.remove(name);
        Ok(())
    }

    fn http_send(&self, question: &HttpQuestion, change: HttpChange, _: &[u8]) -> Result<HttpAnswer> {
        let HttpQuestion { address, target, .. } = question;
        Err(Self::unknowable(format!(
            "what {change} http://{address}{target} does: nothing runs in one"
        )))
    }

    fn run(&self, invocation: &Invocation) -> Result<Output> {
        Err(Self::unknowable(format!(
            "what `{}` does: commands aren't run in one",
            invocation.command
        )))
    }
}
