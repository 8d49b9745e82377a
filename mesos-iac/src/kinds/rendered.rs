//! What the builders share whose resource is a file of a known form at a known place.

use super::File;
use super::file::{FileBuilder, file};
use crate::model::{Declare, Error, HostView, Result};
use crate::words::AbsPath;

/// A builder whose resource is one file of root's, all of whose text it makes.
pub(super) trait RenderedFile: Sized {
    /// # Errors
    /// The name can't be that of such a file.
    fn path(&self) -> Result<AbsPath>;

    /// Whether the file is to be there.
    fn is_present(&self) -> bool;

    /// # Errors
    /// What was said of it is wrong, or isn't enough.
    fn text(self) -> Result<String>;
}

/// Declares the file of a [`RenderedFile`]. A macro, since resources already have the one blanket implementation.
macro_rules! declare_rendered_file {
    ($builder:ty) => {
        impl crate::model::Declare for $builder {
            type Out = super::File;

            fn identity(&self) -> crate::model::Result<crate::words::ResourceId> {
                let path = super::rendered::RenderedFile::path(self)?;
                Ok(crate::words::ResourceId::new("core.file", path.as_str())?)
            }

            fn build(self, host: &crate::model::HostView<'_>) -> crate::model::Result<super::File> {
                super::rendered::build(self, host)
            }
        }
    };
}
pub(super) use declare_rendered_file;

pub(super) fn build(rendered: impl RenderedFile, host: &HostView<'_>) -> Result<File> {
    let path = rendered.path()?;
    if rendered.is_present() {
        root_file(path.as_str()).content(rendered.text()?).build(host)
    } else {
        file(path.as_str()).absent().build(host)
    }
}

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
