//! What texts of workloads can be, whichever scheduler reads them.

use serde_json::Value as Json;

/// Whether a text is one word: neither empty, nor with white space or control characters in it.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Whether this can be a user of an agent.
pub(super) fn is_user(name: &str) -> bool {
    is_word(name) && !name.contains([':', '/'])
}

/// Whether this can be the name of a variable of an environment.
pub(super) fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c == '=' || c.is_control())
}

/// Where a NUL byte is in what a scheduler is told: no argument, variable or path of an agent can carry one.
pub(super) fn nul_at(json: &Json) -> Option<String> {
    let within = |name: &str, json: &Json| {
        nul_at(json).map(|rest| format!("{name}{}{rest}", if rest.is_empty() { "" } else { "." }))
    };
    match json {
        Json::String(text) => text.contains('\0').then(String::new),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(place, item)| within(&place.to_string(), item)),
        Json::Object(fields) => fields.iter().find_map(|(name, value)| match name.contains('\0') {
            true => Some(format!("{name:?}")),
            false => within(name, value),
        }),
        _ => None,
    }
}
