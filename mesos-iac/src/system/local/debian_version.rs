use std::cmp::Ordering;

/// Compares two versions as Debian Policy 5.6.12 orders them: epoch, upstream version, revision.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (Parts::of(left), Parts::of(right));
    left.epoch
        .cmp(&right.epoch)
        .then_with(|| compare_part(left.upstream, right.upstream))
        .then_with(|| compare_part(left.revision, right.revision))
}

struct Parts<'a> {
    epoch: u64,
    upstream: &'a str,
    revision: &'a str,
}

impl<'a> Parts<'a> {
    fn of(version: &'a str) -> Self {
        let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self {
            epoch: epoch.parse().unwrap_or_default(),
            upstream,
            revision,
        }
    }
}

/// Compares by turns what isn't digits, letter by letter, and what is, as numbers.
fn compare_part(mut left: &str, mut right: &str) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        let (words, numbers) = (
            (split(&mut left, false), split(&mut right, false)),
            (split(&mut left, true), split(&mut right, true)),
        );
        let order = compare_words(words.0, words.1).then_with(|| compare_numbers(numbers.0, numbers.1));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Takes the digits, or what is before the next digit, off the front.
fn split<'a>(text: &mut &'a str, digits: bool) -> &'a str {
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    let (front, rest) = text.split_at(end);
    *text = rest;
    front
}

fn compare_words(left: &str, right: &str) -> Ordering {
    // `~` comes before the end, the end before letters, letters before all else.
    let rank = |c: Option<u8>| match c {
        Some(b'~') => (0, 0),
        None => (1, 0),
        Some(c) if c.is_ascii_alphabetic() => (2, c),
        Some(c) => (3, c),
    };
    let longest = left.len().max(right.len());
    let at = |text: &str, index: usize| rank(text.as_bytes().get(index).copied());
    (0..=longest)
        .map(|index| at(left, index).cmp(&at(right, index)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn compare_numbers(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_policy_says() {
        let sorted = [
            "0~~",
            "0~~a",
            "0~",
            "0",
            "0.9",
            "1.0~rc1-1",
            "1.0-1~bpo1",
            "1.0-1",
            "1.0-1+b1",
            "1.0-1.1",
            "1.0-2",
            "1.0+dfsg-1",
            "1.2-1",
            "1.10-1",
            "1.10-1-1",
            "2",
            "2a",
            "2+",
            "1:0.1",
        ];
        for (index, left) in sorted.iter().enumerate() {
            for (other, right) in sorted.iter().enumerate() {
                assert_eq!(compare(left, right), index.cmp(&other), "{left} {right}");
            }
        }
        for (left, right) in [("1.0", "1.0-0"), ("0:1", "1"), ("1.01", "1.1"), ("1.0-00", "1.0-0")] {
            assert_eq!(compare(left, right), Ordering::Equal, "{left} {right}");
        }
    }
}
