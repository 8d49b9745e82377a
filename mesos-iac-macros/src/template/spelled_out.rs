//! Spells a template out so that minijinja's analysis finds every variable in it: it looks neither at what is sliced, nor
//! at the arguments of the filter of a block, nor at what `autoescape` is given.

use super::scan::{Tag, Token, Word, tags};

/// The template with the same variables in the same scopes, each where the analysis looks. It is no template to render.
pub(crate) fn spelled_out(text: &str) -> String {
    let with_expressions = edited(
        text,
        tags(text).iter().filter_map(|tag| expression_of(text, tag)).collect(),
    );
    let edits = tags(&with_expressions).iter().flat_map(without_slices).collect();
    edited(&with_expressions, edits)
}

/// The bytes from `at` to `end`, and what takes their place.
struct Edit {
    at: usize,
    end: usize,
    new: String,
}

fn edited(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.at);
    let mut out = String::new();
    let mut copied = 0;
    for Edit { at, end, new } in edits {
        out.push_str(text.get(copied..at).unwrap_or_default());
        out.push_str(&new);
        copied = end;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

/// Prints, before the tag, what the analysis doesn't see in it.
fn expression_of(text: &str, tag: &Tag<'_>) -> Option<Edit> {
    let is_bar = |token: &Token<'_>| token.word == Word::Sign("|");
    let (from, before) = match tag.keyword()? {
        "filter" => (tag.tokens.get(1)?, "''|"),
        "autoescape" => (tag.tokens.get(1)?, ""),
        // With `=` it is another statement, which the analysis sees whole.
        "set"
            if !tag
                .tokens
                .iter()
                .any(|token| token.word == Word::Sign("=") && !in_brackets(tag, token)) =>
        {
            (tag.tokens.iter().find(|token| is_bar(token))?, "''")
        }
        _ => return None,
    };
    let expression = text.get(from.at..tag.tokens.last()?.end)?;
    Some(Edit {
        at: tag.at,
        end: tag.at,
        new: format!("{{{{ {before}{expression} }}}}"),
    })
}

/// Whether the token stands in brackets, as an argument's name does.
fn in_brackets(tag: &Tag<'_>, token: &Token<'_>) -> bool {
    let before = tag.tokens.iter().take_while(|other| other.at < token.at);
    let depth = before.fold(0_isize, |depth, token| match token.word {
        Word::Sign("(" | "[" | "{") => depth + 1,
        Word::Sign(")" | "]" | "}") => depth - 1,
        _ => depth,
    });
    depth > 0
}

/// Makes each slice a subscript by a list: `a[b:]` becomes `a[[b,0]]`.
fn without_slices(tag: &Tag<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    // The open brackets, each with the indices of the colons directly in it.
    let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
    for (index, token) in tag.tokens.iter().enumerate() {
        match token.word {
            Word::Sign("(" | "[" | "{") => open.push((index, Vec::new())),
            Word::Sign(":") => {
                if let Some((_, colons)) = open.last_mut() {
                    colons.push(index);
                }
            }
            Word::Sign(")" | "]" | "}") => {
                let Some((opened, colons)) = open.pop() else { continue };
                if token.word != Word::Sign("]") || colons.is_empty() {
                    continue;
                }
                let edit = |index: usize, new: &str| {
                    let is_empty = tag
                        .tokens
                        .get(index + 1)
                        .is_some_and(|next| matches!(next.word, Word::Sign(":" | "]")));
                    let Token { at, end, .. } = tag.tokens[index];
                    let filler = if is_empty { "0" } else { "" };
                    Edit {
                        at,
                        end,
                        new: format!("{new}{filler}"),
                    }
                };
                edits.push(edit(opened, "[["));
                edits.extend(colons.into_iter().map(|colon| edit(colon, ",")));
                edits.push(Edit {
                    at: token.at,
                    end: token.end,
                    new: "]]".to_owned(),
                });
            }
            _ => {}
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_become_subscripts() {
        for (text, expected) in [
            ("{{ a[1:] }}", "{{ a[[1,0]] }}"),
            ("{{ a[:] }}{{ a[::b] }}", "{{ a[[0,0]] }}{{ a[[0,0,b]] }}"),
            ("{{ a[b[1:]:c[0]][d:'e:f'] }}", "{{ a[[b[[1,0]],c[0]]][[d,'e:f']] }}"),
            (
                "{{ {'a': [1]}['a'] }} a[1:] {# a[1:] #}",
                "{{ {'a': [1]}['a'] }} a[1:] {# a[1:] #}",
            ),
        ] {
            assert_eq!(spelled_out(text), expected);
        }
    }

    #[test]
    fn expressions_of_blocks_are_printed_before_them() {
        assert_eq!(
            spelled_out("x{%- filter replace(a, b[1:]) %}"),
            "x{{ ''|replace(a, b[[1,0]]) }}{%- filter replace(a, b[[1,0]]) %}"
        );
        assert_eq!(
            spelled_out("{% set x | indent(width=a) %}{% set y = b|upper %}"),
            "{{ ''| indent(width=a) }}{% set x | indent(width=a) %}{% set y = b|upper %}"
        );
    }
}
