use super::{HostName, fold_names};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The most hosts that one pattern may name.
const MOST_HOSTS: usize = 65_536;

/// A pattern that names hosts.
///
/// | written | means |
/// |---|---|
/// | `backend-0-[0-4]` | the numbers 0 to 4: `backend-0-0` … `backend-0-4` |
/// | `web[08-11]` | numbers padded to the width of the first: `web08` … `web11` |
/// | `zk[1,3,7-9]` | a list of numbers and ranges |
/// | `rack[1-2]-[01-40]` | every combination, the last one running fastest |
/// | `*`, `?` | any characters, one character; only where hosts are selected, not where they are declared |
///
/// `agent-[13]` is `agent-13`: the two agents 1 and 3 are `agent-[1,3]`. Stacki's own patterns mean something else by
/// brackets; [`HostPattern::fnmatch`] reads those.
#[derive(Clone, PartialEq, Eq)]
pub struct HostPattern {
    text: String,
    parts: Vec<Part>,
    ignore_case: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// Ranges of numbers, each with the width to which its numbers are padded (0: not padded).
    Numbers(Vec<Range>),
    /// A class of characters.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    AnyText,
    AnyCharacter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: u64,
    last: u64,
    width: usize,
}

/// Why a pattern was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    pattern: String,
    why: String,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host pattern {:?}: {}", self.pattern, self.why)
    }
}

impl std::error::Error for PatternError {}

impl HostPattern {
    /// The pattern, with numbers in its brackets.
    ///
    /// # Errors
    /// A bracket isn't closed, is empty or holds something else than numbers and ascending ranges; a range's bounds are
    /// padded to different widths; a character can't stand in a host name.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let parts = parse(pattern, numbers).map_err(|why| PatternError {
            pattern: pattern.to_owned(),
            why,
        })?;
        Ok(Self {
            text: pattern.to_owned(),
            parts,
            ignore_case: false,
        })
    }

    /// The pattern as Stacki reads it (`fnmatch`): brackets hold a class of characters, so that `[1-12]` is 1 or 2, and
    /// letters match whatever their case. Such a pattern selects hosts and can't declare them.
    ///
    /// # Errors
    /// A bracket isn't closed or is empty; a character can't stand in a host name.
    pub fn fnmatch(pattern: &str) -> Result<Self, PatternError> {
        let parts = parse(pattern, class).map_err(|why| PatternError {
            pattern: pattern.to_owned(),
            why,
        })?;
        Ok(Self {
            text: pattern.to_owned(),
            parts,
            ignore_case: true,
        })
    }

    /// The names that the pattern declares, in the order of their numbers.
    ///
    /// # Errors
    /// The pattern holds `*`, `?` or a class of characters; it names more than 65 536 hosts or one of them twice; a name
    /// is no host name.
    pub fn expand(&self) -> Result<Vec<HostName>, PatternError> {
        let refuse = |why: String| PatternError {
            pattern: self.text.clone(),
            why,
        };
        let mut names = vec![String::new()];
        for part in &self.parts {
            let choices: Vec<String> = match part {
                Part::Literal(text) => vec![text.clone()],
                Part::Numbers(ranges) => {
                    let many: u64 = ranges
                        .iter()
                        .map(|r| (r.last - r.first).saturating_add(1))
                        .fold(0, u64::saturating_add);
                    if many.saturating_mul(names.len() as u64) > MOST_HOSTS as u64 {
                        return Err(refuse(format!("it names more than {MOST_HOSTS} hosts")));
                    }
                    let padded = |r: &Range| {
                        let width = r.width;
                        (r.first..=r.last).map(move |n| format!("{n:0width$}"))
                    };
                    ranges.iter().flat_map(padded).collect()
                }
                Part::Class { .. } | Part::AnyText | Part::AnyCharacter => {
                    return Err(refuse(
                        "`*`, `?` and classes of characters select hosts; they can't declare them".into(),
                    ));
                }
            };
            names = names
                .iter()
                .flat_map(|name| choices.iter().map(move |choice| format!("{name}{choice}")))
                .collect();
        }
        let mut seen = BTreeSet::new();
        names
            .into_iter()
            .map(|name| {
                let name = HostName::new(&name).map_err(|e| refuse(e.to_string()))?;
                if !seen.insert(name.clone()) {
                    return Err(refuse(format!("it names `{name}` twice")));
                }
                Ok(name)
            })
            .collect()
    }

    /// Whether the pattern selects this host.
    #[must_use]
    pub fn matches(&self, host: &HostName) -> bool {
        if self.ignore_case {
            matches(&self.parts, &host.as_str().to_ascii_lowercase(), true)
        } else {
            matches(&self.parts, host.as_str(), false)
        }
    }

    /// What to write instead of a pattern that matches none of these hosts, if its brackets were meant as classes of
    /// characters: `agent-[13]` is `agent-13`, and whoever meant two hosts writes `agent-[1,3]`.
    #[must_use]
    pub fn meant_as_classes<'a>(&self, hosts: impl IntoIterator<Item = &'a HostName>) -> Option<String> {
        let classes = Self::fnmatch(&self.text).ok()?;
        let meant: Vec<&HostName> = hosts.into_iter().filter(|host| classes.matches(host)).collect();
        let has_numbers = self.parts.iter().any(|part| matches!(part, Part::Numbers(_)));
        (has_numbers && !meant.is_empty()).then(|| {
            let written = fold_names(meant);
            format!("brackets hold numbers and ranges, and no classes of characters: did you mean `{written}`?")
        })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

impl FromStr for HostPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::new(text)
    }
}

