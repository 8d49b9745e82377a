//! Which names a template makes for itself, and where it uses one.

use super::scan::{Tag, Token, Word};
use std::collections::BTreeSet;

/// The names that a template makes, as far as minijinja's own analysis misses them.
#[derive(Debug, Default)]
pub(crate) struct Made<'t> {
    /// Names that live on after the tag's block: `set` inside an `if` counts outside, too, and an included template's
    /// names count in the one that includes it.
    pub(crate) lasting: BTreeSet<&'t str>,
    /// Names that live inside a block, which may include another template: the variables of loops, say.
    pub(crate) local: BTreeSet<&'t str>,
}

/// What the tags make. Rather a name too many than one too few: a valid template is never refused.
pub(crate) fn made<'t>(tags: &[Tag<'t>]) -> Made<'t> {
    let mut made = Made::default();
    for tag in tags {
        let rest = tag.tokens.get(1..).unwrap_or_default();
        match tag.keyword() {
            Some("set") => made
                .lasting
                .extend(names(until(rest, &[Word::Sign("="), Word::Sign("|")]))),
            Some("import" | "from") => made.lasting.extend(names(rest)),
            Some("macro") => {
                made.lasting.extend(names(rest).next());
                made.local.extend(names(rest));
            }
            Some("for") => {
                made.local.extend(names(until(rest, &[Word::Name("in")])));
                made.local.insert("loop");
            }
            Some("with") => made.local.extend(names(rest)),
            Some("call") => {
                made.local.extend(names(until(rest, &[Word::Sign(")")])));
                made.local.insert("caller");
            }
            Some("block") => {
                made.local.insert("super");
            }
            _ => {}
        }
    }
    made
}

fn names<'a, 't: 'a>(tokens: &'a [Token<'t>]) -> impl Iterator<Item = &'t str> + 'a {
    tokens.iter().filter_map(|token| match token.word {
        Word::Name(name) => Some(name),
        _ => None,
    })
}

fn until<'a, 't>(tokens: &'a [Token<'t>], ends: &[Word<'_>]) -> &'a [Token<'t>] {
    let end = tokens.iter().position(|token| ends.contains(&token.word));
    &tokens[..end.unwrap_or(tokens.len())]
}

/// The line of the first use of a name, as far as one can tell; else the first line.
pub(crate) fn line_of(name: &str, tags: &[Tag<'_>]) -> usize {
    let uses = tags.iter().flat_map(|tag| {
        tag.tokens.iter().enumerate().filter(move |(index, token)| {
            let before = index.checked_sub(1).and_then(|before| tag.tokens.get(before));
            let after = tag.tokens.get(index + 1);
            // After a dot or a bar it is another's attribute or a filter, before `=` an argument's name.
            token.word == Word::Name(name)
                && !before.is_some_and(|t| matches!(t.word, Word::Sign("." | "|") | Word::Name("is")))
                && !after.is_some_and(|t| t.word == Word::Sign("="))
        })
    });
    uses.map(|(_, token)| token.line).next().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::super::scan::tags;
    use super::*;

    #[test]
    fn names_that_last_and_names_that_do_not() {
        let text = "{% set a, b = c %}{% set d | upper %}{% endset %}{% for e, f in g %}{% endfor %}{% with h = 1 %}\
                    {% import 'x' as i %}{% from 'y' import j as k %}{% macro l(m) %}{% endmacro %}{% call(n) l() %}";
        let tags = tags(text);
        let made = made(&tags);
        for name in ["a", "b", "d", "i", "j", "k", "l"] {
            assert!(made.lasting.contains(name), "{name}");
        }
        for name in ["e", "f", "h", "m", "n", "loop", "caller"] {
            assert!(made.local.contains(name), "{name}");
        }
        for name in ["c", "g", "upper"] {
            assert!(!made.lasting.contains(name) && !made.local.contains(name), "{name}");
        }
    }

    #[test]
    fn the_line_is_that_of_the_first_use() {
        let text = "a {{ b.a }}\n{{ 1|a }}{{ f(a=1) }}\n{{ 1 is a }}\n{{ a }}\n{{ a }}";
        let tags = tags(text);
        assert_eq!(line_of("a", &tags), 4);
        assert_eq!(line_of("f", &tags), 2);
        assert_eq!(line_of("nowhere", &tags), 1);
    }
}
