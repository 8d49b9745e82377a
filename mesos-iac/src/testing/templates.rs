use crate::model::{BUILT_INS, registry, render_values};
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use std::fmt;
use std::sync::Arc;

/// Renders every template that the program's crates hold, with values that stand for anything: they print, have every
/// field, and are a list of one. Finds what compiles and fails when it is rendered, such as a filter that doesn't exist.
///
/// Returns how many were rendered. What a condition leaves out isn't seen; render a cluster that uses it.
///
/// # Errors
/// The templates that fail, with their places.
pub fn render_every_template() -> Result<usize, String> {
    let mut failures = Vec::new();
    let templates = registry::templates();
    for template in &templates {
        // A template over attributes may use the built-ins too; any other was refused them as it was compiled.
        let names = template.fields.iter().chain(&BUILT_INS);
        let values = names.map(|name| (*name, Value::from_object(Anything)));
        if let Err(error) = render_values(&template.source, values.collect()) {
            failures.push(format!("failed to {error} (declared at {})", template.at()));
        }
    }
    if failures.is_empty() {
        Ok(templates.len())
    } else {
        Err(failures.join("\n"))
    }
}

/// Stands for any value.
#[derive(Debug)]
struct Anything;

impl Object for Anything {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        // A list of one ends after its first element; every name is a field.
        match key.as_usize() {
            Some(0) | None => Some(Value::from_object(Self)),
            Some(_) => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(1)
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("1")
    }
}
