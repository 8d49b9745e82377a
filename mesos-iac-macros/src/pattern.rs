//! Checks host patterns at compile time, by the rules of the library's `HostPattern`; the library has the last word.

/// The most hosts that one pattern may name.
const MOST_HOSTS: u64 = 65_536;

/// Whether the pattern can declare hosts; why not.
pub(crate) fn check(pattern: &str) -> Result<(), String> {
    if pattern.is_empty() {
        return Err("it is empty".into());
    }
    if pattern.starts_with(['-', '.']) {
        return Err("a host's name can't start with `-` or `.`".into());
    }
    let mut many = 1_u64;
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '[' => {
                let (inside, after) = rest.split_once(']').ok_or("`[` isn't closed by `]`")?;
                many = many.saturating_mul(numbers(inside)?);
                rest = after;
            }
            ']' => return Err("`]` closes nothing".into()),
            '*' | '?' => return Err(format!("`{c}` selects hosts; it can't declare them")),
            c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') => {}
            c => return Err(format!("{c:?} can't stand in a host name")),
        }
    }
    if many > MOST_HOSTS {
        return Err(format!("it names more than {MOST_HOSTS} hosts"));
    }
    Ok(())
}

/// How many numbers a bracket holds.
fn numbers(inside: &str) -> Result<u64, String> {
    let number = |text: &str| -> Result<u64, String> {
        let digits = !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
        let number = digits.then(|| text.parse().ok()).flatten();
        number.ok_or_else(|| format!("`[{inside}]` must hold numbers and ranges, such as `[1,3-5]`"))
    };
    let padded = |text: &str| text.len() > 1 && text.starts_with('0');
    let mut many = 0_u64;
    for item in inside.split(',') {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let (from, to) = (number(first)?, number(last)?);
        if (padded(first) || padded(last)) && first.len() != last.len() {
            return Err(format!("`{item}` pads its bounds to different widths"));
        }
        if from > to {
            return Err(format!("`{item}` runs downwards"));
        }
        many = many.saturating_add(to - from + 1);
    }
    Ok(many)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn patterns_of_numbers_pass() {
        for good in [
            "db",
            "backend-0-[0-4]",
            "web[08-11]",
            "zk[1,3,7-9].example.org",
            "rack[1-2]-[01-40]",
            "a[0-65535]",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn damaged_patterns_say_why() {
        for (bad, why) in [
            ("", "empty"),
            ("a[1-", "isn't closed"),
            ("a]", "closes nothing"),
            ("a[]", "must hold numbers"),
            ("a[x-z]", "must hold numbers"),
            ("a[5-1]", "downwards"),
            ("a[01-3]", "widths"),
            ("a[1-2-3]", "must hold numbers"),
            ("a b", "can't stand"),
            ("é", "can't stand"),
            ("a-*", "selects"),
            ("zk?", "selects"),
            ("-a", "start"),
            ("a[0-65536]", "more than"),
            ("a[0-999999999999999999][0-999999999999999999]", "more than"),
        ] {
            let refused = check(bad);
            assert!(
                refused.as_ref().is_err_and(|refused| refused.contains(why)),
                "{bad}: {refused:?}"
            );
        }
    }
}
