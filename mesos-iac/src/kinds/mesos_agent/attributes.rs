use super::{GrammarError, Value};
use std::fmt;
use std::str::FromStr;

/// What describes an agent to frameworks: keys with a text, a number or ranges each.
///
/// ```
/// use mesos_iac::kinds::mesos_agent::{Attributes, Scalar};
///
/// let attributes = Attributes::new().with("rack", "r1").with("ssd", true).with("level", 3);
/// assert_eq!(attributes.to_string(), "rack:r1;ssd:true;level:3");
/// assert_eq!("rack:r1;ssd:true;level:3".parse::<Attributes>()?, attributes);
///
/// // Mesos would take this text for a number.
/// assert!(Attributes::new().with("rack", "12").check().is_err());
/// # Ok::<(), mesos_iac::kinds::mesos_agent::GrammarError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes(Vec<(String, Value)>);

impl Attributes {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one. What Mesos wouldn't read as it is meant, is told by [`check`](Self::check).
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.push((key.into(), value.into()));
        self
    }

    /// Keys and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The value of this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Holds them against what Mesos reads.
    ///
    /// # Errors
    /// A key that is empty, has a `:`, or stands twice; a set, which attributes can't be; a value that would be read as
    /// another one, such as the text `12`.
    pub fn check(&self) -> Result<(), GrammarError> {
        for (index, (key, value)) in self.0.iter().enumerate() {
            let wrong = |why: &str| Err(GrammarError::new(format!("attribute `{key}`: {why}")));
            if key.is_empty() || key.contains([':', ';']) || key.contains(|c: char| c.is_whitespace() || c.is_control())
            {
                return wrong("a key isn't empty and has neither `:`, `;` nor white space");
            }
            if self.0[..index].iter().any(|(earlier, _)| earlier == key) {
                return wrong("it stands twice; frameworks would see either");
            }
            if matches!(value, Value::Set(_)) {
                return wrong("attributes can't be sets: use a text for each, or ranges");
            }
            value.check().or_else(|error| wrong(&error.to_string()))?;
        }
        Ok(())
    }

    /// A file for each, name and content, for the directory that the packages read attributes from, such as `/etc/mesos-slave/attributes`.
    ///
    /// # Errors
    /// Those of [`check`](Self::check); a key that can't be the name of a file, or that a shell's `*` doesn't find.
    pub fn files(&self) -> Result<Vec<(String, String)>, GrammarError> {
        self.check()?;
        self.iter().map(|(key, value)| file(key, value)).collect()
    }
}

/// A file whose name and content the packages join by `:`.
pub(super) fn file(key: &str, value: &Value) -> Result<(String, String), GrammarError> {
    if key.contains('/') || key.starts_with('.') {
        return Err(GrammarError::new(format!(
            "`{key}` can't be the name of a file that the packages find: it has a `/` or starts with `.`"
        )));
    }
    Ok((key.to_owned(), format!("{value}\n")))
}

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items: Vec<String> = self.0.iter().map(|(key, value)| format!("{key}:{value}")).collect();
        f.write_str(&items.join(";"))
    }
}

impl FromStr for Attributes {
    type Err = GrammarError;

    /// Reads `key:value` with `;` or line feeds between. A value may have a `:`, and a key may stand twice.
    fn from_str(text: &str) -> Result<Self, GrammarError> {
        let mut attributes = Self::new();
        for item in text.split([';', '\n']).filter(|item| !item.is_empty()) {
            let wrong = |why: &str| GrammarError::new(format!("`{item}` is no attribute: {why}"));
            let (key, value) = item
                .split_once(':')
                .ok_or_else(|| wrong("between key and value stands a `:`"))?;
            let value = Value::read(value).map_err(|error| wrong(&error.to_string()))?;
            match value {
                _ if key.is_empty() => return Err(wrong("its key is empty")),
                Value::Set(_) => return Err(wrong("attributes can't be sets")),
                value => attributes.0.push((key.to_owned(), value)),
            }
        }
        Ok(attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_mesos_reads_them() {
        let read: Attributes = "rack:r1;level:3\nports:[1-2,3-4];url:http://a".parse().unwrap();
        assert_eq!(read.to_string(), "rack:r1;level:3;ports:[1-4];url:http://a");
        assert_eq!(read.get("level").unwrap().kind(), "scalar");
        assert!("a:1;a:2".parse::<Attributes>().is_ok());
        assert!("a:1;a:2".parse::<Attributes>().unwrap().check().is_err());
        for text in ["rack", ":r1", "rack:", "s:{a,b}", "a:x[1-2]"] {
            assert!(text.parse::<Attributes>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn each_stands_in_a_file_of_its_own() {
        let files = Attributes::new().with("rack", "r1").with("level", 3).files().unwrap();
        let shown: Vec<_> = files
            .iter()
            .map(|(name, content)| (name.as_str(), content.clone()))
            .collect();
        assert_eq!(shown, [("rack", "r1\n".to_owned()), ("level", "3\n".to_owned())]);
        assert!(Attributes::new().with(".rack", "r1").files().is_err());
        assert!(Attributes::new().with("a/b", "r1").files().is_err());
    }
}
