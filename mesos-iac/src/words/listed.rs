use std::fmt::Display;

/// How many of a long list are named.
const NAMED: usize = 5;

/// A list for people: `a, b, c, d, e and 2,995 more`. Programs get all of it.
pub(crate) fn listed<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut items = items.into_iter();
    let named: Vec<String> = items.by_ref().take(NAMED).map(|item| item.to_string()).collect();
    let named = named.join(", ");
    match items.count() {
        0 => named,
        more => format!("{named} and {} more", grouped(more)),
    }
}

/// A number with its thousands set apart: `2,995`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_bounded_and_short_ones_whole() {
        assert_eq!(listed([1, 2]), "1, 2");
        assert_eq!(listed(1..=5), "1, 2, 3, 4, 5");
        assert_eq!(listed(1..=6), "1, 2, 3, 4, 5 and 1 more");
        assert_eq!(listed(1..=3000), "1, 2, 3, 4, 5 and 2,995 more");
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [(7, "7"), (999, "999"), (1000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(number), text);
        }
    }
}