type Bracket = fn(&str) -> Result<Part, String>;

fn parse(pattern: &str, bracket: Bracket) -> Result<Vec<Part>, String> {
    if pattern.is_empty() {
        return Err("it is empty".into());
    }
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let part = match c {
            '[' => {
                let end = rest.find(']').ok_or("`[` isn't closed by `]`")?;
                let part = bracket(&rest[..end])?;
                rest = &rest[end + 1..];
                part
            }
            ']' => return Err("`]` closes nothing".into()),
            '*' => Part::AnyText,
            '?' => Part::AnyCharacter,
            c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') => {
                literal.push(c);
                continue;
            }
            c => return Err(format!("{c:?} can't stand in a host name")),
        };
        if !literal.is_empty() {
            parts.push(Part::Literal(std::mem::take(&mut literal)));
        }
        parts.push(part);
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

fn numbers(inside: &str) -> Result<Part, String> {
    let number = |text: &str| -> Result<u64, String> {
        if text.is_empty() || text.len() > 18 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("`[{inside}]` must hold numbers and ranges, such as `[1,3-5]`"));
        }
        text.parse().map_err(|e| format!("`{text}`: {e}"))
    };
    let padded = |text: &str| text.len() > 1 && text.starts_with('0');
    inside
        .split(',')
        .map(|item| {
            let (first, last) = item.split_once('-').unwrap_or((item, item));
            let width = if padded(first) || padded(last) { first.len() } else { 0 };
            if width > 0 && first.len() != last.len() {
                return Err(format!("`{item}` pads its bounds to different widths"));
            }
            let range = Range {
                first: number(first)?,
                last: number(last)?,
                width,
            };
            if range.first > range.last {
                return Err(format!("`{item}` runs downwards"));
            }
            Ok(range)
        })
        .collect::<Result<_, _>>()
        .map(Part::Numbers)
}

fn class(inside: &str) -> Result<Part, String> {
    let (negated, inside) = match inside.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, inside),
    };
    if inside.is_empty() {
        return Err("`[]` holds no character".into());
    }
    let lower: Vec<char> = inside.to_ascii_lowercase().chars().collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < lower.len() {
        if at + 2 < lower.len() && lower[at + 1] == '-' {
            ranges.push((lower[at], lower[at + 2]));
            at += 3;
        } else {
            ranges.push((lower[at], lower[at]));
            at += 1;
        }
    }
    Ok(Part::Class { negated, ranges })
}

/// Whether the parts, in their order, make up the whole text.
///
/// All ways to split the text among the parts are followed at once: what is kept of each part is where it may end. So the
/// time is bounded by the product of both lengths, however many `*` there are.
fn matches(parts: &[Part], text: &str, ignore_case: bool) -> bool {
    // Host names are ASCII, so every byte is a character.
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    for part in parts {
        let mut next = vec![false; text.len() + 1];
        for start in (0..=text.len()).filter(|start| ends[*start]) {
            let rest = &text[start..];
            match part {
                Part::Literal(literal) => {
                    let is_there = rest.get(..literal.len()).is_some_and(|found| match ignore_case {
                        true => found.eq_ignore_ascii_case(literal),
                        false => found == literal,
                    });
                    if is_there {
                        next[start + literal.len()] = true;
                    }
                }
                Part::AnyText => {
                    next[start..].fill(true);
                    break;
                }
                Part::AnyCharacter => {
                    if !rest.is_empty() {
                        next[start + 1] = true;
                    }
                }
                Part::Class { negated, ranges } => {
                    let is_inside = |c| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                    if rest.chars().next().is_some_and(|c| is_inside(c) != *negated) {
                        next[start + 1] = true;
                    }
                }
                // The digits may be split between this bracket and what follows, so every length is tried.
                Part::Numbers(ranges) => {
                    let digits = rest.bytes().take_while(u8::is_ascii_digit).count().min(18);
                    for length in 1..=digits {
                        next[start + length] |= ranges.iter().any(|range| names(range, &rest[..length]));
                    }
                }
            }
        }
        ends = next;
    }
    ends[text.len()]
}

