//! Finds filters and tests that don't exist: minijinja compiles them and complains only when it renders.

use super::scan::{Tag, Token, Word};
use super::syntax::MAYBE_FILTERS;
use crate::names::nearest;
use minijinja::{Environment, ErrorKind};

/// The filters there are, for suggestions only; whether one exists is asked of minijinja.
const FILTERS: &str = "abs attr batch bool capitalize chain count d default dictsort e escape first float format groupby indent \
    int items join last length lines list lower map max min pprint reject rejectattr replace reverse round \
    safe select selectattr slice sort split string sum title trim unique upper zip tojson urlencode";

/// The tests there are, for suggestions only.
const TESTS: &str = "boolean defined divisibleby endingwith eq equalto escaped even false filter float ge greaterthan gt in \
    int integer iterable le lessthan lower lt mapping ne none number odd safe sameas sequence startingwith \
    string test true undefined upper";

/// Words that end no operand, so that an `is` after one of them is no operator.
const NO_OPERAND: &str = "if elif else in not and or is for as import set with do call recursive";

/// What doesn't exist: the line and what to say about it.
pub(crate) fn unknown(tags: &[Tag<'_>]) -> Vec<(usize, String)> {
    let environment = super::syntax::environment();
    let mut found = Vec::new();
    for tag in tags {
        for (index, token) in tag.tokens.iter().enumerate() {
            if let Some(name) = filter_at(tag, index)
                && !MAYBE_FILTERS.contains(&name.as_str())
                && fails_with(&environment, &format!("{{{{ 0|{name} }}}}"), ErrorKind::UnknownFilter)
            {
                let hint = suggest(&name, FILTERS);
                found.push((token.line, format!("there is no filter `{name}`{hint}")));
            }
            if let Some(name) = test_at(tag, index)
                && fails_with(&environment, &format!("{{{{ 0 is {name} }}}}"), ErrorKind::UnknownTest)
            {
                let hint = suggest(&name, TESTS);
                found.push((token.line, format!("there is no test `{name}`{hint}")));
            }
        }
    }
    found
}

fn suggest(name: &str, known: &str) -> String {
    nearest(name, known.split_whitespace()).map_or_else(String::new, |known| format!("; did you mean `{known}`?"))
}

/// Whether rendering this fails for this reason. What else it may fail for doesn't matter.
fn fails_with(environment: &Environment<'_>, template: &str, kind: ErrorKind) -> bool {
    environment
        .render_str(template, ())
        .is_err_and(|error| error.kind() == kind)
}

/// The filter that is named after the token at this index.
fn filter_at(tag: &Tag<'_>, index: usize) -> Option<String> {
    let opens_block = index == 0 && tag.keyword() == Some("filter");
    let is_bar = tag.tokens.get(index)?.word == Word::Sign("|");
    if opens_block || is_bar {
        dotted(tag.tokens.get(index + 1..)?)
    } else {
        None
    }
}

/// The test that is named after the token at this index.
fn test_at(tag: &Tag<'_>, index: usize) -> Option<String> {
    if tag.tokens.get(index)?.word != Word::Name("is") || !ends_operand(tag, index.checked_sub(1)?) {
        return None;
    }
    let rest = tag.tokens.get(index + 1..)?;
    let rest = match rest.first()?.word {
        Word::Name("not") => rest.get(1..)?,
        _ => rest,
    };
    dotted(rest)
}

fn ends_operand(tag: &Tag<'_>, index: usize) -> bool {
    let Some(token) = tag.tokens.get(index) else {
        return false;
    };
    let after_dot = index
        .checked_sub(1)
        .is_some_and(|before| tag.tokens[before].word == Word::Sign("."));
    match token.word {
        Word::Name(_) if after_dot => true,
        Word::Name(name) => !(NO_OPERAND.split(' ').any(|word| word == name) || tag.is_block && index == 0),
        Word::Text(_) | Word::Number(_) | Word::Sign(")" | "]" | "}") => true,
        Word::Sign(_) => false,
    }
}

/// A name, dots and all.
fn dotted(tokens: &[Token<'_>]) -> Option<String> {
    let mut tokens = tokens.iter().map(|token| token.word);
    let Word::Name(first) = tokens.next()? else { return None };
    let mut name = first.to_owned();
    while let (Some(Word::Sign(".")), Some(Word::Name(more))) = (tokens.next(), tokens.next()) {
        name = format!("{name}.{more}");
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::super::scan::tags;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        unknown(&tags(text))
            .into_iter()
            .map(|(line, what)| format!("{line}: {what}"))
            .collect()
    }

    #[test]
    fn what_does_not_exist_is_found() {
        assert_eq!(
            found("{{ a|uper }}\n{{ a|join(',')|nothing_like_it }}\n{% if a is od and b is not evn %}{% endif %}"),
            [
                "1: there is no filter `uper`; did you mean `upper`?",
                "2: there is no filter `nothing_like_it`",
                "3: there is no test `od`; did you mean `odd`?",
                "3: there is no test `evn`; did you mean `even`?",
            ]
        );
        assert_eq!(
            found("{% filter uper %}x{% endfilter %}{% set x | a.b %}{% endset %}").len(),
            2
        );
    }

    #[test]
    fn what_exists_or_may_exist_is_left_alone() {
        for text in [
            "{{ a|upper|d('x')|join }}{% filter lower|trim %}X{% endfilter %}",
            "{{ a is defined }}{{ a is not none }}{{ a is divisibleby 3 }}{{ 2 is in [1, 2] }}{{ a is eq 3 }}",
            "{{ a|tojson }}{{ a|urlencode }}",
            "{{ is }}{{ a.is }}{{ f(is=1) }}{{ 'x | y is z' }}{% set is = 1 %}{% if is %}{% endif %}",
            "{% for is in a %}{{ is }}{% endfor %}{% if not is %}{% endif %}{{ a if is else b }}{# a|nope #}",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn suggestions_exist() {
        for filter in FILTERS.split_whitespace().filter(|name| !MAYBE_FILTERS.contains(name)) {
            assert_eq!(found(&format!("{{{{ a|{filter} }}}}")), [""; 0]);
        }
        for test in TESTS.split_whitespace() {
            assert_eq!(found(&format!("{{{{ a is {test} }}}}")), [""; 0]);
        }
    }
}
