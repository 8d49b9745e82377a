use super::builder::Mistake;
use super::openpgp_key::PublicKey;
use super::rendered::{file_name, one_line, root_file};
use super::{File, parts};
use crate::model::{
    Check, ContentSource, Converge, Declare, Diff, Effect, Effects, Error, HostView, IntoContent, ReadSystem, Resource,
    Result, System,
};
use crate::words::ResourceId;
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Ensures that yum and dnf know a repository and have the key that signs its packages; or that they don't know it.
///
/// Its files are `/etc/yum.repos.d/NAME.repo` and, where the key is part of the definition,
/// `/etc/pki/rpm-gpg/RPM-GPG-KEY-NAME`. Both belong to root and can be read by all. yum itself reads what the repository
/// offers, and takes the key into its own store, when it first installs from it.
///
/// The two directories come with yum's packages. Packages of a catalog are apt's so far: what comes from here, something else
/// installs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.yum-repository", key = name)]
pub struct YumRepository {
    name: String,
    present: bool,
    definition: File,
    /// The key that comes with the definition; for an absent repository, what could be it.
    key: Option<File>,
}

/// A repository in the making; see [`YumRepository`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct YumRepositoryBuilder {
    name: String,
    present: bool,
    base_url: Option<String>,
    key: Option<Key>,
    is_unsigned: bool,
    options: Vec<(String, String)>,
    mistake: Mistake,
}

#[derive(Debug, Clone)]
enum Key {
    Content(ContentSource),
    At(String),
}

/// The repository of this name, which is that of its file and its section: letters, digits, `-`, `_` and `.`.
///
/// ```
/// # use mesos_iac::prelude::*;
/// # fn declare(cx: &mut Cx<'_>) -> Result<()> {
/// # const KEY: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n";
/// cx.add(
///     yum_repository("mesosphere")
///         .base_url("http://repos.example.com/el/7/x86_64/")
///         .signed_by(KEY), // include_str!("mesosphere.asc")
/// );
/// # Ok(())
/// # }
/// ```
pub fn yum_repository(name: impl Into<String>) -> YumRepositoryBuilder {
    YumRepositoryBuilder {
        name: name.into(),
        present: true,
        base_url: None,
        key: None,
        is_unsigned: false,
        options: Vec::new(),
        mistake: Mistake::default(),
    }
}

impl YumRepositoryBuilder {
    /// Sets where it is. `$releasever` and `$basearch` in it are yum's.
    pub fn base_url(mut self, url: &str) -> Self {
        self.base_url = self.mistake.keep(one_line("the address of a repository", url));
        self
    }

    /// Sets the key that signs its packages: the public key itself, as text in armour.
    pub fn signed_by(mut self, key: impl IntoContent) -> Self {
        self.key = Some(Key::Content(key.into_content()));
        self
    }

    /// Says where yum finds the key that signs its packages: `https://…`, or `file:///…` for one that something else brings.
    pub fn signed_by_url(mut self, url: &str) -> Self {
        let url = self
            .mistake
            .keep(one_line("the address of the key of a repository", url));
        self.key = url.map(Key::At);
        self
    }

    /// Has yum trust it though nothing signs its packages.
    pub const fn unsigned(mut self) -> Self {
        self.is_unsigned = true;
        self
    }

    /// Adds another setting, such as `.option("priority", "10")`.
    pub fn option(mut self, key: &str, value: &str) -> Self {
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let checked = if is_key {
            one_line(&format!("the setting {key} of a repository"), value)
        } else {
            Err(Error::message(format!(
                "declare the setting {key:?} of a repository: that is no setting's name"
            )))
        };
        let value = self.mistake.keep(checked);
        self.options.extend(value.map(|value| (key.to_owned(), value)));
        self
    }

    /// Ensures that yum doesn't know it. Packages that came from it stay, and so does the key in yum's own store.
    pub const fn absent(mut self) -> Self {
        self.present = false;
        self
    }

    fn refuse(&self, why: &str) -> Error {
        Error::message(format!("declare the repository {}: {why}", self.name))
    }

