use super::account_tools;
use super::accounts::Accounts;
use super::apt::Apt;
use super::apt_forecast;
use super::apt_source;
use super::artifacts;
use super::dpkg::Dpkg;
use super::dpkg_status::{PackageRecord, PackageState};
use super::enclosure::Enclosure;
use super::facts;
use super::files::{Durability, Files, Ownership};
use super::guard;
use super::http;
use super::process::Call;
use super::program;
use super::root::Root;
use super::scope;
use super::services_denied;
use super::systemd::{self, Systemd};
use super::unit_files;
use crate::model::{
    Account, AccountChange, COMMAND_TIME_OUT, Ended, Facts, Fetch, FileDraft, FileWrite, GroupEntry, HttpAnswer,
    HttpChange, HttpQuestion, Invocation, Output, PackageForecast, PackageRequest, PackageSource, PathAttributes,
    PathEntry, PathKind, Probe, ReadSystem, Sha256Digest, System, SystemError, UnitAction, UnitState, Unpack,
};
use crate::system::known_secrets::KnownSecrets;
use crate::words::{AbsPath, CommandLine, HumanDuration, SecretSource, SecretText};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

type Result<T> = std::result::Result<T, SystemError>;

/// The machine that this program runs on, or one whose file system is below a directory.
///
/// What can be read is read in-process: files, dpkg's status file, the user database, systemd over its own socket. A tool
/// is started only to change something.
#[derive(Debug)]
pub struct LocalSystem {
    files: Files,
    /// For what takes its place at once, and has to be durable before.
    single_files: Files,
    dpkg: Dpkg,
    apt: Apt,
    systemd: Systemd,
    secrets: KnownSecrets,
    enclosure: Enclosure,
}

impl LocalSystem {
    /// The running host.
    ///
    /// # Errors
    /// Its root directory can't be opened.
    pub fn new() -> Result<Self> {
        Ok(Self::on(Root::host()?, Durability::Each))
    }

    /// A host whose file system is below the directory, and that doesn't run: its files can be read and changed, its
    /// packages, units and users only read, and nothing is started.
    ///
    /// # Errors
    /// There is no such directory.
    pub fn with_root(directory: &Path) -> Result<Self> {
        Ok(Self::on(Root::below(directory)?, Durability::Batch))
    }

    fn on(root: Root, durability: Durability) -> Self {
        let root = Arc::new(root);
        Self {
            files: Files::new(Arc::clone(&root), Ownership::Apply, Durability::Batch),
            single_files: Files::new(Arc::clone(&root), Ownership::Apply, durability),
            dpkg: Dpkg::new(root),
            apt: Apt::default(),
            systemd: Systemd::default(),
            secrets: KnownSecrets::default(),
            enclosure: Enclosure::default(),
        }
    }

    /// Gives it the values of the secrets that came with the run.
    #[must_use]
    pub fn with_secrets(mut self, secrets: BTreeMap<SecretSource, SecretText>) -> Self {
        self.secrets = KnownSecrets::new(secrets);
        self
    }

