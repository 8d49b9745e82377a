//! Texts of our own as paths and commands.

use crate::model::SystemError;
use crate::words::{AbsPath, CommandLine};

/// The path that the text says.
pub(super) fn path(text: impl AsRef<str>) -> Result<AbsPath, SystemError> {
    AbsPath::new(text).map_err(|error| SystemError::Other(error.to_string()))
}

/// The path of the name in the directory.
pub(super) fn join(directory: &AbsPath, name: &str) -> Result<AbsPath, SystemError> {
    directory
        .join(name)
        .map_err(|error| SystemError::Other(error.to_string()))
}

/// The command that the words are.
pub(super) fn command<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Result<CommandLine, SystemError> {
    CommandLine::new(words).map_err(|error| SystemError::Other(error.to_string()))
}
