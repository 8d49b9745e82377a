use crate::words::{Secret, SecretSource, SecretText};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The field under which a [`FormedSecret`] has its forms in serialised data, so that it can be found in any value.
pub(crate) const FORMS_FIELD: &str = "mesos_iac.secret_forms";

/// Makes the forms and the list of all of them.
macro_rules! forms {
    ($(#[$about:meta])* pub enum SecretForm { $($(#[$doc:meta])* $name:ident,)+ }) => {
        $(#[$about])*
        pub enum SecretForm {
            $($(#[$doc])* $name,)+
        }

        impl SecretForm {
            /// All of them.
            pub(super) const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

forms! {
    /// How a secret's value has to be written where it stands, so that what reads the file reads the value and nothing else.
    ///
    /// The value is known only once it is revealed. One that its place can't carry is refused then, before any host is touched;
    /// a form that stands between quotes escapes what would end them.
    ///
    /// ```
    /// use mesos_iac::prelude::*;
    ///
    /// let token: Secret = Secret::from_env("TOKEN");
    /// let content = Content::text("{\"token\":\"").and(SecretForm::Json.of(&token)).and(Content::text("\"}\n"));
    /// assert_eq!(content.to_string(), "{\"token\":\"«env:TOKEN»\"}\n");
    /// ```
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[non_exhaustive]
    pub enum SecretForm {
        /// A word among others, parted by white space: it has none.
        Word,
        /// A line, or a part of one: it has no control characters.
        Line,
        /// A name and a password on one line, with a colon between them.
        NameAndPassword,
        /// The password of a ZooKeeper URL, which ends at an `@` and has no `/` and no white space.
        ZooKeeperPassword,
        /// A value of Java's properties, such as in `zoo.cfg`: one word of ASCII without backslashes.
        JavaProperty,
        /// Between the double quotes of a JSON string; escaped.
        Json,
        /// Between the double quotes of a line that systemd reads as an `EnvironmentFile` and shells as a script; escaped, and
        /// without control characters.
        EnvironmentFile,
        /// Between single quotes in a configuration of HAProxy; escaped, and without control characters.
        HaProxyWord,
    }
}

/// A secret's value can't stand where it is to be written. The value is no part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("write the secret {secret} as {form}: expected {}; give it such a value", .form.rule())]
pub struct UnfitSecret {
    /// Which secret.
    pub secret: SecretSource,
    /// What it isn't fit for.
    pub form: SecretForm,
}

impl SecretForm {
    /// The secret, to be written in this form.
    #[must_use]
    pub fn of<T>(self, secret: &Secret<T>) -> FormedSecret {
        FormedSecret {
            secret: Secret::from_source(secret.source().clone()),
            forms: vec![self],
        }
    }

    /// What a value has to be.
    const fn rule(self) -> &'static str {
        match self {
            Self::Word => "one word: text without white space and control characters",
            Self::Line | Self::EnvironmentFile | Self::HaProxyWord => "one line: text without control characters",
            Self::NameAndPassword => "a name and a password on one line, with a colon between them",
            Self::ZooKeeperPassword => "text without `@`, `/`, white space and control characters",
            Self::JavaProperty => "one word of ASCII without `\\`",
            Self::Json => "text in UTF-8",
        }
    }

    /// Whether the place can carry this text.
    fn takes(self, text: &str) -> bool {
        let is_word = || !text.contains(|c: char| c.is_whitespace() || c.is_control());
        let is_line = || !text.contains(char::is_control);
        match self {
            Self::Word => is_word(),
            Self::Line | Self::EnvironmentFile | Self::HaProxyWord => is_line(),
            Self::NameAndPassword => is_line() && text.find(':').is_some_and(|at| at > 0),
            Self::ZooKeeperPassword => is_word() && !text.contains(['@', '/']),
            Self::JavaProperty => is_word() && text.is_ascii() && !text.contains('\\'),
            Self::Json => true,
        }
    }

    /// The text as it is written there, if the place can carry it.
    pub(super) fn written(self, text: &str) -> Option<String> {
        self.takes(text).then(|| self.escaped(text))
    }

    /// The text as it is written there. That the place can carry it is for the caller to see to.
    pub(crate) fn escaped(self, text: &str) -> String {
        match self {
            Self::Word | Self::Line | Self::NameAndPassword | Self::ZooKeeperPassword | Self::JavaProperty => {
                text.to_owned()
            }
            Self::Json => {
                let quoted = serde_json::Value::from(text).to_string();
                let within = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                within.unwrap_or(&quoted).to_owned()
            }
            Self::EnvironmentFile => {
                let mut escaped = String::new();
                for c in text.chars() {
                    if matches!(c, '"' | '\\' | '$' | '`') {
                        escaped.push('\\');
                    }
                    escaped.push(c);
                }
                escaped
            }
            // Nothing is special between them but their end.
            Self::HaProxyWord => text.replace('\'', r"'\''"),
        }
    }
}

impl fmt::Display for SecretForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Word => "a word",
            Self::Line => "a line",
            Self::NameAndPassword => "name and password",
            Self::ZooKeeperPassword => "the password of a ZooKeeper URL",
            Self::JavaProperty => "a property of Java",
            Self::Json => "a text in JSON",
            Self::EnvironmentFile => "a value in an environment file",
            Self::HaProxyWord => "a word of HAProxy's configuration",
        })
    }
}

/// A secret with the forms that its value is written in, the innermost first. Made by [`SecretForm::of`].
///
/// It is content for a file, and a field for a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormedSecret {
    secret: Secret<String>,
    #[serde(rename = "mesos_iac.secret_forms")]
    forms: Vec<SecretForm>,
}

impl FormedSecret {
    /// The same within this form: a part of what is written so.
    #[must_use]
    pub fn within(mut self, form: SecretForm) -> Self {
        self.forms.push(form);
        self
    }

    /// Where the value comes from.
    #[must_use]
    pub const fn source(&self) -> &SecretSource {
        self.secret.source()
    }

    /// The value as it is to be written.
    ///
    /// # Errors
    /// A form can't carry it.
    pub fn written(&self, value: &SecretText) -> Result<Vec<u8>, UnfitSecret> {
        let unfit = |form: SecretForm| UnfitSecret {
            secret: self.source().clone(),
            form,
        };
        let mut text = value.expose().to_vec();
        for form in &self.forms {
            let unwritten = std::str::from_utf8(&text).map_err(|_| unfit(*form))?;
            text = form.written(unwritten).ok_or_else(|| unfit(*form))?.into_bytes();
        }
        Ok(text)
    }
}

/// Adds to `found` every [`FormedSecret`] that stands somewhere in this data, such as that of a resource.
pub(crate) fn formed_secrets(json: &serde_json::Value, found: &mut Vec<FormedSecret>) {
    match json {
        serde_json::Value::Object(map) if map.contains_key(FORMS_FIELD) => {
            found.extend(serde_json::from_value::<FormedSecret>(json.clone()));
        }
        serde_json::Value::Object(map) => map.values().for_each(|value| formed_secrets(value, found)),
        serde_json::Value::Array(items) => items.iter().for_each(|value| formed_secrets(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: SecretForm, value: &str) -> Option<String> {
        let secret = form.of(&Secret::from_env("TOKEN"));
        let written = secret.written(&SecretText::new(value.into())).ok()?;
        String::from_utf8(written).ok()
    }

    #[test]
    fn a_form_takes_what_its_place_can_carry() {
        use SecretForm::{
            EnvironmentFile, HaProxyWord, JavaProperty, Json, Line, NameAndPassword, Word, ZooKeeperPassword,
        };
        for (form, taken, refused) in [
            (Word, "a@/'\"\\:", &["a b", "a\n", "a\tb"][..]),
            (Line, "a b'\"\\", &["a\nb", "a\r", "a\0"]),
            (NameAndPassword, "anna:hun:ter 2", &["hunter2", ":hunter2", "a:b\n"]),
            (ZooKeeperPassword, "a:'\"\\,", &["a@b", "a/b", "a b", "a\n"]),
            (JavaProperty, "super:dGVzdA==", &["a\\", "a b", "ä", "a\n"]),
            (Json, "a\n", &[]),
            (EnvironmentFile, "ä b", &["a\nb", "a\0"]),
            (HaProxyWord, "a \"b\"", &["a\nb"]),
        ] {
            assert!(written(form, taken).is_some(), "{form:?}");
            for value in refused {
                assert_eq!(written(form, value), None, "{form:?} {value:?}");
            }
        }
    }

    #[test]
    fn what_would_end_the_quotes_is_escaped() {
        assert_eq!(written(SecretForm::Json, "a\"\\\n").unwrap(), r#"a\"\\\n"#);
        assert_eq!(
            written(SecretForm::EnvironmentFile, "'\"\\$`").unwrap(),
            "'\\\"\\\\\\$\\`"
        );
        assert_eq!(written(SecretForm::HaProxyWord, "a'b\\").unwrap(), r"a'\''b\");
    }

    #[test]
    fn forms_within_each_other_are_all_held() {
        let secret = SecretForm::ZooKeeperPassword
            .of(&Secret::from_env("PW"))
            .within(SecretForm::EnvironmentFile);
        let written = |value: &str| secret.written(&SecretText::new(value.into()));
        assert_eq!(written("a$").unwrap(), b"a\\$");
        let error = written("hunter@2").unwrap_err();
        assert_eq!(error.form, SecretForm::ZooKeeperPassword);
        assert!(!error.to_string().contains("hunter"), "{error}");
        assert!(secret.written(&SecretText::new(vec![0xff])).is_err());
    }

    #[test]
    fn it_is_found_in_any_data() {
        let secret = SecretForm::Json.of(&Secret::from_env("PW"));
        let json = serde_json::json!({ "a": [{ "b": secret }] });
        assert_eq!(
            json.to_string(),
            r#"{"a":[{"b":{"mesos_iac.secret_forms":["json"],"secret":{"mesos_iac.secret":{"environment":"PW"}}}}]}"#
        );
        let mut found = Vec::new();
        formed_secrets(&json, &mut found);
        assert_eq!(found, [secret]);
        assert!(FORMS_FIELD.starts_with(crate::words::OWN_FIELDS));
    }
}
