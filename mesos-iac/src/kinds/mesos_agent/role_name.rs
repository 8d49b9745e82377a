use super::GrammarError;
use std::fmt;
use std::str::FromStr;

/// The name of a role within Mesos, under which resources are reserved: `*`, `prod`, or from Mesos 1.3 on `prod/web`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(String);

impl RoleName {
    /// The role that resources have which are reserved for none.
    #[must_use]
    pub fn any() -> Self {
        Self("*".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has parts, which Mesos knows from 1.3 on.
    #[must_use]
    pub fn is_hierarchical(&self) -> bool {
        self.0.contains('/')
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RoleName {
    type Err = GrammarError;

    fn from_str(text: &str) -> Result<Self, GrammarError> {
        let wrong = |why: &str| Err(GrammarError::new(format!("`{text}` is no name of a role: {why}")));
        if text == "*" {
            return Ok(Self::any());
        }
        for part in text.split('/') {
            match part {
                "" if text.is_empty() => return wrong("it is empty"),
                "" => return wrong("a `/` stands at its start, at its end, or beside another"),
                "." | ".." | "*" => return wrong("no part of it may be `.`, `..` or `*`"),
                part if part.starts_with('-') => return wrong("no part of it may start with `-`"),
                part if part.contains(|c: char| c.is_whitespace() || c.is_control()) => {
                    return wrong("it has white space or a control character in it");
                }
                _ => {}
            }
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_roles_are_those_that_mesos_takes() {
        for text in ["*", "prod", "slave_public", "prod/web", "a-b"] {
            assert_eq!(text.parse::<RoleName>().unwrap().as_str(), text);
        }
        for text in [
            "", ".", "..", "-a", "a/-b", "a b", "a\tb", "a\x7fb", "/a", "a/", "a//b", "a/*",
        ] {
            assert!(text.parse::<RoleName>().is_err(), "{text:?}");
        }
    }
}
