use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::{Any, type_name};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use crate::words::{AbsPath, HumanDuration, Mode, Secret};

/// A type that an attribute may have.
///
/// The trait asks for nothing but what serde and the standard library derive; implement it for types of your own with an
/// empty body. Text from `--set` is read as the type's string form, or else as JSON.
///
/// ```
/// use mesos_iac::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// enum Storage { Flash, Disk }
/// impl AttributeValue for Storage {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the type of an attribute",
    label = "not an attribute's type",
    note = "for a type of your own: derive Debug, Clone, PartialEq, Serialize and Deserialize, and add `impl AttributeValue for {Self} {{}}`"
)]
pub trait AttributeValue:
    fmt::Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Whether a value has secrets in it, so that what was typed for one is never repeated.
    const HOLDS_SECRETS: bool = false;
}

macro_rules! attribute_values {
    ($($type:ty),* $(,)?) => { $(impl AttributeValue for $type {})* };
}

attribute_values!(
    bool,
    String,
    char,
    u8,
    u16,
    u32,
    u64,
    i8,
    i16,
    i32,
    i64,
    f64,
    IpAddr,
    Ipv4Addr,
    Ipv6Addr,
    AbsPath,
    Mode,
    HumanDuration,
);
impl<T: AttributeValue> AttributeValue for Option<T> {
    const HOLDS_SECRETS: bool = T::HOLDS_SECRETS;
}

impl<T: AttributeValue> AttributeValue for Vec<T> {
    const HOLDS_SECRETS: bool = T::HOLDS_SECRETS;
}

impl<T: AttributeValue> AttributeValue for Secret<T> {
    const HOLDS_SECRETS: bool = true;
}

/// What `.set(KEY, value)` takes: a value of the key's type, or text that parses as one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value for an attribute of type `{T}`",
    label = "expected `{T}`, or text that parses as one"
)]
pub trait IntoValue<T> {
    /// The value.
    ///
    /// # Errors
    /// The text doesn't parse; says why.
    fn into_value(self) -> Result<T, String>;
}

impl<T: AttributeValue> IntoValue<T> for T {
    fn into_value(self) -> Result<T, String> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: AttributeValue + FromStr> IntoValue<T> for &str
where
    T::Err: fmt::Display,
{
    fn into_value(self) -> Result<T, String> {
        self.parse().map_err(|error: T::Err| error.to_string())
    }
}

#[diagnostic::do_not_recommend]
impl<T: AttributeValue, const N: usize, I: IntoValue<T>> IntoValue<Vec<T>> for [I; N] {
    fn into_value(self) -> Result<Vec<T>, String> {
        self.into_iter().map(I::into_value).collect()
    }
}

/// A value of any attribute's type, kept with its type.
#[derive(Clone)]
pub struct Value(Arc<dyn AnyValue>);

trait AnyValue: Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn type_name(&self) -> &'static str;
    fn to_json(&self) -> Result<serde_json::Value, serde_json::Error>;
    fn equals(&self, other: &dyn AnyValue) -> bool;
}

impl<T: AttributeValue> AnyValue for T {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn type_name(&self) -> &'static str {
        type_name::<T>()
    }

    fn to_json(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn equals(&self, other: &dyn AnyValue) -> bool {
        other.as_any().downcast_ref::<T>() == Some(self)
    }
}

impl Value {
    /// Keeps the value with its type.
    #[must_use]
    pub fn new<T: AttributeValue>(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// Reads text as people type it: as the type's string form, or else as JSON.
    ///
    /// # Errors
    /// It is neither; says why. Text that was meant for a secret is not repeated.
    pub fn parse<T: AttributeValue>(text: &str) -> Result<Self, String> {
        let as_text = match serde_json::from_value::<T>(serde_json::Value::String(text.to_owned())) {
            Ok(value) => return Ok(Self::new(value)),
            Err(error) => error,
        };
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(json) => serde_json::from_value::<T>(json)
                .map(Self::new)
                .map_err(|error| without_position(&error)),
            Err(_) => Err(without_position(&as_text)),
        }
        // A list of secrets is no secret by its own messages, so none of them is shown.
        .map_err(|why| if T::HOLDS_SECRETS { NOT_REPEATED.to_owned() } else { why })
    }