    /// Says when a file that is written by itself, without a draft, is on the disk: before it takes its place, or later.
    #[must_use]
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.single_files = self.single_files.with_durability(durability);
        self
    }

    /// Its files.
    #[must_use]
    pub const fn files(&self) -> &Files {
        &self.files
    }

    /// All that dpkg knows of the package, unfinished installations included; none: nothing.
    ///
    /// # Errors
    /// The package database can't be read.
    pub fn package_record(&self, name: &str) -> Result<Option<PackageRecord>> {
        self.dpkg.record(name)
    }

    /// The names of the packages whose installation was begun and not finished, sorted: what `dpkg --configure -a` is for.
    ///
    /// # Errors
    /// The package database can't be read.
    pub fn unfinished_packages(&self) -> Result<Vec<String>> {
        self.dpkg.unfinished()
    }

    fn root(&self) -> &Root {
        self.files.root()
    }

    const fn accounts(&self) -> &Accounts {
        self.files.accounts()
    }

    /// Only the running host has tools to start: those of a directory would work on the wrong host.
    fn require_running(&self, action: &str) -> Result<()> {
        match self.root().place() {
            None => Ok(()),
            Some(place) => Err(SystemError::Other(format!(
                "{action}: the host below {place} doesn't run"
            ))),
        }
    }

    /// What is started belongs to the run, if there is one.
    fn enter_enclosure(&self) {
        self.enclosure.enter(|run| match self.root().place() {
            None => scope::enclose(&self.systemd, run),
            Some(_) => Ok(false),
        });
    }

    fn execute(&self, invocation: &Invocation) -> Result<Output> {
        self.require_running(&format!("run `{}`", invocation.command))?;
        self.enter_enclosure();
        let login = invocation
            .user
            .as_deref()
            .map(|user| self.accounts().login(user))
            .transpose()?;
        let HumanDuration(time_out) = invocation.time_out;
        let mut call = Call::new(&invocation.command, time_out);
        call.directory = invocation.directory.as_ref();
        call.login = login.as_ref();
        call.environment = invocation
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        call.run()
    }

    fn verify(&self, command: &CommandLine) -> Result<()> {
        self.require_running(&format!("run `{command}`"))?;
        self.enter_enclosure();
        Call::new(command, COMMAND_TIME_OUT).run_checked().map(drop)
    }
}

impl ReadSystem for LocalSystem {
    fn facts(&self) -> Result<Facts> {
        facts::facts(self.root())
    }

    fn entry(&self, path: &AbsPath) -> Result<Option<PathEntry>> {
        self.files.entry(path)
    }

    fn resolve(&self, path: &AbsPath) -> Result<AbsPath> {
        self.root().resolve(path)
    }

    fn read(&self, path: &AbsPath) -> Result<Option<Vec<u8>>> {
        self.root().read(path)
    }

    fn digest(&self, path: &AbsPath) -> Result<Option<Sha256Digest>> {
        self.root().digest(path)
    }

    fn list(&self, path: &AbsPath) -> Result<Option<Vec<String>>> {
        self.root().list(path)
    }

    fn package(&self, name: &str) -> Result<Option<String>> {
        self.dpkg.version(name)
    }

    fn package_is_unfinished(&self, name: &str) -> Result<bool> {
        let record = self.dpkg.record(name)?;
        Ok(record.is_some_and(|record| matches!(record.state, PackageState::Unfinished | PackageState::Broken)))
    }

    fn foresee_packages(&self, install: &[PackageRequest], remove: &[String]) -> Result<PackageForecast> {
        if self.root().place().is_some() {
            return Err(SystemError::Unknowable {
                system: "a host that doesn't run".into(),
                what: "what a transaction of packages brings along".into(),
            });
        }
        self.enter_enclosure();
        apt_forecast::forecast(self.root(), &self.dpkg, install, remove)
    }

    fn knows_package_source(&self, source: &PackageSource) -> Result<bool> {
        apt_source::is_read(self.root(), source)
    }

    fn unit(&self, name: &str) -> Result<UnitState> {
        if self.root().place().is_some() {
            systemd::check_name(name)?;
            return unit_files::unit(self.root(), name);
        }
        self.systemd.unit(self.root(), name)
    }

    fn user(&self, name: &str) -> Result<Option<Account>> {
        self.accounts().user(name)
    }

    fn group(&self, name: &str) -> Result<Option<GroupEntry>> {
        self.accounts().group(name)
    }

    fn http_get(&self, question: &HttpQuestion) -> Result<HttpAnswer> {
        http::ask(question, "GET", None)
    }

    fn probe(&self, probe: &Probe) -> Result<bool> {
        let output = self.execute(&probe.invocation)?;
        match output.ended {
            Ended::Exit(0) => Ok(true),
            Ended::Exit(1) => Ok(false),
            ended => Err(SystemError::Tool {
                command: probe.invocation.command.clone(),
                ended,
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            }),
        }
    }

    fn own_program(&self) -> Result<Vec<u8>> {
        program::own()
    }

