//! Files, directories and links below a root: how they are found, made, changed and removed.

use super::accounts::Accounts;
use super::convert::join;
use super::refusal::{because, refused};
use super::root::{AtEnd, Root, Spot};
use super::temp_name::{is_temp_name, temp_name};
use super::wanted::Wanted;
use crate::model::{PathAttributes, PathEntry, PathKind, SystemError};
use crate::words::{AbsPath, Mode};
use rustix::fs::{AtFlags, FileType, Mode as Bits, OFlags, Stat};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

type Result<T> = std::result::Result<T, SystemError>;

/// The twelve permission bits of a mode.
const PERMISSIONS: u32 = 0o7777;

/// The files below a root.
///
/// Every change is made through a descriptor of the directory that holds the path; see [`Root`] for the links that are
/// followed on the way there. Replacing a file makes a new one: other hard links to the old one keep the old content.
#[derive(Debug)]
pub struct Files {
    root: Arc<Root>,
    accounts: Accounts,
    ownership: Ownership,
    durability: Durability,
    /// A directory in each file system with changes that may not be on the disk, by the number of its device.
    touched: Mutex<BTreeMap<u64, (AbsPath, OwnedFd)>>,
    notes: Mutex<Vec<Note>>,
}

/// Whether owners, groups and modes are looked at and set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// They are.
    Apply,
    /// They can't be known, aren't set, and what is made belongs to whoever makes it: for a sandbox.
    Leave,
}

/// When changes are on the disk, safe from a loss of power. Against kills, every change is always all or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As each one is made.
    Each,
    /// After [`Files::sync`]; before that, a loss of power may leave some of them undone, or an empty file. Who can't bear
    /// that makes drafts, syncs, and then places them: see [`Files::draft`].
    Batch,
}

/// Something that people should be told about a change that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What was changed.
    pub path: AbsPath,
    /// What is to be known of it.
    pub text: String,
}

impl Files {
    /// The files below the root.
    #[must_use]
    pub fn new(root: Arc<Root>, ownership: Ownership, durability: Durability) -> Self {
        Self {
            accounts: Accounts::new(Arc::clone(&root)),
            root,
            ownership,
            durability,
            touched: Mutex::default(),
            notes: Mutex::default(),
        }
    }

