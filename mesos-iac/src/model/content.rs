use super::{AttributeTemplate, Error, FormedSecret, HostView, MOST_BYTES, ReadSystem, Result, Template};
use crate::words::{Secret, SecretSource};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The content of a file: text, bytes and secrets, one after the other. The secrets stand in it by reference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Segment {
    Text(String),
    Base64(String),
    Secret(Secret<String>),
    Formed(FormedSecret),
}

impl Content {
    /// Nothing: an empty file.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// This text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        let mut content = Self::empty();
        content.push_text(text.into());
        content
    }

    /// These bytes.
    #[must_use]
    pub fn bytes(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::text(text),
            Err(_) => Self(vec![Segment::Base64(BASE64.encode(bytes))]),
        }
    }

    /// The value of this secret, and nothing else.
    #[must_use]
    pub fn secret(secret: SecretSource) -> Self {
        let mut content = Self::empty();
        content.push_secret(secret);
        content
    }

    pub(crate) fn push_text(&mut self, text: String) {
        if !text.is_empty() {
            self.0.push(Segment::Text(text));
        }
    }

    pub(crate) fn push_secret(&mut self, secret: SecretSource) {
        self.0.push(Segment::Secret(Secret::from_source(secret)));
    }

    pub(crate) fn push_formed(&mut self, secret: FormedSecret) {
        self.0.push(Segment::Formed(secret));
    }

    /// This content, and `other` after it: content, or a secret in its form.
    #[must_use]
    pub fn and(mut self, other: impl Into<Self>) -> Self {
        self.0.extend(other.into().0);
        self
    }

    /// This content as it stands in a place of this form: text escaped, and each secret as soon as its value is known.
    ///
    /// That the form can carry the text, and that there are no bytes that are none, is for the caller to see to.
    #[cfg(any(feature = "roles", test))]
    pub(crate) fn within(self, form: super::SecretForm) -> Self {
        let within = |segment| match segment {
            Segment::Text(text) => Segment::Text(form.escaped(&text)),
            Segment::Secret(secret) => Segment::Formed(form.of(&secret)),
            Segment::Formed(secret) => Segment::Formed(secret.within(form)),
            Segment::Base64(bytes) => Segment::Base64(bytes),
        };
        Self(self.0.into_iter().map(within).collect())
    }

    /// Whether a secret is part of it.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        let is_secret = |segment: &Segment| matches!(segment, Segment::Secret(_) | Segment::Formed(_));
        self.0.iter().any(is_secret)
    }

    /// How many bytes it has without its secrets, whose values are known on the host alone.
    #[must_use]
    pub fn plain_length(&self) -> u64 {
        let lengths = self.0.iter().map(|segment| match segment {
            Segment::Text(text) => text.len(),
            Segment::Base64(text) => base64_decoded_length(text),
            Segment::Secret(_) | Segment::Formed(_) => 0,
        });
        lengths.sum::<usize>() as u64
    }

    /// The content with its secrets in the open, as it is to stand on the host.
    ///
    /// # Errors
    /// The value of a secret didn't come with the run or can't stand where it is to be written, the content was damaged on
    /// its way, or it is longer than [`MOST_BYTES`] with its secrets.
    pub fn reveal(&self, system: &dyn ReadSystem) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for segment in &self.0 {
            match segment {
                Segment::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                Segment::Base64(text) => {
                    let decoded = BASE64.decode(text);
                    bytes.extend(decoded.map_err(|e| Error::message(format!("decode the content: {e}")))?);
                }
                Segment::Secret(secret) => bytes.extend_from_slice(system.reveal(secret.source())?.expose()),
                Segment::Formed(secret) => {
                    let written = secret.written(&system.reveal(secret.source())?);
                    bytes.extend(written.map_err(|unfit| Error::message(unfit.to_string()))?);
                }
            }
        }
        fits(bytes.len() as u64).map_err(|why| Error::message(format!("reveal the content: {why}")))?;
        Ok(bytes)
    }

    /// The content as bytes, if no secret is part of it.
    #[must_use]
    pub fn plain_bytes(&self) -> Option<Vec<u8>> {
        let parts = self.0.iter().map(|segment| match segment {
            Segment::Text(text) => Some(text.as_bytes().to_vec()),
            Segment::Base64(text) => BASE64.decode(text).ok(),
            Segment::Secret(_) | Segment::Formed(_) => None,
        });
        Some(parts.collect::<Option<Vec<_>>>()?.concat())
    }

    /// The content as text, with this in the place of each secret. Bytes that are no text count as none.
    pub(crate) fn with_secrets_as(&self, stand_in: &str) -> String {
        let parts = self.0.iter().map(|segment| match segment {
            Segment::Text(part) => part,
            Segment::Secret(_) | Segment::Formed(_) => stand_in,
            Segment::Base64(_) => "",
        });
        parts.collect()
    }

    /// The content as people may see it: text as it is, each secret as its source in `«»`.
    ///
    /// None if it is no text.
    #[must_use]
    pub fn redacted(&self) -> Option<String> {
        let parts = self.0.iter().map(|segment| match segment {
            Segment::Text(part) => Some(part.clone()),
            Segment::Secret(secret) => Some(format!("«{}»", secret.source())),
            Segment::Formed(secret) => Some(format!("«{}»", secret.source())),
            Segment::Base64(_) => None,
        });
        parts.collect()
    }
}

