/// Whether a character isn't seen as what it is: a control character, or one that changes how the text around it reads.
pub(crate) fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            // Marks, embeddings, overrides and isolates of bidirectional text, and separators of lines.
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}'
        )
}

/// The text as one line that is safe to show: a terminal obeys nothing in it, and every character is seen. Tabs stay.
///
/// For everything that a person reads and that isn't our own: content, names and values come from hosts, from inputs and
/// from other people's roles.
pub(crate) fn visible(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\t' && misleads(c) {
            line.extend(c.escape_unicode());
        } else {
            line.push(c);
        }
    }
    line
}

/// As [`visible`], but newlines stay.
#[cfg(feature = "controller")]
pub(crate) fn visible_lines(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(visible).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_seen_and_not_obeyed() {
        for (text, shown) in [
            ("plain, \tä, →, 日本", "plain, \tä, →, 日本"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\rb\r\n", "a\\u{d}b\\u{d}\\u{a}"),
            ("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}"),
            (
                "\u{202e}a\u{2066}b\u{200f}\u{2028}",
                "\\u{202e}a\\u{2066}b\\u{200f}\\u{2028}",
            ),
        ] {
            assert_eq!(visible(text), shown);
        }
        #[cfg(feature = "controller")]
        assert_eq!(visible_lines("a\r\n\u{1b}b\n"), "a\\u{d}\n\\u{1b}b\n");
    }
}
