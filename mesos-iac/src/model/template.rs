//! Templates: rendered once, strictly, and never from values.

use super::{Content, HostView, Result};
use crate::words::{Location, SECRET_FIELD, Secret, SecretSource};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Object, ObjectRepr, ValueKind};
use minijinja::{Environment, Output, State, UndefinedBehavior, Value};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much work one template may do, in minijinja's units: enough for files of megabytes, not for an endless loop.
const FUEL: u64 = 50_000_000;

/// Stands before and after a secret's reference while a template is rendered. A noncharacter: no text has it.
const MARK: char = '\u{10FFFF}';

/// Why a template couldn't be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The template itself is at fault.
    #[error("render template {template}{}: {why}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
    Render {
        /// The template's name.
        template: String,
        /// The line, counted from 1, if known.
        line: Option<usize>,
        /// The reason.
        why: String,
    },
    /// A secret went through a filter or another operation, which can't work on a value that isn't known yet.
    #[error(
        "render template {template}: a secret may be printed as it is, and not go through filters, tests or operators"
    )]
    SecretTransformed {
        /// The template's name.
        template: String,
    },
}

/// A template's text, with those it includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateSource {
    /// Its name, as errors show it.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The names and texts of the templates that it includes, imports or extends, directly or not.
    pub includes: &'static [(&'static str, &'static str)],
}

/// A struct whose fields are what a template may use. Derived: `#[derive(Template)] #[template("zoo.cfg.j2")]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no template's context",
    label = "not a template's context",
    note = "add `#[derive(Template)] #[template(\"file.j2\")]`"
)]
pub trait Template {
    /// The template.
    const SOURCE: TemplateSource;

    /// The fields, by name.
    ///
    /// # Errors
    /// A field can't be serialised.
    fn context(&self) -> Result<Vec<(&'static str, serde_json::Value)>>;

    /// The text that the template makes of the fields.
    ///
    /// # Errors
    /// The template uses something undefined, or fails otherwise.
    fn render(&self) -> Result<Content> {
        Ok(render(&Self::SOURCE, self.context()?)?)
    }
}

/// A template over attributes: what `template!("zk.j2", Lab)` makes. It reads only the attributes that it uses.
#[derive(Debug, Clone, Copy)]
pub struct AttributeTemplate {
    /// The template.
    pub source: TemplateSource,
    /// The fields that it uses.
    pub fields: &'static [&'static str],
    /// How to read one of them.
    pub field: fn(&HostView<'_>, &str) -> Result<serde_json::Value>,
}

/// The names that every template over attributes may use besides its fields.
pub const BUILT_INS: [&str; 2] = ["host", "cluster"];

impl AttributeTemplate {
    /// The text that the template makes for this host.
    ///
    /// # Errors
    /// An attribute is unset, or the template fails.
    pub fn render(&self, host: &HostView<'_>) -> Result<Content> {
        let mut context = self
            .fields
            .iter()
            .map(|field| Ok((*field, (self.field)(host, field)?)))
            .collect::<Result<Vec<_>>>()?;
        context.push(("host", host.template_value()));
        context.push(("cluster", serde_json::json!({ "name": host.cluster_name() })));
        Ok(render(&self.source, context)?)
    }
}

/// A field of a template's context as data.
///
/// # Errors
/// It can't be serialised.
pub fn template_value<T: Serialize + ?Sized>(field: &str, value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|error| super::Error::message(format!("serialise field `{field}`: {error}")))
}

/// The environment in which every template is rendered. The macros check templates in one of the same syntax.
pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    // What the macros assume too: a template that ends in a newline makes a file that ends in one.
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(print);
    // A field may well be called so.
    environment.remove_global("debug");
    // Files of configuration are no HTML: a quote stays a quote whatever the file is called.
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment
}

/// Prints truth as files of configuration spell it, and refuses to print what isn't there.
fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    match value.kind() {
        ValueKind::Bool => Ok(out.write_str(if value.is_true() { "true" } else { "false" })?),
        ValueKind::None => {
            let why = "the value is none: test it with `is none`, or give it a default";
            Err(minijinja::Error::new(minijinja::ErrorKind::BadSerialization, why))
        }
        // A function prints as its name in Rust, which no file was meant to hold.
        ValueKind::Plain if value.downcast_object_ref::<SecretReference>().is_none() => {
            let why = "the value is a function or the like, which can't be printed";
            Err(minijinja::Error::new(minijinja::ErrorKind::BadSerialization, why))
        }
        _ => minijinja::escape_formatter(out, state, value),
    }
}

