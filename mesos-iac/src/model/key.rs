use super::{AttributeValue, HostView, Result};
use std::fmt;
use std::marker::PhantomData;

/// The typed name of an attribute.
///
/// Most come from `#[derive(Attributes)]`; by hand a key is a constant:
///
/// ```
/// use mesos_iac::prelude::*;
/// const PORT: Key<u16> = Key::new("lab.port").default(|| 5050);
/// ```
///
/// A key made by hand is known to `--set` once it was set in the definition or given to `ClusterBuilder::attribute`.
pub struct Key<T: 'static> {
    name: &'static str,
    default: Option<Default<T>>,
    value: PhantomData<fn() -> T>,
}

/// How the default of an attribute is made.
enum Default<T> {
    Value(fn() -> T),
    Converted(fn() -> Result<T, String>),
}

impl<T> Clone for Default<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Default<T> {}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> Key<T> {
    /// The key of the attribute with this name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            default: None,
            value: PhantomData,
        }
    }

    /// The same key, with the value that the attribute has where no scope sets it.
    #[must_use]
    pub const fn default(self, value: fn() -> T) -> Self {
        Self {
            name: self.name,
            default: Some(Default::Value(value)),
            value: PhantomData,
        }
    }

    /// The same key, with a default that is converted: text, say. One that can't be is an error of the definition.
    #[must_use]
    pub const fn try_default(self, value: fn() -> Result<T, String>) -> Self {
        Self {
            name: self.name,
            default: Some(Default::Converted(value)),
            value: PhantomData,
        }
    }

    /// The attribute's name, as `--set` and `explain` know it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The value that the attribute has where no scope sets it.
    #[must_use]
    pub fn default_value(self) -> Option<T> {
        match self.default? {
            Default::Value(value) => Some(value()),
            Default::Converted(value) => value().ok(),
        }
    }

    /// Why the default is no value of the attribute's type, if it isn't.
    #[must_use]
    pub fn default_error(self) -> Option<String> {
        match self.default? {
            Default::Value(_) => None,
            Default::Converted(value) => value().err(),
        }
    }
}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.name)
    }
}

/// A struct whose fields are attributes. Derived.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no set of attributes",
    label = "not a set of attributes",
    note = "add `#[derive(Attributes)]`"
)]
pub trait Attributes: Sized {
    /// The names of the fields, as templates use them.
    const FIELDS: &'static [&'static str];

    /// Reads every attribute for a host.
    ///
    /// # Errors
    /// One of them is unset and has no default.
    fn read(host: &HostView<'_>) -> Result<Self>;

    /// Reads the attribute of one field, for a template.
    ///
    /// # Errors
    /// It is unset and has no default, or there is no such field.
    fn field(host: &HostView<'_>, field: &str) -> Result<serde_json::Value>;
}

/// Reads the attribute of a key as data for a template.
///
/// # Errors
/// It is unset and has no default, or can't be serialised.
#[track_caller]
pub fn attribute_json<T: AttributeValue>(host: &HostView<'_>, key: Key<T>) -> Result<serde_json::Value> {
    let value = host.get(key)?;
    serde_json::to_value(&value)
        .map_err(|error| super::Error::message(format!("serialise attribute `{}`: {error}", key.name())))
}