    /// The same files, with changes on the disk at another time.
    #[must_use]
    pub const fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// The root that they are below.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    pub(super) const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub(super) const fn durability(&self) -> Durability {
        self.durability
    }

    /// What is to be told of the changes since the last call.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        std::mem::take(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn note(&self, path: &AbsPath, text: &str) {
        let note = Note {
            path: path.clone(),
            text: text.to_owned(),
        };
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    /// Sees to it that all that was changed or drafted since the last call is on the disk: one flush for each file system.
    ///
    /// # Errors
    /// The kernel couldn't write it.
    pub fn sync(&self) -> Result<()> {
        let touched = std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner));
        for (path, directory) in touched.into_values() {
            rustix::fs::syncfs(directory).map_err(|error| refused("flush the file system of", &path, error))?;
        }
        Ok(())
    }

    /// Notes that [`Files::sync`] has to flush the file system of the spot.
    pub(super) fn touch(&self, spot: &Spot<'_>) -> std::result::Result<(), Errno> {
        let device = rustix::fs::statat(spot, "", AtFlags::EMPTY_PATH)?.st_dev;
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Vacant(new) = touched.entry(device) {
            new.insert((spot.path.clone(), spot.open_directory()?));
        }
        drop(touched);
        Ok(())
    }

    /// What stands at the path; a link at its end isn't followed. `None`: nothing.
    ///
    /// # Errors
    /// The path can't be looked up.
    pub fn entry(&self, path: &AbsPath) -> Result<Option<PathEntry>> {
        let Some(spot) = self.root.look_up_to_read(path, AtEnd::Stay)? else {
            return Ok(None);
        };
        let Some(stat) = &spot.stat else { return Ok(None) };
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => PathKind::File,
            FileType::Directory => PathKind::Directory,
            FileType::Symlink => PathKind::Symlink(said_by(&spot)?),
            _ => PathKind::Other,
        };
        let applies = self.ownership == Ownership::Apply;
        let of = |value: Result<String>| applies.then_some(value).transpose();
        Ok(Some(PathEntry {
            kind,
            mode: applies.then(|| Mode::new(stat.st_mode & PERMISSIONS).ok()).flatten(),
            owner: of(self.accounts.user_name(stat.st_uid))?,
            group: of(self.accounts.group_name(stat.st_gid))?,
        }))
    }

    /// Makes the directory; its parent must exist. One that is there already gets the attributes that are given.
    ///
    /// # Errors
    /// The parent doesn't exist, something else stands there, the owner or group doesn't exist, or the kernel refuses.
    pub fn create_directory(&self, path: &AbsPath, attributes: &PathAttributes) -> Result<()> {
        let spot = self.root.look_up_to_change("make the directory", path, AtEnd::Stay)?;
        match spot.kind() {
            None => {}
            Some(FileType::Directory) => return self.set_attributes(path, attributes),
            Some(kind) => return Err(in_the_way("make the directory", path, kind)),
        }
        let wanted = self.wanted(attributes, None, Mode::DIRECTORY)?;
        // Nobody else may enter before it has its owner and mode.
        match rustix::fs::mkdirat(&spot, &spot.name, Bits::RWXU) {
            Ok(()) => {}
            // Somebody was faster, such as another resource whose parent it is too: what stands there now decides.
            Err(Errno::EXIST) => return self.create_directory(path, attributes),
            Err(error) => return Err(refused("make the directory", path, error)),
        }
        let directory = open_inert(&spot, OFlags::DIRECTORY).map_err(|error| refused("open", path, error))?;
        if let Some(wanted) = wanted {
            wanted
                .set(&directory)
                .map_err(|error| refused("set the owner and mode of", path, error))?;
        }
        self.flush_directory(&spot, path)
    }

    /// Makes the link say `target`, in one step if there was a link.
    ///
    /// # Errors
    /// The directory doesn't exist, something else than a link stands there, or the kernel refuses.
    pub fn write_symlink(&self, path: &AbsPath, target: &str) -> Result<()> {
        let action = "write the link";
        if target.is_empty() || target.contains('\0') {
            return Err(because(
                action,
                path,
                format!("{target:?} is nothing that a link can say"),
            ));
        }
        let spot = self.root.look_up_to_change(action, path, AtEnd::Stay)?;
        match spot.kind() {
            // Whoever makes something there at this moment is not overwritten.
            None => rustix::fs::symlinkat(target, &spot, &spot.name).map_err(|error| refused(action, path, error))?,
            Some(FileType::Symlink) => {
                let temp = temp_name(&spot.name).map_err(|error| refused(action, path, error))?;
                rustix::fs::symlinkat(target, &spot, &temp).map_err(|error| refused(action, path, error))?;
                if let Err(error) = rustix::fs::renameat(&spot, &temp, &spot, &spot.name) {
                    let _gone = rustix::fs::unlinkat(&spot, &temp, AtFlags::empty());
                    return Err(refused(action, path, error));
                }
            }
            Some(kind) => return Err(in_the_way(action, path, kind)),
        }
        self.flush_directory(&spot, path)
    }

    /// Changes owner, group and mode of a file or directory.
    ///
    /// # Errors
    /// There is no such path, it is a link, the owner or group doesn't exist, or the kernel refuses. A file with several
    /// names in a directory of somebody else is refused too: one of the names may be that of another's file.
    pub fn set_attributes(&self, path: &AbsPath, attributes: &PathAttributes) -> Result<()> {
        let action = "set the owner and mode of";
        let spot = self.root.look_up_to_change(action, path, AtEnd::Stay)?;
        let kind = spot.kind().ok_or_else(|| because(action, path, "there is nothing"))?;
        if !matches!(kind, FileType::RegularFile | FileType::Directory) {
            return Err(because(action, path, format!("it is {}", described(kind))));
        }
        let opened = open_inert(&spot, OFlags::empty()).map_err(|error| refused(action, path, error))?;
        let stat = rustix::fs::fstat(&opened).map_err(|error| refused(action, path, error))?;
        if FileType::from_raw_mode(stat.st_mode) != kind {
            return Err(because(action, path, "somebody put something else there just now"));
        }
        if kind == FileType::RegularFile && stat.st_nlink > 1 {
            let holder =
                rustix::fs::statat(&spot, "", AtFlags::EMPTY_PATH).map_err(|error| refused(action, path, error))?;
            if !self.root.trusts(holder.st_uid) {
                let why = "it has other names, in a directory that isn't root's: it may be anybody's file";
                return Err(because(action, path, why));
            }
        }
        match self.wanted(attributes, Some(&stat), Mode::FILE)? {
            Some(wanted) => wanted.set(&opened).map_err(|error| refused(action, path, error)),
            None => Ok(()),
        }
    }

    /// Removes the file, link or empty directory; nothing there is success.
    ///
    /// # Errors
    /// The directory isn't empty, or the kernel refuses.
    pub fn remove(&self, path: &AbsPath) -> Result<()> {
        let Some(spot) = self.root.look_up_to_read(path, AtEnd::Stay)? else {
            return Ok(());
        };
        let is_directory = spot.kind() == Some(FileType::Directory);
        let flags = if is_directory {
            AtFlags::REMOVEDIR
        } else {
            AtFlags::empty()
        };
        match rustix::fs::unlinkat(&spot, &spot.name, flags) {
            Ok(()) => self.flush_directory(&spot, path),
            Err(Errno::NOENT) => Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) => Err(SystemError::NotEmpty { path: path.clone() }),
            Err(error) => Err(refused("remove", path, error)),
        }
    }

    /// Removes the temporary files that killed runs left in the directory, and tells their names.
    ///
    /// Only for when nothing is written to the directory: it can't tell a file that is being written from one that was.
    ///
    /// # Errors
    /// The directory can't be read, or the kernel refuses.
    pub fn sweep(&self, directory: &AbsPath) -> Result<Vec<String>> {
        let mut names = self.root.list(directory)?.unwrap_or_default();
        names.retain(|name| is_temp_name(name));
        // A directory is of an archive that wasn't unpacked to its end; it is removed when that is tried again.
        let mut is_file = Ok(true);
        names.retain(|name| {
            let found = join(directory, name).and_then(|path| self.entry(&path));
            match found {
                Ok(entry) => entry.is_none_or(|entry| entry.kind != PathKind::Directory),
                Err(error) => {
                    is_file = Err(error);
                    false
                }
            }
        });
        is_file?;
        for name in &names {
            self.remove(&join(directory, name)?)?;
        }
        Ok(names)
    }

    /// What is to be set on something new, or on what has `old`; none: nothing is ever set.
    pub(super) fn wanted(
        &self,
        attributes: &PathAttributes,
        old: Option<&Stat>,
        default: Mode,
    ) -> Result<Option<Wanted>> {
        if self.ownership == Ownership::Leave {
            return Ok(None);
        }
        // What is new is made by root, or by whoever tries things out.
        let our_user = || rustix::process::geteuid().as_raw();
        let our_group = || rustix::process::getegid().as_raw();
        Ok(Some(Wanted {
            uid: match &attributes.owner {
                Some(name) => self.accounts.uid(name)?,
                None => old.map_or_else(our_user, |stat| stat.st_uid),
            },
            gid: match &attributes.group {
                Some(name) => self.accounts.gid(name)?,
                None => old.map_or_else(our_group, |stat| stat.st_gid),
            },
            mode: match attributes.mode {
                Some(mode) => mode.bits(),
                None => old.map_or(default.bits(), |stat| stat.st_mode & PERMISSIONS),
            },
        }))
    }

    /// Puts the change of a name in the directory on the disk, unless that is left to [`Files::sync`].
    pub(super) fn flush_directory(&self, spot: &Spot<'_>, path: &AbsPath) -> Result<()> {
        if self.durability == Durability::Batch {
            return self
                .touch(spot)
                .map_err(|error| refused("open the directory of", path, error));
        }
        let flushed = spot.open_directory().and_then(rustix::fs::fsync);
        match flushed {
            // Not every file system can, and then there is nothing to be done about it.
            Ok(()) | Err(Errno::INVAL) => Ok(()),
            Err(error) => Err(refused("flush the directory of", path, error)),
        }
    }
}

