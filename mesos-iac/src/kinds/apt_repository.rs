use super::File;
use super::apt_lists::list_prefix;
use super::builder::Mistake;
use super::openpgp_key::PublicKey;
use super::parts;
use super::rendered::{file_name, one_line, root_file};
use crate::model::{
    Check, ContentSource, Converge, Declare, Diff, Effect, Effects, Error, HostView, IntoContent, PackageSource,
    PathAttributes, ReadSystem, Resource, Result, Shown, System,
};
use crate::words::{AbsPath, ResourceId};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Where keys are kept that come with a repository.
const KEYRINGS: &str = "/etc/apt/keyrings";

/// How the property is called that apt has read of it what it offers.
const LISTS: &str = "lists";

/// Ensures that apt knows a repository, has the key that signs it, and has read what it offers; or that apt doesn't know it.
///
/// Its files are `/etc/apt/sources.list.d/NAME.sources` and, where the key is part of the definition,
/// `/etc/apt/keyrings/NAME.asc` (`.gpg` if the key is no text). Both belong to root and can be read by all.
/// What it offers is read when one of the files changed or was never read: of this repository alone, before any package is
/// installed. If that fails, the files are put back as they were, so that the next run tries again. Packages come after
/// all repositories. apt knows the form of the file from its release 1.1 (Debian 9) on.
///
/// A plan can't say which packages a repository has before apt has read it: packages of the catalog that change are unknown
/// in it for as long as a repository changes before them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.apt-repository", key = name)]
pub struct AptRepository {
    name: String,
    present: bool,
    sources: File,
    /// The key that comes with the definition; for an absent repository, all that could be it.
    keys: Vec<File>,
    /// The key that something else brings.
    signed_by: Option<AbsPath>,
    /// How the names begin of what apt has read of it.
    lists: Vec<String>,
}

/// A repository in the making; see [`AptRepository`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct AptRepositoryBuilder {
    name: String,
    present: bool,
    uris: Vec<String>,
    suites: Vec<String>,
    components: Vec<String>,
    architectures: Vec<String>,
    signed_by: Option<Signature>,
    options: Vec<(String, String)>,
    mistake: Mistake,
}

#[derive(Debug, Clone)]
enum Signature {
    Key(ContentSource),
    KeyFile(AbsPath),
    Unsigned,
}

/// The repository of this name, which is that of its file: letters, digits, `-`, `_` and `.`.
///
/// ```
/// # use mesos_iac::prelude::*;
/// # fn declare(cx: &mut Cx<'_>) -> Result<()> {
/// # const KEY: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n";
/// cx.add(
///     apt_repository("mesosphere")
///         .uri("http://repos.example.com/debian")
///         .suite("bookworm")
///         .component("main")
///         .signed_by(KEY), // include_str!("mesosphere.asc")
/// );
/// cx.add(package("mesos").version("1.11.0-2.0.1.debian12"));
/// # Ok(())
/// # }
/// ```
pub fn apt_repository(name: impl Into<String>) -> AptRepositoryBuilder {
    AptRepositoryBuilder {
        name: name.into(),
        present: true,
        uris: Vec::new(),
        suites: Vec::new(),
        components: Vec::new(),
        architectures: Vec::new(),
        signed_by: None,
        options: Vec::new(),
        mistake: Mistake::default(),
    }
}

