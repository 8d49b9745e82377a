//! Finds the values of secrets in texts, whole and in pieces.

use super::SecretForm;
use crate::words::{SecretSource, SecretText};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;

/// The shortest piece of a longer value that is found. Tools cut what they print, and so do we.
const PIECE: usize = 8;

/// The shortest line of a value of several lines that is found by itself: shorter ones are brackets that stand everywhere.
const LINE: usize = 4;

/// A value longer than this has its pieces noted at some places only, so that memory stays bounded.
const LONG: usize = 64 * 1024;

/// How far apart these are.
const STRIDE: usize = 8;

/// What is searched for.
#[derive(Clone, Default)]
pub(super) struct Traces {
    /// The values as text, with what is shown in their stead.
    values: Vec<(String, String)>,
    /// What is found by itself, and whose it is: whole values, as they are and without white space at their ends, and
    /// their lines.
    whole: Vec<(String, usize)>,
    /// Pieces of values, with whose they are and where in them they stand first.
    pieces: HashMap<[u8; PIECE], (usize, usize)>,
}

impl Traces {
    pub(super) fn new(secrets: &BTreeMap<SecretSource, SecretText>) -> Self {
        let mut traces = Self::default();
        for (source, value) in secrets {
            let text = String::from_utf8_lossy(value.expose()).into_owned();
            // As JSON and files of configuration spell it, too: what is sent to an API comes back in its refusals, and
            // what a daemon's check of its file refuses is in the complaint.
            for spelling in spellings(&text).into_iter().filter(|spelling| *spelling != text) {
                traces.add(spelling, format!("«{source}»"));
            }
            traces.add(text, format!("«{source}»"));
        }
        traces
    }

    fn add(&mut self, text: String, shown: String) {
        let owner = self.values.len();
        let lines = text.lines().map(str::trim).filter(|line| line.len() >= LINE);
        let mut whole: Vec<&str> = [text.as_str(), text.trim()].into_iter().chain(lines).collect();
        whole.retain(|pattern| !pattern.is_empty());
        whole.sort_unstable();
        whole.dedup();
        self.whole
            .extend(whole.into_iter().map(|pattern| (pattern.to_owned(), owner)));
        let stride = if text.len() > LONG { STRIDE } else { 1 };
        for (at, piece) in text.as_bytes().windows(PIECE).enumerate().step_by(stride) {
            if let Ok(piece) = <[u8; PIECE]>::try_from(piece) {
                self.pieces.entry(piece).or_insert((owner, at));
            }
        }
        self.values.push((text, shown));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The text with every trace replaced by what is shown in its stead; traces that overlap are one.
    pub(super) fn replaced(&self, text: &str) -> Option<String> {
        let mut found = self.found(text);
        if found.is_empty() {
            return None;
        }
        // The longest of those that begin together says whose it is.
        found.sort_by_key(|(range, owner)| (range.start, usize::MAX - range.end, *owner));
        let mut clean = String::with_capacity(text.len());
        let mut at = 0;
        let mut found = found.into_iter().peekable();
        while let Some((range, owner)) = found.next() {
            let mut end = range.end;
            while let Some((next, _)) = found.next_if(|(next, _)| next.start < end) {
                end = end.max(next.end);
            }
            clean.push_str(&text[at..range.start]);
            clean.push_str(&self.values[owner].1);
            at = end;
        }
        clean.push_str(&text[at..]);
        Some(clean)
    }

    /// Where traces stand, and whose they are.
    fn found(&self, text: &str) -> Vec<(Range<usize>, usize)> {
        let mut found = Vec::new();
        for (pattern, owner) in &self.whole {
            found.extend(
                text.match_indices(pattern.as_str())
                    .map(|(at, _)| (at..at + pattern.len(), *owner)),
            );
        }
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(window) = bytes.get(at..at + PIECE) {
            let known = <[u8; PIECE]>::try_from(window)
                .ok()
                .and_then(|piece| self.pieces.get(&piece));
            let Some((owner, place)) = known else {
                at += 1;
                continue;
            };
            let range = self.run(bytes, at, *owner, *place);
            at = range.end.saturating_sub(PIECE - 1).max(at + 1);
            found.push((at_characters(text, range), *owner));
        }
        found
    }

    /// How far the text says the same as the value, around a piece that was found.
    fn run(&self, text: &[u8], at: usize, owner: usize, place: usize) -> Range<usize> {
        let value = self.values[owner].0.as_bytes();
        let same = |(one, other): &(&u8, &u8)| one == other;
        let before = text[..at]
            .iter()
            .rev()
            .zip(value[..place].iter().rev())
            .take_while(same)
            .count();
        let after = text[at..].iter().zip(&value[place..]).take_while(same).count();
        at - before..at + after
    }
}

impl fmt::Debug for Traces {
    /// Whose values are searched for, and none of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.values.iter().map(|(_, shown)| shown))
            .finish()
    }
}

