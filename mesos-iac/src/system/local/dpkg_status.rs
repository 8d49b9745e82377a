//! The format of dpkg's database.

use std::collections::HashMap;

/// What dpkg knows of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageRecord {
    /// The architecture; `all` where it has none.
    pub architecture: String,
    /// The version that is, or was last, unpacked.
    pub version: String,
    /// How far it is installed.
    pub state: PackageState,
}

/// How far a package is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageState {
    /// Completely.
    Installed,
    /// Begun and not finished: unpacked, half configured, waiting for a trigger. `dpkg --configure -a` may finish it.
    Unfinished,
    /// Broken: dpkg says that it must be installed again.
    Broken,
    /// Not at all, or only its configuration files are left.
    Absent,
}

/// The packages of a host.
#[derive(Debug, Default)]
pub(super) struct Packages {
    names: HashMap<String, Vec<PackageRecord>>,
    native: Option<String>,
}

impl Packages {
    /// Reads the database: the status file, then the journal's files in their order, each of which says anew what it names.
    pub(super) fn read<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut packages = Self::default();
        for part in parts {
            let mut stanza = Stanza::default();
            for line in part.split(|byte| *byte == b'\n') {
                if line.is_empty() {
                    packages.add(&stanza);
                    stanza = Stanza::default();
                } else {
                    stanza.read(line);
                }
            }
            packages.add(&stanza);
        }
        // dpkg itself is always of the architecture that it calls native.
        packages.native = packages
            .names
            .get("dpkg")
            .and_then(|records| records.iter().find(|record| record.state != PackageState::Absent))
            .map(|record| record.architecture.clone());
        packages
    }

    fn add(&mut self, stanza: &Stanza<'_>) {
        if stanza.name.is_empty() {
            return;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let record = PackageRecord {
            architecture: text(stanza.architecture),
            version: text(stanza.version),
            state: state(stanza.status),
        };
        let records = self.names.entry(text(stanza.name)).or_default();
        match records
            .iter_mut()
            .find(|known| known.architecture == record.architecture)
        {
            Some(known) => *known = record,
            None => records.push(record),
        }
    }

    /// The package of this name: `name`, of the native architecture where there are several, or `name:architecture`.
    pub(super) fn find(&self, name: &str) -> Option<&PackageRecord> {
        let (name, wanted) = name
            .split_once(':')
            .map_or((name, None), |(name, wanted)| (name, Some(wanted)));
        let records = self.names.get(name)?;
        match wanted {
            Some("any") | None => {}
            Some(wanted) => {
                let is_wanted = |record: &&PackageRecord| {
                    let is_native = wanted == "native" || Some(wanted) == self.native.as_deref();
                    record.architecture == wanted || (is_native && self.is_native(record))
                };
                return records.iter().find(is_wanted);
            }
        }
        // A native one counts before one of another architecture, what is there before what isn't.
        records
            .iter()
            .min_by_key(|record| (record.state == PackageState::Absent, !self.is_native(record)))
    }

    fn is_native(&self, record: &PackageRecord) -> bool {
        record.architecture == "all" || Some(&record.architecture) == self.native.as_ref()
    }

    /// The names of the packages whose installation was begun and not finished, sorted.
    pub(super) fn unfinished(&self) -> Vec<&str> {
        let is_unfinished =
            |record: &PackageRecord| matches!(record.state, PackageState::Unfinished | PackageState::Broken);
        let packages = self
            .names
            .iter()
            .filter(|(_, records)| records.iter().any(is_unfinished));
        let mut names: Vec<&str> = packages.map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

/// The fields of a package that we read, as they stand in the file.
#[derive(Debug, Default)]
struct Stanza<'a> {
    name: &'a [u8],
    architecture: &'a [u8],
    version: &'a [u8],
    status: &'a [u8],
}

impl<'a> Stanza<'a> {
    fn read(&mut self, line: &'a [u8]) {
        // Of the several hundred bytes of a stanza nearly all are descriptions and dependencies: one look at the first
        // letter passes them over.
        let (field, label): (&mut &[u8], &[u8]) = match line.first() {
            Some(b'P' | b'p') => (&mut self.name, b"Package:"),
            Some(b'A' | b'a') => (&mut self.architecture, b"Architecture:"),
            Some(b'V' | b'v') => (&mut self.version, b"Version:"),
            Some(b'S' | b's') => (&mut self.status, b"Status:"),
            _ => return,
        };
        if let Some((start, value)) = line.split_at_checked(label.len())
            && start.eq_ignore_ascii_case(label)
        {
            *field = value.trim_ascii();
        }
    }
}

/// The state that dpkg's three words tell: what is wanted, whether it is in order, how far it is.
fn state(status: &[u8]) -> PackageState {
    let mut words = status.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (_wanted, flag, progress) = (words.next(), words.next(), words.next());
    match (flag, progress) {
        (_, None | Some(b"not-installed" | b"config-files")) => PackageState::Absent,
        (Some(b"ok"), Some(b"installed")) => PackageState::Installed,
        (Some(b"ok"), Some(b"half-installed")) => PackageState::Broken,
        (Some(b"ok"), _) => PackageState::Unfinished,
        _ => PackageState::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "\
Package: dpkg
Status: install ok installed
Priority: required
Architecture: amd64
Version: 1.21.22
Description: Debian package management system
 This package provides
 .
 Package: not-a-package

Package: libc6
Status: install ok installed
Architecture: i386
Multi-Arch: same
Version: 2.36-9+deb12u9

Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 2.36-9+deb12u10

Package: mesos
Status: hold ok installed
Architecture: amd64
Version: 1.11.0-2.0.1

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: selected
Status: install ok not-installed
Architecture: all

Package: zookeeperd
Status: install ok half-configured
Architecture: all
Version: 3.8.0-11+deb12u2

Package: broken
Status: install reinstreq half-installed
Architecture: all
Version: 1

Package: steam
Status: install ok installed
Architecture: i386
Version: 1:1.0";

    fn found(packages: &Packages, name: &str) -> Option<(String, PackageState)> {
        packages.find(name).map(|record| (record.version.clone(), record.state))
    }

    #[test]
    fn states_are_told_apart() {
        let packages = Packages::read([STATUS.as_bytes()]);
        let version = |name| found(&packages, name).unwrap();
        assert_eq!(version("mesos"), ("1.11.0-2.0.1".into(), PackageState::Installed));
        assert_eq!(version("gone").1, PackageState::Absent);
        assert_eq!(version("selected").1, PackageState::Absent);
        assert_eq!(version("zookeeperd").1, PackageState::Unfinished);
        assert_eq!(version("broken").1, PackageState::Broken);
        assert_eq!(packages.unfinished(), ["broken", "zookeeperd"]);
        assert_eq!(found(&packages, "not-a-package"), None);
    }

    #[test]
    fn the_native_architecture_counts_first() {
        let packages = Packages::read([STATUS.as_bytes()]);
        let version = |name| found(&packages, name).map(|(version, _)| version);
        assert_eq!(version("libc6").as_deref(), Some("2.36-9+deb12u10"));
        assert_eq!(version("libc6:i386").as_deref(), Some("2.36-9+deb12u9"));
        assert_eq!(version("libc6:amd64").as_deref(), Some("2.36-9+deb12u10"));
        assert_eq!(version("libc6:arm64"), None);
        assert_eq!(version("steam").as_deref(), Some("1:1.0"));
        assert_eq!(version("gone:amd64").as_deref(), Some("1"));
    }

    #[test]
    fn the_journal_counts_after_the_status_file() {
        let journal =
            "Package: zookeeperd\nStatus: install ok installed\nArchitecture: all\nVersion: 3.8.0-11+deb12u3\n";
        let packages = Packages::read([STATUS.as_bytes(), journal.as_bytes()]);
        let (version, state) = found(&packages, "zookeeperd").unwrap();
        assert_eq!((version.as_str(), state), ("3.8.0-11+deb12u3", PackageState::Installed));
        assert_eq!(packages.unfinished(), ["broken"]);
    }

    #[test]
    fn damage_is_no_package() {
        for text in [
            "",
            "\n\n\n",
            "Package:\nStatus: install ok installed\n",
            "\u{0}\u{1}",
            ": :\nVersion: 1",
        ] {
            assert!(Packages::read([text.as_bytes()]).names.is_empty(), "{text:?}");
        }
    }
}
