//! What the kinds share that are made of several files: their differences in one diff, told apart by the path.

use super::File;
use super::file::path_image;
use crate::model::{Check, Converge as _, Diff, ReadSystem, Result, System};

/// Adds the differences of a file.
pub(super) fn compare(file: &File, diff: &mut Diff, system: &dyn ReadSystem) -> Result<()> {
    if let Check::Change(found) = file.check(system)? {
        for change in found.changes {
            diff.push(&property(file, &change.property), change.from, change.to);
        }
    }
    Ok(())
}

/// Makes the differences of a file go away that the diff tells. Returns whether there were any.
pub(super) fn apply(file: &File, diff: &Diff, system: &dyn System) -> Result<bool> {
    let prefix = property(file, "");
    let mut own = Diff::new();
    for change in &diff.changes {
        if let Some(property) = change.property.strip_prefix(&prefix) {
            own.push(property, change.from.clone(), change.to.clone());
        }
    }
    if own.is_empty() {
        return Ok(false);
    }
    file.apply(system, &own)?;
    Ok(true)
}

/// A digest of all of them.
pub(super) fn image<'f>(files: impl IntoIterator<Item = &'f File>, system: &dyn ReadSystem) -> Result<String> {
    let images = files.into_iter().map(|file| path_image(system, file.path()));
    Ok(images.collect::<Result<Vec<_>>>()?.join(" "))
}

fn property(file: &File, property: &str) -> String {
    format!("{} {property}", file.path())
}
