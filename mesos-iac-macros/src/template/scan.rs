//! Cuts a template into its tags and these into words: as much of minijinja's lexer as it takes to see which templates,
//! filters and names a tag is about. The syntax itself was checked by minijinja before.

/// The inside of `{{ … }}` or `{% … %}`.
#[derive(Debug)]
pub(crate) struct Tag<'t> {
    /// Where its first brace stands, in bytes.
    pub(crate) at: usize,
    /// Whether it is `{% … %}`.
    pub(crate) is_block: bool,
    pub(crate) tokens: Vec<Token<'t>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    /// Counted from 1.
    pub(crate) line: usize,
    /// Where it begins and ends, in bytes.
    pub(crate) at: usize,
    pub(crate) end: usize,
    pub(crate) word: Word<'t>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word<'t> {
    Name(&'t str),
    /// What stands between the quotes, escapes and all.
    Text(&'t str),
    Number(&'t str),
    Sign(&'t str),
}

impl<'t> Tag<'t> {
    /// The word that says what a block tag does; none in `{{ … }}`.
    pub(crate) fn keyword(&self) -> Option<&'t str> {
        match self.tokens.first()?.word {
            Word::Name(name) if self.is_block => Some(name),
            _ => None,
        }
    }
}

/// Every tag of the template, without comments and raw blocks.
pub(crate) fn tags(text: &str) -> Vec<Tag<'_>> {
    let mut scanner = Scanner {
        length: text.len(),
        rest: text,
        line: 1,
    };
    let mut tags = Vec::new();
    while let Some((at, open)) = scanner.next_open() {
        match open {
            Open::Comment => scanner.skip_past("#}"),
            Open::Block if scanner.skip_word_tag("raw") => scanner.skip_raw(),
            Open::Block => tags.push(scanner.tag(at, true)),
            Open::Variable => tags.push(scanner.tag(at, false)),
        }
    }
    tags
}

enum Open {
    Variable,
    Block,
    Comment,
}

struct Scanner<'t> {
    /// Of the whole text, in bytes.
    length: usize,
    rest: &'t str,
    line: usize,
}

impl<'t> Scanner<'t> {
    /// Moves on by this many bytes, which end between characters, and returns them.
    fn advance(&mut self, bytes: usize) -> &'t str {
        let (passed, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.line += passed.matches('\n').count();
        self.rest = rest;
        passed
    }

    const fn at(&self) -> usize {
        self.length - self.rest.len()
    }

    /// The next tag's kind, and where it begins.
    fn next_open(&mut self) -> Option<(usize, Open)> {
        loop {
            self.advance(self.rest.find('{')?);
            let open = match self.rest.as_bytes().get(1) {
                Some(b'{') => Open::Variable,
                Some(b'%') => Open::Block,
                Some(b'#') => Open::Comment,
                _ => {
                    self.advance(1);
                    continue;
                }
            };
            let at = self.at();
            self.advance(2);
            if self.rest.starts_with(['-', '+']) {
                self.advance(1);
            }
            return Some((at, open));
        }
    }

    fn skip_past(&mut self, end: &str) {
        let bytes = self.rest.find(end).map_or(self.rest.len(), |at| at + end.len());
        self.advance(bytes);
    }

    /// Moves past `word %}` if that is what follows.
    fn skip_word_tag(&mut self, word: &str) -> bool {
        let is_space = |c: char| c.is_ascii_whitespace();
        let Some(after) = self.rest.trim_start_matches(is_space).strip_prefix(word) else {
            return false;
        };
        let after = after.trim_start_matches(is_space);
        let Some(after) = after.strip_prefix(['-', '+']).unwrap_or(after).strip_prefix("%}") else {
            return false;
        };
        self.advance(self.rest.len() - after.len());
        true
    }

    fn skip_raw(&mut self) {
        while let Some(at) = self.rest.find("{%") {
            self.advance(at + 2);
            let before_marker = (self.rest, self.line);
            if self.rest.starts_with(['-', '+']) {
                self.advance(1);
            }
            if self.skip_word_tag("endraw") {
                return;
            }
            (self.rest, self.line) = before_marker;
        }
        self.advance(self.rest.len());
    }

    fn tag(&mut self, at: usize, is_block: bool) -> Tag<'t> {
        let end = if is_block { "%}" } else { "}}" };
        let mut tokens = Vec::new();
        let mut depth = 0_isize;
        loop {
            let spaces = self.rest.len() - self.rest.trim_ascii_start().len();
            self.advance(spaces);
            let unmarked = self.rest.strip_prefix(['-', '+']).unwrap_or(self.rest);
            // Inside brackets a `}}` closes two maps.
            if depth == 0 && (self.rest.starts_with(end) || unmarked.starts_with(end)) {
                self.skip_past(end);
                break;
            }
            let (line, at) = (self.line, self.at());
            let Some(word) = self.word() else { break };
            let end = self.at();
            match word {
                Word::Sign("(" | "[" | "{") => depth += 1,
                Word::Sign(")" | "]" | "}") => depth -= 1,
                _ => {}
            }
            tokens.push(Token { line, at, end, word });
        }
        Tag { at, is_block, tokens }
    }

    fn word(&mut self) -> Option<Word<'t>> {
        let first = self.rest.chars().next()?;
        let name_length = || {
            let not_name = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
            self.rest.find(not_name).unwrap_or(self.rest.len())
        };
        Some(match first {
            '"' | '\'' => self.text(first),
            c if c.is_ascii_digit() => Word::Number(self.advance(name_length())),
            c if c.is_ascii_alphabetic() || c == '_' => Word::Name(self.advance(name_length())),
            c => {
                let two = self
                    .rest
                    .get(..2)
                    .filter(|two| ["//", "**", "==", "!=", ">=", "<="].contains(two));
                Word::Sign(self.advance(two.map_or(c.len_utf8(), str::len)))
            }
        })
    }

    fn text(&mut self, quote: char) -> Word<'t> {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == quote && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let passed = self.advance(end.map_or(self.rest.len(), |(at, _)| at + 1));
        Word::Text(
            passed
                .strip_prefix(quote)
                .and_then(|text| text.strip_suffix(quote))
                .unwrap_or_default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let word = |token: &Token<'_>| match token.word {
            Word::Name(word) | Word::Number(word) | Word::Sign(word) => word.to_owned(),
            Word::Text(text) => format!("{text:?}"),
        };
        let line = |tag: &Tag<'_>| tag.tokens.first().map_or(0, |token| token.line);
        tags(text)
            .iter()
            .map(|tag| {
                format!(
                    "{}: {}",
                    line(tag),
                    tag.tokens.iter().map(word).collect::<Vec<_>>().join(" ")
                )
            })
            .collect()
    }

    #[test]
    fn tags_are_found_with_their_lines() {
        let text = "a {{ b }}\n{%- if c == 'd}}' -%}\n{{+ e.f|g(1.5) +}}{% endif %}{ not {% x %}";
        assert_eq!(
            shown(text),
            [
                "1: b",
                "2: if c == \"d}}\"",
                "3: e . f | g ( 1 . 5 )",
                "3: endif",
                "3: x"
            ]
        );
    }

    #[test]
    fn comments_and_raw_blocks_hold_no_tags() {
        let text =
            "{# {{ a }} #}{% raw %}{{ b }}{% x %}{%- endraw -%}{{ c }}{%- raw -%}\n{% endra %}{%endraw%}\n{% raws %}";
        assert_eq!(shown(text), ["1: c", "3: raws"]);
    }

    #[test]
    fn maps_end_no_tag() {
        assert_eq!(
            shown("{{ {'a': {'b': 1}} }}{{ x }}"),
            ["1: { \"a\" : { \"b\" : 1 } }", "1: x"]
        );
        assert_eq!(
            shown("{{ 'it\\'s }}' ~ \"\\\\\" }}{{ é }}"),
            ["1: \"it\\\\'s }}\" ~ \"\\\\\\\\\"", "1: é"]
        );
    }

    #[test]
    fn damaged_templates_are_scanned_to_their_end() {
        for text in [
            "{{",
            "{{ a",
            "{% raw %}",
            "{#",
            "{{ 'a",
            "{{ (a }}",
            "{{ ) }}",
            "{%",
            "{% - %}",
            "{{ \\ }}",
            "{{-",
        ] {
            tags(text);
        }
    }
}
