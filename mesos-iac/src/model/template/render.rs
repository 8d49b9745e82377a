use super::environment::with_environment;
use super::error::{Stop, failed};
use super::guard::{Guard, Marked};
use super::limits::{MAX_TEXT, text_length, too_long};
use super::stand_ins::stand_ins;
use super::{TemplateError, TemplateSource};
use crate::model::secret_form::FORMS_FIELD;
use crate::model::{Content, FormedSecret};
use crate::words::{SECRET_FIELD, Secret};
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, Value};
use std::io;
use std::sync::Arc;

/// Prints truth as files of configuration spell it, and refuses to print what isn't there.
pub(super) fn print(
    guard: &Guard,
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    guard.print(text_length(value))?;
    match value.kind() {
        ValueKind::Bool => Ok(out.write_str(if value.is_true() { "true" } else { "false" })?),
        ValueKind::None => {
            let why = "the value is none: test it with `is none`, or give it a default";
            Err(Error::new(ErrorKind::BadSerialization, why))
        }
        // A function prints as its name in Rust, which no file was meant to hold.
        ValueKind::Plain => {
            let why = "the value is a function or the like, which can't be printed";
            Err(Error::new(ErrorKind::BadSerialization, why))
        }
        _ => {
            if *state.auto_escape() != AutoEscape::None
                && let Some(secret) = guard.secret_in(value)
            {
                return Err(guard.stop(Stop::Secret(format!("{secret} is escaped"))));
            }
            minijinja::escape_formatter(out, state, value)
        }
    }
}

/// The text that the template makes of the context, its secrets in it by reference.
///
/// # Errors
/// The template fails, makes too much, or works on a secret.
pub(super) fn render(
    source: &TemplateSource,
    context: &[(&'static str, serde_json::Value)],
) -> Result<Content, TemplateError> {
    let holds_secrets = context.iter().any(|(_, json)| holds_secret(json));
    let guard = Arc::new(Guard::new(holds_secrets));
    let text = run(source, &guard, values(context, &guard))?;
    if !holds_secrets {
        return Ok(Content::text(text));
    }
    let content = guard.cut(&text).map_err(|stop| stop.into_error(source, None))?;
    for stand_in in stand_ins(source, context) {
        let expected = content.with_secrets_as(&stand_in);
        // What only the stand-in makes too long tells nothing of the template.
        if expected.len() > MAX_TEXT / 4 {
            continue;
        }
        let guard = Arc::new(Guard::with_stand_in(&stand_in));
        if run(source, &guard, values(context, &guard)).ok().as_ref() != Some(&expected) {
            let why = "what the text says depends on the value of a secret: it is compared, tested or taken apart";
            return Err(Stop::Secret(why.to_owned()).into_error(source, None));
        }
    }
    Ok(content)
}

/// The text that the template makes of these values, which hold no secrets.
///
/// # Errors
/// The template fails or makes too much.
#[cfg(feature = "testing")]
pub(crate) fn render_values(source: &TemplateSource, values: Vec<(&str, Value)>) -> Result<String, TemplateError> {
    run(source, &Arc::new(Guard::new(false)), Value::from_pairs(values))
}

fn run(source: &TemplateSource, guard: &Arc<Guard>, context: Value) -> Result<String, TemplateError> {
    with_environment(source, guard, |environment| run_in(environment, source, guard, context))
}

fn run_in(
    environment: &Environment<'static>,
    source: &TemplateSource,
    guard: &Guard,
    context: Value,
) -> Result<String, TemplateError> {
    let template = environment.template_from_named_str(source.name, source.text);
    let template = template.map_err(|error| failed(source, &error))?;
    let mut file = File {
        bytes: Vec::new(),
        guard,
    };
    let rendered = template.render_captured_to(context, &mut file).map(drop);
    if let Some(stop) = guard.stopped() {
        return Err(stop.into_error(source, rendered.as_ref().err()));
    }
    match rendered {
        Ok(()) => Ok(String::from_utf8_lossy(&file.bytes).into_owned()),
        Err(error) if is_out_of_fuel(&error) => {
            let steps = environment.fuel().unwrap_or_default();
            let why = format!("the template takes more than {steps} steps, which is the most: does a loop end?");
            Err(Stop::Limit(why).into_error(source, Some(&error)))
        }
        Err(error) => Err(failed(source, &error)),
    }
}

/// Whether the template, or one that it includes, took too many steps.
fn is_out_of_fuel(error: &Error) -> bool {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error| error.source())
        .filter_map(|error| error.downcast_ref::<Error>())
        .any(|error| error.kind() == ErrorKind::OutOfFuel)
}

/// The file as it grows, up to the limit.
struct File<'a> {
    bytes: Vec<u8>,
    guard: &'a Guard,
}

