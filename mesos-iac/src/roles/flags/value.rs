use crate::model::{Content, SecretForm};
use crate::words::{AbsPath, Secret};
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// How a flag's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// Anything.
    Text,
    /// On or off.
    Bool,
    /// [`MesosDuration`](super::MesosDuration), such as `5mins`.
    Duration,
    /// [`Bytes`](super::Bytes), such as `2GB`.
    Bytes,
    /// A whole number.
    Int,
    /// A whole number that isn't negative.
    Uint,
    /// A length of time as a whole number of milliseconds, whose unit isn't named.
    Milliseconds,
    /// A length of time as a whole number of seconds, likewise.
    Seconds,
    /// A TCP port, 0 to 65535.
    Port,
    /// A decimal number.
    Double,
    /// A path on the host. Mesos reads the file itself, or works in the directory.
    Path,
    /// An IP address.
    Ip,
    /// A JSON object.
    Json,
    /// Words with commas between them.
    List,
    /// Whole numbers with commas between them.
    UintList,
    /// [`Rate`](super::Rate), such as `1/10mins`.
    Rate,
    /// [`Percent`](super::Percent), such as `50%`.
    Percent,
    /// One of a closed set of words.
    Choice,
    /// A ZooKeeper URL, or the file that has it.
    Zk,
    /// Where the masters are: a ZooKeeper URL, `host:port`, or the file that has it.
    Master,
    /// The name of a role within Mesos, [`RoleName`](crate::roles::mesos::RoleName).
    Role,
    /// What describes an agent, [`Attributes`](crate::roles::mesos::Attributes).
    Attributes,
    /// What an agent has, [`Resources`](crate::roles::mesos::Resources).
    Resources,
    /// What nobody may see. In a definition it is a [`Secret`].
    Secret,
}

/// A value as it is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Written {
    /// As text.
    Text(String),
    /// As a flag that is there or not.
    Switch(bool),
    /// As content with a secret in it, which only files and environments can carry.
    Secret(Content),
    /// Not at all: why.
    Wrong(String),
}

/// What is a flag's value: a type that knows its exact form.
///
/// [`Flags::set`](super::Flags::set) takes what turns into the type of its flag: a [`Duration`] where Mesos has a length of
/// time, text where it has text.
#[diagnostic::on_unimplemented(message = "`{Self}` is no value of a flag")]
pub trait FlagValue {
    /// How such a value is written.
    const FORM: Form;
    /// The closed set that it comes from; empty if there is none.
    const CHOICES: &'static [&'static str] = &[];

    /// The value as it is written.
    fn written(&self) -> Written;
}

impl FlagValue for bool {
    const FORM: Form = Form::Bool;

    fn written(&self) -> Written {
        Written::Switch(*self)
    }
}

/// Values that print as they are written.
macro_rules! printed {
    ($($type:ty: $form:ident),+ $(,)?) => {$(
        impl FlagValue for $type {
            const FORM: Form = Form::$form;

            fn written(&self) -> Written {
                Written::Text(self.to_string())
            }
        }
    )+};
}

printed!(String: Text, i64: Int, u32: Uint, u16: Port, f64: Double, IpAddr: Ip, Ipv4Addr: Ip, Ipv6Addr: Ip);

/// A path on the host, absolute or relative to where the daemon starts; flags that name a program take a bare name, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagPath(String);

impl From<&str> for FlagPath {
    fn from(path: &str) -> Self {
        Self(path.to_owned())
    }
}

impl From<String> for FlagPath {
    fn from(path: String) -> Self {
        Self(path)
    }
}

impl From<&AbsPath> for FlagPath {
    fn from(path: &AbsPath) -> Self {
        Self(path.to_string())
    }
}

impl From<AbsPath> for FlagPath {
    fn from(path: AbsPath) -> Self {
        Self::from(&path)
    }
}

impl FlagValue for FlagPath {
    const FORM: Form = Form::Path;

    fn written(&self) -> Written {
        Written::Text(self.0.clone())
    }
}

/// A JSON object, inline or in a file on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(Written);

impl Json {
    /// What this value serialises as. That it doesn't serialise is told when the flags are checked.
    #[must_use]
    pub fn of(value: &impl Serialize) -> Self {
        Self(match serde_json::to_string(value) {
            Ok(text) => Written::Text(text),
            Err(error) => Written::Wrong(format!("it doesn't serialise: {error}")),
        })
    }

    /// What this file on the host has.
    #[must_use]
    pub fn file(path: &AbsPath) -> Self {
        Self(Written::Text(format!("file://{path}")))
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        Self(Written::Text(value.to_string()))
    }
}

