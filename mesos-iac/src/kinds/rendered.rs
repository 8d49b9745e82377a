//! What the builders share whose resource is a file of a known form at a known place.

use super::file::{FileBuilder, file};
use crate::model::{Error, Result};

/// A file that belongs to root and that everybody may read. Daemons refuse or distrust what others may write.
pub(super) fn root_file(path: &str) -> FileBuilder {
    file(path).owner("root").group("root").mode(0o644)
}

/// A value that stands on one line of a file. `what` says which one, for the message.
pub(super) fn one_line(what: &str, value: &str) -> Result<String> {
    if value.trim().is_empty() || value.chars().any(char::is_control) {
        return Err(Error::message(format!(
            "declare {what} {value:?}: expected text on one line, without control characters"
        )));
    }
    Ok(value.trim().to_owned())
}

/// A name of a file in a directory that a daemon reads: letters, digits, and these.
pub(super) fn file_name(what: &str, name: &str, more: &str) -> Result<()> {
    let is_valid = !name.is_empty()
        && name.len() <= 200
        && !name.starts_with(['.', '-'])
        && name.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
    if is_valid {
        return Ok(());
    }
    let more: Vec<String> = more.chars().map(|c| format!("`{c}`")).collect();
    Err(Error::message(format!(
        "declare {what} {name:?}: expected letters, digits and {}, for its file would be passed over",
        more.join(", ")
    )))
}