fn render(source: &TemplateSource, context: Vec<(&'static str, serde_json::Value)>) -> Result<Content, TemplateError> {
    let printed = Arc::new(AtomicUsize::new(0));
    let mut environment = environment();
    for (name, text) in source.includes {
        environment
            .add_template(name, text)
            .map_err(|error| failed(source, &error))?;
    }
    let values = context.into_iter().map(|(name, json)| (name, value(json, &printed)));
    let text = environment
        .render_named_str(source.name, source.text, Value::from_pairs(values))
        .map_err(|error| failed(source, &error))?;
    split(source, &text, printed.load(Ordering::Relaxed))
}

/// Cuts the rendered text into text and secrets.
fn split(source: &TemplateSource, text: &str, printed: usize) -> Result<Content, TemplateError> {
    let template = || source.name.to_owned();
    let mut content = Content::empty();
    let mut secrets = 0;
    for (index, part) in text.split(MARK).enumerate() {
        if index % 2 == 0 {
            content.push_text(part.to_owned());
        } else {
            let secret: SecretSource =
                serde_json::from_str(part).map_err(|_| TemplateError::SecretTransformed { template: template() })?;
            content.push_secret(secret);
            secrets += 1;
        }
    }
    // A secret that was printed but doesn't stand in the text as it was printed went through a filter.
    if secrets != printed || !text.matches(MARK).count().is_multiple_of(2) {
        return Err(TemplateError::SecretTransformed { template: template() });
    }
    Ok(content)
}

fn failed(source: &TemplateSource, error: &minijinja::Error) -> TemplateError {
    let mut why = error.to_string();
    // minijinja ends its message with the template's name, which ours begins with.
    if let Some(cut) = why.rfind(" (in ") {
        why.truncate(cut);
    }
    TemplateError::Render {
        template: error.name().unwrap_or(source.name).to_owned(),
        line: error.line(),
        why,
    }
}

/// A reference to a secret, which prints as marked text.
#[derive(Debug)]
struct SecretReference {
    source: SecretSource,
    printed: Arc<AtomicUsize>,
}

impl Object for SecretReference {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.printed.fetch_add(1, Ordering::Relaxed);
        let source = serde_json::to_string(&self.source).map_err(|_| fmt::Error)?;
        write!(f, "{MARK}{source}{MARK}")
    }
}

fn value(json: serde_json::Value, printed: &Arc<AtomicUsize>) -> Value {
    match json {
        serde_json::Value::Object(map) if map.contains_key(SECRET_FIELD) => {
            match serde_json::from_value::<Secret>(serde_json::Value::Object(map)) {
                Ok(secret) => Value::from_object(SecretReference {
                    source: secret.source().clone(),
                    printed: Arc::clone(printed),
                }),
                Err(_) => Value::UNDEFINED,
            }
        }
        serde_json::Value::Object(map) => {
            let pairs: Vec<(String, Value)> = map.into_iter().map(|(k, v)| (k, value(v, printed))).collect();
            Value::from_pairs(pairs)
        }
        serde_json::Value::Array(items) => items.into_iter().map(|v| value(v, printed)).collect(),
        serde_json::Value::String(text) => Value::from(text),
        serde_json::Value::Bool(truth) => Value::from(truth),
        serde_json::Value::Number(number) => {
            if let Some(n) = number.as_u64() {
                Value::from(n)
            } else if let Some(n) = number.as_i64() {
                Value::from(n)
            } else {
                Value::from(number.as_f64().unwrap_or(f64::NAN))
            }
        }
        serde_json::Value::Null => Value::from(()),
    }
}

/// A template that some crate of the program holds, for the render test of every template.
#[derive(Debug, Clone)]
pub struct TemplateRegistration {
    /// The template.
    pub source: TemplateSource,
    /// The names that it may use.
    pub fields: &'static [&'static str],
    /// The file and line that hold it.
    pub file: &'static str,
    /// The line.
    pub line: u32,
}

