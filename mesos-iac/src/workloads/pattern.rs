//! Java's regular expressions, as far as they mean the same everywhere.

use regex::bytes::{Regex, RegexBuilder};
use std::fmt;

/// A pattern of `LIKE` or `UNLIKE`. Schedulers read it as Java does, and the whole value has to match.
///
/// Patterns of the common subset are matched here: texts, `.`, classes without set operations, groups, `|`, `*`, `+`, `?`,
/// `{n,m}`, `^`, `$`, `\d`, `\w`, `\s` and their negations, and marks after a backslash. Lookaround, back references,
/// possessive quantifiers and the like are Java's own: what they match isn't known here.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    compiled: Option<Regex>,
}

/// Whether a value matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It does.
    Yes,
    /// It doesn't.
    No,
    /// The pattern or the value is outside the common subset.
    NotChecked,
}

/// Why a text is no pattern, in Java or anywhere else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read {pattern:?} as a regular expression: {why}")]
pub struct PatternError {
    /// The text.
    pub pattern: String,
    /// Why not.
    pub why: String,
}

/// The most bytes of a pattern that is looked at; longer ones are left to the scheduler.
const MOST: usize = 4096;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// It is within the common subset and no regular expression: an open group, a quantifier without anything before it.
    pub fn new(text: impl Into<String>) -> Result<Self, PatternError> {
        let text = text.into();
        let compiled = if text.len() <= MOST && is_common(&text) {
            let whole = format!("\\A(?:{text})\\z");
            // Classes are ASCII ones, as Java's are unless told otherwise.
            let made = RegexBuilder::new(&whole).unicode(false).size_limit(1 << 20).build();
            match made {
                Ok(regex) => Some(regex),
                Err(regex::Error::CompiledTooBig(_)) => None,
                Err(error) => {
                    let why = error.to_string();
                    let why = why
                        .lines()
                        .last()
                        .unwrap_or_default()
                        .trim_start_matches("error: ")
                        .to_owned();
                    return Err(PatternError { pattern: text, why });
                }
            }
        } else {
            None
        };
        Ok(Self { text, compiled })
    }

    /// Whether all of the value matches.
    #[must_use]
    pub fn matches(&self, value: &str) -> Match {
        // Where text goes beyond printable ASCII, the two dialects differ over `.` and the classes.
        let plain = value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        match &self.compiled {
            Some(regex) if plain => match regex.is_match(value.as_bytes()) {
                true => Match::Yes,
                false => Match::No,
            },
            _ => Match::NotChecked,
        }
    }

    /// Whether it is within the common subset.
    #[must_use]
    pub const fn is_checked(&self) -> bool {
        self.compiled.is_some()
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether the pattern means the same in Java as here. It says nothing on whether it is one.
fn is_common(pattern: &str) -> bool {
    let bytes = pattern.as_bytes();
    if !bytes.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        return false;
    }
    let mut at = 0;
    let mut in_class = false;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        match byte {
            b'\\' => {
                let known = match next {
                    Some(b'd' | b'D' | b'w' | b'W' | b's' | b'S') => true,
                    // Before anything but a letter or digit, a backslash only takes the meaning away; before these two it is
                    // an anchor elsewhere.
                    Some(b'<' | b'>') => false,
                    Some(other) => !other.is_ascii_alphanumeric(),
                    None => return true,
                };
                if !known {
                    return false;
                }
                at += 1;
            }
            // A bracket first in a class is plain text here and an error in Java.
            b'[' if !in_class => {
                in_class = true;
                if next == Some(b'^') {
                    at += 1;
                }
                if bytes.get(at + 1) == Some(&b']') {
                    return false;
                }
            }
            // Classes within classes and their operations.
            b'[' => return false,
            b'&' | b'-' | b'~' if in_class && next == Some(byte) => return false,
            b']' => in_class = false,
            b'(' if !in_class && next == Some(b'?') && bytes.get(at + 2) != Some(&b':') => return false,
            // A quantifier after a quantifier is lazy or possessive; lazy ones match the same whole values.
            b'*' | b'+' | b'?' | b'}' if !in_class && next == Some(b'+') => return false,
            b'*' | b'+' | b'}' if !in_class && matches!(next, Some(b'*' | b'{')) => return false,
            b'?' if !in_class && matches!(next, Some(b'*' | b'{' | b'?')) => return false,
            // `{,3}` is a quantifier here and an error in Java.
            b'{' if !in_class && !next.is_some_and(|next| next.is_ascii_digit()) => return false,
            _ => {}
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_value_has_to_match() {
        for (pattern, value, matches) in [
            ("r[12]", "r1", Match::Yes),
            ("r[12]", "r12", Match::No),
            ("r[12]", "xr1", Match::No),
            ("a|b", "b", Match::Yes),
            ("a|b", "ab", Match::No),
            ("node-\\d{1,3}\\.lab", "node-12.lab", Match::Yes),
            ("node-\\d{1,3}\\.lab", "node-1234.lab", Match::No),
            ("^(?:ssd|nvme)$", "nvme", Match::Yes),
            (".*", "", Match::Yes),
            ("[^a-c]+?", "xyz", Match::Yes),
            ("\\d", "٣", Match::NotChecked),
        ] {
            assert_eq!(
                Pattern::new(pattern).unwrap().matches(value),
                matches,
                "{pattern} {value}"
            );
        }
    }

    #[test]
    fn what_is_javas_own_is_not_checked() {
        for pattern in [
            "(?=a)a",
            "(?<!a)b",
            "(a)\\1",
            "a++",
            "a*+",
            "a{2}+",
            "\\p{Lower}",
            "\\Qa.b\\E",
            "[a[b]]",
            "[a&&b]",
            "(?i)a",
            "\\bx",
            "é",
            "(?<name>a)",
            "[]a]",
            "a{,3}",
            "\\<a",
            "\\h",
        ] {
            let pattern = Pattern::new(pattern).unwrap();
            assert!(!pattern.is_checked(), "{pattern}");
            assert_eq!(pattern.matches("a"), Match::NotChecked, "{pattern}");
        }
    }

    #[test]
    fn what_is_no_expression_anywhere_is_an_error() {
        for pattern in ["(a", "a)", "[a", "*a", "a\\", "x{3,1}"] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }
}
