//! The known-hosts files: which keys they record for a host, and the verdict on the key that it presents.
//!
//! The format is OpenSSH's (`sshd(8)`, "`SSH_KNOWN_HOSTS` FILE FORMAT"). libssh2's own reader is not used: it knows no
//! patterns, takes a revoked key for an unknown one, and gives a whole file up over one line.
//!
//! **Names.** A line counts if it matches the target's address as it is given or the host's name in the definition
//! (which is what `HostKeyAlias` is in `ssh_config`); nothing is resolved for it. For a port other than 22 both are
//! looked up as `[name]:port`; a line for the bare name is then accepted too, as OpenSSH does, but is not held against
//! a different key, since it may well be that of another server on the machine.
//!
//! **What cannot be read.** A file that exists and cannot be read is an error: it may revoke the key. A line of junk
//! about other hosts is ignored, as OpenSSH does, or one slip of an editor would cut off the whole fleet. But a line
//! about *this* host whose key or marker is unreadable is an error: it may be the revocation, or the key that would
//! have made a changed key visible as changed. A malformed hash could be about any host; it makes an error where it is
//! part of a revocation, else at worst the host is unknown, which is a refusal as well.
//!
//! **Certificates.** Only plain host keys are negotiated, so `@cert-authority` lines are never a reason to accept; they
//! are mentioned in the error.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::error::{HostKeyError, TransportError};
use super::host_key::HostKey;
use super::known_hosts_line::{Concern, Line, LineKey, Marker};
use super::target::{SshOptions, Target};
use crate::model::Fingerprint;

/// More than a million lines; a bound on what a path like `/dev/zero` can do.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;

/// A line of a known-hosts file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1 on.
    pub line: usize,
}

/// `FILE:LINE`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// A known-hosts file that cannot be relied on.
#[derive(Debug, thiserror::Error)]
pub enum KnownHostsError {
    /// It exists and cannot be read.
    #[error("read the known hosts in {}: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        why: String,
    },
    /// A line that is about this host, or may be, says nothing that can be relied on.
    #[error("read what {place} says about {host}: {why}")]
    Line {
        /// The host's name in the definition.
        host: String,
        /// The line.
        place: Place,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The key could not be added.
    #[error("add a host key to {}: {why}", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// Why not.
        why: String,
    },
}

/// A key that is recorded for a host, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The key.
    pub key: HostKey,
    /// Its line.
    pub place: Place,
}

/// The known-hosts files, read.
#[derive(Debug, Default)]
pub struct KnownHosts {
    files: Vec<(PathBuf, Vec<u8>)>,
}

/// What the known-hosts files say about one host.
#[derive(Debug, Default)]
pub struct HostRecords {
    /// Keys of the host at its port.
    known: Vec<Record>,
    /// Keys of the host's bare name, where its port is not 22: accepted, and no evidence of a change.
    known_without_port: Vec<Record>,
    revoked: Vec<Record>,
    authority: Option<Place>,
    /// The name under which the first usable line is filed, if not under the address.
    alias: Option<String>,
    under_address: bool,
    searched: Vec<PathBuf>,
}

/// One of the texts under which a host may be filed.
struct Name {
    text: String,
    is_address: bool,
    with_port: bool,
}

impl KnownHosts {
    /// Reads the files. One that does not exist is empty.
    ///
    /// Blocks on the disk: on the SSH thread, call it by way of `spawn_blocking`.
    ///
    /// # Errors
    /// [`KnownHostsError::Unreadable`].
    pub fn read(files: &[PathBuf]) -> Result<Self, KnownHostsError> {
        let read = |file: &PathBuf| match read_bounded(file) {
            Ok(text) => Ok((file.clone(), text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((file.clone(), Vec::new())),
            Err(error) => Err(KnownHostsError::Unreadable {
                file: file.clone(),
                why: error.to_string(),
            }),
        };
        Ok(Self {
            files: files.iter().map(read).collect::<Result<_, _>>()?,
        })
    }

    /// Gathers the lines about one host.
    ///
    /// # Errors
    /// [`KnownHostsError::Line`] for a line about it that cannot be read.
    pub fn lookup(&self, target: &Target) -> Result<HostRecords, KnownHostsError> {
        let names = names(target);
        let mut records = HostRecords {
            searched: self.files.iter().map(|(file, _)| file.clone()).collect(),
            ..HostRecords::default()
        };
        for (file, text) in &self.files {
            for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
                let Some(line) = Line::split(line) else { continue };
                let place = || Place {
                    file: file.clone(),
                    line: index + 1,
                };
                records
                    .take(&line, &names, place)
                    .map_err(|why| KnownHostsError::Line {
                        host: target.host.clone(),
                        place: place(),
                        why,
                    })?;
            }
        }
        Ok(records)
    }
}

impl HostRecords {
    /// Reads what the known-hosts files say about `target`, on one of the runtime's blocking threads.
    pub(super) async fn read(target: &Target, options: &SshOptions) -> Result<Self, TransportError> {
        let (files, target) = (options.known_hosts.clone(), target.clone());
        let host = target.host.clone();
        match tokio::task::spawn_blocking(move || KnownHosts::read(&files)?.lookup(&target)).await {
            Ok(records) => Ok(records?),
            Err(stopped) => Err(TransportError::Lost {
                host,
                why: format!("reading the known hosts broke off: {stopped}"),
            }),
        }
    }

