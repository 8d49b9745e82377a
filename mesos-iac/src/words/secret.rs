use super::{CommandLine, CommandLineError};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// How the names of all fields begin that mean something to us in any data: secrets, what they are written as, references.
#[cfg(any(feature = "roles", test))]
pub(crate) const OWN_FIELDS: &str = "mesos_iac.";

/// The field under which a [`Secret`] stands in serialised data, so that secrets can be found in any value.
pub const SECRET_FIELD: &str = "mesos_iac.secret";

/// Where a secret's value comes from. The value itself is never part of a definition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum SecretSource {
    /// An environment variable of the controlling program.
    Environment(String),
    /// A file on the controlling machine; one newline at its end is not part of the secret.
    File(String),
    /// What a command on the controlling machine prints; one newline at its end is not part of the secret.
    Command(CommandLine),
}

/// Why a secret's source was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSourceError {
    /// The text doesn't start with `env:`, `file:` or `command:`. The text is not repeated: it may be the secret.
    NoSource,
    /// The name, path or command after the colon is empty or has a NUL byte in it.
    Empty(&'static str),
    /// The command is none.
    Command(CommandLineError),
}

impl fmt::Display for SecretSourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSource => f.write_str(
                "a secret is given by its source, never by its value: write `env:NAME`, `file:PATH` or `command:PROGRAM ARGUMENT…`",
            ),
            Self::Empty(source) => write!(f, "nothing usable follows `{source}:`"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SecretSourceError {}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Command(command) => write!(f, "command:{command}"),
        }
    }
}

impl FromStr for SecretSource {
    type Err = SecretSourceError;

    /// Reads `env:NAME`, `file:PATH` or `command:PROGRAM ARGUMENT…`; the words of a command are split at white space.
    fn from_str(text: &str) -> Result<Self, SecretSourceError> {
        let usable = |source, rest: &str| {
            if rest.is_empty() || rest.contains('\0') {
                return Err(SecretSourceError::Empty(source));
            }
            Ok(rest.to_owned())
        };
        match text.split_once(':') {
            Some(("env", name)) => Ok(Self::Environment(usable("env", name)?)),
            Some(("file", path)) => Ok(Self::File(usable("file", path)?)),
            Some(("command", words)) => CommandLine::new(usable("command", words)?.split_whitespace())
                .map(Self::Command)
                .map_err(SecretSourceError::Command),
            _ => Err(SecretSourceError::NoSource),
        }
    }
}

/// A value that is known by reference until it is used on the one host that needs it.
///
/// A `Secret` has no `Debug` or `Display` that could show a value, and serialises as its source. The value is read when
/// a plan or a run needs it, travels to the hosts that use it and to no other, and can be seen there only through
/// `ReadSystem::reveal`.
///
/// ```
/// use mesos_iac::Secret;
/// let password: Secret<String> = Secret::from_env("DB_PASSWORD");
/// assert_eq!(format!("{password:?}"), "Secret(env:DB_PASSWORD)");
/// ```
pub struct Secret<T = String> {
    source: SecretSource,
    value: PhantomData<fn() -> T>,
}

// On texts alone, so that `Secret::from_env("NAME")` needs no type: a value of another type has `from_source`.
impl Secret<String> {
    /// The secret that an environment variable of the controlling program holds.
    #[must_use]
    pub fn from_env(name: impl Into<String>) -> Self {
        Self::from_source(SecretSource::Environment(name.into()))
    }

    /// The secret that a file on the controlling machine holds.
    #[must_use]
    pub fn from_file(path: impl Into<String>) -> Self {
        Self::from_source(SecretSource::File(path.into()))
    }

    /// The secret that a command on the controlling machine prints, such as `pass show db`.
    ///
    /// # Errors
    /// The words are no command.
    pub fn from_command<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Result<Self, SecretSourceError> {
        let command = CommandLine::new(words).map_err(SecretSourceError::Command)?;
        Ok(Self::from_source(SecretSource::Command(command)))
    }
}

impl<T> Secret<T> {
    /// The secret that this source holds.
    #[must_use]
    pub const fn from_source(source: SecretSource) -> Self {
        Self {
            source,
            value: PhantomData,
        }
    }

    /// Where the value comes from.
    #[must_use]
    pub const fn source(&self) -> &SecretSource {
        &self.source
    }
}

impl<T> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self::from_source(self.source.clone())
    }
}

impl<T> PartialEq for Secret<T> {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl<T> Eq for Secret<T> {}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.source)
    }
}

impl<T> FromStr for Secret<T> {
    type Err = SecretSourceError;

    fn from_str(text: &str) -> Result<Self, SecretSourceError> {
        text.parse().map(Self::from_source)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    #[serde(rename = "mesos_iac.secret")]
    source: SecretSource,
}

impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Reference {
            source: self.source.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for Secret<T> {
    /// Reads a reference, or the text that [`SecretSource`] reads.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = SecretSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a secret's source, such as `env:NAME`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretSource, E> {
                text.parse().map_err(E::custom)
            }

            // What was typed may be the secret itself, so no message repeats it.
            fn visit_bool<E: de::Error>(self, _: bool) -> Result<SecretSource, E> {
                Err(E::custom(SecretSourceError::NoSource))
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<SecretSource, E> {
                Err(E::custom(SecretSourceError::NoSource))
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<SecretSource, E> {
                Err(E::custom(SecretSourceError::NoSource))
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<SecretSource, E> {
                Err(E::custom(SecretSourceError::NoSource))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<SecretSource, A::Error> {
                let reference = Reference::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(reference.source)
            }
        }

        deserializer.deserialize_any(Visitor).map(Self::from_source)
    }
}

/// A secret's value in the open: bytes that no `Debug` shows and nothing serialises.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Vec<u8>);

impl SecretText {
    /// Wraps the value.
    #[must_use]
    pub const fn new(value: Vec<u8>) -> Self {
        Self(value)
    }

    /// The value. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_read_what_they_print() {
        for text in ["env:TOKEN", "file:/run/secrets/token", "command:pass show db"] {
            assert_eq!(text.parse::<SecretSource>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_value_is_refused_and_not_repeated() {
        let error = "hunter2".parse::<Secret>().unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        assert!("env:".parse::<Secret>().is_err());
        assert!("command: ".parse::<Secret>().is_err());
    }

    #[test]
    fn a_secret_serialises_as_its_source() {
        let secret: Secret = Secret::from_env("TOKEN");
        let json = serde_json::to_string(&secret).unwrap();
        assert_eq!(json, r#"{"mesos_iac.secret":{"environment":"TOKEN"}}"#);
        assert!(SECRET_FIELD.starts_with(OWN_FIELDS));
        assert_eq!(serde_json::from_str::<Secret>(&json).unwrap(), secret);
        assert_eq!(serde_json::from_str::<Secret>(r#""env:TOKEN""#).unwrap(), secret);
        assert_eq!(format!("{:?}", SecretText::new(b"x".to_vec())), "SecretText(…)");
    }
}