impl TemplateRegistration {
    /// Where it was declared.
    #[must_use]
    pub fn at(&self) -> Location {
        Location {
            file: self.file.to_owned(),
            line: self.line,
            column: 1,
        }
    }
}

inventory::collect!(TemplateRegistration);

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &'static str, context: serde_json::Value) -> Result<Content, TemplateError> {
        let source = TemplateSource {
            name: "test.j2",
            text,
            includes: &[("part.j2", "part of {{ name }}\n")],
        };
        let serde_json::Value::Object(map) = context else {
            panic!("a map")
        };
        let context = map.into_iter().map(|(k, v)| (&*k.leak(), v)).collect();
        render(&source, context)
    }

    #[test]
    fn the_last_newline_is_kept() {
        let content = with(
            "zk://{{ ip }}:2181/mesos\n",
            serde_json::json!({ "ip": "10.1.255.254" }),
        );
        assert_eq!(content.unwrap().redacted().unwrap(), "zk://10.1.255.254:2181/mesos\n");
    }

    #[test]
    fn undefined_names_are_errors_with_their_line() {
        let error = with("a\n{{ b.c }}\n", serde_json::json!({})).unwrap_err();
        assert!(
            error.to_string().starts_with("render template test.j2:2: undefined"),
            "{error}"
        );
    }

    #[test]
    fn values_are_never_templates() {
        for hostile in [
            "{{ 7 * 7 }}",
            "{% for x in range(9) %}x{% endfor %}",
            "{# x #}",
            "&<>\"'",
        ] {
            let content = with("{{ a }}", serde_json::json!({ "a": hostile })).unwrap();
            assert_eq!(content.redacted().unwrap(), hostile);
        }
    }

    #[test]
    fn truth_is_spelled_as_in_files_and_nothing_is_not_printed() {
        let content = with("{{ a }} {{ not a }}", serde_json::json!({ "a": true }));
        assert_eq!(content.unwrap().redacted().unwrap(), "true false");
        assert!(with("{{ range }}", serde_json::json!({})).is_err());
        assert_eq!(
            with("{{ debug }}", serde_json::json!({ "debug": 1 }))
                .unwrap()
                .redacted()
                .unwrap(),
            "1"
        );
        let error = with("{{ a }}", serde_json::json!({ "a": null })).unwrap_err();
        assert!(error.to_string().contains("the value is none"), "{error}");
        let content = with("{{ a|tojson }}", serde_json::json!({ "a": [1, null] }));
        assert_eq!(content.unwrap().redacted().unwrap(), "[1, null]");
    }

    #[test]
    fn included_templates_come_along() {
        let content = with("{% include 'part.j2' %}.", serde_json::json!({ "name": "x" })).unwrap();
        assert_eq!(content.redacted().unwrap(), "part of x\n.");
    }

    #[test]
    fn a_secret_is_printed_by_reference() {
        let secret: Secret = Secret::from_env("DB");
        let content = with(
            "p={{ p }};{% for x in [p, p] %}{{ x }}{% endfor %}",
            serde_json::json!({ "p": secret }),
        )
        .unwrap();
        assert!(content.is_secret());
        assert_eq!(content.redacted().unwrap(), "p=«env:DB»;«env:DB»«env:DB»");
    }

    #[test]
    fn a_secret_cannot_be_transformed() {
        let secret: Secret = Secret::from_env("DB");
        for text in [
            "{{ p|upper }}",
            "{{ p|length }}",
            "{{ p ~ 'x'|upper }}{{ (p ~ 'x')|length }}",
            "{{ p|replace('e', 'f') }}",
            "{{ p|tojson|length }}",
            "{{ p|tojson }}",
            "{{ p|urlencode }}",
        ] {
            let result = with(text, serde_json::json!({ "p": secret }));
            assert!(result.is_err(), "{text}: {result:?}");
        }
    }

    #[test]
    fn an_endless_template_ends() {
        let error = with(
            "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
            serde_json::json!({}),
        );
        assert!(error.is_err());
    }
}
