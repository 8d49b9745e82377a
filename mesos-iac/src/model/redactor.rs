use super::traces::Traces;
use crate::words::{SecretSource, SecretText};
use std::collections::BTreeMap;

/// Takes the values of secrets out of everything that leaves a host.
///
/// A secret's own resource never shows it. But its value may stand in a file that is replaced, or in what a tool prints,
/// so every text is searched for every value that came with the run, before it is sent: for the whole value, with or
/// without the white space at its ends, for each of its lines of four bytes or more, and for every piece of eight bytes
/// or more; and for the same of the value as each [`SecretForm`](super::SecretForm) writes it, or one of them within
/// another. What is shorter, or was encoded in any other way, such as in base64, isn't recognised.
///
/// To make one takes a look at every byte of every value: make it once and keep it.
#[derive(Debug, Clone, Default)]
pub struct Redactor(Traces);

impl Redactor {
    /// Searches for these values.
    #[must_use]
    pub fn new(secrets: &BTreeMap<SecretSource, SecretText>) -> Self {
        Self(Traces::new(secrets))
    }

    /// The text without the values of secrets.
    #[must_use]
    pub fn text(&self, text: String) -> String {
        self.0.replaced(&text).unwrap_or(text)
    }

    /// Whether there is nothing to search for.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
