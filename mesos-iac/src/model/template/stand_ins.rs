//! Texts to render a template with in the place of its secrets, to see whether it depends on what a secret is.

use super::TemplateSource;
use std::collections::BTreeSet;

/// How many are tried at the most.
const MAX_STAND_INS: usize = 100;

/// Nothing; a text that is longer and comes later than any other; and those that the template could compare a secret
/// with: its own in quotes, with and without what others begin or end with, and those of the context.
pub(super) fn stand_ins(source: &TemplateSource, context: &[(&'static str, serde_json::Value)]) -> BTreeSet<String> {
    let mut quoted = BTreeSet::new();
    for text in source.includes.iter().map(|(_, text)| *text).chain([source.text]) {
        quoted.extend(tags(text).flat_map(quoted_texts));
    }
    let rests = quoted.iter().flat_map(|text| {
        quoted
            .iter()
            .filter(|part| !part.is_empty())
            .flat_map(|part| [text.strip_prefix(part), text.strip_suffix(part)])
            .flatten()
    });
    let mut given = BTreeSet::new();
    for (_, json) in context {
        texts(json, &mut given);
    }
    let mut found = BTreeSet::from([String::new(), "\u{10FFFD}".repeat(1 << 10)]);
    for text in quoted.iter().copied().chain(rests).chain(given) {
        if found.len() == MAX_STAND_INS {
            break;
        }
        found.insert(text.to_owned());
    }
    found
}

/// What stands between `{{` and `}}` or `{%` and `%}`.
fn tags(text: &str) -> impl Iterator<Item = &str> {
    let opened = text.split("{{").flat_map(|part| part.split("{%")).skip(1);
    opened.filter_map(|part| part.split("}}").next()?.split("%}").next())
}

fn quoted_texts(tag: &str) -> impl Iterator<Item = &str> {
    let between = |quote: char| tag.split(quote).skip(1).step_by(2);
    between('\'').chain(between('"'))
}

fn texts<'j>(json: &'j serde_json::Value, found: &mut BTreeSet<&'j str>) {
    match json {
        serde_json::Value::String(text) => {
            found.insert(text);
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        serde_json::Value::Object(map) => {
            for (name, item) in map {
                found.insert(name);
                texts(item, found);
            }
        }
        _ => {}
    }
}
