//! What the builders of the built-in kinds share.

use crate::model::{Diff, Error, PathAttributes, PathEntry, Result};
use crate::words::check_account_name;

/// The first mistake that a builder's caller made. Builders take values as they come, so that a definition reads without
/// a `?` on every line; what was wrong is told when the resource is built.
#[derive(Debug, Clone, Default)]
pub(super) struct Mistake(Option<Error>);

impl Mistake {
    /// The value; or nothing, and the mistake is kept.
    pub(super) fn keep<T>(&mut self, result: Result<T, impl Into<Error>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.0.get_or_insert(error.into());
                None
            }
        }
    }

    /// # Errors
    /// A mistake was kept.
    pub(super) fn check(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// The name of a user or group, checked.
pub(super) fn account_name(name: &str) -> Result<String> {
    check_account_name(name)?;
    Ok(name.to_owned())
}

/// Compares owner, group and mode where they are managed; what the system can't know counts as equal only to itself.
pub(super) fn compare_attributes(diff: &mut Diff, current: Option<&PathEntry>, desired: &PathAttributes) {
    diff.compare("mode", current.and_then(|entry| entry.mode), desired.mode);
    diff.compare(
        "owner",
        current.and_then(|entry| entry.owner.clone()),
        desired.owner.clone(),
    );
    diff.compare(
        "group",
        current.and_then(|entry| entry.group.clone()),
        desired.group.clone(),
    );
}

/// The methods that set owner, group and mode on a builder with the fields `attributes` and `mistake`.
macro_rules! attribute_methods {
    () => {
        /// Sets the permission bits, such as `0o640`.
        pub fn mode<M: TryInto<crate::words::Mode, Error: Into<crate::model::Error>>>(mut self, mode: M) -> Self {
            self.attributes.mode = self.mistake.keep(mode.try_into());
            self
        }

        /// Sets the owner, by name.
        pub fn owner(mut self, user: &str) -> Self {
            self.attributes.owner = self.mistake.keep(super::builder::account_name(user));
            self
        }

        /// Sets the group, by name.
        pub fn group(mut self, group: &str) -> Self {
            self.attributes.group = self.mistake.keep(super::builder::account_name(group));
            self
        }
    };
}
pub(super) use attribute_methods;
