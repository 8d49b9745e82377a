use super::convert::join;
use super::refusal::{because, refused};
use super::walk::{self, Walked};
use crate::model::SystemError;
use crate::words::AbsPath;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

type Result<T> = std::result::Result<T, SystemError>;

/// The root of a file system, as a directory that is held open: every path is looked up below it, never by name.
///
/// A link in a path is followed if it belongs to root, or to the user that this program runs as; any other is refused, so
/// that nobody can redirect a change that root makes. What an absolute link names, and what climbs with `..`, stays below
/// the root. Where a path has no link in it, which is nearly always, the kernel looks it up in one call
/// (`openat2` with `RESOLVE_NO_SYMLINKS`); else, and on a kernel before 5.6, it is walked one component at a time.
#[derive(Debug)]
pub struct Root {
    fd: OwnedFd,
    /// Where the root itself stands, for the tools that need a name; none for the root of the running host.
    place: Option<AbsPath>,
    /// Who may redirect us.
    user: u32,
    /// Whether the kernel has no `openat2`, or a filter of system calls hides it.
    lacks_openat2: AtomicBool,
}

/// What to do with a link at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtEnd {
    /// Look at the link itself.
    Stay,
    /// Look at what it names.
    Follow,
}

/// A place in the file system: a name, not followed any more, in a directory that is held open.
#[derive(Debug)]
pub(super) struct Spot<'a> {
    directory: Directory<'a>,
    /// The path with every link in it followed.
    pub path: AbsPath,
    /// The name in the directory; `.` for the root itself.
    pub name: String,
    /// What stands there; none: nothing.
    pub stat: Option<Stat>,
}

#[derive(Debug)]
pub(super) enum Directory<'a> {
    Root(BorrowedFd<'a>),
    Other(OwnedFd),
}

/// What a path leads to.
#[derive(Debug)]
pub(super) enum Lookup<'a> {
    /// A place whose directory exists.
    Spot(Spot<'a>),
    /// Its directory doesn't exist.
    NoDirectory {
        /// The directory that is missing, as far as links could be followed.
        directory: AbsPath,
        /// The path, followed so far.
        path: AbsPath,
    },
    /// Something on the way is no directory.
    NotADirectory(AbsPath),
}

impl AsFd for Spot<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.directory {
            Directory::Root(fd) => *fd,
            Directory::Other(fd) => fd.as_fd(),
        }
    }
}

impl Spot<'_> {
    /// The path of another name in the same directory.
    pub(super) fn sibling(&self, name: &str) -> Result<AbsPath> {
        let directory = self.path.parent().unwrap_or_else(AbsPath::root);
        join(&directory, name)
    }

    /// Which sort of thing stands there.
    pub(super) fn kind(&self) -> Option<FileType> {
        self.stat.as_ref().map(|stat| FileType::from_raw_mode(stat.st_mode))
    }

    /// Opens the directory that holds the name, so that it can be flushed to disk.
    pub(super) fn open_directory(&self) -> std::result::Result<OwnedFd, Errno> {
        rustix::fs::openat(
            self,
            ".",
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )
    }
}

impl Root {
    /// The root of the running host.
    ///
    /// # Errors
    /// It can't be opened.
    pub fn host() -> Result<Self> {
        Self::open(Path::new("/"), None)
    }

    /// The file system below a directory.
    ///
    /// # Errors
    /// The path is relative or no UTF-8, or there is no directory.
    pub fn below(directory: &Path) -> Result<Self> {
        let wrong = |why: &str| SystemError::Other(format!("open the directory {}: {why}", directory.display()));
        let text = directory.to_str().ok_or_else(|| wrong("its name isn't UTF-8"))?;
        let place = AbsPath::new(text).map_err(|error| wrong(&error.to_string()))?;
        Self::open(directory, Some(place))
    }

