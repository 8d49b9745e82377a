use super::program::{Dialect, Known};
use super::{Facts, Form};
use crate::model::{Code, Content, Problem, SecretForm};
use crate::roles::Version;
use crate::words::Location;

/// A flag that a version of a program reads, with a value that it takes; and how the places write it where it may stand.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedFlag {
    name: String,
    value: FlagText,
    at: Location,
    basis: Basis,
    program: &'static str,
    dialect: Dialect,
    prefix: Option<&'static str>,
    off: Option<&'static str>,
    form: Form,
}

/// The value of a [`CheckedFlag`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagText {
    /// A text.
    Text(String),
    /// On or off.
    Switch(bool),
    /// A text with a secret in it. Files and environments carry it, a command line doesn't.
    Secret(Content),
}

/// What it rests on that the version has a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// The sources of this version.
    Known,
    /// The sources of the nearest versions: one of them has it, the other lacks it or wasn't read.
    Likely,
    /// Nothing: it was set by [`Flags::unchecked`](super::Flags::unchecked), and its value wasn't looked at either.
    Unchecked,
}

/// A file of a directory that has one file for each flag, such as `/etc/mesos-master/quorum`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagFile {
    /// The name within the directory: the flag's, or `?flag` and `?no-flag` for switches.
    pub name: String,
    /// The value and a line feed; nothing for switches.
    pub content: Content,
}

/// A variable of a daemon's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentLine {
    /// The name, such as `MESOS_QUORUM`.
    pub name: String,
    /// The value as the daemon is to see it.
    pub value: Content,
}

impl CheckedFlag {
    pub(super) fn new(
        known: &Known,
        version: Version,
        facts: Option<&Facts>,
        name: String,
        value: FlagText,
        at: Location,
        basis: Basis,
    ) -> Self {
        Self {
            name,
            value,
            at,
            basis,
            program: known.name,
            dialect: known.dialect,
            prefix: known.prefix,
            off: facts.and_then(|facts| facts.off_in(version)),
            form: facts.map_or(Form::Text, Facts::form),
        }
    }

    /// The name as the version spells it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value.
    #[must_use]
    pub const fn value(&self) -> &FlagText {
        &self.value
    }

    /// How the value is written; [`Form::Text`] for flags that no table has.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// Where it was set.
    #[must_use]
    pub const fn at(&self) -> &Location {
        &self.at
    }

    /// What it rests on that the version has it.
    #[must_use]
    pub const fn basis(&self) -> Basis {
        self.basis
    }

    /// Whether neither its name nor its value were checked.
    #[must_use]
    pub fn is_unchecked(&self) -> bool {
        self.basis == Basis::Unchecked
    }

    /// The words of a command line: `--name=value`, `--name` and `--no-name` for Mesos, `--name value` and `--name` for the
    /// others. None where a switch is off that is off anyway.
    ///
    /// # Errors
    /// The value is a secret, which every user of the host would see; or the form can't carry it.
    pub fn words(&self) -> Result<Vec<String>, Problem> {
        let name = &self.name;
        match (&self.value, self.dialect) {
            (FlagText::Secret(_), Dialect::Mesos) => Err(self
                .cannot("a secret can't stand on a command line, where every user of the host sees it")
                .hint(format!(
                    "write the value into a file of mode 0400 and set `--{name}=file:///PATH`"
                ))),
            (FlagText::Secret(_), Dialect::Scallop) => Err(self
                .cannot("a secret can't stand on a command line, where every user of the host sees it")
                .hint("give it through the environment, by a file of mode 0400")),
            (FlagText::Switch(_), _) => Ok(self.switch().map(|switch| format!("--{switch}")).into_iter().collect()),
            (FlagText::Text(text), _) if text.contains('\0') => Err(self.cannot("a word can't have a NUL byte in it")),
            (FlagText::Text(text), Dialect::Mesos) => Ok(vec![format!("--{name}={text}")]),
            (FlagText::Text(text), Dialect::Scallop) if text.is_empty() || text.starts_with('-') => {
                Err(self
                    .cannot("a value that is empty or starts with `-` would be read as no value, or as another flag"))
            }
            (FlagText::Text(text), Dialect::Scallop) => Ok(vec![format!("--{name}"), text.clone()]),
        }
    }

