use super::error::failed;
use super::guard::Guard;
use super::limits::fuel;
use super::{TemplateError, TemplateSource, filters, render};
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// Environments that are ready for a template and that nobody uses. To make one takes longer than most templates do: it has
/// a hundred filters and tests.
static READY: LazyLock<Mutex<HashMap<Key, Vec<Watched>>>> = LazyLock::new(Mutex::default);

/// Where a template's texts are in the program; they stay there, so this is which template it is.
type Key = [usize; 3];

/// An environment, and who watches what is rendered in it.
struct Watched {
    environment: Environment<'static>,
    watch: Watch,
}

/// The guard of the rendering that goes on.
#[derive(Clone)]
pub(super) struct Watch(Arc<Mutex<Arc<Guard>>>);

impl Watch {
    pub(super) fn guard(&self) -> Arc<Guard> {
        Arc::clone(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Guard>> {
        // It is one value, which a panic can't leave half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ready() -> MutexGuard<'static, HashMap<Key, Vec<Watched>>> {
    READY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something in the environment of a template, which this guard watches.
///
/// # Errors
/// A template that it includes can't be read, or what is done fails.
pub(super) fn with_environment<T>(
    source: &TemplateSource,
    guard: &Arc<Guard>,
    work: impl FnOnce(&Environment<'static>) -> Result<T, TemplateError>,
) -> Result<T, TemplateError> {
    let key = [
        source.name.as_ptr().addr(),
        source.text.as_ptr().addr(),
        source.includes.as_ptr().addr(),
    ];
    let waiting = ready().get_mut(&key).and_then(Vec::pop);
    let watched = match waiting {
        Some(watched) => {
            *watched.watch.lock() = Arc::clone(guard);
            watched
        }
        None => {
            let watch = Watch(Arc::new(Mutex::new(Arc::clone(guard))));
            let environment = environment(source, &watch)?;
            Watched { environment, watch }
        }
    };
    let done = work(&watched.environment);
    ready().entry(key).or_default().push(watched);
    done
}

/// The environment in which every template is rendered. The macros check templates in one of the same syntax.
pub(super) fn environment(source: &TemplateSource, watch: &Watch) -> Result<Environment<'static>, TemplateError> {
    // What it has is added below, each behind a guard.
    let mut environment = Environment::empty();
    // What the macros assume too: a template that ends in a newline makes a file that ends in one.
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Files of configuration are no HTML: a quote stays a quote whatever the file is called.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    filters::add(&mut environment, watch);
    let printing = watch.clone();
    environment.set_formatter(move |out, state, value| render::print(&printing.guard(), out, state, value));
    let texts = source.includes.iter().map(|(_, text)| *text);
    environment.set_fuel(Some(fuel(texts.chain([source.text]))));
    for (name, text) in source.includes {
        let added = environment.add_template(name, text);
        added.map_err(|error| failed(source, &error))?;
    }
    Ok(environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_and_test_of_minijinja_is_there() {
        let source = TemplateSource {
            name: "",
            text: "",
            includes: &[],
        };
        let watch = Watch(Arc::new(Mutex::new(Arc::new(Guard::new(false)))));
        let ours = environment(&source, &watch).unwrap();
        let names = |environment: &Environment<'_>| {
            let shown = format!("{environment:?}");
            let (_, from_tests) = shown.split_once("tests: ").unwrap();
            from_tests.split_once("templates: ").unwrap().0.to_owned()
        };
        assert_eq!(names(&ours), names(&Environment::new()));
    }
}
