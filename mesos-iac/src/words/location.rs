use serde::{Deserialize, Serialize};
use std::fmt;

/// A place in the user's source code: where something was declared, set or read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Location {
    /// The file as the compiler names it, usually relative to the workspace.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// Column, counted from 1.
    pub column: u32,
}

impl Location {
    /// The place that called the function which is marked `#[track_caller]`.
    #[must_use]
    #[track_caller]
    pub fn caller() -> Self {
        std::panic::Location::caller().into()
    }
}

impl From<&std::panic::Location<'_>> for Location {
    fn from(place: &std::panic::Location<'_>) -> Self {
        Self {
            file: place.file().to_owned(),
            line: place.line(),
            column: place.column(),
        }
    }
}

impl fmt::Display for Location {
    /// `file:line`, which terminals and editors turn into a link.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