/// Refuses content of more than [`MOST_BYTES`]; says why.
pub(crate) fn fits(length: u64) -> std::result::Result<(), String> {
    if length <= MOST_BYTES {
        return Ok(());
    }
    let mebibytes = MOST_BYTES / 1024 / 1024;
    Err(format!(
        "it has {length} bytes, and {MOST_BYTES} ({mebibytes} MiB) are the most"
    ))
}

/// How many bytes stand in base64 with its padding.
fn base64_decoded_length(text: &str) -> usize {
    let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
    (text.len() / 4 * 3).saturating_sub(padding)
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.redacted() {
            Some(text) => f.write_str(&text),
            None => f.write_str("(bytes that are no text)"),
        }
    }
}

/// What `.content(…)` takes: text, bytes, a secret, a template over attributes, or a value that derives `Template`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no content for a file",
    label = "expected text, bytes, a `Secret`, `template!(…)`, or a value that derives `Template`"
)]
pub trait IntoContent {
    /// The content, or how to make it once the host is known.
    fn into_content(self) -> ContentSource;
}

/// Content, or how to make it once the host is known.
#[derive(Debug, Clone)]
pub enum ContentSource {
    /// It is known.
    Ready(Content),
    /// A template over the attributes of the host.
    Attributes(AttributeTemplate),
    /// It couldn't be made.
    Failed(Error),
}

impl ContentSource {
    /// The content for this host.
    ///
    /// # Errors
    /// The template couldn't be rendered.
    pub fn resolve(self, host: &HostView<'_>) -> Result<Content> {
        match self {
            Self::Ready(content) => Ok(content),
            Self::Attributes(template) => template.render(host),
            Self::Failed(error) => Err(error),
        }
    }
}

impl IntoContent for Content {
    fn into_content(self) -> ContentSource {
        ContentSource::Ready(self)
    }
}

impl IntoContent for &str {
    fn into_content(self) -> ContentSource {
        ContentSource::Ready(Content::text(self))
    }
}

impl IntoContent for String {
    fn into_content(self) -> ContentSource {
        ContentSource::Ready(Content::text(self))
    }
}

impl IntoContent for &[u8] {
    fn into_content(self) -> ContentSource {
        ContentSource::Ready(Content::bytes(self))
    }
}

impl<const N: usize> IntoContent for &[u8; N] {
    fn into_content(self) -> ContentSource {
        ContentSource::Ready(Content::bytes(self))
    }
}

impl<T> IntoContent for Secret<T> {
    fn into_content(self) -> ContentSource {
        ContentSource::Ready(Content::secret(self.source().clone()))
    }
}

impl From<FormedSecret> for Content {
    fn from(secret: FormedSecret) -> Self {
        let mut content = Self::empty();
        content.push_formed(secret);
        content
    }
}

impl IntoContent for FormedSecret {
    fn into_content(self) -> ContentSource {
        ContentSource::Ready(self.into())
    }
}

impl IntoContent for AttributeTemplate {
    fn into_content(self) -> ContentSource {
        ContentSource::Attributes(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Template> IntoContent for T {
    fn into_content(self) -> ContentSource {
        match self.render() {
            Ok(content) => ContentSource::Ready(content),
            Err(error) => ContentSource::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SecretForm;
    use crate::system::FakeSystem;

    #[test]
    fn secrets_stand_by_reference() {
        let mut content = Content::text("password = ");
        content.push_secret(SecretSource::Environment("DB".into()));
        content.push_text("\n".into());
        assert!(content.is_secret());
        assert_eq!(content.redacted().unwrap(), "password = «env:DB»\n");
        let json = serde_json::to_string(&content).unwrap();
        assert_eq!(serde_json::from_str::<Content>(&json).unwrap(), content);
    }

    #[test]
    fn what_stands_within_a_form_is_written_so() {
        let secret = Content::secret(SecretSource::Environment("DB".into()));
        let content = Content::text("a\"").and(secret).within(SecretForm::Json);
        let system = FakeSystem::new().with_secret(SecretSource::Environment("DB".into()), "b\"");
        assert_eq!(content.reveal(&system).unwrap(), br#"a\"b\""#);
        assert_eq!(content.redacted().unwrap(), "a\\\"«env:DB»");
        assert!(content.is_secret());
        let json = serde_json::to_string(&content).unwrap();
        assert_eq!(serde_json::from_str::<Content>(&json).unwrap(), content);
        // As it was written before there were forms.
        let old = r#"[{"text":"x"},{"secret":{"mesos_iac.secret":{"environment":"DB"}}}]"#;
        assert_eq!(
            serde_json::from_str::<Content>(old).unwrap().reveal(&system).unwrap(),
            b"xb\""
        );
        let error = content.within(SecretForm::Word).within(SecretForm::Line);
        let unfit = FakeSystem::new().with_secret(SecretSource::Environment("DB".into()), "hunter 2");
        let error = error.reveal(&unfit).unwrap_err().to_string();
        assert!(
            error.contains("env:DB") && error.contains("white space") && !error.contains("hunter"),
            "{error}"
        );
    }

    #[test]
    fn lengths_are_those_of_the_bytes() {
        for length in 0..7 {
            assert_eq!(Content::bytes(&vec![0xff; length]).plain_length(), length as u64);
            assert_eq!(Content::text("x".repeat(length)).plain_length(), length as u64);
        }
    }

    #[test]
    fn bytes_that_are_no_text_survive() {
        let content = Content::bytes(&[0xff, 0xfe]);
        assert_eq!(content.redacted(), None);
        let json = serde_json::to_string(&content).unwrap();
        assert_eq!(serde_json::from_str::<Content>(&json).unwrap(), content);
    }
}