    /// The file of a directory of flags. None where a switch is off that is off anyway.
    ///
    /// # Errors
    /// The value is empty or ends in a line feed, which the shell that reads it drops.
    pub fn file(&self) -> Result<Option<FlagFile>, Problem> {
        let content = match &self.value {
            FlagText::Switch(_) => {
                return Ok(self.switch().map(|switch| FlagFile {
                    name: format!("?{switch}"),
                    content: Content::empty(),
                }));
            }
            FlagText::Text(text) if text.ends_with('\n') => {
                return Err(self.cannot("a file can't carry a line feed at the end of a value: what reads it drops it"));
            }
            FlagText::Text(text) if text.contains('\0') => return Err(self.cannot("a file can't carry a NUL byte")),
            FlagText::Text(text) => Content::text(format!("{text}\n")),
            FlagText::Secret(content) => content.clone().within(SecretForm::Line).and(Content::text("\n")),
        };
        let name = self.name.clone();
        Ok(Some(FlagFile { name, content }))
    }

    /// The variable under the program's own prefix: `MESOS_NAME`, `MARATHON_NAME`. None where a switch is off that is off anyway.
    ///
    /// # Errors
    /// The program reads no flags from its environment, or a variable can't carry the value.
    pub fn environment(&self) -> Result<Option<EnvironmentLine>, Problem> {
        match self.prefix {
            Some(prefix) => self.environment_as(prefix),
            None => Err(self.cannot(&format!(
                "{} isn't known to read flags from its environment",
                self.program
            ))),
        }
    }

    /// The variable under this prefix, such as `MARATHON_CMD_`, under which Marathon's packages of 1.4 hand flags on.
    ///
    /// # Errors
    /// A variable can't carry the value: it has a line feed or a NUL byte.
    pub fn environment_as(&self, prefix: &str) -> Result<Option<EnvironmentLine>, Problem> {
        let variable = |name: &str, value| {
            Some(EnvironmentLine {
                name: format!("{prefix}{}", name.to_uppercase().replace('-', "_")),
                value,
            })
        };
        match (&self.value, self.dialect) {
            (FlagText::Switch(on), Dialect::Mesos) => Ok(variable(&self.name, Content::text(on.to_string()))),
            // It is there or not; a value would be one too many.
            (FlagText::Switch(_), Dialect::Scallop) => {
                Ok(self.switch().and_then(|switch| variable(&switch, Content::empty())))
            }
            (FlagText::Text(text), _) if text.contains(['\n', '\r', '\0']) => Err(self
                .cannot("the line of an environment file can't carry a line feed or a NUL byte")
                .hint("write the value on one line")),
            (FlagText::Text(text), _) => Ok(variable(&self.name, Content::text(text.as_str()))),
            (FlagText::Secret(content), _) => Ok(variable(&self.name, content.clone())),
        }
    }

    /// What stands after the dashes of a switch.
    fn switch(&self) -> Option<String> {
        let FlagText::Switch(on) = self.value else { return None };
        match (on, self.dialect) {
            (true, _) => Some(self.name.clone()),
            (false, Dialect::Mesos) => Some(format!("no-{}", self.name)),
            (false, Dialect::Scallop) => self.off.map(ToOwned::to_owned),
        }
    }

    /// The mistake that it is set like this.
    pub(in crate::roles) fn cannot(&self, why: &str) -> Problem {
        Problem::new(
            Code::InvalidFlag,
            format!("`--{}` of {}: {why}", self.name, self.program),
        )
        .at("set here", self.at.clone())
    }
}

impl EnvironmentLine {
    /// The line of a file that systemd reads as an `EnvironmentFile` and a shell as a script, to the same end: quoted where
    /// it must be. A value with a secret in it always is.
    #[must_use]
    pub fn line(&self) -> Content {
        let name = &self.name;
        match self.value.plain_bytes().and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(text) => Content::text(format!("{name}={}\n", quoted(&text))),
            None => Content::text(format!("{name}=\""))
                .and(self.value.clone().within(SecretForm::EnvironmentFile))
                .and(Content::text("\"\n")),
        }
    }
}

/// A word that systemd's reader and a shell understand alike.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,=@%+".contains(c);
    if text.chars().all(plain) {
        return text.to_owned();
    }
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    format!("\"{}\"", SecretForm::EnvironmentFile.escaped(text))
}
