use super::GrammarError;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

/// A number that isn't negative, as Mesos keeps it: to three decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scalar(u64);

impl Scalar {
    /// The number, rounded to three decimals; none if it is negative, no number, or beyond 2⁵³ thousandths.
    #[must_use]
    pub fn new(number: f64) -> Option<Self> {
        let thousandths = (number * 1000.0).round();
        if number.is_sign_negative() || !(0.0..9_007_199_254_740_992.0).contains(&thousandths) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole, not negative, and below 2⁵³"
        )]
        Some(Self(thousandths as u64))
    }

    /// The whole number.
    #[must_use]
    pub const fn whole(number: u32) -> Self {
        Self(number as u64 * 1000)
    }

    /// How many thousandths.
    #[must_use]
    pub const fn thousandths(self) -> u64 {
        self.0
    }

    /// Whether it has no decimals.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.0.is_multiple_of(1000)
    }

    pub(super) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.0 / 1000, self.0 % 1000);
        match decimals {
            0 => write!(f, "{whole}"),
            _ => write!(f, "{whole}.{}", format!("{decimals:03}").trim_end_matches('0')),
        }
    }
}

/// A value of an attribute or a resource of an agent.
///
/// ```
/// use mesos_iac::kinds::mesos_agent::Value;
///
/// let read = |text| Value::read(text).map(|value| value.to_string());
/// assert_eq!(read("[31000-32000, 32001-32010]")?, "[31000-32010]");
/// assert_eq!(read("2.50")?, "2.5");
/// assert_eq!(Value::from("ssd").kind(), "text");
/// # Ok::<(), mesos_iac::kinds::mesos_agent::GrammarError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A number.
    Scalar(Scalar),
    /// Ranges of whole numbers, both ends included, in order, none beside another.
    Ranges(Vec<(u64, u64)>),
    /// Words; resources only.
    Set(BTreeSet<String>),
    /// Anything else; attributes only.
    Text(String),
}

impl Value {
    /// Ranges from any number of them, joined where they touch or overlap.
    ///
    /// # Errors
    /// None, or one whose end is before its start.
    pub fn ranges(ranges: impl IntoIterator<Item = RangeInclusive<u64>>) -> Result<Self, GrammarError> {
        let mut given: Vec<(u64, u64)> = ranges.into_iter().map(|range| (*range.start(), *range.end())).collect();
        if given.is_empty() {
            return Err(GrammarError::new("there is no range between the brackets"));
        }
        if let Some((begin, end)) = given.iter().find(|(begin, end)| begin > end) {
            return Err(GrammarError::new(format!(
                "`{begin}-{end}` ends before it starts: write `{end}-{begin}`"
            )));
        }
        given.sort_unstable();
        Ok(Self::Ranges(joined(given)))
    }

    /// Reads a value as Mesos does: spaces count for nothing; what starts with `[` is ranges, with `{` a set; what is a number
    /// is one; the rest is text.
    ///
    /// # Errors
    /// Brackets that don't match or aren't at the ends, ranges that aren't, an empty set or text.
    pub fn read(text: &str) -> Result<Self, GrammarError> {
        let bare: String = text.chars().filter(|c| *c != ' ').collect();
        let wrong = |why: &str| GrammarError::new(format!("`{text}` can't be read: {why}"));
        if bare.is_empty() {
            return Err(wrong("it is empty"));
        }
        let inner = |open: char, close: char| {
            let inner = bare.strip_prefix(open)?.strip_suffix(close)?;
            (!inner.contains(['[', ']', '{', '}'])).then_some(inner)
        };
        if bare.starts_with('[') {
            let inner = inner('[', ']').ok_or_else(|| wrong("its brackets don't match"))?;
            let range = |range: &str| {
                let (begin, end) = range.split_once('-')?;
                let number = |text: &str| {
                    text.bytes()
                        .all(|byte| byte.is_ascii_digit())
                        .then(|| text.parse::<u64>().ok())?
                };
                Some(number(begin)?..=number(end)?)
            };
            let ranges: Option<Vec<_>> = inner.split(',').map(range).collect();
            return Self::ranges(
                ranges.ok_or_else(|| wrong("ranges are whole numbers, such as `[31000-32000,33000-34000]`"))?,
            );
        }
        if bare.starts_with('{') {
            let inner = inner('{', '}').ok_or_else(|| wrong("its braces don't match"))?;
            let items: Vec<&str> = inner.split(',').collect();
            let set: BTreeSet<String> = items.iter().map(|item| (*item).to_owned()).collect();
            return match set.contains("") {
                true => Err(wrong("an item of the set is empty")),
                false if set.len() != items.len() => Err(wrong("an item stands twice in the set")),
                false => Ok(Self::Set(set)),
            };
        }
        if bare.contains(['[', ']', '{', '}']) {
            return Err(wrong("brackets and braces stand at the ends or nowhere"));
        }
        Ok(match number(&bare) {
            Some(scalar) => Self::Scalar(scalar),
            None => Self::Text(bare),
        })
    }

