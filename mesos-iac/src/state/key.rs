use super::disk::{self, failed};
use super::error::StateError;
use rustix::rand::{GetRandomFlags, getrandom};
use std::path::Path;

const FILE: &str = "key";

/// A key that a host makes for itself and that never leaves it. Digests that it goes into tell nobody else anything, not
/// even of a secret that is easily guessed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HostKey(Vec<u8>);

impl HostKey {
    /// The key of the host whose state stands in `directory`. `None`: no run has been there yet.
    ///
    /// # Errors
    /// It can't be read.
    pub(crate) fn look(directory: &Path) -> Result<Option<Self>, StateError> {
        Ok(disk::read(&directory.join(FILE))?.map(Self))
    }

    /// Makes one where there is none. Only for whoever holds the lock.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn ensure(directory: &Path) -> Result<(), StateError> {
        let path = directory.join(FILE);
        if path.exists() {
            return Ok(());
        }
        let mut key = [0; 32];
        let made = getrandom(&mut key, GetRandomFlags::empty());
        made.map_err(|error| failed("make a key in", &path, &error.into()))?;
        disk::replace(&path, &key)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_differs_from_host_to_host() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert!(HostKey::look(one.path()).unwrap().is_none());
        for directory in [&one, &other, &one] {
            HostKey::ensure(directory.path()).unwrap();
        }
        let key = |directory: &tempfile::TempDir| HostKey::look(directory.path()).unwrap().unwrap();
        assert_eq!(key(&one).bytes().len(), 32);
        assert!(key(&one) == key(&one) && key(&one) != key(&other));
    }
}
