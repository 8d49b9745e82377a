//! The syntax in which templates are checked.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment};

/// An environment of the syntax in which the library renders (its `model/template/render.rs`); the two change together.
pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    // A field may well be called so.
    environment.remove_global("debug");
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment
}

/// Filters that exist only if the library's minijinja was built with `json` or `urlencode`, which can't be seen from here.
pub(crate) const MAYBE_FILTERS: [&str; 2] = ["tojson", "urlencode"];

/// What every template over attributes may use besides them: the library's `BUILT_INS`.
pub(crate) const BUILT_INS: [&str; 2] = ["host", "cluster"];

/// What templates have only in some places, where it hides a variable of this name.
const LOCAL: [&str; 2] = ["loop", "caller"];

/// Whether every template has something of this name, or reads it as a word of its language: a field that is called so
/// could never be used.
pub(crate) fn has_its_own(name: &str) -> bool {
    let environment = environment();
    let is_variable = environment
        .template_from_str(&format!("{{{{ {name} }}}}"))
        .is_ok_and(|template| template.undeclared_variables(false).contains(name));
    !is_variable || LOCAL.contains(&name) || environment.globals().any(|(global, _)| global == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_templates_have_are_known() {
        for name in [
            "range",
            "dict",
            "namespace",
            "loop",
            "caller",
            "self",
            "none",
            "true",
            "False",
            "not",
        ] {
            assert!(has_its_own(name), "{name}");
        }
        for name in ["debug", "host", "is", "item", "ranges", "set"] {
            assert!(!has_its_own(name), "{name}");
        }
    }
}