impl io::Write for File<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(bytes.len()) > MAX_TEXT {
            return Err(io::Error::other(
                self.guard.stop(Stop::Limit(too_long("the template prints"))),
            ));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn holds_secret(json: &serde_json::Value) -> bool {
    match json {
        serde_json::Value::Object(map) => map.contains_key(SECRET_FIELD) || map.values().any(holds_secret),
        serde_json::Value::Array(items) => items.iter().any(holds_secret),
        _ => false,
    }
}

fn values(context: &[(&'static str, serde_json::Value)], guard: &Arc<Guard>) -> Value {
    Value::from_pairs(context.iter().map(|(name, json)| (*name, value(json, guard))))
}

fn value(json: &serde_json::Value, guard: &Arc<Guard>) -> Value {
    match json {
        serde_json::Value::Object(map) if map.contains_key(SECRET_FIELD) => {
            match serde_json::from_value::<Secret>(json.clone()) {
                Ok(secret) => guard.secret(Marked::Plain(secret.source().clone())),
                Err(_) => Value::UNDEFINED,
            }
        }
        serde_json::Value::Object(map) if map.contains_key(FORMS_FIELD) => {
            match serde_json::from_value::<FormedSecret>(json.clone()) {
                Ok(secret) => guard.secret(Marked::Formed(secret)),
                Err(_) => Value::UNDEFINED,
            }
        }
        serde_json::Value::Object(map) => {
            Value::from_pairs(map.iter().map(|(name, json)| (name.as_str(), value(json, guard))))
        }
        serde_json::Value::Array(items) => guard.list(items.iter().map(|json| value(json, guard)).collect()),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Bool(truth) => Value::from(*truth),
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
        let context: Vec<(&str, serde_json::Value)> = map.into_iter().map(|(k, v)| (&*k.leak(), v)).collect();
        render(&source, &context)
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

    fn secret(text: &'static str) -> Result<Content, TemplateError> {
        let context = serde_json::json!({
            "p": Secret::from_env("DB"),
            "q": Secret::from_env("OTHER"),
            "users": [
                { "name": "zoe", "password": Secret::from_env("ZOE") },
                { "name": "Abe", "password": Secret::from_env("ABE") },
            ],
            "nobody": null,
            "guess": "abc",
        });
        with(text, context)
    }

    #[test]
    fn a_secret_may_be_printed_passed_on_and_joined_with_text() {
        for (text, expected) in [
            ("{{ p }}", "«env:DB»"),
            ("{{ 'a' ~ p ~ 'b' }}", "a«env:DB»b"),
            ("{% set t = 'a' ~ p %}{{ t }}{{ t }}", "a«env:DB»a«env:DB»"),
            ("{% set t %}x{{ p }}{% endset %}{{ t + 'y' }}", "x«env:DB»y"),
            (
                "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(p) }}{{ m(x=q) }}",
                "<«env:DB»><«env:OTHER»>",
            ),
            (
                "{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}{{ p }}{% endcall %}",
                "[«env:DB»]",
            ),
            (
                "{% for u in users|sort(attribute='name') %}{{ u.name }}={{ u.password }};{% endfor %}",
                "Abe=«env:ABE»;zoe=«env:ZOE»;",
            ),
            ("{{ users|map(attribute='password')|join(',') }}", "«env:ZOE»,«env:ABE»"),
            (
                "{{ (users|selectattr('name', 'eq', 'zoe')|first).password }}",
                "«env:ZOE»",
            ),
            ("{{ users|length }}{{ users|map(attribute='name')|join }}", "2zoeAbe"),
            (
                "{{ p if p is defined and p is not none }}{{ nobody is none }}",
                "«env:DB»true",
            ),
            ("{{ p|default('none') }}{{ absent|d(p) }}", "«env:DB»«env:DB»"),
            (
                "{% set ns = namespace(x=p) %}{{ ns.x }}{{ dict(a=p).a }}{{ loop is defined }}",
                "«env:DB»«env:DB»false",
            ),
            (
                "{% with name = p %}{% include 'part.j2' %}{% endwith %}",
                "part of «env:DB»\n",
            ),
            (
                "{% for x in [p, q] if guess == 'abc' %}{{ x }}{% endfor %}{{ (p ~ '') * 2 }}",
                "«env:DB»«env:OTHER»«env:DB»«env:DB»",
            ),
        ] {
            let content = secret(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(content.redacted().unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_secret_cannot_be_transformed() {
        for text in [
            "{{ p|upper }}",
            "{{ p|length }}",
            "{{ p|reverse }}",
            "{{ p|string }}",
            "{{ p|bool }}",
            "{{ p ~ 'x'|upper }}{{ (p ~ 'x')|length }}",
            "{{ p|replace('e', 'f') }}",
            "{{ (p ~ 'x')|replace('DB', 'OTHER') }}",
            "{{ 'x'|replace('x', p) }}",
            "{{ p|tojson|length }}",
            "{{ p|tojson }}",
            "{{ [p]|tojson }}",
            "{{ {'a': 'x' ~ p}|tojson }}",
            "{{ p|urlencode }}",
            "{{ '%10s'|format(p) }}",
            "{{ [p, q]|sort|join }}",
            "{{ [p ~ 'x', 'y']|sort|join }}",
            "{{ users|sort(attribute='password')|map(attribute='name')|join }}",
            "{{ users|sort(attribute='name,password')|map(attribute='name')|join }}",
            "{{ [p, 'x']|unique|length }}",
            "{{ users|groupby('password')|length }}",
            "{{ users|map(attribute='password')|map('upper')|join }}",
            "{{ users|selectattr('password', 'eq', 'x')|length }}",
            "{{ users|selectattr('password')|length }}",
            "{{ dict(a=p)|dictsort(by='value') }}",
            "{{ [p] }}",
            "{% filter upper %}{{ p }}{% endfilter %}",
            "{% macro m() %}{{ p }}{% endmacro %}{{ m()|indent(4) }}",
            "{% autoescape 'html' %}{{ p }}{% endautoescape %}",
            "{% autoescape 'json' %}{{ 'a' ~ p }}{% endautoescape %}",
            "{{ (p ~ '')[1:] }}",
            "{{ (p ~ '')[:-1] }}",
            "{{ (p ~ '')[1:-1] }}",
            "{{ (p ~ '')[5:9] }}{{ p }}",
            "{{ (p ~ '')[::-1] }}",
            "{{ p[0] }}",
            "{% for c in p %}{{ c }}{% endfor %}",
            "{% for c in p ~ '' %}{{ c }},{% endfor %}",
            "{% for c in p ~ '' %}x{% endfor %}{{ p }}",
        ] {
            let error = secret(text).expect_err(text);
            assert!(
                matches!(error, TemplateError::SecretTransformed { .. }),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_secret_cannot_be_compared() {
        for text in [
            "{% if p == 'x' %}a{% else %}b{% endif %}",
            "{% if 'x' != p %}a{% endif %}",
            "{{ p == guess }}",
            "{% if p %}a{% endif %}",
            "{{ not p }}",
            "{{ p or 'x' }}",
            "{{ p|default('x', true) }}",
            "{{ 'x' in p }}",
            "{{ p in ['x'] }}",
            "{{ p in 'some text' }}",
            "{{ p == q }}",
            "{{ p < 'x' }}{{ p }}",
            "{{ p is eq 'x' }}",
            "{{ p is string }}",
            "{{ p is in ['x'] }}",
            "{{ {'x': 1}[p] is defined }}",
            "{% set t = 'a' ~ p %}{{ t }}{% if t == 'ax' %}same{% endif %}",
            "{% set t %}{{ p }}{% endset %}{{ t }}{% if t %}some{% endif %}",
            "{% set t %}{{ p }}{% endset %}{{ t }}{% if 'word' in t %}weak{% endif %}",
            "{% set t %}{{ p }}{% endset %}{{ t }}{% if t < 'm' %}early{% endif %}",
            "{% macro m() %}{{ p }}{% endmacro %}{{ m() }}{{ m() == guess }}",
        ] {
            let error = secret(text).expect_err(text);
            assert!(
                matches!(error, TemplateError::SecretTransformed { .. }),
                "{text}: {error}"
            );
        }
        for text in [
            "{{ p + 1 }}",
            "{{ p * 2 }}",
            "{{ -p }}",
            "{{ p / 2 }}",
            "{{ p() }}",
            "{{ p.x() }}",
        ] {
            assert!(secret(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_says_which_secret_and_where() {
        let error = secret("a\n{{ p|upper }}").unwrap_err().to_string();
        assert!(
            error.starts_with(
                "render template test.j2:2: the secret env:DB goes through the filter `upper`; a secret's value"
            ),
            "{error}"
        );
        let error = secret("{% if p %}{% endif %}").unwrap_err().to_string();
        assert!(error.contains("the secret env:DB is tested for truth"), "{error}");
    }

    #[test]
    fn no_text_is_a_mark() {
        for text in ["{{ a }}{{ p }}", "{{ '\u{10FFFF}' }}{{ p }}"] {
            let context =
                serde_json::json!({ "p": Secret::from_env("DB"), "a": "\u{10FFFF}<\"Secret 0.0\">\u{10FFFF}" });
            assert!(with(text, context).is_err(), "{text}");
        }
        let context = serde_json::json!({ "a": "\u{10FFFF}{\"Environment\":\"X\"}\u{10FFFF}" });
        assert!(!with("{{ a }}", context).unwrap().is_secret());
    }

    #[test]
    fn an_endless_template_ends() {
        let error = with(
            "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
            serde_json::json!({}),
        );
        let error = error.unwrap_err();
        assert!(matches!(error, TemplateError::TooLarge { .. }), "{error}");
        assert!(
            error
                .to_string()
                .starts_with("render template test.j2:1: the template takes more than "),
            "{error}"
        );
    }

    #[test]
    fn a_template_makes_no_more_than_a_template_may() {
        for text in [
            "{{ 'a'|indent(1000000000000) }}",
            "{{ 'a\nb'|indent(width=1000000000000, first=true) }}",
            "{{ '%1000000000d'|format(1) }}",
            "{{ '%.1000000000f'|format(1) }}",
            "{{ '%*d'|format(1000000000, 1) }}",
            "{{ [1]|batch(1000000000000, 'x') }}",
            "{{ [1]|slice(1000000000000) }}",
            "{{ [1]|tojson(indent=1000000000000) }}",
            "{{ ('a' * 1000000)|replace('a', 'b' * 1000000)|length }}",
            "{{ range(90000)|join('b' * 1000000)|length }}",
            "{{ 'a' * 90000000 }}",
            "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
            "{% set ns = namespace(x='ab') %}{% for i in list %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
            "{% set ns = namespace(x='ab') %}{% for i in [0] * 60 %}{% set ns.x = ns.x ~ ns.x %}{{ i }}{% endfor %}",
            "{% set x %}{% for i in range(99999) %}{{ 'a' * 10000 }}{% endfor %}{% endset %}",
            "{% for i in range(99999) %}{{ 'a' * 10000 }}{% endfor %}",
        ] {
            let error = with(text, serde_json::json!({ "list": vec![0; 60] })).expect_err(text);
            assert!(matches!(error, TemplateError::TooLarge { .. }), "{text}: {error}");
            let error = error.to_string();
            assert!(
                error.starts_with("render template test.j2") && error.contains("64 MiB"),
                "{error}"
            );
        }
        let text = "{% for i in range(50000) %}{{ '%08d'|format(i) }} a line of some length\n{% endfor %}";
        assert!(with(text, serde_json::json!({})).is_ok());
    }

    #[test]
    fn the_error_of_an_included_template_names_it_and_its_line() {
        let error = with("a\n{% include 'part.j2' %}", serde_json::json!({})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "render template part.j2:1: undefined value: `name` is undefined (included by test.j2:2)"
        );
        let error = with("{% include 'part.j2' %}", serde_json::json!({ "name": null })).unwrap_err();
        assert!(error.to_string().contains("the value is none"), "{error}");
    }
}