/// Opens what stands at the spot, which isn't followed, so that opening it does nothing and waits for nobody.
pub(super) fn open_inert(spot: &Spot<'_>, more: OFlags) -> std::result::Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::openat(spot, &spot.name, flags | more, Bits::empty())
}

fn said_by(spot: &Spot<'_>) -> Result<String> {
    let target = rustix::fs::readlinkat(spot, &spot.name, Vec::new());
    let target = target.map_err(|error| refused("read the link", &spot.path, error))?;
    target
        .into_string()
        .map_err(|_| because("read the link", &spot.path, "what it says isn't UTF-8"))
}

const fn described(kind: FileType) -> PathKind {
    match kind {
        FileType::RegularFile => PathKind::File,
        FileType::Directory => PathKind::Directory,
        FileType::Symlink => PathKind::Symlink(String::new()),
        _ => PathKind::Other,
    }
}

/// The error that something else stands where a change is to be made.
pub(super) fn in_the_way(action: &str, path: &AbsPath, kind: FileType) -> SystemError {
    because(action, path, format!("{} stands there", described(kind)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use tempfile::TempDir;

    fn fixture() -> (TempDir, Files) {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::below(directory.path()).unwrap();
        (
            directory,
            Files::new(Arc::new(root), Ownership::Apply, Durability::Batch),
        )
    }

    fn path(text: &str) -> AbsPath {
        AbsPath::new(text).unwrap()
    }

    fn mode(bits: u32) -> PathAttributes {
        PathAttributes {
            mode: Some(Mode::new(bits).unwrap()),
            ..PathAttributes::default()
        }
    }

    #[test]
    fn directories_get_their_mode_and_need_a_parent() {
        let (_directory, files) = fixture();
        files.create_directory(&path("/a"), &PathAttributes::default()).unwrap();
        files.create_directory(&path("/a/b"), &mode(0o1770)).unwrap();
        let found = |name: &str| files.entry(&path(name)).unwrap().unwrap();
        assert_eq!(
            (found("/a").kind, found("/a").mode),
            (PathKind::Directory, Some(Mode::DIRECTORY))
        );
        assert_eq!(found("/a/b").mode, Mode::new(0o1770).ok());
        let error = files.create_directory(&path("/x/y"), &mode(0o755)).unwrap_err();
        assert_eq!(error.to_string(), "create /x/y: its directory /x doesn't exist");
        files.write_symlink(&path("/link"), "/a").unwrap();
        let error = files.create_directory(&path("/link"), &mode(0o755)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "make the directory /link: a symbolic link stands there"
        );
        // It is there already: then only what was said of it is set.
        files
            .create_directory(&path("/a/b"), &PathAttributes::default())
            .unwrap();
        assert_eq!(found("/a/b").mode, Mode::new(0o1770).ok());
    }

    #[test]
    fn links_are_made_replaced_and_read() {
        let (directory, files) = fixture();
        files.write_symlink(&path("/link"), "old target").unwrap();
        files.write_symlink(&path("/link"), "/new").unwrap();
        assert_eq!(
            files.entry(&path("/link")).unwrap().unwrap().kind,
            PathKind::Symlink("/new".into())
        );
        assert_eq!(files.root().list(&AbsPath::root()).unwrap().unwrap(), ["link"]);
        std::fs::write(directory.path().join("file"), "x").unwrap();
        let error = files.write_symlink(&path("/file"), "/new").unwrap_err();
        assert_eq!(error.to_string(), "write the link /file: a file stands there");
        assert!(files.write_symlink(&path("/other"), "").is_err());
    }

    #[test]
    fn attributes_are_set_on_files_and_directories_and_not_through_links() {
        let (directory, files) = fixture();
        let file = directory.path().join("file");
        std::fs::write(&file, "x").unwrap();
        files.set_attributes(&path("/file"), &mode(0o4750)).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o4750);
        files
            .set_attributes(&path("/file"), &PathAttributes::default())
            .unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o4750);
        files.write_symlink(&path("/link"), "/file").unwrap();
        let error = |at: &str, attributes: &PathAttributes| {
            files.set_attributes(&path(at), attributes).unwrap_err().to_string()
        };
        assert_eq!(
            error("/link", &mode(0o600)),
            "set the owner and mode of /link: it is a symbolic link"
        );
        assert_eq!(
            error("/none", &mode(0o600)),
            "set the owner and mode of /none: there is nothing"
        );
        let owner = PathAttributes {
            owner: Some("nobody-of-that-name".into()),
            ..PathAttributes::default()
        };
        assert_eq!(
            error("/file", &owner),
            "find the user `nobody-of-that-name` on the host: there is none"
        );
    }

    #[test]
    fn names_come_from_the_root_s_own_files() {
        let (directory, files) = fixture();
        let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        std::fs::create_dir(directory.path().join("etc")).unwrap();
        let owner = || files.entry(&path("/etc")).unwrap().unwrap().owner;
        assert_eq!(owner(), Some(user.to_string()));
        std::fs::write(
            directory.path().join("etc/passwd"),
            format!("me:x:{user}:{group}:Me:/home/me:/bin/sh\n"),
        )
        .unwrap();
        assert_eq!(owner().as_deref(), Some("me"));
        std::fs::write(
            directory.path().join("etc/group"),
            format!("us:x:{group}:\nwheel:x:10:me\n"),
        )
        .unwrap();
        let account = files.accounts().user("me").unwrap().unwrap();
        assert_eq!(
            (account.group.as_str(), account.groups),
            ("us", vec!["wheel".to_owned()])
        );
        assert_eq!(files.accounts().uid("me").unwrap(), user);
        assert_eq!(files.accounts().uid("77").unwrap(), 77);
        assert!(files.accounts().uid("4294967295").is_err() && files.accounts().gid("-1").is_err());
    }

    #[test]
    fn removal_takes_what_is_there_but_no_full_directory() {
        let (directory, files) = fixture();
        std::fs::create_dir_all(directory.path().join("full/empty")).unwrap();
        files.write_symlink(&path("/link"), "/full").unwrap();
        let error = files.remove(&path("/full")).unwrap_err();
        assert_eq!(error.to_string(), "remove /full: the directory isn't empty");
        for gone in ["/link", "/full/empty", "/full", "/full", "/no/such/directory"] {
            files.remove(&path(gone)).unwrap();
        }
        assert!(files.root().list(&AbsPath::root()).unwrap().unwrap().is_empty());
    }

    #[test]
    fn what_killed_runs_left_is_swept_away() {
        let (directory, files) = fixture();
        for name in [&temp_name("zoo.cfg").unwrap(), "zoo.cfg", ".hidden", "backup~"] {
            std::fs::write(directory.path().join(name), "x").unwrap();
        }
        assert_eq!(files.sweep(&AbsPath::root()).unwrap().len(), 1);
        assert_eq!(
            files.root().list(&AbsPath::root()).unwrap().unwrap(),
            [".hidden", "backup~", "zoo.cfg"]
        );
    }

    #[test]
    fn a_sandbox_knows_no_owners_and_sets_none() {
        let (directory, _) = fixture();
        let root = Root::below(directory.path()).unwrap();
        let files = Files::new(Arc::new(root), Ownership::Leave, Durability::Batch);
        let root_s = PathAttributes {
            owner: Some("zookeeper".into()),
            ..mode(0o750)
        };
        files.create_directory(&path("/a"), &root_s).unwrap();
        files.set_attributes(&path("/a"), &root_s).unwrap();
        let found = files.entry(&path("/a")).unwrap().unwrap();
        assert_eq!((found.owner, found.group, found.mode), (None, None, None));
    }
}
