use crate::model::{
    Account, Facts, GroupEntry, HttpAnswer, HttpQuestion, PackageForecast, PackageRequest, PackageSource, PathEntry,
    Probe, ReadSystem, Sha256Digest, SystemError, UnitState,
};
use crate::words::{AbsPath, SecretSource, SecretText};
use std::sync::atomic::{AtomicBool, Ordering};

type Result<T> = std::result::Result<T, SystemError>;

/// A system that takes note of whether a command was asked. What a command looks at nobody knows, so whatever changes
/// before it may change its answer.
pub(super) struct Witness<'s> {
    system: &'s dyn ReadSystem,
    has_probed: AtomicBool,
}

impl<'s> Witness<'s> {
    pub(super) const fn new(system: &'s dyn ReadSystem) -> Self {
        Self {
            system,
            has_probed: AtomicBool::new(false),
        }
    }

    pub(super) fn has_probed(&self) -> bool {
        self.has_probed.load(Ordering::Relaxed)
    }
}

impl ReadSystem for Witness<'_> {
    fn facts(&self) -> Result<Facts> {
        self.system.facts()
    }

    fn entry(&self, path: &AbsPath) -> Result<Option<PathEntry>> {
        self.system.entry(path)
    }

    fn resolve(&self, path: &AbsPath) -> Result<AbsPath> {
        self.system.resolve(path)
    }

    fn read(&self, path: &AbsPath) -> Result<Option<Vec<u8>>> {
        self.system.read(path)
    }

    fn digest(&self, path: &AbsPath) -> Result<Option<Sha256Digest>> {
        self.system.digest(path)
    }

    fn list(&self, path: &AbsPath) -> Result<Option<Vec<String>>> {
        self.system.list(path)
    }

    fn package(&self, name: &str) -> Result<Option<String>> {
        self.system.package(name)
    }

    fn package_is_unfinished(&self, name: &str) -> Result<bool> {
        self.system.package_is_unfinished(name)
    }

    fn foresee_packages(&self, install: &[PackageRequest], remove: &[String]) -> Result<PackageForecast> {
        self.system.foresee_packages(install, remove)
    }

    fn knows_package_source(&self, source: &PackageSource) -> Result<bool> {
        self.system.knows_package_source(source)
    }

    fn unit(&self, name: &str) -> Result<UnitState> {
        self.system.unit(name)
    }

    fn user(&self, name: &str) -> Result<Option<Account>> {
        self.system.user(name)
    }

    fn group(&self, name: &str) -> Result<Option<GroupEntry>> {
        self.system.group(name)
    }

    fn probe(&self, probe: &Probe) -> Result<bool> {
        self.has_probed.store(true, Ordering::Relaxed);
        self.system.probe(probe)
    }

    fn http_get(&self, question: &HttpQuestion) -> Result<HttpAnswer> {
        self.system.http_get(question)
    }

    fn runs_commands(&self) -> bool {
        self.system.runs_commands()
    }

    fn makes_directories(&self) -> bool {
        self.system.makes_directories()
    }

    fn needs_accounts(&self) -> bool {
        self.system.needs_accounts()
    }

    fn own_program(&self) -> Result<Vec<u8>> {
        self.system.own_program()
    }

    fn boot(&self) -> Result<Option<String>> {
        self.system.boot()
    }

    fn reveal(&self, secret: &SecretSource) -> Result<SecretText> {
        self.system.reveal(secret)
    }
}
