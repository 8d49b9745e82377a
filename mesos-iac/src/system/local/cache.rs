use super::convert;
use super::reading::read_at;
use super::root::{AtEnd, Root};
use crate::model::SystemError;
use rustix::fs::Stat;
use std::sync::{Arc, Mutex, PoisonError};

/// What a file was parsed to, for as long as it is the same file with the same content.
#[derive(Debug)]
pub(super) struct Parsed<T> {
    path: &'static str,
    parse: fn(&[u8]) -> T,
    held: Mutex<Option<(Identity, Arc<T>)>>,
}

/// What changes when a file is replaced or written to; none: there is no file.
pub(super) type Identity = Option<[u64; 5]>;

/// The identity of the file of which this was told.
#[expect(clippy::cast_sign_loss, reason = "the numbers are only compared with each other")]
pub(super) const fn identity(stat: &Stat) -> [u64; 5] {
    [
        stat.st_ino,
        stat.st_size as u64,
        stat.st_mtime as u64,
        stat.st_mtime_nsec,
        stat.st_dev,
    ]
}

impl<T> Parsed<T> {
    /// The file at the path, which is parsed so; a file that doesn't exist is parsed as an empty one.
    pub(super) const fn new(path: &'static str, parse: fn(&[u8]) -> T) -> Self {
        Self {
            path,
            parse,
            held: Mutex::new(None),
        }
    }

    /// What the file says now.
    pub(super) fn get(&self, root: &Root) -> Result<Arc<T>, SystemError> {
        let path = convert::path(self.path)?;
        let spot = root.look_up_to_read(&path, AtEnd::Follow)?;
        let current = spot.as_ref().and_then(|spot| spot.stat.as_ref()).map(identity);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((seen, parsed)) = &*held
            && *seen == current
        {
            return Ok(Arc::clone(parsed));
        }
        // Looked at before it is read: whatever is written in between makes the next call read again.
        let content = match &spot {
            Some(spot) => read_at(spot, &path)?.unwrap_or_default(),
            None => Vec::new(),
        };
        let parsed = Arc::new((self.parse)(&content));
        *held = Some((current, Arc::clone(&parsed)));
        drop(held);
        Ok(parsed)
    }
}
