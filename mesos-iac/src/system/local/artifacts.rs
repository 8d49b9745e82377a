//! Files from the network and directories from archives, made by the host's own `curl` and `tar`.

use super::convert::command;
use super::files::Files;
use super::process::Call;
use super::reading::digest_of;
use super::refusal::{because, reason, refused};
use super::root::AtEnd;
use super::temp_name::{is_temp_name, temp_name};
use crate::model::{Fetch, FileWrite, SystemError, Unpack};
use crate::words::{AbsPath, CommandLine};
use rustix::fs::{AtFlags, FileType, RenameFlags};
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

type Result<T> = std::result::Result<T, SystemError>;

/// How long fetching or unpacking may take. A transfer that stands still ends after a minute.
const TIME_OUT: Duration = Duration::from_secs(3600);

/// Fetches a file into a temporary one, which takes its place if its digest is right.
pub(super) fn fetch(files: &Files, path: &AbsPath, fetch: &Fetch<'_>) -> Result<()> {
    let words = [
        "curl",
        "--fail",
        "--silent",
        "--show-error",
        "--location",
        "--proto",
        "=http,https",
        "--connect-timeout",
        "30",
        "--speed-limit",
        "1",
        "--speed-time",
        "60",
        "--url",
        fetch.url,
        "--output",
        "{}",
    ];
    let curl = command(words)?;
    let write = FileWrite {
        content: b"",
        attributes: fetch.attributes,
        verify: Some(&curl),
    };
    files.write_file(path, &write, &|command: &CommandLine| {
        Call::new(command, TIME_OUT).run_checked()?;
        let file = command.arguments().last().map(File::open).transpose();
        let file = file.map_err(|error| because("read", path, reason(&error)))?;
        let file = file.ok_or_else(|| because("read", path, "curl was told no file"))?;
        fetch.sha256.require(fetch.url, &digest_of(file, path)?)
    })
}

/// Unpacks an archive beside the directory, and lets it take the directory's place.
pub(super) fn unpack(files: &Files, directory: &AbsPath, unpack: &Unpack<'_>) -> Result<()> {
    let action = "unpack an archive to";
    let root = files.root();
    let found = root.digest(unpack.archive)?;
    let found = found.ok_or_else(|| because("unpack", unpack.archive, "there is no such file"))?;
    unpack.sha256.require(unpack.archive.as_str(), &found)?;

    let spot = root.look_up_to_change(action, directory, AtEnd::Stay)?;
    let holder =
        rustix::fs::statat(&spot, "", AtFlags::EMPTY_PATH).map_err(|error| refused(action, directory, error))?;
    if !root.trusts(holder.st_uid) {
        // Whoever owns it could have us unpack wherever a link of theirs leads.
        return Err(because(action, directory, "the directory above it isn't root's"));
    }
    if !matches!(spot.kind(), None | Some(FileType::Directory)) {
        return Err(because(
            action,
            directory,
            "something else than a directory stands there",
        ));
    }
    let failed = |error: io::Error| because(action, directory, reason(&error));
    let parent = spot.path.parent().unwrap_or_else(AbsPath::root);
    forget_earlier(&parent, &spot.name).map_err(failed)?;
    let temp = temp_name(&spot.name).map_err(|error| refused(action, directory, error))?;
    let temp = parent
        .join(&temp)
        .map_err(|error| SystemError::Other(error.to_string()))?;
    let made = make(files, &temp, unpack).and_then(|()| {
        let flags = match spot.kind() {
            Some(_) => RenameFlags::EXCHANGE,
            None => RenameFlags::NOREPLACE,
        };
        let renamed = rustix::fs::renameat_with(&spot, temp.file_name(), &spot, &spot.name, flags);
        renamed.map_err(|error| refused(action, directory, error))
    });
    // What is called so now is the new directory that couldn't take its place, or the old one.
    let cleared = match std::fs::remove_dir_all(temp.as_path()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    };
    made?;
    files.flush_directory(&spot, directory)?;
    cleared
}

