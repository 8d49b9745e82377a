//! The filters, tests and functions that templates have: minijinja's, each behind a guard.

use super::environment::Watch;
use super::error::Stop;
use super::guard::Guard;
use super::limits::{is_too_large, too_long};
use minijinja::value::{Kwargs, Rest, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value, filters, functions, tests};
use std::sync::LazyLock;

/// Filters that pass their argument on, look at its length or put it into a text: they may work on a list that holds
/// secrets. What they do with the items goes through other filters and tests.
const PASS_ON: [&str; 21] = [
    "attr",
    "batch",
    "chain",
    "count",
    "d",
    "default",
    "first",
    "items",
    "join",
    "last",
    "length",
    "list",
    "map",
    "reject",
    "rejectattr",
    "reverse",
    "select",
    "selectattr",
    "slice",
    "zip",
    "dictsort",
];

/// Filters that compare items, by an attribute if one is given.
const COMPARE: [&str; 5] = ["groupby", "max", "min", "sort", "unique"];

/// Filters and tests that don't depend on what a value is, so that it may be a secret.
const ANY_VALUE: [&str; 5] = ["d", "default", "defined", "none", "undefined"];

type Named = Vec<(&'static str, Value)>;

macro_rules! named {
    ($($name:literal => $function:path),* $(,)?) => {
        LazyLock::new(|| vec![$(($name, Value::from_function($function))),*])
    };
}

static FILTERS: LazyLock<Named> = named! {
    "abs" => filters::abs, "attr" => filters::attr, "batch" => filters::batch, "bool" => filters::bool,
    "capitalize" => filters::capitalize, "chain" => filters::chain, "count" => filters::length, "d" => filters::default,
    "default" => filters::default, "dictsort" => filters::dictsort, "e" => filters::escape,
    "escape" => filters::escape, "first" => filters::first, "float" => filters::float, "format" => filters::format,
    "groupby" => filters::groupby, "indent" => filters::indent, "int" => filters::int, "items" => filters::items,
    "join" => filters::join, "last" => filters::last, "length" => filters::length, "lines" => filters::lines,
    "list" => filters::list, "lower" => filters::lower, "map" => filters::map, "max" => filters::max,
    "min" => filters::min, "pprint" => filters::pprint, "reject" => filters::reject,
    "rejectattr" => filters::rejectattr, "replace" => filters::replace, "reverse" => filters::reverse,
    "round" => filters::round, "safe" => filters::safe, "select" => filters::select,
    "selectattr" => filters::selectattr, "slice" => filters::slice, "sort" => filters::sort, "split" => filters::split,
    "string" => filters::string, "sum" => filters::sum, "title" => filters::title, "tojson" => filters::tojson,
    "trim" => filters::trim, "unique" => filters::unique, "upper" => filters::upper,
    "urlencode" => filters::urlencode, "zip" => filters::zip,
};

static TESTS: LazyLock<Named> = named! {
    "!=" => tests::is_ne, "<" => tests::is_lt, "<=" => tests::is_le, "==" => tests::is_eq, ">" => tests::is_gt,
    ">=" => tests::is_ge, "boolean" => tests::is_boolean, "defined" => tests::is_defined,
    "divisibleby" => tests::is_divisibleby, "endingwith" => tests::is_endingwith, "eq" => tests::is_eq,
    "equalto" => tests::is_eq, "escaped" => tests::is_safe, "even" => tests::is_even, "false" => tests::is_false,
    "filter" => tests::is_filter, "float" => tests::is_float, "ge" => tests::is_ge, "greaterthan" => tests::is_gt,
    "gt" => tests::is_gt, "in" => tests::is_in, "int" => tests::is_integer, "integer" => tests::is_integer,
    "iterable" => tests::is_iterable, "le" => tests::is_le, "lessthan" => tests::is_lt, "lower" => tests::is_lower,
    "lt" => tests::is_lt, "mapping" => tests::is_mapping, "ne" => tests::is_ne, "none" => tests::is_none,
    "number" => tests::is_number, "odd" => tests::is_odd, "safe" => tests::is_safe, "sameas" => tests::is_sameas,
    "sequence" => tests::is_sequence, "startingwith" => tests::is_startingwith, "string" => tests::is_string,
    "test" => tests::is_test, "true" => tests::is_true, "undefined" => tests::is_undefined,
    "upper" => tests::is_upper,
};

/// Gives the environment its filters, tests and functions. `debug` is none of them: a field may well be called so.
pub(super) fn add(environment: &mut Environment<'_>, watch: &Watch) {
    for (name, filter) in FILTERS.iter() {
        let watch = watch.clone();
        let guarded = move |state: &mut State<'_, '_>, arguments: Rest<ValueOrKwargs>| {
            let (guard, arguments) = (watch.guard(), arguments.into_values());
            guard_filter(&guard, name, state, &arguments)?;
            filter.call(state, &arguments)
        };
        environment.add_filter(*name, guarded);
    }
    for (name, test) in TESTS.iter() {
        let watch = watch.clone();
        let guarded = move |state: &mut State<'_, '_>, arguments: Rest<ValueOrKwargs>| {
            let (guard, arguments) = (watch.guard(), arguments.into_values());
            if !ANY_VALUE.contains(name)
                && let Some(secret) = arguments.iter().find_map(|value| guard.secret_in(value))
            {
                return Err(guard.stop(Stop::Secret(format!("{secret} goes through the test `{name}`"))));
            }
            guard.check_growth()?;
            test.call(state, &arguments)
        };
        environment.add_test(*name, guarded);
    }
    environment.add_function("dict", functions::dict);
    let watching = watch.clone();
    environment.add_function("range", move |state: &mut State<'_, '_>, arguments: Rest<Value>| {
        let range = Value::from_function(functions::range).call(state, &arguments)?;
        Ok::<_, Error>(watching.guard().list(range.try_iter()?.collect()))
    });
    let watching = watch.clone();
    environment.add_function(
        "namespace",
        move |state: &mut State<'_, '_>, arguments: Rest<ValueOrKwargs>| {
            let namespace = Value::from_function(functions::namespace).call(state, &arguments.into_values())?;
            watching.guard().watch(&namespace);
            Ok::<_, Error>(namespace)
        },
    );
}

/// # Errors
/// The filter would work on a secret, or make too much.
fn guard_filter(guard: &Guard, name: &str, state: &mut State<'_, '_>, arguments: &[Value]) -> Result<(), Error> {
    guard.check_growth()?;
    if is_too_large(name, arguments) {
        let why = format!(
            "{}, or a list that is as large",
            too_long(&format!("the filter `{name}` reads or makes"))
        );
        return Err(guard.stop(Stop::Limit(why)));
    }
    if let Some(secret) = secret_of_filter(guard, name, state, arguments)? {
        return Err(guard.stop(Stop::Secret(format!("{secret} goes through the filter `{name}`"))));
    }
    Ok(())
}

/// The secret that the filter would work on; in words.
fn secret_of_filter(
    guard: &Guard,
    name: &str,
    state: &mut State<'_, '_>,
    arguments: &[Value],
) -> Result<Option<String>, Error> {
    let passes_on = PASS_ON.contains(&name) && !(name == "dictsort" && sorts_by_value(arguments));
    if ANY_VALUE.contains(&name) {
        // With `true` as its last argument, this filter tests for truth, which a secret notices, but not a text.
        let text = arguments.first().filter(|value| value.as_str().is_some());
        return Ok(text.and_then(|text| guard.is_secret(text)));
    }
    if passes_on {
        return Ok(arguments.iter().find_map(|value| guard.is_secret(value)));
    }
    if COMPARE.contains(&name)
        && guard.holds_secrets()
        && let Some(attribute) = attribute(arguments)
        && let Some(list) = arguments.first()
    {
        let mut secret = None;
        for part in attribute.split(',') {
            let by = Kwargs::from_iter([("attribute", Value::from(part.trim())), ("default", Value::from(()))]);
            let compared = state.apply_filter("map", &[list.clone(), Value::from(by)])?;
            secret = secret.or_else(|| guard.secret_in(&compared));
        }
        return Ok(secret);
    }
    Ok(arguments.iter().find_map(|value| guard.secret_in(value)))
}

fn attribute(arguments: &[Value]) -> Option<String> {
    if let Some(attribute) = arguments.get(1).and_then(Value::as_str) {
        return Some(attribute.to_owned());
    }
    let named = Kwargs::try_from(arguments.last()?.clone()).ok()?;
    named.peek("attribute").ok()
}

fn sorts_by_value(arguments: &[Value]) -> bool {
    let named = arguments.last().and_then(|last| Kwargs::try_from(last.clone()).ok());
    named.is_some_and(|named| named.peek::<&str>("by").is_ok_and(|by| by == "value"))
}