    fn take(&mut self, line: &Line<'_>, names: &[Name], place: impl Fn() -> Place) -> Result<(), &'static str> {
        let concerns: Vec<Concern> = names.iter().map(|name| line.concerns(&name.text)).collect();
        if concerns.contains(&Concern::Unreadable) {
            return match line.marker {
                Marker::None | Marker::CertAuthority => Ok(()),
                Marker::Revoked | Marker::Unknown => Err("its hosts cannot be read"),
            };
        }
        let matching = || {
            names
                .iter()
                .zip(&concerns)
                .filter_map(|(name, concern)| (*concern == Concern::Yes).then_some(name))
        };
        if matching().next().is_none() {
            return Ok(());
        }
        match line.marker {
            Marker::Unknown => return Err("its marker is neither @cert-authority nor @revoked"),
            Marker::CertAuthority => {
                self.authority.get_or_insert_with(place);
                return Ok(());
            }
            Marker::None if concerns.contains(&Concern::Excluded) => return Ok(()),
            Marker::None | Marker::Revoked => {}
        }
        let LineKey::Key(key) = line.key()? else {
            return Ok(());
        };
        let record = Record { key, place: place() };
        if line.marker == Marker::Revoked {
            self.revoked.push(record);
            return Ok(());
        }
        if matching().any(|name| name.is_address) {
            self.under_address = true;
        } else if self.alias.is_none() {
            self.alias = matching().next().map(|name| name.text.clone());
        }
        if matching().any(|name| name.with_port) {
            self.known.push(record);
        } else {
            self.known_without_port.push(record);
        }
        Ok(())
    }

    /// The verdict on the key that `target` presents.
    ///
    /// Ensures that it is not revoked for the host, and is one of the target's pinned keys, or, where none is pinned,
    /// one that is recorded for the host.
    ///
    /// # Errors
    /// [`HostKeyError`], which says what was expected and from where.
    pub fn verify(&self, target: &Target, presented: &HostKey) -> Result<(), HostKeyError> {
        let (host, endpoint) = (target.host.clone(), target.endpoint());
        if let Some(record) = self.revoked.iter().find(|record| record.key == *presented) {
            return Err(HostKeyError::Revoked {
                host,
                endpoint,
                presented: Some(presented.clone()),
                place: Some(record.place.clone()),
            });
        }
        if !target.host_keys.is_empty() {
            if target.host_keys.contains(&presented.fingerprint()) {
                return Ok(());
            }
            return Err(HostKeyError::NotPinned {
                host,
                endpoint,
                presented: vec![presented.clone()],
                pinned: target.host_keys.clone(),
            });
        }
        if self.keys().any(|record| record.key == *presented) {
            Ok(())
        } else if self.known.is_empty() {
            Err(HostKeyError::Unknown {
                host,
                endpoint,
                presented: Some(presented.clone()),
                searched: self.searched.clone(),
                authority: self.authority.clone(),
            })
        } else {
            Err(HostKeyError::Changed {
                host,
                endpoint,
                presented: Some(presented.fingerprint()),
                presented_type: Some(presented.key_type().to_owned()),
                expected: self.known.clone(),
                place: self.known.first().map(|record| record.place.clone()),
            })
        }
    }

    /// The types of the keys that `target` may present, best first, without repetition. A handshake has to prefer
    /// them: a server with several keys otherwise presents another one, and looks like an impostor.
    #[must_use]
    pub fn known_types(&self, target: &Target) -> Vec<&str> {
        let mut types = Vec::new();
        for record in self.keys() {
            let usable = target.host_keys.is_empty() || target.host_keys.contains(&record.key.fingerprint());
            if usable && !types.contains(&record.key.key_type()) {
                types.push(record.key.key_type());
            }
        }
        types
    }

    /// The pins of `target` that are not revoked for it.
    #[must_use]
    pub fn usable_pins(&self, target: &Target) -> Vec<Fingerprint> {
        let revoked: Vec<Fingerprint> = self.revoked.iter().map(|record| record.key.fingerprint()).collect();
        let pins = target.host_keys.iter().copied();
        pins.filter(|pin| !revoked.contains(pin)).collect()
    }

    /// The keys that are revoked for the host, under any of its names.
    pub(super) fn revoked(&self) -> &[Record] {
        &self.revoked
    }

    /// The name to look the host up by, where its keys are filed under its name and none under its address.
    pub(super) fn alias(&self) -> Option<&str> {
        self.alias.as_deref().filter(|_| !self.under_address)
    }

    /// Whether `key` is recorded for the host.
    pub(super) fn contains(&self, key: &HostKey) -> bool {
        self.keys().any(|record| record.key == *key)
    }

    /// The keys that are recorded for the host.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Record> {
        self.known.iter().chain(&self.known_without_port)
    }
}

/// The texts to look a target up by, in lower case as OpenSSH has it.
fn names(target: &Target) -> Vec<Name> {
    let (address, host) = (target.address.to_ascii_lowercase(), target.host.to_ascii_lowercase());
    let mut names = Vec::new();
    for (text, is_address) in [(&address, true), (&host, false)] {
        if !is_address && address == host {
            continue;
        }
        if target.ssh_port() != 22 {
            names.push(Name {
                text: format!("[{text}]:{}", target.ssh_port()),
                is_address,
                with_port: true,
            });
        }
        names.push(Name {
            text: text.clone(),
            is_address,
            with_port: target.ssh_port() == 22,
        });
    }
    names
}

/// The name under which `trust` files a target's key: its address, with the port unless that is 22.
pub(super) fn filed_as(target: &Target) -> String {
    let address = target.address.to_ascii_lowercase();
    if target.ssh_port() == 22 {
        address
    } else {
        format!("[{address}]:{}", target.ssh_port())
    }
}

pub(super) fn read_bounded(file: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(file)?.take(LARGEST_FILE + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 256 MiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::host_key::tests::key;
    use super::super::target::tests::target;
    use super::*;

    impl KnownHosts {
        /// As if there were one file with this text.
        pub(in super::super) fn of_text(text: impl AsRef<[u8]>) -> Self {
            Self {
                files: vec![(PathBuf::from("/known_hosts"), text.as_ref().to_vec())],
            }
        }
    }

    /// The verdict on key 1 of a target, in a word.
    fn verdict(text: impl AsRef<[u8]>, target: &Target) -> &'static str {
        let presented = key("ssh-ed25519", 1);
        match KnownHosts::of_text(text)
            .lookup(target)
            .map(|records| records.verify(target, &presented))
        {
            Ok(Ok(())) => "ok",
            Ok(Err(HostKeyError::Unknown { .. })) => "unknown",
            Ok(Err(HostKeyError::Changed { .. })) => "changed",
            Ok(Err(HostKeyError::Revoked { .. })) => "revoked",
            Ok(Err(HostKeyError::NotPinned { .. })) => "not pinned",
            Err(_) => "unreadable",
        }
    }

    /// Writes `K1`, `K2` and `R1` out as an Ed25519 key, another, and an RSA key.
    fn with_keys(text: &str) -> String {
        text.replace("K1", &format!("ssh-ed25519 {}", key("ssh-ed25519", 1).base64()))
            .replace("K2", &format!("ssh-ed25519 {}", key("ssh-ed25519", 2).base64()))
            .replace("R1", &format!("ssh-rsa {}", key("ssh-rsa", 1).base64()))
    }

    #[test]
    fn verdicts_at_port_22() {
        let target = target("zk1", "192.0.2.1", 22);
        for (text, expected) in [
            ("", "unknown"),
            ("# zk1 K1", "unknown"),
            ("zk1 K1", "ok"),
            ("192.0.2.1 K1", "ok"),
            ("Zk1 K1", "ok"),
            ("zk1,192.0.2.1 K1", "ok"),
            ("zk2 K1", "unknown"),
            ("zk1 K2", "changed"),
            ("192.0.2.1 K2", "changed"),
            ("zk1 R1", "changed"),
            ("zk1 K2\nzk1 K1", "ok"),
            ("192.0.2.1 K2\nzk1 K1", "ok"),
            ("[zk1]:22 K1", "unknown"),
            ("[zk1]:2222 K1", "unknown"),
            ("zk? K1", "ok"),
            ("192.0.2.* K1", "ok"),
            ("*,!zk1 K1", "unknown"),
            ("*,!192.0.2.1 K1", "unknown"),
            ("*,!zk1 K2\nzk1 K1", "ok"),
            ("zk1 K1 comment", "ok"),
            ("zk1\tK1\r", "ok"),
        ] {
            assert_eq!(verdict(with_keys(text), &target), expected, "{text:?}");
        }
    }

    #[test]
    fn verdicts_at_another_port() {
        let target = target("zk1", "192.0.2.1", 2222);
        for (text, expected) in [
            ("[zk1]:2222 K1", "ok"),
            ("[192.0.2.1]:2222 K1", "ok"),
            ("[zk1]:2222 K2", "changed"),
            ("[zk1]:2223 K1", "unknown"),
            ("zk1 K1", "ok"),
            ("zk1 K2", "unknown"),
            ("192.0.2.1 K2\n[zk1]:2222 K1", "ok"),
            ("[zk1]:2222 K2\nzk1 K1", "ok"),
            ("* K1", "ok"),
            ("* K2", "changed"),
        ] {
            assert_eq!(verdict(with_keys(text), &target), expected, "{text:?}");
        }
    }

    #[test]
    fn revocation_wins() {
        let mut target = target("zk1", "192.0.2.1", 22);
        for (text, expected) in [
            ("zk1 K1\n@revoked zk1 K1", "revoked"),
            ("@revoked * K1\nzk1 K1", "revoked"),
            ("@revoked 192.0.2.1 K1\nzk1 K1", "revoked"),
            ("@revoked zk2 K1\nzk1 K1", "ok"),
            ("@revoked *,!zk2 K1\nzk1 K1", "revoked"),
            ("@revoked zk1 K2\nzk1 K1", "ok"),
            ("@revoked zk1 K2", "unknown"),
        ] {
            assert_eq!(verdict(with_keys(text), &target), expected, "{text:?}");
        }
        target.host_keys = vec![key("ssh-ed25519", 1).fingerprint()];
        assert_eq!(verdict(with_keys("@revoked * K1"), &target), "revoked");
    }

    #[test]
    fn pins_override_the_files() {
        let mut target = target("zk1", "192.0.2.1", 22);
        target.host_keys = vec![key("ssh-ed25519", 9).fingerprint(), key("ssh-ed25519", 1).fingerprint()];
        for text in ["", "zk1 K1", "zk1 K2"] {
            assert_eq!(verdict(with_keys(text), &target), "ok", "{text:?}");
        }
        target.host_keys = vec![key("ssh-ed25519", 2).fingerprint()];
        for text in ["", "zk1 K1", "zk1 K2"] {
            assert_eq!(verdict(with_keys(text), &target), "not pinned", "{text:?}");
        }
    }

    #[test]
    fn certificate_authorities_are_mentioned_and_not_trusted() {
        let target = target("zk1", "192.0.2.1", 22);
        let known = KnownHosts::of_text(with_keys("\n@cert-authority * K1\n@cert-authority zk1 K2"));
        let records = known.lookup(&target).unwrap();
        let Err(HostKeyError::Unknown { authority, .. }) = records.verify(&target, &key("ssh-ed25519", 1)) else {
            panic!("a certificate authority's key is no host's key");
        };
        assert_eq!(authority.unwrap().to_string(), "/known_hosts:2");
        assert_eq!(verdict(with_keys("@cert-authority * K1\nzk1 K1"), &target), "ok");
    }

    #[test]
    fn what_cannot_be_read_fails_closed_only_where_it_may_matter() {
        let target = target("zk1", "192.0.2.1", 22);
        for (text, expected) in [
            // About other hosts, or about none.
            ("junk\nzk1 K1", "ok"),
            ("zk2 junk\nzk1 K1", "ok"),
            ("zk2\nzk1 K1", "ok"),
            ("@revoked zk2 junk\nzk1 K1", "ok"),
            ("@frobnicate zk2 K1\nzk1 K1", "ok"),
            ("|1|junk K1\nzk1 K1", "ok"),
            ("@cert-authority zk1 junk\nzk1 K1", "ok"),
            ("@revoked\nzk1 K1", "ok"),
            // Keys of SSH protocol 1.
            ("zk1 1024 35 1477\nzk1 K1", "ok"),
            // About this host.
            ("zk1 junk\nzk1 K1", "unreadable"),
            ("zk1\nzk1 K1", "unreadable"),
            ("zk1 ssh-ed25519 !!!!\nzk1 K1", "unreadable"),
            ("zk1 ssh-rsa AAAAC3NzaC1lZDI1NTE5\nzk1 K1", "unreadable"),
            ("zk1 K1\nzk* junk", "unreadable"),
            ("@revoked zk1 junk\nzk1 K1", "unreadable"),
            ("@revoked *\nzk1 K1", "unreadable"),
            ("@frobnicate zk1 K2\nzk1 K1", "unreadable"),
            ("@Revoked zk1 K1\nzk1 K1", "unreadable"),
            // Perhaps about this host.
            ("@revoked |1|junk K1\nzk1 K1", "unreadable"),
        ] {
            assert_eq!(verdict(with_keys(text), &target), expected, "{text:?}");
        }
    }

    #[test]
    fn errors_name_the_line() {
        let target = target("zk1", "192.0.2.1", 22);
        let known = KnownHosts::of_text(with_keys("# one\nzk2 K1\nzk1 junk\n"));
        assert_eq!(
            known.lookup(&target).unwrap_err().to_string(),
            "read what /known_hosts:3 says about zk1: the line ends before its key"
        );
    }

    #[test]
    fn bytes_outside_utf_8_are_only_bytes() {
        let target = target("zk1", "192.0.2.1", 22);
        let mut text = b"\xff\xfe\x00 \xff \xff\n".to_vec();
        text.extend(with_keys("zk1 K1 \u{e9}").into_bytes());
        text.extend(b"\n\xc3\x28,zk3 ssh-ed25519 \xff\n");
        assert_eq!(verdict(text, &target), "ok");
        let mut text = with_keys("zk1 K1\n").into_bytes();
        text.extend(b"zk1 ssh-ed25519 \xff\xff\n");
        assert_eq!(verdict(text, &target), "unreadable");
    }

    #[test]
    fn many_lines_are_read_quickly() {
        let target = target("zk1", "192.0.2.1", 2222);
        let mut text = String::new();
        for number in 0..50_000 {
            text += &with_keys(&format!("host{number}.example.org K2\n"));
            text += "|1|QmdQjp9gDasY0aH5AeUJ7BcFIyY=|zaQiqatBItcru0UBNwpBCHGGadA= ssh-ed25519 AAAA\n";
        }
        text += &with_keys("[zk1]:2222 K1");
        let began = std::time::Instant::now();
        assert_eq!(verdict(text, &target), "ok");
        assert!(began.elapsed() < std::time::Duration::from_secs(30));
    }

    #[test]
    fn the_types_of_known_keys_are_told_in_order() {
        let mut target = target("zk1", "192.0.2.1", 2222);
        let text = with_keys("zk1 K2\n[zk1]:2222 R1\n[zk1]:2222 K1\n[zk1]:2222 K2\nzk2 K1");
        let records = KnownHosts::of_text(text).lookup(&target).unwrap();
        assert_eq!(records.known_types(&target), ["ssh-rsa", "ssh-ed25519"]);
        target.host_keys = vec![key("ssh-ed25519", 1).fingerprint()];
        assert_eq!(records.known_types(&target), ["ssh-ed25519"]);
        target.host_keys = vec![key("ssh-ed25519", 7).fingerprint()];
        assert!(records.known_types(&target).is_empty());
    }

    #[test]
    fn a_missing_file_is_empty_and_an_unreadable_one_an_error() {
        let missing = PathBuf::from("/nonexistent/known_hosts");
        let records = KnownHosts::read(std::slice::from_ref(&missing))
            .unwrap()
            .lookup(&target("zk1", "192.0.2.1", 22))
            .unwrap();
        assert_eq!(records.searched, [missing]);
        let directory = KnownHosts::read(&[PathBuf::from("/")]);
        assert!(matches!(directory, Err(KnownHostsError::Unreadable { .. })));
        let below_a_file = KnownHosts::read(&[PathBuf::from("/dev/null/known_hosts")]);
        assert!(matches!(below_a_file, Err(KnownHostsError::Unreadable { .. })));
    }
}