    /// Reads a value from a file of inputs.
    ///
    /// # Errors
    /// It isn't of the type; says why.
    pub fn from_json<T: AttributeValue>(json: serde_json::Value) -> Result<Self, String> {
        serde_json::from_value::<T>(json).map(Self::new).map_err(|error| {
            if T::HOLDS_SECRETS {
                NOT_REPEATED.to_owned()
            } else {
                without_position(&error)
            }
        })
    }

    /// The value, if it is of this type.
    #[must_use]
    pub fn get<T: AttributeValue>(&self) -> Option<&T> {
        self.0.as_any().downcast_ref()
    }

    /// The name of its type.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.0.type_name()
    }

    /// The value as data; a secret as its source.
    ///
    /// # Errors
    /// The type can't be serialised as JSON.
    pub fn to_json(&self) -> Result<serde_json::Value, serde_json::Error> {
        self.0.to_json()
    }
}

const NOT_REPEATED: &str =
    "it isn't repeated, since it may hold a secret; a secret is given by its source, such as `env:NAME`";

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(cut) => text[..cut].to_owned(),
        None => text,
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(&*other.0)
    }
}

impl fmt::Display for Value {
    /// As people would type it; a secret as its source.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_json() {
            Ok(json) => write_json(&json, f),
            Err(_) => f.write_str("?"),
        }
    }
}

fn write_json(json: &serde_json::Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match json {
        serde_json::Value::String(text) => f.write_str(text),
        serde_json::Value::Object(map) if map.contains_key(crate::words::SECRET_FIELD) => {
            match serde_json::from_value::<Secret>(json.clone()) {
                Ok(secret) => write!(f, "{}", secret.source()),
                Err(_) => write!(f, "{json}"),
            }
        }
        other => write!(f, "{other}"),
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({})", short_type_name(self.type_name()))
    }
}

/// A type's name without the paths of its modules: `Vec<IpAddr>`.
#[must_use]
pub fn short_type_name(full: &str) -> String {
    let mut short = String::new();
    let mut word = String::new();
    for c in full.chars() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else if c == ':' {
            word.clear();
        } else {
            short.push_str(&word);
            word.clear();
            short.push(c);
        }
    }
    short.push_str(&word);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_the_type_or_as_json() {
        assert_eq!(Value::parse::<bool>("true").unwrap().get(), Some(&true));
        assert_eq!(Value::parse::<u16>("5050").unwrap().get(), Some(&5050_u16));
        assert_eq!(Value::parse::<String>("5050").unwrap().get(), Some(&"5050".to_owned()));
        let address: IpAddr = "10.1.255.254".parse().unwrap();
        assert_eq!(Value::parse::<IpAddr>("10.1.255.254").unwrap().get(), Some(&address));
        assert_eq!(
            Value::parse::<Vec<IpAddr>>(r#"["10.1.255.254"]"#).unwrap().get(),
            Some(&vec![address])
        );
        let secret = Value::parse::<Secret>("env:TOKEN").unwrap();
        assert_eq!(secret.to_string(), "env:TOKEN");
    }

    #[test]
    fn a_wrong_value_is_not_repeated() {
        assert!(Value::parse::<u16>("70000").is_err());
        assert!(Value::parse::<bool>("yes").is_err());
        for text in ["hunter2", "12345", "[\"hunter2\"]", "{\"a\":12345}", "1.2345"] {
            for error in [
                Value::parse::<Secret>(text).unwrap_err(),
                Value::parse::<Vec<Secret>>(text).unwrap_err(),
            ] {
                assert!(!error.contains("hunter2") && !error.contains("2345"), "{error}");
            }
        }
    }

    #[test]
    fn type_names_lose_their_paths() {
        assert_eq!(
            short_type_name("alloc::vec::Vec<core::net::ip_addr::IpAddr>"),
            "Vec<IpAddr>"
        );
        assert_eq!(short_type_name("bool"), "bool");
    }
}
