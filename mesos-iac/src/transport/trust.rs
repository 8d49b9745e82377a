//! Adding a host key to a known-hosts file, once somebody has compared its fingerprint.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::error::TransportError;
use super::host_key::HostKey;
use super::known_hosts::{KnownHosts, KnownHostsError, filed_as};
use super::target::Target;

/// Ensures that `file` records `key` for the target's address and port.
///
/// A missing file is made with mode 0600 and a missing directory with 0700; the line is appended with one write, after
/// a line feed if the file ends without one. Nothing is written, and `false` returned, if the file has the key for this
/// target already. Other lines for the target are left alone: a changed key is the user's to remove.
///
/// # Errors
/// [`TransportError::Target`] for an address that does not fit into a line, and [`TransportError::KnownHosts`] if the
/// file cannot be read or written.
pub fn append(file: &Path, target: &Target, key: &HostKey) -> Result<bool, TransportError> {
    target.validate()?;
    if KnownHosts::read(&[PathBuf::from(file)])?.lookup(target)?.contains(key) {
        return Ok(false);
    }
    write_line(file, &entry(target, key)).map_err(|error| KnownHostsError::Unwritable {
        file: file.to_owned(),
        why: error.to_string(),
    })?;
    Ok(true)
}

/// The known-hosts line that [`append`] writes, without its line feed.
#[must_use]
pub fn entry(target: &Target, key: &HostKey) -> String {
    format!("{} {} {}", filed_as(target), key.key_type(), key.base64())
}

fn write_line(file: &Path, line: &str) -> io::Result<()> {
    if let Some(directory) = file.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)?;
    let mut text = String::new();
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            text.push('\n');
        }
    }
    text.push_str(line);
    text.push('\n');
    // One write in append mode: two of us at once leave two whole lines.
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::host_key::tests::key;
    use super::super::target::tests::target;
    use super::*;

    /// A directory of this test's own, removed with it.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("trust-{name}-{}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_file_is_private_and_its_key_is_known() {
        let scratch = Scratch::new("new");
        let file = scratch.0.join("a/.ssh/known_hosts");
        let target = target("zk1", "2001:DB8::1", 2222);
        let key = key("ssh-ed25519", 1);
        assert!(append(&file, &target, &key).unwrap());
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(file.parent().unwrap()), 0o700);
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text, format!("[2001:db8::1]:2222 ssh-ed25519 {}\n", key.base64()));
        let records = KnownHosts::read(&[file]).unwrap().lookup(&target).unwrap();
        records.verify(&target, &key).unwrap();
    }

    #[test]
    fn nothing_is_written_twice() {
        let scratch = Scratch::new("twice");
        let file = scratch.0.join("known_hosts");
        let target = target("zk1", "192.0.2.1", 22);
        assert!(append(&file, &target, &key("ssh-ed25519", 1)).unwrap());
        assert!(!append(&file, &target, &key("ssh-ed25519", 1)).unwrap());
        assert!(append(&file, &target, &key("ssh-rsa", 1)).unwrap());
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 2);
    }

    #[test]
    fn a_last_line_without_a_line_feed_stays_whole() {
        let scratch = Scratch::new("feed");
        let file = scratch.0.join("known_hosts");
        fs::write(&file, "# mine").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let target = target("zk1", "192.0.2.1", 22);
        append(&file, &target, &key("ssh-ed25519", 1)).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("# mine\n192.0.2.1 ssh-ed25519 ") && text.ends_with('\n'));
        assert_eq!(mode(&file), 0o644);
    }

    #[test]
    fn a_name_that_is_no_name_is_not_written() {
        let scratch = Scratch::new("name");
        let file = scratch.0.join("known_hosts");
        let target = target("zk1", "192.0.2.1\n* ssh-ed25519 AAAA", 22);
        assert!(append(&file, &target, &key("ssh-ed25519", 1)).is_err());
        assert!(!file.exists());
    }

    #[test]
    fn what_cannot_be_written_is_an_error() {
        let target = target("zk1", "192.0.2.1", 22);
        for file in ["/dev/null/known_hosts", "/proc/known_hosts", "/"] {
            let error = append(Path::new(file), &target, &key("ssh-ed25519", 1)).unwrap_err();
            assert_eq!(error.kind(), "known-hosts", "{file}");
        }
    }
}
