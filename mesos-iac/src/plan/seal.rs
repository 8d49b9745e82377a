//! What binds a plan to secrets that it doesn't show.

use super::guarded::guarded;
use super::types::{Plan, Planned, PlannedResource};
use crate::model::{Catalog, Diff, Entry, ReadSystem, Result, Shown, hex};
use crate::words::ResourceId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::collections::HashMap;

impl Plan {
    /// Seals what it says of secrets with a key of the host's own: a digest of what is there and of what it is to be, of
    /// which nobody without the key can learn anything. What can't be sealed isn't.
    pub(crate) fn seal(&mut self, catalog: &Catalog, system: &dyn ReadSystem, key: &[u8]) {
        if !self.resources.iter().any(shows_no_secret) {
            return;
        }
        let entries: HashMap<&ResourceId, &Entry> = catalog.entries.iter().map(|entry| (&entry.id, entry)).collect();
        for resource in self.resources.iter_mut().filter(|resource| shows_no_secret(resource)) {
            let sealed = entries
                .get(&resource.id)
                .and_then(|entry| guarded("check", || sealed(entry, system, key)).ok());
            resource.seal = sealed.flatten();
        }
    }
}

/// Whether it differs in something that isn't shown.
fn shows_no_secret(resource: &PlannedResource) -> bool {
    let hides = |diff: &Diff| {
        diff.changes
            .iter()
            .any(|change| change.from == Shown::Secret || change.to == Shown::Secret)
    };
    match &resource.planned {
        Planned::WouldChange(diff) => hides(diff),
        Planned::Unknown { as_it_stands, .. } => as_it_stands.as_ref().is_some_and(hides),
        _ => false,
    }
}

fn sealed(entry: &Entry, system: &dyn ReadSystem, key: &[u8]) -> Result<Option<String>> {
    let (Ok(mut mac), Ok(secrets)) = (Hmac::<Sha256>::new_from_slice(key), entry.secrets()) else {
        return Ok(None);
    };
    let mut take = |bytes: &[u8]| {
        mac.update(&(bytes.len() as u64).to_be_bytes());
        mac.update(bytes);
    };
    let Some(image) = entry.resource.behavior().image(system)? else {
        return Ok(None);
    };
    take(image.as_bytes());
    for source in secrets {
        take(source.to_string().as_bytes());
        take(system.reveal(&source)?.expose());
    }
    Ok(Some(hex(&mac.finalize().into_bytes())))
}
