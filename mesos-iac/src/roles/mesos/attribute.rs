use super::Value;
use super::cluster::wrong;
use crate::model::{AttributeValue, HostView, Key, Result};
use serde_json::Value as Json;
use std::fmt;
use std::sync::Arc;

/// An attribute of an agent: its name, and where its value comes from.
#[derive(Clone)]
pub struct HostAttribute {
    name: String,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Value(Value),
    /// The attribute of the host that has this name, and how it is read.
    Key(&'static str, Arc<Read>),
}

type Read = dyn Fn(&HostView<'_>) -> Result<Value> + Send + Sync;

/// Where the value of an agent's attribute comes from: a value, or the [`Key`] of a host's attribute.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the value of an agent's attribute",
    label = "expected a text, a number, `true` or `false`, or the key of a host's attribute"
)]
pub trait IntoAttribute {
    /// The attribute of this name.
    fn into_attribute(self, name: String) -> HostAttribute;
}

impl<V: Into<Value>> IntoAttribute for V {
    fn into_attribute(self, name: String) -> HostAttribute {
        let source = Source::Value(self.into());
        HostAttribute { name, source }
    }
}

impl<T: AttributeValue> IntoAttribute for Key<T> {
    fn into_attribute(self, name: String) -> HostAttribute {
        let read =
            move |host: &HostView<'_>| of_json(self.name(), &serde_json::to_value(host.get(self)?).unwrap_or_default());
        let source = Source::Key(self.name(), Arc::new(read));
        HostAttribute { name, source }
    }
}

/// A value that isn't an item of its own can't be an attribute: Mesos knows texts, numbers and ranges.
fn of_json(key: &str, json: &Json) -> Result<Value> {
    match json {
        Json::String(text) => Ok(Value::Text(text.clone())),
        Json::Bool(flag) => Ok(Value::Text(flag.to_string())),
        Json::Number(number) => Value::read(&number.to_string()).map_err(|error| wrong(error).into()),
        _ => Err(wrong(format!(
            "attribute `{key}` of the host is {json}: an attribute of an agent is a text, a number, `true` or `false`"
        ))
        .into()),
    }
}

impl HostAttribute {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn value(&self, host: &HostView<'_>) -> Result<Value> {
        match &self.source {
            Source::Value(value) => Ok(value.clone()),
            Source::Key(_, read) => read(host),
        }
    }
}

impl PartialEq for HostAttribute {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && match (&self.source, &other.source) {
                (Source::Value(one), Source::Value(two)) => one == two,
                // A name has one type in the whole program.
                (Source::Key(one, _), Source::Key(two, _)) => one == two,
                _ => false,
            }
    }
}

impl fmt::Debug for HostAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Value(value) => write!(f, "{}:{value}", self.name),
            Source::Key(key, _) => write!(f, "{}:{{{key}}}", self.name),
        }
    }
}
