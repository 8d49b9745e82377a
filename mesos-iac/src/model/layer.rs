use super::{
    Account, Facts, GroupEntry, HttpAnswer, HttpQuestion, PackageForecast, PackageRequest, PackageSource, PathEntry,
    Probe, ReadSystem, Sha256Digest, SystemError, UnitState,
};
use crate::words::{AbsPath, SecretSource, SecretText};

type Result<T> = std::result::Result<T, SystemError>;

/// A system seen through something: it is the one below but for what the layer sees otherwise. Every layer is a
/// [`ReadSystem`], so that a new method of that is passed on in this one place.
pub(crate) trait Layer: Send + Sync {
    /// The system that is looked at.
    fn below(&self) -> &dyn ReadSystem;

    /// Where a path is to be looked up, links of its directories followed as the layer sees them.
    ///
    /// # Errors
    /// The path can't be followed.
    fn place(&self, path: &AbsPath) -> Result<AbsPath> {
        Ok(path.clone())
    }

    /// Where a path leads, its own link followed too.
    ///
    /// # Errors
    /// The path can't be followed.
    fn leads_to(&self, path: &AbsPath) -> Result<AbsPath> {
        self.below().resolve(path)
    }

    /// Where the content of a path is to be read.
    ///
    /// # Errors
    /// The path can't be followed.
    fn content_at(&self, path: &AbsPath) -> Result<AbsPath> {
        Ok(path.clone())
    }

    /// Asks a command.
    ///
    /// # Errors
    /// It can't be asked, or gives no answer.
    fn ask(&self, probe: &Probe) -> Result<bool> {
        self.below().probe(probe)
    }
}

impl<L: Layer> ReadSystem for L {
    fn facts(&self) -> Result<Facts> {
        self.below().facts()
    }

    fn entry(&self, path: &AbsPath) -> Result<Option<PathEntry>> {
        self.below().entry(&self.place(path)?)
    }

    fn resolve(&self, path: &AbsPath) -> Result<AbsPath> {
        self.leads_to(path)
    }

    fn read(&self, path: &AbsPath) -> Result<Option<Vec<u8>>> {
        self.below().read(&self.content_at(path)?)
    }

    fn digest(&self, path: &AbsPath) -> Result<Option<Sha256Digest>> {
        self.below().digest(&self.content_at(path)?)
    }

    fn list(&self, path: &AbsPath) -> Result<Option<Vec<String>>> {
        self.below().list(&self.content_at(path)?)
    }

    fn package(&self, name: &str) -> Result<Option<String>> {
        self.below().package(name)
    }

    fn package_is_unfinished(&self, name: &str) -> Result<bool> {
        self.below().package_is_unfinished(name)
    }

    fn foresee_packages(&self, install: &[PackageRequest], remove: &[String]) -> Result<PackageForecast> {
        self.below().foresee_packages(install, remove)
    }

    fn knows_package_source(&self, source: &PackageSource) -> Result<bool> {
        self.below().knows_package_source(source)
    }

    fn unit(&self, name: &str) -> Result<UnitState> {
        self.below().unit(name)
    }

    fn user(&self, name: &str) -> Result<Option<Account>> {
        self.below().user(name)
    }

    fn group(&self, name: &str) -> Result<Option<GroupEntry>> {
        self.below().group(name)
    }

    fn probe(&self, probe: &Probe) -> Result<bool> {
        self.ask(probe)
    }

    fn http_get(&self, question: &HttpQuestion) -> Result<HttpAnswer> {
        self.below().http_get(question)
    }

    fn runs_commands(&self) -> bool {
        self.below().runs_commands()
    }

    fn makes_directories(&self) -> bool {
        self.below().makes_directories()
    }

    fn needs_accounts(&self) -> bool {
        self.below().needs_accounts()
    }

    fn own_program(&self) -> Result<Vec<u8>> {
        self.below().own_program()
    }

    fn boot(&self) -> Result<Option<String>> {
        self.below().boot()
    }

    fn reveal(&self, secret: &SecretSource) -> Result<SecretText> {
        self.below().reveal(secret)
    }

    fn redacted(&self, text: String) -> String {
        self.below().redacted(text)
    }
}
