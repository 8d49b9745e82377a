use crate::words::visible;
use std::fmt;

/// The longest name of an app that is taken, and of a thing that is told.
pub(super) const LONGEST_NAME: usize = 200;

/// How many things that aren't served are told one by one: what Marathon says must fill neither memory nor journal.
const MOST_TOLD: usize = 50;

/// Something that isn't served, and why. It is told, and doesn't keep the rest from being served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// What it is, as text that is safe to show.
    pub what: String,
    /// Why it isn't served.
    pub why: String,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// What isn't served: the first things of it, and how many there are. Whoever runs apps decides how many that is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotServed {
    told: Vec<Skipped>,
    number: usize,
}

impl NotServed {
    pub(super) fn add(&mut self, what: impl fmt::Display, why: impl fmt::Display) {
        self.number += 1;
        if self.told.len() < MOST_TOLD {
            // Who runs apps decides how long their names are, too.
            let what: String = what.to_string().chars().take(LONGEST_NAME).collect();
            self.told.push(Skipped {
                what: visible(&what),
                why: why.to_string(),
            });
        }
    }

    pub(super) fn extend(&mut self, others: Self) {
        let left = MOST_TOLD.saturating_sub(self.told.len());
        self.told.extend(others.told.into_iter().take(left));
        self.number += others.number;
    }

    /// The first fifty.
    #[must_use]
    pub fn told(&self) -> &[Skipped] {
        &self.told
    }

    /// How many there are in all.
    #[must_use]
    pub const fn number(&self) -> usize {
        self.number
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.number == 0
    }
}

impl fmt::Display for NotServed {
    /// A line for each that is told, and one for the rest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for skipped in &self.told {
            writeln!(f, "not served: {skipped}")?;
        }
        match self.number - self.told.len() {
            0 => Ok(()),
            more => writeln!(f, "not served: {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_told_and_the_rest_is_counted() {
        let mut all = NotServed::default();
        (0..40).for_each(|number| all.add(number, "no port"));
        let mut more = NotServed::default();
        (0..40).for_each(|number| more.add(format!("é{number}\n"), "no port"));
        all.extend(more);
        assert_eq!((all.told().len(), all.number()), (50, 80));
        let text = all.to_string();
        assert!(text.starts_with("not served: 0: no port\n"), "{text}");
        assert!(text.ends_with("not served: 30 more\n"), "{text}");
        assert_eq!(text.lines().count(), 51);
        all.add("x".repeat(1000), "no port");
        assert_eq!(all.number(), 81);
    }
}
