//! Which other templates a tag names.

use super::scan::{Tag, Word};

/// The templates that a tag names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// Literal; the first one that exists is taken.
    pub(super) names: Vec<String>,
    pub(super) may_be_missing: bool,
}

/// The templates that the tag names, with its line; its keyword if their names are computed; nothing if it names none.
pub(super) fn references<'t>(tag: &Tag<'t>) -> Option<(usize, Result<Reference, &'t str>)> {
    let keyword = tag.keyword()?;
    if !["include", "extends", "import", "from"].contains(&keyword) {
        return None;
    }
    let line = tag.tokens.first()?.line;
    let words: Vec<Word<'t>> = tag.tokens.iter().skip(1).map(|token| token.word).collect();
    Some((line, literal_names(&words).ok_or(keyword)))
}

fn literal_names(words: &[Word<'_>]) -> Option<Reference> {
    let (names, rest) = match words {
        [Word::Text(name), rest @ ..] => (vec![*name], rest),
        [Word::Sign("["), rest @ ..] => {
            let end = rest.iter().position(|word| *word == Word::Sign("]"))?;
            // A literal list may end in a comma.
            let inside = rest[..end].strip_suffix(&[Word::Sign(",")]).unwrap_or(&rest[..end]);
            let mut names = Vec::new();
            for item in inside.split(|word| *word == Word::Sign(",")) {
                let [Word::Text(name)] = item else { return None };
                names.push(*name);
            }
            (names, &rest[end + 1..])
        }
        _ => return None,
    };
    let known_end = matches!(
        rest.first(),
        None | Some(Word::Name("ignore" | "as" | "import" | "with" | "without"))
    );
    if !known_end || names.iter().any(|name| name.contains('\\')) {
        return None;
    }
    Some(Reference {
        names: names.into_iter().map(ToOwned::to_owned).collect(),
        may_be_missing: rest.contains(&Word::Name("ignore")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::scan::tags;
    use super::*;

    fn reference(text: &str) -> Option<Result<(Vec<String>, bool), String>> {
        let tags = tags(text);
        let (_, reference) = references(tags.first()?)?;
        Some(
            reference
                .map(|found| (found.names, found.may_be_missing))
                .map_err(ToOwned::to_owned),
        )
    }

    #[test]
    fn names_in_quotes_are_followed() {
        for (text, names, may_be_missing) in [
            ("{% include 'a.j2' %}", &["a.j2"][..], false),
            ("{%- extends \"dir/a.j2\" -%}", &["dir/a.j2"], false),
            ("{% include 'a' ignore missing %}", &["a"], true),
            (
                "{% include ['a', 'b',] with context ignore missing %}",
                &["a", "b"],
                true,
            ),
            ("{% import 'a' as b %}", &["a"], false),
            ("{% from 'a' import b as c with context %}", &["a"], false),
        ] {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(reference(text), Some(Ok((names, may_be_missing))), "{text}");
        }
    }

    #[test]
    fn computed_names_are_refused() {
        for text in [
            "{% include a %}",
            "{% include 'a' ~ b %}",
            "{% include 'a' if b else 'c' %}",
            "{% include ['a', b] %}",
        ] {
            assert_eq!(reference(text), Some(Err("include".to_owned())), "{text}");
        }
        for text in ["{{ include }}", "{% if include %}", "{% included 'a' %}"] {
            assert_eq!(reference(text), None, "{text}");
        }
    }
}
