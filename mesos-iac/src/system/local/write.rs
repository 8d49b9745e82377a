//! Replacing the content of a file in one step.

use super::convert::command;
use super::files::{Durability, Files, in_the_way, open_inert};
use super::process::without_starts;
use super::refusal::{because, reason, refused};
use super::root::{AtEnd, Spot};
use super::temp_name::temp_name;
use super::wanted::Wanted;
use super::xattr;
use crate::model::{FileDraft, FileWrite, SystemError};
use crate::words::{AbsPath, CommandLine, Mode};
use rustix::fs::{AtFlags, FileType, Mode as Bits, OFlags, Stat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::fd::AsFd as _;

type Result<T> = std::result::Result<T, SystemError>;

/// Stands for the new file in the command that verifies it.
const PLACEHOLDER: &str = "{}";

/// What runs the command that verifies a new file.
pub type Verifier<'a> = &'a dyn Fn(&CommandLine) -> Result<()>;

/// A new file, complete and with its owner and mode, that hasn't taken its place yet. Dropping it removes it.
#[derive(Debug)]
pub struct Draft<'a> {
    files: &'a Files,
    spot: Spot<'a>,
    path: AbsPath,
    temp: String,
    /// Only to be read: see [`Draft::fill`].
    file: File,
    wanted: Option<Wanted>,
    is_placed: bool,
}

impl Files {
    /// Makes the file, or replaces its content in one step: at every moment the old file or the new one is there.
    ///
    /// Owner, group and mode that aren't given are those of the replaced file, as are its ACL and its other extended
    /// attributes. A bind-mounted file can't be replaced: it is written in place, and a [`Note`](super::Note) says so.
    ///
    /// # Errors
    /// The directory doesn't exist, something else than a file stands there, `verify` refuses, the owner or group
    /// doesn't exist, or the kernel refuses. The old file is there then, and nothing beside it.
    pub fn write_file(&self, path: &AbsPath, write: &FileWrite<'_>, verify: Verifier<'_>) -> Result<()> {
        self.draft(path, write, verify)?.place()
    }

    /// Makes the new file beside the path, for [`Draft::place`] to put in its place.
    ///
    /// # Errors
    /// As [`Files::write_file`].
    pub fn draft(&self, path: &AbsPath, write: &FileWrite<'_>, verify: Verifier<'_>) -> Result<Draft<'_>> {
        let spot = self.root().look_up_to_change("write", path, AtEnd::Follow)?;
        match spot.kind() {
            None | Some(FileType::RegularFile) => {}
            Some(kind) => return Err(in_the_way("write", path, kind)),
        }
        let wanted = self.wanted(write.attributes, spot.stat.as_ref(), Mode::FILE)?;
        let draft = Draft::create(self, spot, path, wanted)?;
        draft.fill(write.content)?;
        if let Some(command) = write.verify {
            draft.verify(command, verify)?;
        }
        draft.dress()?;
        Ok(draft)
    }
}