/// Whether the range, written out, holds exactly this text.
fn names(range: &Range, digits: &str) -> bool {
    let width = range.width;
    digits
        .parse()
        .is_ok_and(|n: u64| (range.first..=range.last).contains(&n) && format!("{n:0width$}") == digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(pattern: &str) -> Vec<String> {
        let names = HostPattern::new(pattern).unwrap().expand().unwrap();
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn numbers_expand_with_their_padding() {
        assert_eq!(expand("backend-0-[0-2]"), ["backend-0-0", "backend-0-1", "backend-0-2"]);
        assert_eq!(expand("web[08-11]"), ["web08", "web09", "web10", "web11"]);
        assert_eq!(expand("zk[9-11]"), ["zk9", "zk10", "zk11"]);
        assert_eq!(expand("a[1,3]b[0-1]"), ["a1b0", "a1b1", "a3b0", "a3b1"]);
        assert_eq!(expand("solo"), ["solo"]);
    }

    #[test]
    fn what_expands_also_matches() {
        for pattern in ["backend-0-[0-4]", "web[08-11]", "a[1,30-32]b[0-1].x", "n[1-12][0-1]"] {
            let pattern = HostPattern::new(pattern).unwrap();
            for name in pattern.expand().unwrap() {
                assert!(pattern.matches(&name), "{pattern} {name}");
            }
        }
        let web = HostPattern::new("web[08-11]").unwrap();
        for other in ["web8", "web008", "web12", "web", "xweb08"] {
            assert!(!web.matches(&HostName::new(other).unwrap()), "{other}");
        }
    }

    #[test]
    fn wildcards_select_and_do_not_declare() {
        let all = HostPattern::new("backend-*").unwrap();
        assert!(all.matches(&HostName::new("backend-0-1").unwrap()));
        assert!(!all.matches(&HostName::new("frontend").unwrap()));
        assert!(all.expand().unwrap_err().to_string().contains("declare"));
        assert!(HostPattern::new("zk?").unwrap().matches(&HostName::new("zk1").unwrap()));
    }

    #[test]
    fn fnmatch_brackets_are_classes_of_characters() {
        let pattern = HostPattern::fnmatch("Backend-0-[1-12]").unwrap();
        let matched: Vec<bool> = ["backend-0-1", "backend-0-2", "backend-0-3", "backend-0-12"]
            .iter()
            .map(|name| pattern.matches(&HostName::new(name).unwrap()))
            .collect();
        assert_eq!(matched, [true, true, false, false]);
        assert!(pattern.expand().is_err());
        let negated = HostPattern::fnmatch("a[!1]").unwrap();
        assert!(negated.matches(&HostName::new("a2").unwrap()));
        assert!(!negated.matches(&HostName::new("a1").unwrap()));
    }

    #[test]
    fn a_class_of_characters_is_told_as_numbers() {
        let hosts: Vec<HostName> = expand("agent-[1-3]")
            .iter()
            .map(|name| HostName::new(name).unwrap())
            .collect();
        let meant = |pattern: &str| HostPattern::new(pattern).unwrap().meant_as_classes(&hosts);
        assert!(meant("agent-[13]").unwrap().ends_with("did you mean `agent-[1,3]`?"));
        assert!(meant("a*-[123]").unwrap().ends_with("did you mean `agent-[1-3]`?"));
        for other in ["agent-[45]", "agent-4", "a*"] {
            assert_eq!(meant(other), None, "{other}");
        }
    }

    #[test]
    fn a_hostile_pattern_is_matched_in_no_time() {
        let started = std::time::Instant::now();
        for (unit, end) in [("*a", "*b"), ("*a?", "*b"), ("[0-9]*", "b")] {
            let pattern = HostPattern::new(&(unit.repeat(500) + end)).unwrap();
            for letter in ["a", "1"] {
                assert!(!pattern.matches(&HostName::new(&letter.repeat(253)).unwrap()), "{unit}");
            }
        }
        let pattern = HostPattern::fnmatch(&("*[a-z]".repeat(500) + "*1")).unwrap();
        assert!(!pattern.matches(&HostName::new(&"a".repeat(253)).unwrap()));
        let pattern = HostPattern::new(&("*a".repeat(40) + "*b")).unwrap();
        assert!(pattern.matches(&HostName::new(&("a".repeat(252) + "b")).unwrap()));
        assert!(started.elapsed() < std::time::Duration::from_secs(5));
    }

    #[test]
    fn damaged_patterns_say_why() {
        for (pattern, why) in [
            ("", "empty"),
            ("a[1-", "isn't closed"),
            ("a]", "closes nothing"),
            ("a[]", "must hold numbers"),
            ("a[x-z]", "must hold numbers"),
            ("a[5-1]", "downwards"),
            ("a[01-3]", "widths"),
            ("a b", "can't stand"),
            ("a[1-2-3]", "must hold numbers"),
        ] {
            let error = HostPattern::new(pattern).unwrap_err().to_string();
            assert!(error.contains(why), "{pattern}: {error}");
        }
        for pattern in ["a[0-99999999]", "a[1,1]", "a[0-999999999999999999]"] {
            assert!(HostPattern::new(pattern).unwrap().expand().is_err(), "{pattern}");
        }
        assert!(HostPattern::new("-[1-2]").unwrap().expand().is_err());
    }
}
