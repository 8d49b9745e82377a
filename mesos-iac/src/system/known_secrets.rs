use crate::model::{Redactor, SystemError};
use crate::words::{SecretSource, SecretText};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The values of the secrets that came with a run.
#[derive(Debug, Default)]
pub(super) struct KnownSecrets {
    values: BTreeMap<SecretSource, SecretText>,
    /// Made when the first text is to be shown: a run without failures may show none.
    redactor: OnceLock<Redactor>,
}

impl KnownSecrets {
    pub(super) fn new(values: BTreeMap<SecretSource, SecretText>) -> Self {
        Self {
            values,
            redactor: OnceLock::new(),
        }
    }

    /// These, and one more.
    pub(super) fn with(mut self, source: SecretSource, value: SecretText) -> Self {
        self.values.insert(source, value);
        Self::new(self.values)
    }

    /// # Errors
    /// The value didn't come with the run.
    pub(super) fn reveal(&self, secret: &SecretSource) -> Result<SecretText, SystemError> {
        let value = self.values.get(secret).cloned();
        value.ok_or_else(|| SystemError::NoSecret(secret.clone()))
    }

    /// The text without any of the values.
    pub(super) fn redacted(&self, text: String) -> String {
        self.redactor.get_or_init(|| Redactor::new(&self.values)).text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_later_is_taken_out_of_texts_too() {
        let one = |name: &str| SecretSource::Environment(name.into());
        let value = |value: &str| SecretText::new(value.into());
        let secrets = KnownSecrets::default().with(one("A"), value("hunter2"));
        assert_eq!(secrets.redacted("hunter2 secret3".into()), "«env:A» secret3");
        let secrets = secrets.with(one("B"), value("secret3"));
        assert_eq!(secrets.redacted("hunter2 secret3".into()), "«env:A» «env:B»");
    }
}