/// Adds a word to a list, refusing what would be another word or line.
macro_rules! word_method {
    ($(#[$doc:meta])* $method:ident, $list:ident, $what:literal) => {
        $(#[$doc])*
        pub fn $method(mut self, word: &str) -> Self {
            self.$list.extend(self.mistake.keep(one_word($what, word)));
            self
        }
    };
}

impl AptRepositoryBuilder {
    word_method! {
        /// Sets where it is: `http://…`, `https://…` or `file:/…`. May be said several times.
        uri, uris, "the URI of a repository"
    }
    word_method! {
        /// Sets its suite, such as `bookworm`. One that ends in `/` is a directory of packages without components. May be
        /// said several times.
        suite, suites, "the suite of a repository"
    }
    word_method! {
        /// Sets a component, such as `main`. May be said several times.
        component, components, "the component of a repository"
    }
    word_method! {
        /// Has apt read it for this architecture only. May be said several times.
        architecture, architectures, "the architecture of a repository"
    }

    /// Sets the key that signs it: the public key itself, as text in armour or as bytes.
    pub fn signed_by(mut self, key: impl IntoContent) -> Self {
        self.signed_by = Some(Signature::Key(key.into_content()));
        self
    }

    /// Says that the key that signs it is in this file, which something else brings: the package of a keyring, say.
    pub fn signed_by_file(mut self, path: &str) -> Self {
        self.signed_by = self.mistake.keep(AbsPath::new(path)).map(Signature::KeyFile);
        self
    }

    /// Has apt trust it though nothing signs it: whoever can change what comes over the network owns the host. Meant for
    /// `file:` repositories.
    pub fn unsigned(mut self) -> Self {
        self.signed_by = Some(Signature::Unsigned);
        self
    }

    /// Adds another field of the file, such as `.option("Check-Valid-Until", "no")` for a repository that nobody maintains
    /// any more.
    pub fn option(mut self, field: &str, value: &str) -> Self {
        let is_field = field.starts_with(|c: char| c.is_ascii_alphabetic())
            && field.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let checked = if is_field {
            one_line(&format!("the field {field} of a repository"), value)
        } else {
            Err(Error::message(format!(
                "declare the field {field:?} of a repository: that is no field's name"
            )))
        };
        let value = self.mistake.keep(checked);
        self.options.extend(value.map(|value| (field.to_owned(), value)));
        self
    }

    /// Ensures that apt doesn't know the repository. Packages that came from it stay.
    pub const fn absent(mut self) -> Self {
        self.present = false;
        self
    }

    fn text(&self, signature: &str) -> String {
        let mut text = String::new();
        let lists = [
            ("URIs", &self.uris),
            ("Suites", &self.suites),
            ("Components", &self.components),
            ("Architectures", &self.architectures),
        ];
        text.push_str("Types: deb\n");
        for (field, words) in lists.into_iter().filter(|(_, words)| !words.is_empty()) {
            let _infallible = writeln!(text, "{field}: {}", words.join(" "));
        }
        text.push_str(signature);
        for (field, value) in &self.options {
            let _infallible = writeln!(text, "{field}: {value}");
        }
        text
    }

    fn refuse(&self, why: &str) -> Error {
        Error::message(format!("declare the repository {}: {why}", self.name))
    }

    fn check(&self) -> Result<()> {
        if self.uris.is_empty() || self.suites.is_empty() {
            return Err(self.refuse("it needs a `.uri(…)` and a `.suite(…)`"));
        }
        for uri in &self.uris {
            let schemes = ["http://", "https://", "file:/", "ftp://", "copy:/", "mirror+", "cdrom:"];
            if !schemes.iter().any(|scheme| uri.starts_with(scheme)) {
                return Err(self.refuse(&format!(
                    "{uri:?} is no URI that apt reads, such as `https://…` or `file:/…`"
                )));
            }
        }
        let flat = self.suites.iter().filter(|suite| suite.ends_with('/')).count();
        if flat == 0 && self.components.is_empty() {
            return Err(
                self.refuse("it needs a `.component(…)`, such as `main`, unless its suite is a directory: `./`")
            );
        }
        if flat > 0 && !(flat == self.suites.len() && self.components.is_empty()) {
            return Err(
                self.refuse("a suite that is a directory has no components; declare it as a repository of its own")
            );
        }
        Ok(())
    }
}

fn one_word(what: &str, word: &str) -> Result<String> {
    let word = one_line(what, word)?;
    match word.contains(char::is_whitespace) {
        true => Err(Error::message(format!(
            "declare {what} {word:?}: expected one word; say it once for each"
        ))),
        false => Ok(word),
    }
}

impl Declare for AptRepositoryBuilder {
    type Out = AptRepository;

    fn identity(&self) -> Result<ResourceId> {
        Ok(ResourceId::new("core.apt-repository", &*self.name)?)
    }

    fn build(mut self, host: &HostView<'_>) -> Result<AptRepository> {
        file_name("the repository", &self.name, "-_.")?;
        std::mem::take(&mut self.mistake).check()?;
        let sources = format!("/etc/apt/sources.list.d/{}.sources", self.name);
        let key = |suffix: &str| format!("{KEYRINGS}/{}.{suffix}", self.name);
        if !self.present {
            let absent = |path: String| super::file(path).absent().build(host);
            return Ok(AptRepository {
                sources: absent(sources)?,
                keys: vec![absent(key("asc"))?, absent(key("gpg"))?],
                signed_by: None,
                lists: Vec::new(),
                name: self.name,
                present: false,
            });
        }
        self.check()?;
        let (mut keys, mut signed_by) = (Vec::new(), None);
        let signature = match self.signed_by.take() {
            None => {
                let why =
                    "it needs the key that signs it: `.signed_by(…)`, or `.unsigned()` if there is none on purpose";
                return Err(self.refuse(why));
            }
            Some(Signature::Unsigned) => "Trusted: yes\n".to_owned(),
            Some(Signature::KeyFile(path)) => format!("Signed-By: {}\n", signed_by.insert(path)),
            Some(Signature::Key(source)) => {
                let public = PublicKey::read(source, host, |why| self.refuse(why))?;
                // What apt takes a key for is the end of its name.
                let path = key(if public.is_armoured { "asc" } else { "gpg" });
                keys.push(root_file(&path).content(public.content).build(host)?);
                format!("Signed-By: {path}\n")
            }
        };
        let text = self.text(&signature);
        let lists = self
            .uris
            .iter()
            .flat_map(|uri| self.suites.iter().map(move |suite| list_prefix(uri, suite)));
        Ok(AptRepository {
            present: true,
            sources: root_file(&sources).content(text).build(host)?,
            keys,
            signed_by,
            lists: lists.collect(),
            name: self.name,
        })
    }
}

impl AptRepository {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether apt is to know it.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.present
    }

    /// The file that names it to apt.
    #[must_use]
    pub const fn sources(&self) -> &File {
        &self.sources
    }

    /// The file of its key, if the key is part of the definition.
    #[must_use]
    pub fn key(&self) -> Option<&File> {
        self.keys.first().filter(|_| self.present)
    }

    /// Keys first: apt must never see a repository without its key.
    fn files(&self) -> impl Iterator<Item = &File> {
        self.keys.iter().chain([&self.sources])
    }

    fn source(&self) -> PackageSource {
        PackageSource {
            file: self.sources.path().clone(),
            lists: self.lists.clone(),
        }
    }

    fn write(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        if !self.keys.is_empty() && self.present {
            // Releases of apt before 2.4 don't bring it along.
            let keyrings = AbsPath::new(KEYRINGS)?;
            if system.entry(&keyrings)?.is_none() {
                system.create_directory(&keyrings, &PathAttributes::default())?;
            }
        }
        for file in self.files() {
            parts::apply(file, diff, system)?;
        }
        Ok(())
    }
}

impl Converge for AptRepository {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let mut diff = Diff::new();
        for file in self.files() {
            parts::compare(file, &mut diff, system)?;
        }
        if self.present && (!diff.is_empty() || !system.knows_package_source(&self.source())?) {
            let from = if diff.is_empty() {
                "not read"
            } else {
                "read before the change"
            };
            let known = system.entry(self.sources.path())?.is_some();
            let from = if known { Shown::from(from) } else { Shown::Absent };
            diff.push(LISTS, from, "read");
        }
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        if !self.present {
            return self.write(system, diff);
        }
        let before = self.files().map(|file| Ok((file.path(), system.read(file.path())?)));
        let before = before.collect::<Result<Vec<_>>>()?;
        self.write(system, diff)?;
        let Err(error) = system.read_package_source(&self.source()) else {
            return Ok(());
        };
        // With the files in place, the next run would find nothing to do.
        for (path, content) in before.into_iter().rev() {
            match content {
                Some(content) => system.write_file(path, &crate::model::FileWrite::new(&content))?,
                None => system.remove(path)?,
            }
        }
        Err(error.into())
    }

    fn image(&self, system: &dyn ReadSystem) -> Result<Option<String>> {
        parts::image(self.files(), system).map(Some)
    }

    fn inverse(&self) -> Option<Box<dyn Resource>> {
        let absent = |file: &File| File::absent_at(file.path().clone());
        self.present.then(|| {
            Box::new(Self {
                name: self.name.clone(),
                present: false,
                sources: absent(&self.sources),
                keys: self.keys.iter().map(absent).collect(),
                signed_by: None,
                lists: Vec::new(),
            }) as _
        })
    }

    fn effects(&self) -> Effects {
        let mut effects = Effects::none().write(Effect::Repository(self.name.clone()));
        for file in self.files() {
            effects = effects.write(Effect::Path(file.path().clone()));
        }
        // Proxies, certificates and passwords, with which it is read.
        for directory in ["/etc/apt/apt.conf.d", "/etc/apt/auth.conf.d"] {
            effects = effects.read_if(AbsPath::new(directory).ok().map(Effect::Tree));
        }
        effects
            .read_if(self.signed_by.clone().map(Effect::Path))
            .removing(!self.present)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_another_word_or_line_is_refused() {
        for bad in ["", "a b", "a\nTrusted: yes"] {
            assert!(one_word("the suite of a repository", bad).is_err(), "{bad:?}");
        }
        let odd = apt_repository("x").option("Trusted: yes\nX", "y").option("X", "a\nb");
        assert_eq!(odd.options, []);
    }
}