    fn open(directory: &Path, place: Option<AbsPath>) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(directory, flags, Mode::empty())
            .map_err(|error| refused("open", place.as_ref().unwrap_or(&AbsPath::root()), error))?;
        Ok(Self {
            fd,
            place,
            user: rustix::process::geteuid().as_raw(),
            lacks_openat2: AtomicBool::new(false),
        })
    }

    /// The directory that is the root; none for the root of the running host.
    #[must_use]
    pub const fn place(&self) -> Option<&AbsPath> {
        self.place.as_ref()
    }

    /// The name under which other programs find the path.
    pub(super) fn outside(&self, path: &AbsPath) -> Result<AbsPath> {
        match &self.place {
            None => Ok(path.clone()),
            Some(place) => join(place, path.as_str()),
        }
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Whether a link that belongs to this user may redirect us.
    pub(super) const fn trusts(&self, user: u32) -> bool {
        user == 0 || user == self.user
    }

    /// Where the path leads.
    pub(super) fn look_up(&self, path: &AbsPath, at_end: AtEnd) -> Result<Lookup<'_>> {
        if let Some(found) = self.look_up_at_once(path, at_end)? {
            return Ok(found);
        }
        match walk::walk(self, path, at_end)? {
            Walked::At { directory, path, name } => {
                let directory = directory.map_or_else(|| Directory::Root(self.fd()), Directory::Other);
                spot_at(directory, path, name).map(Lookup::Spot)
            }
            Walked::NoDirectory { directory, path } => Ok(Lookup::NoDirectory { directory, path }),
            Walked::NotADirectory(what) => Ok(Lookup::NotADirectory(what)),
        }
    }

    /// As [`Root::look_up`] where there is no link in the path; none: look closer.
    fn look_up_at_once(&self, path: &AbsPath, at_end: AtEnd) -> Result<Option<Lookup<'_>>> {
        let directory = match path.parent() {
            None => {
                return spot_at(Directory::Root(self.fd()), path.clone(), ".".into())
                    .map(|spot| Some(Lookup::Spot(spot)));
            }
            Some(parent) if parent.parent().is_none() => Directory::Root(self.fd()),
            Some(_) if self.lacks_openat2.load(Ordering::Relaxed) => return Ok(None),
            Some(parent) => {
                let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
                let relative = &parent.as_str()[1..];
                match rustix::fs::openat2(&self.fd, relative, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
                    Ok(fd) => Directory::Other(fd),
                    Err(Errno::NOENT) => {
                        return Ok(Some(Lookup::NoDirectory {
                            directory: parent,
                            path: path.clone(),
                        }));
                    }
                    // The walk finds out which link or file is in the way.
                    Err(Errno::LOOP | Errno::NOTDIR) => return Ok(None),
                    // Filters of system calls from before 2020 answer "not permitted" to what they don't know.
                    Err(Errno::NOSYS | Errno::PERM) => {
                        self.lacks_openat2.store(true, Ordering::Relaxed);
                        return Ok(None);
                    }
                    Err(error) => return Err(refused("look up", path, error)),
                }
            }
        };
        let spot = spot_at(directory, path.clone(), path.file_name().to_owned())?;
        if at_end == AtEnd::Follow && spot.kind() == Some(FileType::Symlink) {
            return Ok(None);
        }
        Ok(Some(Lookup::Spot(spot)))
    }

    /// The place of a path that is to be changed, which needs a directory to be in.
    pub(super) fn look_up_to_change(&self, action: &str, path: &AbsPath, at_end: AtEnd) -> Result<Spot<'_>> {
        match self.look_up(path, at_end)? {
            Lookup::Spot(spot) => Ok(spot),
            Lookup::NoDirectory { directory, .. } => Err(SystemError::NoDirectory {
                path: path.clone(),
                directory,
            }),
            Lookup::NotADirectory(what) => Err(because(action, path, format!("{what} is no directory"))),
        }
    }

    /// The place of a path that is to be read; none: there is nothing.
    pub(super) fn look_up_to_read(&self, path: &AbsPath, at_end: AtEnd) -> Result<Option<Spot<'_>>> {
        match self.look_up(path, at_end)? {
            Lookup::Spot(spot) if spot.stat.is_some() => Ok(Some(spot)),
            _ => Ok(None),
        }
    }

    /// The path with every link in it followed, its end included; as far as it exists.
    ///
    /// # Errors
    /// A link on the way belongs to someone who may not redirect us, or the links go in circles.
    pub fn resolve(&self, path: &AbsPath) -> Result<AbsPath> {
        match self.look_up(path, AtEnd::Follow)? {
            Lookup::Spot(spot) => Ok(spot.path),
            Lookup::NoDirectory { path, .. } => Ok(path),
            Lookup::NotADirectory(_) => Ok(path.clone()),
        }
    }
}