    /// The key, if the definition has it, and where yum finds it.
    fn key(&mut self, host: &HostView<'_>) -> Result<(Option<File>, Option<String>)> {
        match (self.key.take(), self.is_unsigned) {
            (Some(_), true) => Err(self.refuse("it is both signed and unsigned")),
            (None, false) => Err(self.refuse(
                "it needs the key that signs it: `.signed_by(…)`, or `.unsigned()` if there is none on purpose",
            )),
            (None, true) => Ok((None, None)),
            (Some(Key::At(url)), false) => Ok((None, Some(url))),
            (Some(Key::Content(source)), false) => {
                let public = PublicKey::read(source, host, |why| {
                    self.refuse(&format!("{why}; where it is at an address, say `.signed_by_url(…)`"))
                })?;
                if !public.is_armoured {
                    return Err(
                        self.refuse("its key isn't in armour, as yum reads it; `gpg --export --armor` writes it so")
                    );
                }
                let path = key_path(&self.name);
                let file = root_file(&path).content(public.content).build(host)?;
                Ok((Some(file), Some(format!("file://{path}"))))
            }
        }
    }
}

fn key_path(name: &str) -> String {
    format!("/etc/pki/rpm-gpg/RPM-GPG-KEY-{name}")
}

impl Declare for YumRepositoryBuilder {
    type Out = YumRepository;

    fn identity(&self) -> Result<ResourceId> {
        Ok(ResourceId::new("core.yum-repository", &*self.name)?)
    }

    fn build(mut self, host: &HostView<'_>) -> Result<YumRepository> {
        file_name("the repository", &self.name, "-_.")?;
        std::mem::take(&mut self.mistake).check()?;
        let path = format!("/etc/yum.repos.d/{}.repo", self.name);
        if !self.present {
            let absent = |path: &str| super::file(path).absent().build(host);
            return Ok(YumRepository {
                definition: absent(&path)?,
                key: Some(absent(&key_path(&self.name))?),
                name: self.name,
                present: false,
            });
        }
        let (key, at) = self.key(host)?;
        let url = self
            .base_url
            .as_ref()
            .ok_or_else(|| self.refuse("it needs a `.base_url(…)`"))?;
        let name = &self.name;
        let mut text = format!("[{name}]\nname={name}\nbaseurl={url}\nenabled=1\n");
        match at {
            Some(at) => {
                let _infallible = write!(text, "gpgcheck=1\ngpgkey={at}\n");
            }
            None => text.push_str("gpgcheck=0\n"),
        }
        for (key, value) in &self.options {
            let _infallible = writeln!(text, "{key}={value}");
        }
        Ok(YumRepository {
            present: true,
            definition: root_file(&path).content(text).build(host)?,
            key,
            name: self.name,
        })
    }
}

impl YumRepository {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether yum is to know it.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.present
    }

    /// The file that names it to yum.
    #[must_use]
    pub const fn definition(&self) -> &File {
        &self.definition
    }

    /// The file of its key, if the key is part of the definition.
    #[must_use]
    pub fn key(&self) -> Option<&File> {
        self.key.as_ref().filter(|_| self.present)
    }

    /// The key first: yum must never see a repository without its key.
    fn files(&self) -> impl Iterator<Item = &File> {
        self.key.iter().chain([&self.definition])
    }
}

impl Converge for YumRepository {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let mut diff = Diff::new();
        for file in self.files() {
            parts::compare(file, &mut diff, system)?;
        }
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        for file in self.files() {
            parts::apply(file, diff, system)?;
        }
        Ok(())
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
                definition: absent(&self.definition),
                key: self.key.as_ref().map(absent),
            }) as _
        })
    }

    fn effects(&self) -> Effects {
        let effects = Effects::none().write(Effect::Repository(self.name.clone()));
        self.files()
            .fold(effects, |effects, file| {
                effects.write(Effect::Path(file.path().clone()))
            })
            .removing(!self.present)
    }
}
