use super::builder::{Mistake, attribute_methods, compare_attributes};
use super::exclusive::refuse_shared;
use super::file::{in_the_way, location};
use crate::model::{
    Check, Converge, Declare, Diff, Effect, Effects, Error, HostView, PathAttributes, PathKind, ReadSystem, Result,
    Sha256Digest, Shown, System, Unpack,
};
use crate::words::{AbsPath, ResourceId};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};

/// Ensures that a directory is what was in an archive with this digest.
///
/// The host's own `tar` unpacks it beside, as root's files, and the new directory takes the old one's place in one step:
/// at every moment one of the two is there, whole. The old one goes with all that is in it, so keep data elsewhere.
/// A file `.mesos-iac-archive` in the directory says which archive it is from; as long as it says so, nothing is done, and
/// nothing else in the directory is looked at. A directory that stands there and isn't from an archive is an error, unless
/// it is empty.
///
/// The archive is a file on the host, brought by a [`download`](super::download()), a package or a
/// [`file`](super::file()), after which it comes. It isn't needed any more once it is unpacked. What was unpacked stays if
/// the run is undone, and if it leaves the definition. A sandbox unpacks nothing: an archive is unknown there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.archive", key = path)]
pub struct Archive {
    path: AbsPath,
    from: AbsPath,
    sha256: Sha256Digest,
    strip: u32,
    attributes: PathAttributes,
}

/// An unpacked archive in the making; see [`Archive`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct ArchiveBuilder {
    path: String,
    from: Option<AbsPath>,
    sha256: Option<Sha256Digest>,
    strip: u32,
    attributes: PathAttributes,
    mistake: Mistake,
}

/// The directory that an archive is unpacked to; see [`download()`](super::download()) for an example.
pub fn archive(path: impl Into<String>) -> ArchiveBuilder {
    ArchiveBuilder {
        path: path.into(),
        from: None,
        sha256: None,
        strip: 0,
        attributes: PathAttributes::default(),
        mistake: Mistake::default(),
    }
}

impl ArchiveBuilder {
    /// Sets where the archive is on the host: anything that `tar` reads.
    pub fn from(mut self, path: &str) -> Self {
        self.from = self.mistake.keep(AbsPath::new(path));
        self
    }

    /// Sets the archive's SHA-256 digest, in hexadecimal, as `sha256sum` prints it.
    pub fn sha256(mut self, digest: &str) -> Self {
        self.sha256 = self.mistake.keep(digest.parse::<Sha256Digest>());
        self
    }

    /// Leaves out this many directories at the beginning of each name in the archive: 1 for one that has all in
    /// `marathon-1.5.12/`.
    pub const fn strip(mut self, directories: u32) -> Self {
        self.strip = directories;
        self
    }

    attribute_methods!();
}

impl Declare for ArchiveBuilder {
    type Out = Archive;

    fn identity(&self) -> Result<ResourceId> {
        Ok(ResourceId::new("core.archive", AbsPath::new(&self.path)?.as_str())?)
    }

    fn build(self, _: &HostView<'_>) -> Result<Archive> {
        self.mistake.check()?;
        let path = AbsPath::new(&self.path)?;
        refuse_shared("unpack an archive to", &path)?;
        let (Some(from), Some(sha256)) = (self.from, self.sha256) else {
            let why = "it needs a `.from(…)`, a path on the host, and the archive's `.sha256(…)`";
            return Err(Error::message(format!("declare the archive {path}: {why}")));
        };
        if from.is_within(&path) {
            let why = "the archive itself is in the directory that it is to replace";
            return Err(Error::message(format!("declare the archive {path}: {why}")));
        }
        Ok(Archive {
            path,
            from,
            sha256,
            strip: self.strip,
            attributes: self.attributes,
        })
    }
}

impl Archive {
    /// The directory.
    #[must_use]
    pub const fn path(&self) -> &AbsPath {
        &self.path
    }

    fn unpack(&self) -> Unpack<'_> {
        Unpack {
            archive: &self.from,
            sha256: &self.sha256,
            strip: self.strip,
            attributes: &self.attributes,
        }
    }
}

impl Converge for Archive {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let mut diff = Diff::new();
        let wanted = self.unpack().marker_text();
        let shown = |text: &str| text.trim_end().replace('\n', ", ");
        let entry = system.entry(&self.path)?;
        match &entry {
            None => diff.push("archive", Shown::Absent, shown(&wanted)),
            Some(found) if found.kind != PathKind::Directory => {
                return Err(in_the_way(&self.path, &found.kind, "a directory").into());
            }
            Some(_) => match system.read(&self.unpack().marker_in(&self.path)?)? {
                Some(marker) if marker == wanted.as_bytes() => {}
                Some(marker) => diff.push("archive", shown(&String::from_utf8_lossy(&marker)), shown(&wanted)),
                None if system.list(&self.path)?.is_none_or(|names| names.is_empty()) => {
                    diff.push("archive", "an empty directory", shown(&wanted));
                }
                None => {
                    return Err(Error::message(format!(
                        "unpack {} to {}: what stands there isn't from an archive; move it away, or name another directory",
                        self.from, self.path
                    )));
                }
            },
        }
        compare_attributes(&mut diff, entry.as_ref(), &self.attributes);
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        if diff.has("archive") {
            system.unpack(&self.path, &self.unpack())?;
        } else {
            system.set_attributes(&self.path, &self.attributes)?;
        }
        Ok(())
    }

    fn makes(&self, diff: &Diff) -> Option<&AbsPath> {
        diff.has("archive").then_some(&self.path)
    }

    fn image(&self, system: &dyn ReadSystem) -> Result<Option<String>> {
        let marker = system.read(&self.unpack().marker_in(&self.path)?)?;
        Ok(Some(marker.map_or_else(
            || "absent".to_owned(),
            |marker| String::from_utf8_lossy(&marker).into_owned(),
        )))
    }

    fn location(&self, system: &dyn ReadSystem) -> Result<Option<AbsPath>> {
        location(system, &self.path, false)
    }

    fn lasts(&self) -> bool {
        true
    }

    fn effects(&self) -> Effects {
        Effects::none()
            .write(Effect::Path(self.path.clone()))
            .provide(Effect::Path(self.path.clone()))
            .read(Effect::Path(self.from.clone()))
            .read(Effect::Package("tar".to_owned()))
            .read_if(self.attributes.owner.clone().map(Effect::User))
            .read_if(self.attributes.group.clone().map(Effect::Group))
    }
}