impl<'a> Draft<'a> {
    fn create(files: &'a Files, spot: Spot<'a>, path: &AbsPath, wanted: Option<Wanted>) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let refused = |error| refused("make a temporary file beside", path, error);
        let temp = temp_name(&spot.name).map_err(refused)?;
        if files.durability() == Durability::Batch {
            files.touch(&spot).map_err(refused)?;
        }
        // Readable by nobody else before it has its owner and mode.
        let file = rustix::fs::openat(&spot, &temp, flags, Bits::RUSR | Bits::WUSR).map_err(refused)?;
        Ok(Self {
            files,
            spot,
            path: path.clone(),
            temp,
            file: file.into(),
            wanted,
            is_placed: false,
        })
    }

    fn refused(&self, error: Errno) -> SystemError {
        refused("write", &self.path, error)
    }

    /// Writes the content. The file isn't open for writing afterwards: it may be a program.
    fn fill(&self, content: &[u8]) -> Result<()> {
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let taken_away = || because("write", &self.path, "somebody took away the new file beside it");
        let _nobody_starts = without_starts();
        let mut opened = match rustix::fs::openat(&self.spot, &self.temp, flags, Bits::empty()) {
            Ok(opened) => File::from(opened),
            // Nothing, a link, a pipe.
            Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return Err(taken_away()),
            Err(error) => return Err(self.refused(error)),
        };
        let there = rustix::fs::fstat(&opened).map_err(|error| self.refused(error))?;
        if !self.is_ours(&there)? {
            return Err(taken_away());
        }
        let filled = opened.write_all(content);
        filled.map_err(|error| because("write", &self.path, reason(&error)))
    }

    fn is_ours(&self, there: &Stat) -> Result<bool> {
        let ours = rustix::fs::fstat(&self.file).map_err(|error| self.refused(error))?;
        Ok((there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino))
    }

    fn verify(&self, asked: &CommandLine, verify: Verifier<'_>) -> Result<()> {
        let temp = self.files.root().outside(&self.spot.sibling(&self.temp)?)?;
        let words = std::iter::once(asked.program()).chain(asked.arguments().iter().map(String::as_str));
        let words = words.map(|word| if word == PLACEHOLDER { temp.as_str() } else { word });
        let command = command(words)?;
        verify(&command)?;
        // What takes the path's place is the file that we made, or nothing.
        match rustix::fs::statat(&self.spot, &self.temp, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(there) if self.is_ours(&there)? => Ok(()),
            _ => Err(because(
                "write",
                &self.path,
                format!("`{command}` took away the file that it was to verify"),
            )),
        }
    }

    /// Gives it its owner, its attributes and its mode, in this order: a change of owner takes the set-user-id bits and
    /// the capabilities away, and an ACL's mask is the mode's.
    fn dress(&self) -> Result<()> {
        let Some(wanted) = self.wanted else { return Ok(()) };
        let set = |error| refused("set the owner and mode of", &self.path, error);
        wanted.set_owner(&self.file).map_err(set)?;
        if self.spot.stat.is_some() {
            let kept =
                open_inert(&self.spot, OFlags::empty()).and_then(|old| xattr::copy(old.as_fd(), self.file.as_fd()));
            kept.map_err(|error| refused("keep the extended attributes of", &self.path, error))?;
        }
        wanted.set_mode(&self.file).map_err(set)
    }

    /// Lets it take its place.
    ///
    /// # Errors
    /// The kernel refuses; the old file is there then.
    pub fn place(mut self) -> Result<()> {
        if self.files.durability() == Durability::Each {
            rustix::fs::fsync(&self.file).map_err(|error| self.refused(error))?;
        }
        match rustix::fs::renameat(&self.spot, &self.temp, &self.spot, &self.spot.name) {
            Ok(()) => {
                self.is_placed = true;
                self.files.flush_directory(&self.spot, &self.path)
            }
            // A mount point can't be renamed over. Containers mount /etc/hosts and /etc/resolv.conf so.
            Err(Errno::BUSY | Errno::XDEV) if self.spot.stat.is_some() => self.write_in_place(),
            Err(error) => Err(self.refused(error)),
        }
    }

    fn write_in_place(&self) -> Result<()> {
        let refused = |error| refused("write in place", &self.path, error);
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let _nobody_starts = without_starts();
        let target = rustix::fs::openat(&self.spot, &self.spot.name, flags, Bits::empty()).map_err(refused)?;
        let stat = rustix::fs::fstat(&target).map_err(refused)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(in_the_way("write", &self.path, FileType::from_raw_mode(stat.st_mode)));
        }
        if let Some(wanted) = self.wanted {
            // Whoever may not read the new content may not read it from the first byte on.
            rustix::fs::fchmod(&target, Bits::from_raw_mode(stat.st_mode & wanted.mode & 0o777)).map_err(refused)?;
            wanted.set_owner(&target).map_err(refused)?;
        }
        let mut file = File::from(target);
        let failed = |error: std::io::Error| because("write in place", &self.path, reason(&error));
        let mut new = &self.file;
        new.rewind().map_err(failed)?;
        let length = std::io::copy(&mut new, &mut file).map_err(failed)?;
        file.set_len(length).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        if let Some(wanted) = self.wanted {
            wanted.set_mode(&file).map_err(refused)?;
        }
        let text =
            "it is a mount point and was written in place: for a moment it was neither the old file nor the new one";
        self.files.note(&self.path, text);
        Ok(())
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.is_placed {
            // Nothing more can be done about it than the error that is already on its way.
            let _gone = rustix::fs::unlinkat(&self.spot, &self.temp, AtFlags::empty());
        }
    }
}

