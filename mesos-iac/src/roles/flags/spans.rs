use crate::roles::Version;
use std::fmt;

/// In which versions something is there: `0.20..1.5 1.5.2..`, each from a version on and up to another, which lacks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spans(&'static str);

/// One stretch of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first version that has it.
    pub from: Version,
    /// The first version after that which lacks it again.
    pub before: Option<Version>,
}

/// Whether a version has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Presence {
    No,
    /// The version lies between two of which one has it, or beyond all of which facts are known.
    Perhaps,
    Yes,
}

impl Spans {
    /// In no version.
    pub(super) const NONE: Self = Self("");

    /// These stretches. Anything but digits, dots and spaces is a mistake as the program compiles.
    pub(super) const fn new(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            assert!(
                bytes[index].is_ascii_digit() || bytes[index] == b'.' || bytes[index] == b' ',
                "a span is FROM..BEFORE"
            );
            index += 1;
        }
        Self(text)
    }

    /// These stretches, which a test holds to be some.
    pub(super) const fn of(text: &'static str) -> Self {
        Self(text)
    }

    /// The stretches, in their order.
    pub fn iter(self) -> impl Iterator<Item = Span> {
        self.0.split_whitespace().filter_map(|span| {
            let (from, before) = span.split_once("..")?;
            Some(Span {
                from: from.parse().ok()?,
                before: match before {
                    "" => None,
                    version => Some(version.parse().ok()?),
                },
            })
        })
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(self, version: Version) -> bool {
        self.iter()
            .any(|span| span.from <= version && span.before.is_none_or(|before| version < before))
    }

    /// Whether `version` has it, judged by the nearest versions of which facts are known.
    pub(super) fn at(self, version: Version, known: &[Version]) -> Presence {
        let below = known.iter().rev().find(|known| **known <= version);
        let above = known.iter().find(|known| **known >= version);
        match (below.map(|v| self.has(*v)), above.map(|v| self.has(*v))) {
            (Some(true), Some(true)) => Presence::Yes,
            (None | Some(false), None | Some(false)) => Presence::No,
            _ => Presence::Perhaps,
        }
    }
}

impl fmt::Display for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_between_two_that_differ_is_uncertain() {
        let known: Vec<Version> = ["0.19", "1.0", "1.4.3", "1.5.0", "1.5.2"]
            .map(|v| v.parse().unwrap())
            .into();
        let spans = Spans::new("1.0..1.5 1.5.2..");
        let at = |text: &str| spans.at(text.parse().unwrap(), &known);
        assert_eq!(at("0.19.0"), Presence::No);
        assert_eq!(at("0.18.0"), Presence::No);
        assert_eq!(at("0.28.0"), Presence::Perhaps);
        assert_eq!(at("1.0.0"), Presence::Yes);
        assert_eq!(at("1.2.0"), Presence::Yes);
        assert_eq!(at("1.4.9"), Presence::Perhaps);
        assert_eq!(at("1.5.0"), Presence::No);
        assert_eq!(at("1.5.2"), Presence::Yes);
        assert_eq!(at("1.9.0"), Presence::Perhaps);
    }
}
