use super::builder::{Mistake, attribute_methods, compare_attributes};
use crate::model::{
    Check, Content, ContentSource, Converge, Declare, Diff, Effect, Effects, Error, FileDraft, FileWrite, HostView,
    IntoContent, PathAttributes, PathKind, ReadSystem, Resource, Result, Shown, System, SystemError, Work, fits,
};
use crate::words::{AbsPath, CommandLine, Mode, ResourceId};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Ensures that a file exists with a content, an owner, a group and a mode; or that it doesn't exist.
///
/// What isn't set is left as it is. A file that doesn't exist yet is made with mode 0644 (0600 if its content holds a
/// secret) and belongs to root. At every moment the old file or the new one is there, whole; a replaced file's ACL and
/// extended attributes are kept. A link at the path is followed if root owns it, and refused otherwise. Does not make the
/// directory above: declare it, or the package that brings it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.file", key = path, version = 2)]
pub struct File {
    path: AbsPath,
    present: bool,
    content: Option<Content>,
    attributes: PathAttributes,
    verify: Option<CommandLine>,
}

/// A file in the making; see [`File`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct FileBuilder {
    path: String,
    present: bool,
    content: Option<ContentSource>,
    attributes: PathAttributes,
    verify: Option<CommandLine>,
    mistake: Mistake,
}

/// The file at this path.
pub fn file(path: impl Into<String>) -> FileBuilder {
    FileBuilder {
        path: path.into(),
        present: true,
        content: None,
        attributes: PathAttributes::default(),
        verify: None,
        mistake: Mistake::default(),
    }
}

impl FileBuilder {
    /// Sets the content: text, bytes, a secret, or a template.
    pub fn content(mut self, content: impl IntoContent) -> Self {
        self.content = Some(content.into_content());
        self
    }

    attribute_methods!();

    /// Has a command approve of the new content before it takes the file's place; `{}` stands for the file to look at:
    /// `.verify(["haproxy", "-c", "-f", "{}"])`.
    pub fn verify<W: Into<String>>(mut self, command: impl IntoIterator<Item = W>) -> Self {
        self.verify = self.mistake.keep(CommandLine::new(command));
        self
    }

    /// Ensures that there is no such file.
    pub const fn absent(mut self) -> Self {
        self.present = false;
        self
    }
}

impl Declare for FileBuilder {
    type Out = File;

    fn identity(&self) -> Result<ResourceId> {
        let path = AbsPath::new(&self.path)?;
        Ok(ResourceId::new("core.file", path.as_str())?)
    }

    fn build(self, host: &HostView<'_>) -> Result<File> {
        self.mistake.check()?;
        let content = self.content.map(|source| source.resolve(host)).transpose()?;
        if let Some(content) = &content {
            fits(content.plain_length())
                .map_err(|why| Error::message(format!("declare the content of {}: {why}", self.path)))?;
        }
        let mut attributes = self.attributes;
        if attributes.mode.is_none() && content.as_ref().is_some_and(Content::is_secret) {
            attributes.mode = Some(Mode::SECRET);
        }
        if !self.present && (content.is_some() || attributes != PathAttributes::default()) {
            return Err(Error::message(format!(
                "declare {}: an absent file has no content, owner, group or mode",
                self.path
            )));
        }
        Ok(File {
            path: AbsPath::new(&self.path)?,
            present: self.present,
            content,
            attributes,
            verify: self.verify,
        })
    }
}

impl File {
    /// The path.
    #[must_use]
    pub const fn path(&self) -> &AbsPath {
        &self.path
    }

    /// The content, if it is managed.
    #[must_use]
    pub const fn content(&self) -> Option<&Content> {
        self.content.as_ref()
    }

    /// The content as people may see it, each secret as its source; none if it isn't managed or is no text.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.content.as_ref().and_then(Content::redacted)
    }

    /// Whether the file is to exist.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.present
    }

    /// Its owner, group and mode, as far as they are managed.
    #[must_use]
    pub const fn attributes(&self) -> &PathAttributes {
        &self.attributes
    }

    /// That there is none.
    pub(super) const fn absent_at(path: AbsPath) -> Self {
        Self {
            path,
            present: false,
            content: None,
            attributes: PathAttributes::UNMANAGED,
            verify: None,
        }
    }

    fn bytes(&self, system: &dyn System) -> Result<Vec<u8>> {
        match &self.content {
            Some(content) => content.reveal(system),
            None => Ok(Vec::new()),
        }
    }

    const fn write<'a>(&'a self, content: &'a [u8]) -> FileWrite<'a> {
        FileWrite {
            content,
            attributes: &self.attributes,
            verify: self.verify.as_ref(),
        }
    }

    fn shown(&self, bytes: &[u8]) -> Shown {
        if self.content.as_ref().is_some_and(Content::is_secret) {
            Shown::Secret
        } else {
            Shown::content(bytes)
        }
    }
}