impl FileDraft for Draft<'_> {
    fn place(self: Box<Self>) -> Result<()> {
        Draft::place(*self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::Ownership;
    use super::super::process::Call;
    use super::super::root::Root;
    use super::*;
    use crate::model::PathAttributes;
    use std::fs::{hard_link, metadata, read, write};
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;
    use tempfile::TempDir;

    fn fixture() -> (TempDir, Files) {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::below(directory.path()).unwrap();
        (
            directory,
            Files::new(Arc::new(root), Ownership::Apply, Durability::Each),
        )
    }

    fn path(text: &str) -> AbsPath {
        AbsPath::new(text).unwrap()
    }

    fn write_with(files: &Files, at: &str, content: &str, mode: Option<u32>, verify: Option<&[&str]>) -> Result<()> {
        let attributes = PathAttributes {
            mode: mode.map(|bits| Mode::new(bits).unwrap()),
            ..PathAttributes::default()
        };
        let command = verify.map(|words| CommandLine::new(words.iter().copied()).unwrap());
        let new = FileWrite {
            content: content.as_bytes(),
            attributes: &attributes,
            verify: command.as_ref(),
        };
        files.write_file(&path(at), &new, &|command| {
            let shown = PathBuf::from(&command.arguments()[0]);
            assert_eq!(metadata(&shown).unwrap().permissions().mode() & 0o7777, 0o600);
            match command.program() {
                "accept" => Ok(()),
                "exchange" => {
                    std::fs::remove_file(&shown).unwrap();
                    write(&shown, "another").unwrap();
                    Ok(())
                }
                _ => Err(SystemError::Other(format!(
                    "{} is wrong",
                    String::from_utf8_lossy(&read(shown).unwrap())
                ))),
            }
        })
    }

    fn bits(path: &std::path::Path) -> u32 {
        metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn content_is_replaced_and_the_mode_kept() {
        let (directory, files) = fixture();
        let file = directory.path().join("file");
        write_with(&files, "/file", "one", None, None).unwrap();
        assert_eq!((read(&file).unwrap().as_slice(), bits(&file)), (&b"one"[..], 0o644));
        write_with(&files, "/file", "two", Some(0o640), None).unwrap();
        write_with(&files, "/file", "three", None, None).unwrap();
        assert_eq!((read(&file).unwrap().as_slice(), bits(&file)), (&b"three"[..], 0o640));
        assert_eq!(files.root().list(&AbsPath::root()).unwrap().unwrap(), ["file"]);
        assert!(files.notes().is_empty());
    }

    #[test]
    fn user_attributes_are_kept() {
        let (directory, files) = fixture();
        let file = directory.path().join("file");
        write(&file, "one").unwrap();
        match rustix::fs::setxattr(&file, "user.note", b"mine", rustix::fs::XattrFlags::empty()) {
            Err(Errno::NOTSUP) => return,
            set => set.unwrap(),
        }
        write_with(&files, "/file", "two", None, None).unwrap();
        let mut value = [0; 16];
        let length = rustix::fs::getxattr(&file, "user.note", &mut value).unwrap();
        assert_eq!(
            (read(&file).unwrap().as_slice(), &value[..length]),
            (&b"two"[..], &b"mine"[..])
        );
    }

    #[test]
    fn what_isn_t_verified_changes_nothing() {
        let (directory, files) = fixture();
        write_with(&files, "/file", "one", None, Some(&["accept", "{}"])).unwrap();
        let error = write_with(&files, "/file", "two", None, Some(&["refuse", "{}"])).unwrap_err();
        assert_eq!(error.to_string(), "two is wrong");
        let error = write_with(&files, "/file", "two", None, Some(&["exchange", "{}"])).unwrap_err();
        assert!(
            error.to_string().contains("took away the file that it was to verify"),
            "{error}"
        );
        assert_eq!(read(directory.path().join("file")).unwrap(), b"one");
        assert_eq!(files.root().list(&AbsPath::root()).unwrap().unwrap(), ["file"]);
    }

    #[test]
    fn only_the_file_that_we_made_is_written() {
        let (directory, files) = fixture();
        let put: [fn(&std::path::Path); 4] = [
            |_| {},
            |temp| write(temp, "theirs").unwrap(),
            |temp| symlink("theirs", temp).unwrap(),
            |temp| rustix::fs::mkfifoat(rustix::fs::CWD, temp, Bits::RUSR | Bits::WUSR).unwrap(),
        ];
        for put in put {
            let spot = files.root().look_up_to_change("write", &path("/file"), AtEnd::Follow);
            let draft = Draft::create(&files, spot.unwrap(), &path("/file"), None).unwrap();
            let temp = directory.path().join(&draft.temp);
            std::fs::remove_file(&temp).unwrap();
            put(&temp);
            assert_eq!(
                draft.fill(b"ours").unwrap_err().to_string(),
                "write /file: somebody took away the new file beside it"
            );
            assert!(read(directory.path().join("theirs")).is_err());
        }
    }

    #[test]
    fn links_are_followed_and_hard_links_broken() {
        let (directory, files) = fixture();
        let at = |name: &str| directory.path().join(name);
        write(at("file"), "one").unwrap();
        hard_link(at("file"), at("other")).unwrap();
        symlink("/file", at("link")).unwrap();
        write_with(&files, "/link", "two", None, None).unwrap();
        assert!(at("link").is_symlink());
        assert_eq!(
            (read(at("file")).unwrap(), read(at("other")).unwrap()),
            (b"two".to_vec(), b"one".to_vec())
        );
    }

    /// The directory of the mounts for the test below, which are made outside this process.
    const MOUNTS: &str = "MESOS_IAC_TEST_MOUNTS";

    #[test]
    fn a_mount_point_is_written_in_place_and_that_is_told() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["hosts", "theirs"] {
            write(directory.path().join(name), "old\n").unwrap();
        }
        // In a mount namespace of its own, which goes away with its last process.
        let script = "mount --bind \"$0/theirs\" \"$0/hosts\" && shift && exec \"$@\"";
        let us = std::env::current_exe().unwrap();
        let mut command = std::process::Command::new("unshare");
        command
            .args(["--mount", "--map-root-user", "--", "sh", "-c", script])
            .args([directory.path(), std::path::Path::new("--"), &us])
            .args(["--exact", "system::local::write::tests::in_a_mount_namespace"])
            .env(MOUNTS, directory.path());
        let ran = command.output().unwrap();
        let says = String::from_utf8_lossy(&ran.stderr);
        if says.starts_with("unshare: ") {
            // A container may not make namespaces; the hosts of the testbed do the same.
            eprintln!("not shown here: {}", says.trim());
            return;
        }
        assert!(ran.status.success(), "{}{says}", String::from_utf8_lossy(&ran.stdout));
        assert_eq!(read(directory.path().join("theirs")).unwrap(), b"new\n");
        assert_eq!(
            read(directory.path().join("hosts")).unwrap(),
            b"old\n",
            "the mount went away"
        );
    }

    /// Only where the test above runs it, in a namespace with a bind mount.
    #[test]
    fn in_a_mount_namespace() {
        let Some(directory) = std::env::var_os(MOUNTS) else {
            return;
        };
        let root = Arc::new(Root::below(std::path::Path::new(&directory)).unwrap());
        let files = Files::new(root, Ownership::Apply, Durability::Each);
        write_with(&files, "/hosts", "new\n", Some(0o640), None).unwrap();
        assert_eq!(bits(&PathBuf::from(&directory).join("hosts")), 0o640);
        let notes = files.notes();
        assert_eq!(notes.len(), 1);
        assert!(
            notes[0]
                .text
                .starts_with("it is a mount point and was written in place"),
            "{}",
            notes[0].text
        );
        assert_eq!(
            files.root().list(&AbsPath::root()).unwrap().unwrap(),
            ["hosts", "theirs"]
        );
    }

    #[test]
    fn what_is_in_the_way_is_told() {
        let (directory, files) = fixture();
        std::fs::create_dir(directory.path().join("directory")).unwrap();
        let error = |at: &str| write_with(&files, at, "x", None, None).unwrap_err().to_string();
        assert_eq!(error("/directory"), "write /directory: a directory stands there");
        assert_eq!(error("/"), "write /: a directory stands there");
        assert_eq!(
            error("/none/file"),
            "create /none/file: its directory /none doesn't exist"
        );
    }

    #[test]
    fn the_longest_name_can_be_written() {
        let (_directory, files) = fixture();
        let longest = format!("/{}", "n".repeat(255));
        write_with(&files, &longest, "one", None, None).unwrap();
        write_with(&files, &longest, "two", None, None).unwrap();
        assert_eq!(files.root().read(&path(&longest)).unwrap().unwrap(), b"two");
    }

    /// Set where the test below runs alone in its process: other tests start programs without [`Call`], too.
    const ALONE: &str = "MESOS_IAC_TEST_ALONE";

    #[test]
    fn a_program_can_be_run_as_soon_as_it_is_written_whatever_we_start() {
        if std::env::var_os(ALONE).is_none() {
            let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
            let name = "system::local::write::tests::a_program_can_be_run_as_soon_as_it_is_written_whatever_we_start";
            let ran = alone.args(["--exact", name]).env(ALONE, "").output().unwrap();
            let says = String::from_utf8_lossy(&ran.stdout);
            assert!(ran.status.success() && says.contains("1 passed"), "{says}");
            return;
        }
        let (directory, files) = fixture();
        let files = files.with_durability(Durability::Batch);
        let other = CommandLine::new(["true"]).unwrap();
        let is_over = AtomicBool::new(false);
        let refused: Vec<String> = std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        // Whether it succeeds is nothing to this test.
                        let _ended = Call::new(&other, Duration::from_secs(60)).run();
                    }
                });
            }
            let run = |_| match write_with(&files, "/program", "#!/bin/sh\n", Some(0o755), None) {
                // As somebody else runs it: systemd, say.
                Ok(()) => std::process::Command::new(directory.path().join("program"))
                    .status()
                    .err()
                    .map(|error| error.to_string()),
                Err(error) => Some(error.to_string()),
            };
            let refused = (0..300).filter_map(run).collect();
            is_over.store(true, Ordering::Relaxed);
            refused
        });
        assert!(refused.is_empty(), "{refused:?}");
    }

    #[test]
    fn drafts_are_placed_after_one_sync() {
        let (_directory, files) = fixture();
        let files = files.with_durability(Durability::Batch);
        let write = FileWrite {
            content: b"x",
            attributes: &PathAttributes::default(),
            verify: None,
        };
        let names = ["/a", "/b"];
        let drafts: Vec<Draft<'_>> = names
            .iter()
            .map(|name| files.draft(&path(name), &write, &|_| Ok(())).unwrap())
            .collect();
        files.sync().unwrap();
        for draft in drafts {
            draft.place().unwrap();
        }
        files.sync().unwrap();
        assert_eq!(files.root().list(&AbsPath::root()).unwrap().unwrap(), ["a", "b"]);
    }

    #[test]
    fn a_draft_that_is_dropped_is_gone() {
        let (_directory, files) = fixture();
        let write = FileWrite {
            content: b"x",
            attributes: &PathAttributes::default(),
            verify: None,
        };
        let draft = files.draft(&path("/file"), &write, &|_| Ok(())).unwrap();
        assert_eq!(files.root().list(&AbsPath::root()).unwrap().unwrap().len(), 1);
        drop(draft);
        assert!(files.root().list(&AbsPath::root()).unwrap().unwrap().is_empty());
    }
}