    fn boot(&self) -> Result<Option<String>> {
        let path =
            AbsPath::new("/proc/sys/kernel/random/boot_id").map_err(|error| SystemError::Other(error.to_string()))?;
        let read = self.files.root().read(&path)?;
        Ok(read.map(|text| String::from_utf8_lossy(&text).trim().to_owned()))
    }

    fn reveal(&self, secret: &SecretSource) -> Result<SecretText> {
        self.secrets.reveal(secret)
    }

    fn redacted(&self, text: String) -> String {
        self.secrets.redacted(text)
    }
}

impl System for LocalSystem {
    fn write_file(&self, path: &AbsPath, write: &FileWrite<'_>) -> Result<()> {
        self.single_files
            .write_file(path, write, &|command| self.verify(command))
    }

    fn draft_file<'s>(&'s self, path: &AbsPath, write: &FileWrite<'_>) -> Result<Option<Box<dyn FileDraft + 's>>> {
        let draft = self.files.draft(path, write, &|command| self.verify(command))?;
        Ok(Some(Box::new(draft)))
    }

    fn sweep(&self, directories: &[AbsPath]) -> Result<()> {
        if self.root().place().is_none() {
            services_denied::sweep(&self.single_files)?;
        }
        for directory in directories {
            if self
                .files
                .entry(directory)?
                .is_some_and(|entry| entry.kind == PathKind::Directory)
            {
                self.files.sweep(directory)?;
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<()> {
        self.files.sync()
    }

    fn create_directory(&self, path: &AbsPath, attributes: &PathAttributes) -> Result<()> {
        self.files.create_directory(path, attributes)
    }

    fn write_symlink(&self, path: &AbsPath, target: &str) -> Result<()> {
        self.files.write_symlink(path, target)
    }

    fn fetch(&self, path: &AbsPath, fetch: &Fetch<'_>) -> Result<()> {
        self.require_running(&format!("fetch {}", fetch.url))?;
        artifacts::fetch(&self.single_files, path, fetch)
    }

    fn unpack(&self, directory: &AbsPath, unpack: &Unpack<'_>) -> Result<()> {
        self.require_running(&format!("unpack {}", unpack.archive))?;
        artifacts::unpack(&self.single_files, directory, unpack)
    }

    fn set_attributes(&self, path: &AbsPath, attributes: &PathAttributes) -> Result<()> {
        self.files.set_attributes(path, attributes)
    }

    fn remove(&self, path: &AbsPath) -> Result<()> {
        self.files.remove(path)
    }

    fn install_packages(&self, packages: &[PackageRequest]) -> Result<()> {
        self.require_running("install packages")?;
        self.apt.install(&self.files, &self.dpkg, packages)
    }

    fn remove_packages(&self, names: &[String]) -> Result<()> {
        self.require_running("remove packages")?;
        self.apt.remove(&self.files, &self.dpkg, names)
    }

    fn read_package_source(&self, source: &PackageSource) -> Result<()> {
        self.require_running("read a repository")?;
        self.apt.read(&self.files, source)
    }

    fn control_unit(&self, name: &str, action: UnitAction) -> Result<()> {
        self.require_running(&format!("{} {name}", action.verb()))?;
        self.systemd.control(self.root(), name, action)
    }

    fn reload_units(&self) -> Result<()> {
        self.require_running("have the unit files read again")?;
        Systemd::reload()
    }

    fn create_user(&self, name: &str, change: &AccountChange) -> Result<()> {
        self.require_running("make a user")?;
        account_tools::create_user(self.accounts(), name, change)
    }

    fn change_user(&self, name: &str, change: &AccountChange) -> Result<()> {
        self.require_running("change a user")?;
        account_tools::change_user(name, change)
    }

    fn remove_user(&self, name: &str) -> Result<()> {
        self.require_running("remove a user")?;
        account_tools::remove_user(self.accounts(), name)
    }

    fn create_group(&self, name: &str, gid: Option<u32>, system: bool) -> Result<()> {
        self.require_running("make a group")?;
        account_tools::create_group(name, gid, system)
    }

    fn change_group(&self, name: &str, gid: u32) -> Result<()> {
        self.require_running("change a group")?;
        account_tools::change_group(name, gid)
    }

    fn remove_group(&self, name: &str) -> Result<()> {
        self.require_running("remove a group")?;
        account_tools::remove_group(self.accounts(), name)
    }

    fn announce_run(&self, run: &str) {
        self.enclosure.announce(run);
    }

    fn enclose(&self) {
        self.enter_enclosure();
    }

    fn left_running(&self) -> Vec<String> {
        let entered = self.enclosure.entered();
        entered.map(|run| scope::others(&run)).unwrap_or_default()
    }

    fn start_guard(&self) -> Result<()> {
        self.require_running("wait for a confirmation")?;
        guard::start(&self.single_files)
    }

    fn end_guard(&self) -> Result<()> {
        guard::end(&self.single_files)
    }

    fn end_run(&self, run: &str) -> Result<Vec<String>> {
        match self.root().place() {
            None => scope::end(run),
            Some(_) => Ok(Vec::new()),
        }
    }

    fn notes(&self) -> Vec<String> {
        let notes = self.files.notes().into_iter().chain(self.single_files.notes());
        let notes = notes.map(|note| format!("{}: {}", note.path, note.text));
        notes.chain(self.enclosure.notes()).collect()
    }

    fn http_send(&self, question: &HttpQuestion, change: HttpChange, body: &[u8]) -> Result<HttpAnswer> {
        http::ask(question, change.as_str(), Some(body))
    }

    fn run(&self, invocation: &Invocation) -> Result<Output> {
        self.execute(invocation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{invoke, probe};

    #[test]
    fn of_a_host_that_doesn_t_run_only_files_are_changed() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("etc")).unwrap();
        std::fs::write(
            directory.path().join("etc/os-release"),
            "ID=debian\nVERSION_ID=\"12\"\n",
        )
        .unwrap();
        std::fs::write(directory.path().join("etc/hostname"), "zk-1\n").unwrap();
        let system = LocalSystem::with_root(directory.path()).unwrap();
        let facts = system.facts().unwrap();
        assert_eq!(
            (facts.hostname.as_str(), facts.init.as_str(), facts.addresses.len()),
            ("zk-1", "", 0)
        );
        let path = AbsPath::new("/etc/zk").unwrap();
        let write = FileWrite {
            content: b"zk://",
            attributes: &PathAttributes::default(),
            verify: None,
        };
        system.write_file(&path, &write).unwrap();
        assert_eq!(system.read(&path).unwrap().unwrap(), b"zk://");
        let error = system.run(&invoke(["true"]).unwrap()).unwrap_err().to_string();
        assert!(error.starts_with("run `true`: the host below /"), "{error}");
        assert!(system.probe(&probe(["true"]).unwrap()).is_err());
        assert!(system.control_unit("zookeeper.service", UnitAction::Start).is_err());
        assert!(system.install_packages(&[]).is_err() && system.create_group("a", None, false).is_err());
    }

    #[test]
    fn only_zero_and_one_are_answers() {
        let system = LocalSystem::new().unwrap();
        let ask = |script: &str| system.probe(&probe(["sh", "-c", script]).unwrap());
        assert_eq!((ask("exit 0"), ask("exit 1")), (Ok(true), Ok(false)));
        assert!(
            ask("echo why >&2; exit 2")
                .unwrap_err()
                .to_string()
                .ends_with("exit status 2: why")
        );
        assert!(ask("kill -9 $$").is_err());
        assert!(system.probe(&probe(["no-such-program"]).unwrap()).is_err());
    }

    #[test]
    fn secrets_that_didn_t_come_are_told() {
        let source = SecretSource::Environment("TOKEN".into());
        let system = LocalSystem::new().unwrap();
        let error = system.reveal(&source).unwrap_err().to_string();
        assert_eq!(
            error,
            "reveal the secret env:TOKEN: its value didn't come with this run"
        );
        let system = system.with_secrets([(source.clone(), SecretText::new(b"x".to_vec()))].into());
        assert_eq!(system.reveal(&source).unwrap().expose(), b"x");
    }
}
