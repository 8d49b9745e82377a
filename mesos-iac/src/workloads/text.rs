//! What texts of workloads can be, whichever scheduler reads them.

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