/// The name in the directory, with what stands there.
fn spot_at(directory: Directory<'_>, path: AbsPath, name: String) -> Result<Spot<'_>> {
    let mut spot = Spot {
        directory,
        path,
        name,
        stat: None,
    };
    spot.stat = match rustix::fs::statat(&spot, &spot.name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Some(stat),
        Err(Errno::NOENT) => None,
        Err(error) => return Err(refused("look up", &spot.path, error)),
    };
    Ok(spot)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, write};
    use std::os::unix::fs::{lchown, symlink};
    use tempfile::TempDir;

    /// A directory with links of all sorts, as a root.
    fn fixture() -> (TempDir, Root) {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().join(path);
        create_dir_all(at("etc/alternatives")).unwrap();
        create_dir_all(at("etc/zookeeper/conf_example")).unwrap();
        write(at("etc/zookeeper/conf_example/zoo.cfg"), "x").unwrap();
        symlink("/etc/alternatives/zookeeper-conf", at("etc/zookeeper/conf")).unwrap();
        symlink("/etc/zookeeper/conf_example", at("etc/alternatives/zookeeper-conf")).unwrap();
        symlink("../../../../../../etc/zookeeper", at("etc/climbs")).unwrap();
        symlink("loop", at("etc/loop")).unwrap();
        symlink("/srv/nowhere/file", at("etc/dangling")).unwrap();
        symlink("/", at("etc/top")).unwrap();
        symlink("zookeeper/conf/..", at("etc/up")).unwrap();
        symlink("", at("etc/empty")).unwrap_err();
        let root = Root::below(directory.path()).unwrap();
        (directory, root)
    }

    fn path(text: &str) -> AbsPath {
        AbsPath::new(text).unwrap()
    }

    /// With the kernel's help and without.
    fn resolved(root: &Root, from: &str) -> std::result::Result<String, String> {
        let resolve = || {
            root.resolve(&path(from))
                .map(|path| path.to_string())
                .map_err(|error| error.to_string())
        };
        root.lacks_openat2.store(false, Ordering::Relaxed);
        let first = resolve();
        root.lacks_openat2.store(true, Ordering::Relaxed);
        assert_eq!(first, resolve(), "{from}");
        first
    }

    #[test]
    fn links_are_followed_below_the_root() {
        let (_directory, root) = fixture();
        for (from, to) in [
            ("/", "/"),
            ("/etc", "/etc"),
            ("/etc/zookeeper/conf", "/etc/zookeeper/conf_example"),
            ("/etc/zookeeper/conf/zoo.cfg", "/etc/zookeeper/conf_example/zoo.cfg"),
            ("/etc/zookeeper/conf/new", "/etc/zookeeper/conf_example/new"),
            ("/etc/zookeeper/conf/a/b", "/etc/zookeeper/conf_example/a/b"),
            ("/etc/climbs/conf/zoo.cfg", "/etc/zookeeper/conf_example/zoo.cfg"),
            ("/etc/top", "/"),
            ("/etc/top/etc/top/etc", "/etc"),
            ("/etc/up", "/etc/zookeeper"),
            ("/etc/dangling", "/srv/nowhere/file"),
            ("/etc/dangling/x", "/srv/nowhere/file/x"),
            ("/no/such/path", "/no/such/path"),
            ("/etc/zookeeper/conf/zoo.cfg/x", "/etc/zookeeper/conf/zoo.cfg/x"),
        ] {
            assert_eq!(resolved(&root, from).as_deref(), Ok(to), "{from}");
        }
        let error = resolved(&root, "/etc/loop").unwrap_err();
        assert!(
            error.starts_with("follow /etc/loop: the links go in circles"),
            "{error}"
        );
    }

    #[test]
    fn a_stranger_s_link_is_refused() {
        let (directory, mut root) = fixture();
        if root.user == 0 {
            lchown(directory.path().join("etc/zookeeper/conf"), Some(12345), None).unwrap();
        } else {
            // Then all links are strangers'.
            root.user = 12345;
        }
        for from in [
            "/etc/zookeeper/conf",
            "/etc/zookeeper/conf/zoo.cfg",
            "/etc/zookeeper/conf/new",
        ] {
            let error = resolved(&root, from).unwrap_err();
            assert!(
                error.contains("the link /etc/zookeeper/conf belongs to the user with the id"),
                "{error}"
            );
        }
        // Looking at the link itself is no harm.
        assert!(
            root.look_up_to_read(&path("/etc/zookeeper/conf"), AtEnd::Stay)
                .unwrap()
                .is_some()
        );
    }

    #[test]
    fn what_is_missing_is_told() {
        let (_directory, root) = fixture();
        let error = |from: &str| root.look_up_to_change("write", &path(from), AtEnd::Follow).unwrap_err();
        let missing = |from: &str, directory: &str| SystemError::NoDirectory {
            path: path(from),
            directory: path(directory),
        };
        assert_eq!(error("/etc/mesos/zk"), missing("/etc/mesos/zk", "/etc/mesos"));
        assert_eq!(error("/etc/dangling"), missing("/etc/dangling", "/srv"));
        assert_eq!(
            error("/etc/zookeeper/conf/zoo.cfg/x").to_string(),
            "write /etc/zookeeper/conf/zoo.cfg/x: /etc/zookeeper/conf_example/zoo.cfg is no directory"
        );
    }
}