impl FlagValue for Json {
    const FORM: Form = Form::Json;

    fn written(&self) -> Written {
        self.0.clone()
    }
}

/// Words with commas between them, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List(Vec<String>);

impl<W: Into<String>, const N: usize> From<[W; N]> for List {
    fn from(words: [W; N]) -> Self {
        Self(words.into_iter().map(Into::into).collect())
    }
}

impl<W: Into<String>> From<Vec<W>> for List {
    fn from(words: Vec<W>) -> Self {
        Self(words.into_iter().map(Into::into).collect())
    }
}

impl<W: Into<String>> FromIterator<W> for List {
    fn from_iter<I: IntoIterator<Item = W>>(words: I) -> Self {
        Self(words.into_iter().map(Into::into).collect())
    }
}

impl FlagValue for List {
    const FORM: Form = Form::List;

    fn written(&self) -> Written {
        match self.0.iter().find(|word| word.contains(',')) {
            Some(word) => Written::Wrong(format!("`{word}` has a comma in it, which would part it")),
            None => Written::Text(self.0.join(",")),
        }
    }
}

/// Whole numbers with commas between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UintList(Vec<u32>);

impl FromIterator<u32> for UintList {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        Self(numbers.into_iter().collect())
    }
}

impl<const N: usize> From<[u32; N]> for UintList {
    fn from(numbers: [u32; N]) -> Self {
        Self(numbers.to_vec())
    }
}

impl FlagValue for UintList {
    const FORM: Form = Form::UintList;

    fn written(&self) -> Written {
        let numbers: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        Written::Text(numbers.join(","))
    }
}

impl FlagValue for Secret<String> {
    const FORM: Form = Form::Secret;

    fn written(&self) -> Written {
        Written::Secret(Content::secret(self.source().clone()))
    }
}

/// A secret that has a name and a password with a colon between them. A value without one is refused before any host is
/// touched: with it, nobody could log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAndPassword(Secret<String>);

impl From<Secret<String>> for NameAndPassword {
    fn from(secret: Secret<String>) -> Self {
        Self(secret)
    }
}

impl FlagValue for NameAndPassword {
    const FORM: Form = Form::Secret;

    fn written(&self) -> Written {
        Written::Secret(SecretForm::NameAndPassword.of(&self.0).into())
    }
}

/// A length of time as a whole number of some unit, which Marathon and Chronos read without naming it.
macro_rules! counted {
    ($(#[$doc:meta])* $name:ident, $nanoseconds:literal, $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(Duration);

        impl From<Duration> for $name {
            fn from(duration: Duration) -> Self {
                Self(duration)
            }
        }

        impl FlagValue for $name {
            const FORM: Form = Form::$name;

            fn written(&self) -> Written {
                match self.0.as_nanos() {
                    whole if whole.is_multiple_of($nanoseconds) => Written::Text((whole / $nanoseconds).to_string()),
                    _ => Written::Wrong(format!("{:?} is no whole number of {}", self.0, $unit)),
                }
            }
        }
    };
}

counted! {
    /// A length of time, written as a whole number of milliseconds.
    Milliseconds, 1_000_000, "milliseconds"
}
counted! {
    /// A length of time, written as a whole number of seconds.
    Seconds, 1_000_000_000, "seconds"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: impl FlagValue) -> String {
        match value.written() {
            Written::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_are_written_in_their_forms() {
        assert_eq!(text(List::from(["docker", "mesos"])), "docker,mesos");
        assert_eq!(text(UintList::from([0, 2])), "0,2");
        assert_eq!(text(0.1), "0.1");
        assert_eq!(text(Milliseconds::from(Duration::from_secs(10))), "10000");
        assert_eq!(text(Seconds::from(Duration::from_secs(600))), "600");
        assert_eq!(text(Json::from(serde_json::json!({"a": 1}))), r#"{"a":1}"#);
        assert_eq!(true.written(), Written::Switch(true));
    }

    #[test]
    fn what_a_form_cannot_carry_is_wrong() {
        assert!(matches!(List::from(["a,b"]).written(), Written::Wrong(_)));
        assert!(matches!(
            Seconds::from(Duration::from_millis(1)).written(),
            Written::Wrong(_)
        ));
        assert!(matches!(
            Milliseconds::from(Duration::from_micros(1)).written(),
            Written::Wrong(_)
        ));
    }

    #[test]
    fn a_secret_is_written_by_reference() {
        let written = Secret::from_env("TOKEN").written();
        assert_eq!(
            written,
            Written::Secret(Content::secret(Secret::from_env("TOKEN").source().clone()))
        );
    }
}
