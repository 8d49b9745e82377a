use super::builder::Mistake;
use super::rendered::{RenderedFile, declare_rendered_file, file_name, one_line};
use crate::model::{Error, Result};
use crate::words::AbsPath;
use std::fmt::Write as _;

/// A repository of yum or dnf in the making; what it declares is the [`File`](super::File) `/etc/yum.repos.d/NAME.repo`.
///
/// ```
/// # use mesos_iac::prelude::*;
/// # fn declare(cx: &mut Cx<'_>) -> Result<()> {
/// cx.add(
///     yum_repository("mesosphere")
///         .base_url("http://repos.example.com/el/7/x86_64/")
///         .signed_by("file:///etc/pki/rpm-gpg/RPM-GPG-KEY-mesosphere"),
/// );
/// # Ok(())
/// # }
/// ```
///
/// Its key isn't part of it, as that of an [`apt_repository`](super::apt_repository()) can be: yum reads it from its address
/// when it first installs from the repository. A key at a `file:///…` address is a [`File`](super::File) that somebody
/// declares, and packages of the repository come after that too:
///
/// ```
/// # use mesos_iac::prelude::*;
/// # fn declare(cx: &mut Cx<'_>) -> Result<()> {
/// # const KEY: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n";
/// let key = cx.add(file("/etc/pki/rpm-gpg/RPM-GPG-KEY-mesosphere").content(KEY));
/// let repository = yum_repository("mesosphere")
///     .base_url("http://repos.example.com/el/7/x86_64/")
///     .signed_by("file:///etc/pki/rpm-gpg/RPM-GPG-KEY-mesosphere");
/// let repository = cx.add(repository);
/// cx.add(package("mesos").after((key, repository)));
/// # Ok(())
/// # }
/// ```
///
/// Rendered, and no more: packages are apt's so far, so nothing reads the repository, and no host with yum has shown it.
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct YumRepositoryBuilder {
    name: String,
    present: bool,
    base_url: Option<String>,
    key: Option<String>,
    is_unsigned: bool,
    options: Vec<(String, String)>,
    mistake: Mistake,
}

/// The repository of this name, which is that of its file and its section: letters, digits, `-`, `_` and `.`.
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

    /// Sets the key that signs its packages, by address: `file:///etc/pki/rpm-gpg/…`, or `https://…`. What stands there is
    /// for somebody else to bring.
    pub fn signed_by(mut self, url: &str) -> Self {
        self.key = self.mistake.keep(one_line("the key of a repository", url));
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

    /// Ensures that yum doesn't know it.
    pub const fn absent(mut self) -> Self {
        self.present = false;
        self
    }
}

declare_rendered_file!(YumRepositoryBuilder);

impl RenderedFile for YumRepositoryBuilder {
    fn path(&self) -> Result<AbsPath> {
        file_name("the repository", &self.name, "-_.")?;
        Ok(AbsPath::new(format!("/etc/yum.repos.d/{}.repo", self.name))?)
    }

    fn is_present(&self) -> bool {
        self.present
    }

    fn text(self) -> Result<String> {
        self.mistake.check()?;
        let refuse = |why: &str| Error::message(format!("declare the repository {}: {why}", self.name));
        let url = self
            .base_url
            .as_ref()
            .ok_or_else(|| refuse("it needs a `.base_url(…)`"))?;
        let name = &self.name;
        let mut text = format!("[{name}]\nname={name}\nbaseurl={url}\nenabled=1\n");
        match (&self.key, self.is_unsigned) {
            (Some(key), false) => {
                let _infallible = write!(text, "gpgcheck=1\ngpgkey={key}\n");
            }
            (None, true) => text.push_str("gpgcheck=0\n"),
            (Some(_), true) => return Err(refuse("it is both signed and unsigned")),
            (None, false) => {
                return Err(refuse(
                    "it needs the key that signs it: `.signed_by(…)`, or `.unsigned()` if there is none on purpose",
                ));
            }
        }
        for (key, value) in &self.options {
            let _infallible = writeln!(text, "{key}={value}");
        }
        Ok(text)
    }
}
