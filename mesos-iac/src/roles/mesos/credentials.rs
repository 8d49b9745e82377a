use super::GrammarError;
use crate::model::{Content, SecretForm};
use crate::roles::Version;
use crate::words::Secret;

/// Who authenticates, and with what: the file of an agent's `--credential`, and one entry of a master's
/// [`Credentials`].
///
/// What prints shows the secret's source; the file is to have mode 0400.
///
/// ```
/// use mesos_iac::Secret;
/// use mesos_iac::roles::Version;
/// use mesos_iac::roles::mesos::Credential;
///
/// let credential = Credential::new("agent", Secret::from_env("AGENT_SECRET"))?;
/// let file = |version| credential.content(version).to_string();
/// assert_eq!(file(Version::new(1, 11, 0)), "{\"principal\":\"agent\",\"secret\":\"«env:AGENT_SECRET»\"}\n");
/// assert_eq!(file(Version::new(0, 22, 1)), "agent «env:AGENT_SECRET»\n");
/// # Ok::<(), mesos_iac::roles::mesos::GrammarError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    principal: String,
    secret: Secret,
}

impl Credential {
    /// This name with this secret.
    ///
    /// JSON takes any secret that is text. Before 1.0 the file is no JSON, and a secret with white space is refused once its
    /// value is known.
    ///
    /// # Errors
    /// The name is empty, or has one of those.
    pub fn new(principal: impl Into<String>, secret: Secret) -> Result<Self, GrammarError> {
        let principal = principal.into();
        let unfit = |c: char| matches!(c, '"' | '\\') || c.is_whitespace() || c.is_control();
        if principal.is_empty() || principal.contains(unfit) {
            return Err(GrammarError::new(format!(
                "{principal:?} is no principal, which isn't empty and has neither white space, `\"` nor `\\`"
            )));
        }
        Ok(Self { principal, secret })
    }

    /// The name.
    #[must_use]
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// The file of an agent's `--credential`: JSON, and plain text before 1.0.
    #[must_use]
    pub fn content(&self, version: Version) -> Content {
        let entry = if is_json(version) { self.json() } else { self.plain() };
        entry.and(Content::text("\n"))
    }

    /// The file of Marathon's and Chronos' `--mesos_authentication_secret_file`: the secret alone, without a line feed, which
    /// would be part of it. The name is `--mesos_authentication_principal`.
    #[must_use]
    pub fn secret_content(&self) -> Content {
        Content::secret(self.secret.source().clone())
    }

    fn json(&self) -> Content {
        Content::text(format!(r#"{{"principal":"{}","secret":""#, self.principal))
            .and(SecretForm::Json.of(&self.secret))
            .and(Content::text(r#""}"#))
    }

    fn plain(&self) -> Content {
        Content::text(format!("{} ", self.principal)).and(SecretForm::Word.of(&self.secret))
    }
}

/// Plain text is deprecated from 1.0 on.
fn is_json(version: Version) -> bool {
    version >= Version::new(1, 0, 0)
}

/// Who may authenticate: the file of a master's `--credentials` and of an agent's `--http_credentials`, of mode 0400.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials(Vec<Credential>);

impl Credentials {
    /// Nobody.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one.
    ///
    /// # Errors
    /// The name is there already.
    pub fn with(mut self, credential: Credential) -> Result<Self, GrammarError> {
        if self.0.iter().any(|known| known.principal == credential.principal) {
            return Err(GrammarError::new(format!(
                "principal `{}` stands twice",
                credential.principal
            )));
        }
        self.0.push(credential);
        Ok(self)
    }

    /// The names, in their order.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Credential::principal)
    }

    /// The file: JSON, and before 1.0 plain text with a line for each.
    #[must_use]
    pub fn content(&self, version: Version) -> Content {
        if !is_json(version) {
            let lines = self.0.iter().map(|credential| credential.content(version));
            return lines.fold(Content::empty(), Content::and);
        }
        let mut content = Content::text(r#"{"credentials":["#);
        for (index, credential) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            content = content.and(Content::text(comma)).and(credential.json());
        }
        content.and(Content::text("]}\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(principal: &str) -> Credential {
        Credential::new(principal, Secret::from_env("SECRET")).unwrap()
    }

    #[test]
    fn the_file_is_json_from_1_0_on() {
        let both = Credentials::new()
            .with(credential("a"))
            .unwrap()
            .with(credential("b"))
            .unwrap();
        let new = both.content(Version::new(1, 0, 0));
        assert!(new.is_secret());
        let json: serde_json::Value = serde_json::from_str(&new.to_string()).unwrap();
        assert_eq!(json["credentials"][1]["principal"], "b");
        assert_eq!(json["credentials"][0]["secret"], "«env:SECRET»");
        assert_eq!(
            both.content(Version::new(0, 28, 3)).to_string(),
            "a «env:SECRET»\nb «env:SECRET»\n"
        );
        assert_eq!(
            Credentials::new().content(Version::new(1, 0, 0)).to_string(),
            "{\"credentials\":[]}\n"
        );
    }

    #[test]
    fn a_principal_is_one_word_and_stands_once() {
        for principal in ["", "a b", "a\"", "a\\", "a\n"] {
            assert!(
                Credential::new(principal, Secret::from_env("SECRET")).is_err(),
                "{principal:?}"
            );
        }
        assert!(
            Credentials::new()
                .with(credential("a"))
                .unwrap()
                .with(credential("a"))
                .is_err()
        );
        assert_eq!(credential("a").secret_content().to_string(), "«env:SECRET»");
        assert!(!format!("{:?}", credential("a")).contains("hunter2"));
    }
}