/// Removes what killed runs left beside the directory.
fn forget_earlier(parent: &AbsPath, name: &str) -> io::Result<()> {
    for entry in std::fs::read_dir(parent.as_path())? {
        let entry = entry?;
        let is_ours = entry.file_name().to_str().is_some_and(|other| {
            is_temp_name(other)
                && other
                    .strip_prefix('.')
                    .is_some_and(|rest| rest.starts_with(&format!("{name}.")))
        });
        if is_ours && entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Makes the new directory, complete and on the disk.
fn make(files: &Files, temp: &AbsPath, unpack: &Unpack<'_>) -> Result<()> {
    files.create_directory(temp, unpack.attributes)?;
    let strip = format!("--strip-components={}", unpack.strip);
    let tar = command([
        "tar",
        "--extract",
        "--no-same-owner",
        "--no-same-permissions",
        "--no-overwrite-dir",
        strip.as_str(),
        "--directory",
        temp.as_str(),
        "--file",
        unpack.archive.as_str(),
    ])?;
    Call::new(&tar, TIME_OUT).run_checked()?;
    let is_empty = std::fs::read_dir(temp.as_path()).map(|mut entries| entries.next().is_none());
    if is_empty.map_err(|error| because("read", temp, reason(&error)))? {
        return Err(because(
            "unpack",
            unpack.archive,
            format!(
                "nothing is left of it without the first {} directories of each name",
                unpack.strip
            ),
        ));
    }
    let marker = unpack.marker_in(temp)?;
    files.write_file(&marker, &FileWrite::new(unpack.marker_text().as_bytes()), &|_| Ok(()))?;
    let flushed = File::open(Path::new(temp.as_str())).map_err(|error| because("flush", temp, reason(&error)))?;
    rustix::fs::syncfs(&flushed).map_err(|error| refused("flush the file system of", temp, error))
}

#[cfg(test)]
mod tests {
    use super::super::files::{Durability, Ownership};
    use super::super::root::Root;
    use super::*;
    use crate::model::{PathAttributes, Sha256Digest};
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::process::Command;
    use std::sync::Arc;

    fn files() -> Files {
        let root = Arc::new(Root::host().unwrap());
        Files::new(root, Ownership::Apply, Durability::Each)
    }

    fn at(directory: &tempfile::TempDir, name: &str) -> AbsPath {
        AbsPath::new(directory.path().join(name).to_str().unwrap()).unwrap()
    }

    fn names(directory: &tempfile::TempDir) -> Vec<String> {
        let entries = std::fs::read_dir(directory.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn has(tool: &str) -> bool {
        Command::new(tool).arg("--version").output().is_ok()
    }

    /// Answers one request: says that so many bytes come, and sends these.
    fn serve(length: usize, content: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/x.tgz", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let _read = stream.read(&mut request).unwrap();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            )
            .unwrap();
            stream.write_all(content).unwrap();
        });
        url
    }

    #[test]
    fn what_is_fetched_takes_its_place_only_if_it_is_whole_and_right() {
        if !has("curl") {
            return;
        }
        let place = tempfile::tempdir().unwrap();
        let path = at(&place, "x.tgz");
        let attributes = PathAttributes::default();
        let sha256 = Sha256Digest::of(b"content");
        let get = |url: &str| {
            let wanted = Fetch {
                url,
                sha256: &sha256,
                attributes: &attributes,
            };
            fetch(&files(), &path, &wanted)
        };
        // It breaks off, is another, or nobody is there.
        let error = get(&serve(7, b"con")).unwrap_err().to_string();
        assert!(error.contains("curl"), "{error}");
        let error = get(&serve(5, b"other")).unwrap_err().to_string();
        assert!(error.contains("and the definition says ed7002b4"), "{error}");
        get("http://127.0.0.1:9/").unwrap_err();
        assert_eq!(names(&place), [""; 0], "nothing is left of what failed");

        get(&serve(7, b"content")).unwrap();
        assert_eq!(std::fs::read(path.as_path()).unwrap(), b"content");
        // The old file stays if the new one isn't right.
        get(&serve(5, b"other")).unwrap_err();
        assert_eq!(
            (names(&place), std::fs::read(path.as_path()).unwrap()),
            (vec!["x.tgz".to_owned()], b"content".to_vec())
        );
    }

    /// An archive with one directory in it, which has this file.
    fn pack(place: &tempfile::TempDir, name: &str, content: &str) -> (AbsPath, Sha256Digest) {
        let tree = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(tree.path().join("app-1/bin")).unwrap();
        std::fs::write(tree.path().join("app-1/bin/app"), content).unwrap();
        let archive = at(place, name);
        let mut tar = Command::new("tar");
        let packed = tar
            .arg("-C")
            .arg(tree.path())
            .args(["-czf", archive.as_str(), "app-1"])
            .status()
            .unwrap();
        assert!(packed.success());
        let digest = Sha256Digest::of(&std::fs::read(archive.as_path()).unwrap());
        (archive, digest)
    }

    #[test]
    fn an_archive_takes_the_place_of_the_one_before_in_one_step() {
        if !has("tar") {
            return;
        }
        let place = tempfile::tempdir().unwrap();
        let directory = at(&place, "app");
        let attributes = PathAttributes::default();
        let put = |archive: &AbsPath, sha256: &Sha256Digest, strip| {
            let wanted = Unpack {
                archive,
                sha256,
                strip,
                attributes: &attributes,
            };
            unpack(&files(), &directory, &wanted)
        };
        let app = || std::fs::read_to_string(place.path().join("app/bin/app")).unwrap();
        let (one, one_digest) = pack(&place, "one.tgz", "one");
        let (two, two_digest) = pack(&place, "two.tgz", "two");
        put(&one, &one_digest, 1).unwrap();
        assert_eq!(app(), "one");
        std::fs::write(place.path().join("app/old"), "x").unwrap();
        // A killed run left half of one behind.
        std::fs::create_dir(place.path().join(".app.0123456789abcdef.mesos-iac~")).unwrap();
        put(&two, &two_digest, 1).unwrap();
        assert_eq!(app(), "two");
        assert!(!place.path().join("app/old").exists());

        // What fails changes nothing and leaves nothing.
        for (sha256, strip, why) in [
            (&one_digest, 1, "and the definition says"),
            (&two_digest, 9, "nothing is left of it"),
        ] {
            let error = put(&two, sha256, strip).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        std::fs::write(two.as_path(), b"no archive").unwrap();
        let error = put(&two, &Sha256Digest::of(b"no archive"), 1).unwrap_err().to_string();
        assert!(error.contains("tar"), "{error}");
        assert_eq!(
            (app().as_str(), names(&place)),
            (
                "two",
                vec!["app".to_owned(), "one.tgz".to_owned(), "two.tgz".to_owned()]
            )
        );
    }
}
