use super::cache::{Identity, identity};
use super::convert::{join, path};
use super::dpkg_status::{PackageRecord, PackageState, Packages};
use super::root::{AtEnd, Root};
use crate::model::SystemError;
use crate::words::AbsPath;
use std::sync::{Arc, Mutex, PoisonError};

type Result<T> = std::result::Result<T, SystemError>;

const STATUS: &str = "/var/lib/dpkg/status";
const JOURNAL: &str = "/var/lib/dpkg/updates";

/// dpkg's database, read in-process and again only after it changed.
#[derive(Debug)]
pub(super) struct Dpkg {
    root: Arc<Root>,
    held: Mutex<Option<(Stamp, Arc<Packages>)>>,
}

/// The status file and the journal's directory, whose entries dpkg makes under other names and then renames.
type Stamp = (Identity, Identity);

impl Dpkg {
    pub(super) const fn new(root: Arc<Root>) -> Self {
        Self {
            root,
            held: Mutex::new(None),
        }
    }

    /// What is known of the package; none: nothing.
    pub(super) fn record(&self, name: &str) -> Result<Option<PackageRecord>> {
        Ok(self.packages()?.find(name).cloned())
    }

    /// The version of the package; none: it isn't installed, or not completely.
    pub(super) fn version(&self, name: &str) -> Result<Option<String>> {
        let packages = self.packages()?;
        let installed = packages
            .find(name)
            .filter(|record| record.state == PackageState::Installed);
        Ok(installed.map(|record| record.version.clone()))
    }

    /// The names of the packages whose installation was begun and not finished, sorted.
    pub(super) fn unfinished(&self) -> Result<Vec<String>> {
        Ok(self.packages()?.unfinished().into_iter().map(str::to_owned).collect())
    }

    fn packages(&self) -> Result<Arc<Packages>> {
        let (status, journal) = (path(STATUS)?, path(JOURNAL)?);
        let stamp = (self.identity(&status)?, self.identity(&journal)?);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((seen, packages)) = &*held
            && *seen == stamp
        {
            return Ok(Arc::clone(packages));
        }
        let Some(content) = self.root.read(&status)? else {
            return Err(SystemError::Unsupported {
                what: "dpkg".into(),
                why: "packages are those of Debian and its kin".into(),
            });
        };
        let mut parts = vec![content];
        let names = self.root.list(&journal)?.unwrap_or_default();
        for name in names
            .iter()
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        {
            let entry = join(&journal, name)?;
            parts.extend(self.root.read(&entry)?);
        }
        let packages = Arc::new(Packages::read(parts.iter().map(Vec::as_slice)));
        *held = Some((stamp, Arc::clone(&packages)));
        drop(held);
        Ok(packages)
    }

    fn identity(&self, path: &AbsPath) -> Result<Identity> {
        let spot = self.root.look_up_to_read(path, AtEnd::Follow)?;
        Ok(spot.and_then(|spot| spot.stat).as_ref().map(identity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_read_again_after_it_changed() {
        let directory = tempfile::tempdir().unwrap();
        let dpkg = || Dpkg::new(Arc::new(Root::below(directory.path()).unwrap()));
        assert!(
            dpkg()
                .version("mesos")
                .unwrap_err()
                .to_string()
                .starts_with("find dpkg on the host")
        );
        let database = directory.path().join("var/lib/dpkg");
        std::fs::create_dir_all(database.join("updates")).unwrap();
        let stanza = |version: &str, state: &str| {
            format!("Package: mesos\nStatus: install ok {state}\nArchitecture: amd64\nVersion: {version}\n\n")
        };
        std::fs::write(database.join("status"), stanza("1.10", "installed")).unwrap();
        let dpkg = dpkg();
        assert_eq!(dpkg.version("mesos").unwrap().as_deref(), Some("1.10"));
        std::fs::write(database.join("status"), stanza("1.11.0", "unpacked")).unwrap();
        assert_eq!(dpkg.version("mesos").unwrap(), None);
        assert_eq!(dpkg.unfinished().unwrap(), ["mesos"]);
        std::fs::write(database.join("updates/tmp.i"), "garbage").unwrap();
        std::fs::write(database.join("updates/0001"), stanza("1.11.1", "half-configured")).unwrap();
        std::fs::write(database.join("updates/0002"), stanza("1.11.1", "installed")).unwrap();
        assert_eq!(dpkg.version("mesos").unwrap().as_deref(), Some("1.11.1"));
        assert!(dpkg.unfinished().unwrap().is_empty());
    }
}