    /// Which sort of value: `scalar`, `ranges`, `set` or `text`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Scalar(_) => "scalar",
            Self::Ranges(_) => "ranges",
            Self::Set(_) => "set",
            Self::Text(_) => "text",
        }
    }

    /// Holds it against what Mesos would read of what it prints as.
    pub(super) fn check(&self) -> Result<(), GrammarError> {
        let printed = self.to_string();
        let read = Self::read(&printed)?;
        if read == *self && !printed.contains([';', '\n', '\r', '\t']) {
            return Ok(());
        }
        Err(GrammarError::new(match self {
            Self::Text(text) if read.kind() != "text" => {
                format!("Mesos reads `{text}` as a {}, and not as text", read.kind())
            }
            Self::Text(text) if text.contains(' ') => {
                format!(
                    "`{text}` has spaces in it, which Mesos takes out: write `{}`",
                    text.replace(' ', "")
                )
            }
            _ => format!("`{printed}` has a character in it that parts values"),
        }))
    }
}

/// What Mesos takes for a number: decimal, with an exponent, or hexadecimal. Negative ones, infinity and the like stay text.
fn number(text: &str) -> Option<Scalar> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(digits, 16).ok().map(Scalar::whole);
    }
    let number: f64 = text.parse().ok()?;
    (number == 0.0 || number.is_normal()).then(|| Scalar::new(number))?
}

/// Joins ranges in order where they touch or overlap.
fn joined(ranges: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    let mut joined: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
    for (begin, end) in ranges {
        match joined.last_mut() {
            Some(last) if begin <= last.1.saturating_add(1) => last.1 = last.1.max(end),
            _ => joined.push((begin, end)),
        }
    }
    joined
}

/// Ranges of both.
pub(super) fn united(a: &[(u64, u64)], b: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut all = [a, b].concat();
    all.sort_unstable();
    joined(all)
}

/// Whether all of `inner` lies within `outer`.
pub(super) fn covers(outer: &[(u64, u64)], inner: &[(u64, u64)]) -> bool {
    let within = |(begin, end): &(u64, u64)| outer.iter().any(|outer| outer.0 <= *begin && *end <= outer.1);
    inner.iter().all(within)
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Ranges(ranges) => {
                let ranges: Vec<String> = ranges.iter().map(|(begin, end)| format!("{begin}-{end}")).collect();
                write!(f, "[{}]", ranges.join(","))
            }
            Self::Set(items) => {
                let items: Vec<&str> = items.iter().map(String::as_str).collect();
                write!(f, "{{{}}}", items.join(","))
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    /// The text `true` or `false`.
    fn from(on: bool) -> Self {
        Self::Text(on.to_string())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Scalar(Scalar::whole(number))
    }
}

impl From<Scalar> for Value {
    fn from(number: Scalar) -> Self {
        Self::Scalar(number)
    }
}

impl From<RangeInclusive<u64>> for Value {
    /// One range. That its end is before its start is told when it is checked.
    fn from(range: RangeInclusive<u64>) -> Self {
        Self::Ranges(vec![(*range.start(), *range.end())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_mesos_reads_them() {
        let cases = [
            ("4", "scalar", "4"),
            ("0.0005", "scalar", "0.001"),
            ("1e3", "scalar", "1000"),
            ("0x10", "scalar", "16"),
            ("-1", "text", "-1"),
            ("inf", "text", "inf"),
            ("nan", "text", "nan"),
            ("r1", "text", "r1"),
            ("a:b", "text", "a:b"),
            ("[1-2, 3-4]", "ranges", "[1-4]"),
            ("[5-6,1-2]", "ranges", "[1-2,5-6]"),
            ("{b, a}", "set", "{a,b}"),
        ];
        for (text, kind, printed) in cases {
            let value = Value::read(text).unwrap();
            assert_eq!((value.kind(), value.to_string().as_str()), (kind, printed), "{text}");
        }
    }

    #[test]
    fn what_mesos_refuses_is_refused() {
        for text in [
            "", " ", "[", "[]", "[1]", "[1-]", "[2-1]", "[a-b]", "[-1-2]", "[1-2", "{a", "{}", "{a,}", "{a,a}",
            "x[1-2]", "[[1-2]]", "a]",
        ] {
            assert!(Value::read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_value_that_would_be_read_otherwise_is_told() {
        for text in ["12", "1.5", "a b", "a;b", "a\nb", "[1-2]", ""] {
            assert!(Value::from(text).check().is_err(), "{text:?}");
        }
        assert!(Value::Ranges(vec![(3, 1)]).check().is_err());
        assert!(Value::from("r1").check().is_ok());
        assert!(Value::from(31_000..=32_000).check().is_ok());
    }
}
