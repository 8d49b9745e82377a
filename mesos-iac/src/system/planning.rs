use crate::model::{
    Account, Facts, GroupEntry, HttpAnswer, HttpQuestion, PackageForecast, PackageRequest, PackageSource, PathEntry,
    Probe, ReadSystem, Sha256Digest, SystemError, UnitState,
};
use crate::words::{AbsPath, SecretSource, SecretText};

type Result<T> = std::result::Result<T, SystemError>;

/// A machine as a plan sees it: nothing runs on it that isn't marked as read-only.
pub struct PlanningSystem<'a>(pub &'a dyn ReadSystem);

impl ReadSystem for PlanningSystem<'_> {
    fn facts(&self) -> Result<Facts> {
        self.0.facts()
    }

    fn entry(&self, path: &AbsPath) -> Result<Option<PathEntry>> {
        self.0.entry(path)
    }

    fn resolve(&self, path: &AbsPath) -> Result<AbsPath> {
        self.0.resolve(path)
    }

    fn read(&self, path: &AbsPath) -> Result<Option<Vec<u8>>> {
        self.0.read(path)
    }

    fn digest(&self, path: &AbsPath) -> Result<Option<Sha256Digest>> {
        self.0.digest(path)
    }

    fn list(&self, path: &AbsPath) -> Result<Option<Vec<String>>> {
        self.0.list(path)
    }

    fn package(&self, name: &str) -> Result<Option<String>> {
        self.0.package(name)
    }

    fn package_is_unfinished(&self, name: &str) -> Result<bool> {
        self.0.package_is_unfinished(name)
    }

    fn foresee_packages(&self, install: &[PackageRequest], remove: &[String]) -> Result<PackageForecast> {
        self.0.foresee_packages(install, remove)
    }

    fn knows_package_source(&self, source: &PackageSource) -> Result<bool> {
        self.0.knows_package_source(source)
    }

    fn unit(&self, name: &str) -> Result<UnitState> {
        self.0.unit(name)
    }

    fn user(&self, name: &str) -> Result<Option<Account>> {
        self.0.user(name)
    }

    fn group(&self, name: &str) -> Result<Option<GroupEntry>> {
        self.0.group(name)
    }

    fn probe(&self, probe: &Probe) -> Result<bool> {
        if probe.read_only {
            return self.0.probe(probe);
        }
        Err(SystemError::GuardNotRun {
            command: probe.invocation.command.clone(),
        })
    }

    fn http_get(&self, question: &HttpQuestion) -> Result<HttpAnswer> {
        self.0.http_get(question)
    }

    fn runs_commands(&self) -> bool {
        self.0.runs_commands()
    }

    fn own_program(&self) -> Result<Vec<u8>> {
        self.0.own_program()
    }

    fn boot(&self) -> Result<Option<String>> {
        self.0.boot()
    }

    fn makes_directories(&self) -> bool {
        self.0.makes_directories()
    }

    fn needs_accounts(&self) -> bool {
        self.0.needs_accounts()
    }

    fn reveal(&self, secret: &SecretSource) -> Result<SecretText> {
        self.0.reveal(secret)
    }
}