/// The text as each form that can carry it spells it, and as each other one spells that: JSON may stand in a variable.
fn spellings(text: &str) -> BTreeSet<String> {
    let forms = || SecretForm::ALL.iter();
    let mut spellings: BTreeSet<String> = forms().filter_map(|form| form.written(text)).collect();
    let within: Vec<String> = spellings
        .iter()
        .flat_map(|once| forms().filter_map(move |form| form.written(once)))
        .collect();
    spellings.extend(within);
    spellings
}

/// The range, made wider to where characters begin and end.
fn at_characters(text: &str, range: Range<usize>) -> Range<usize> {
    let (mut start, mut end) = (range.start, range.end);
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Secret;

    fn traces(values: &[(&str, &str)]) -> Traces {
        let secrets = values.iter().map(|(name, value)| {
            let value = SecretText::new(value.as_bytes().to_vec());
            (SecretSource::Environment((*name).to_owned()), value)
        });
        Traces::new(&secrets.collect())
    }

    #[track_caller]
    fn assert_shown(values: &[(&str, &str)], text: &str, shown: &str) {
        let clean = traces(values).replaced(text);
        assert_eq!(clean.as_deref().unwrap_or(text), shown);
    }

    #[test]
    fn a_secret_within_another_leaves_no_rest() {
        assert_shown(
            &[("A", "hunter"), ("B", "hunter2")],
            "x hunter2 hunter",
            "x «env:B» «env:A»",
        );
    }

    #[test]
    fn secrets_that_overlap_leave_no_rest() {
        assert_shown(&[("A", "abc123"), ("B", "123xyz")], "see abc123xyz.", "see «env:A».");
        assert_shown(&[("A", "123xyz"), ("B", "abc123")], "see abc123xyz.", "see «env:B».");
    }

    #[test]
    fn white_space_at_the_ends_may_be_lost() {
        for value in ["hunter2 ", " hunter2", "hunter2\n", "hunter2\r\n", "\thunter2\n\n"] {
            assert_shown(&[("A", value)], "is:hunter2", "is:«env:A»");
        }
    }

    #[test]
    fn each_line_of_a_secret_is_one() {
        let key = [("KEY", "line one\nab1\n4321\nlast\n")];
        assert_shown(&key, "> line one", "> «env:KEY»");
        assert_shown(&key, ">  4321 <", ">  «env:KEY» <");
        assert_shown(&key, "- last", "- «env:KEY»");
    }

    #[test]
    fn a_piece_of_a_long_secret_is_found_wherever_it_was_cut() {
        let secret: String = (0..40_000_u32).map(|n| char::from(b'!' + (n * n % 89) as u8)).collect();
        for value in [&secret[..100], &secret] {
            let traces = traces(&[("A", value)]);
            for (from, to) in [
                (0, value.len() - 3),
                (5, value.len()),
                (30, 60),
                (41, 41 + PIECE + STRIDE),
            ] {
                let text = format!("§{}§", &value[from..to]);
                assert_eq!(
                    traces.replaced(&text).as_deref(),
                    Some("§«env:A»§"),
                    "{from}..{to} of {}",
                    value.len()
                );
            }
        }
    }

    #[test]
    fn a_very_long_secret_is_found_too() {
        let mut state = 7_u64;
        let secret: String = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'a' + ((state >> 33) % 26) as u8)
        })
        .take(3 * LONG)
        .collect();
        assert_shown(&[("A", &secret)], &format!("§{}", &secret[100_001..]), "§«env:A»");
        assert_shown(
            &[("A", &secret)],
            &format!("§{}", &secret[77_777..77_777 + PIECE + STRIDE]),
            "§«env:A»",
        );
    }

    #[test]
    fn characters_stay_whole() {
        assert_shown(&[("A", "größenwahn")], "ö größenwahn ö", "ö «env:A» ö");
        let text = "ößenwahn€";
        assert_shown(&[("A", "größenwahn")], text, "«env:A»€");
    }

    #[test]
    fn a_secret_is_found_in_every_form_and_in_one_within_another() {
        let value = "p'a\"$\\";
        let secret = Secret::<String>::from_env("A");
        for inner in SecretForm::ALL {
            for outer in SecretForm::ALL {
                let formed = inner.of(&secret).within(*outer);
                let Ok(written) = formed.written(&SecretText::new(value.into())) else {
                    continue;
                };
                let text = format!("§{}§", String::from_utf8(written).unwrap());
                let shown = traces(&[("A", value)]).replaced(&text);
                assert_eq!(shown.as_deref(), Some("§«env:A»§"), "{inner:?} {outer:?}");
            }
        }
    }

    #[test]
    fn what_is_searched_for_isn_t_shown() {
        assert_eq!(format!("{:?}", traces(&[("A", "hunter2")])), r#"["«env:A»"]"#);
    }

    #[test]
    fn what_is_no_secret_stays() {
        assert_shown(
            &[("A", "hunter2"), ("B", "")],
            "hunter 2 and brackets {}",
            "hunter 2 and brackets {}",
        );
    }
}
