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