impl Converge for File {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let mut entry = system.entry(&self.path)?;
        if self.present && matches!(&entry, Some(found) if matches!(found.kind, PathKind::Symlink(_))) {
            entry = system.entry(&system.resolve(&self.path)?)?;
        }
        let mut diff = Diff::new();
        match &entry {
            Some(found) if !matches!(found.kind, PathKind::File | PathKind::Symlink(_)) => {
                return Err(in_the_way(&self.path, &found.kind, "a file").into());
            }
            Some(_) if !self.present => diff.push("exists", true, false),
            Some(_) => {
                if let Some(content) = &self.content {
                    let desired = content.reveal(system)?;
                    let current = system.read(&self.path)?.unwrap_or_default();
                    if current != desired {
                        diff.push("content", self.shown(&current), self.shown(&desired));
                    }
                }
                compare_attributes(&mut diff, entry.as_ref(), &self.attributes);
            }
            None if self.present => {
                let desired = self
                    .content
                    .as_ref()
                    .map(|c| c.reveal(system))
                    .transpose()?
                    .unwrap_or_default();
                diff.push("content", Shown::Absent, self.shown(&desired));
                compare_attributes(&mut diff, None, &self.attributes);
            }
            None => {}
        }
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        if !self.present {
            return Ok(system.remove(&self.path)?);
        }
        if !diff.has("content") {
            return Ok(system.set_attributes(&system.resolve(&self.path)?, &self.attributes)?);
        }
        let content = self.bytes(system)?;
        Ok(system.write_file(&self.path, &self.write(&content))?)
    }

    fn work(&self, _: &Diff) -> Work {
        Work::Beside
    }

    fn makes(&self, diff: &Diff) -> Option<&AbsPath> {
        (self.present && diff.has("content")).then_some(&self.path)
    }

    fn draft<'s>(&self, system: &'s dyn System, diff: &Diff) -> Result<Option<Box<dyn FileDraft + 's>>> {
        if !self.present || !diff.has("content") {
            return Ok(None);
        }
        let content = self.bytes(system)?;
        Ok(system.draft_file(&self.path, &self.write(&content))?)
    }

    fn image(&self, system: &dyn ReadSystem) -> Result<Option<String>> {
        path_image(system, &self.path).map(Some)
    }

    fn location(&self, system: &dyn ReadSystem) -> Result<Option<AbsPath>> {
        location(system, &self.path, self.present)
    }

    fn inverse(&self) -> Option<Box<dyn Resource>> {
        self.present.then(|| Box::new(Self::absent_at(self.path.clone())) as _)
    }

    fn effects(&self) -> Effects {
        let effects = Effects::none()
            .write(Effect::Path(self.path.clone()))
            .read_if(self.attributes.owner.clone().map(Effect::User))
            .read_if(self.attributes.group.clone().map(Effect::Group))
            .removing(!self.present);
        match &self.verify {
            Some(command) => effects.run(command),
            None => effects,
        }
    }
}

/// A digest of what stands at a path, links followed: its kind, owner, group and mode, and a file's content.
///
/// The content may be a secret that is easily guessed, and the digest stands on the host's disk: where only root may read
/// it, as in the file itself.
pub(super) fn path_image(system: &dyn ReadSystem, path: &AbsPath) -> Result<String> {
    let resolved = system.resolve(path)?;
    let Some(entry) = system.entry(&resolved)? else {
        return Ok("absent".to_owned());
    };
    let mut digest = Sha256::new();
    digest.update(format!(
        "{:?} {:?} {:?} {:?}\n",
        entry.kind, entry.mode, entry.owner, entry.group
    ));
    if entry.kind == PathKind::File {
        digest.update(system.read(&resolved)?.unwrap_or_default());
    }
    Ok(crate::model::hex(&digest.finalize()))
}

/// Where a path is on this host; a link at its end is followed, or is the place itself.
pub(super) fn location(system: &dyn ReadSystem, path: &AbsPath, follows: bool) -> Result<Option<AbsPath>> {
    if follows {
        return Ok(Some(system.resolve(path)?));
    }
    let Some(parent) = path.parent() else {
        return Ok(Some(path.clone()));
    };
    Ok(Some(system.resolve(&parent)?.join(path.file_name())?))
}

/// The error that something else stands at the path.
pub(super) fn in_the_way(path: &AbsPath, found: &PathKind, wanted: &str) -> SystemError {
    SystemError::Path {
        action: format!("make {wanted} at"),
        path: path.clone(),
        why: format!("{found} stands there; remove it, or declare it absent, first"),
    }
}
