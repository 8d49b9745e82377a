//! Holds a value against the form of its flag.

use super::facts::Word;
use super::rate::check_percent;
use super::{Bytes, Dialect, Facts, Form, FormError, MesosDuration, Rate, Written};
use crate::roles::Version;
use crate::roles::mesos::{Attributes, GrammarError, MasterUrl, Resources, RoleName, ZkUrl};
use std::net::IpAddr;
use std::str::FromStr;

/// What a text means as the value of this flag.
pub(super) fn check(facts: &Facts, dialect: Dialect, version: Version, text: &str) -> Result<Written, FormError> {
    if let Some(control) = text.chars().find(|c| c.is_control() && *c != '\n' && *c != '\t') {
        return Err(FormError::new(format!(
            "the value has the control character {control:?} in it"
        )));
    }
    // Mesos reads a file in place of a value, whatever the form; only paths stay paths, and switches have no place for one.
    let from_file = dialect == Dialect::Mesos && text.starts_with("file://");
    if from_file && !matches!(facts.form, Form::Path | Form::Bool) {
        return match text.strip_prefix("file://").is_some_and(|path| path.starts_with('/')) {
            true => Ok(Written::Text(text.to_owned())),
            false => Err(FormError::new(format!(
                "`{text}` names no absolute path: a file is `file:///PATH`"
            ))),
        };
    }
    let as_it_is = || Written::Text(text.to_owned());
    match facts.form {
        Form::Bool => return switch(text).map(Written::Switch),
        Form::Text => {}
        Form::Duration => {
            let value: MesosDuration = text.parse()?;
            within(facts, value, text)?;
        }
        Form::Bytes => {
            let value: Bytes = text.parse()?;
            within(facts, value, text)?;
        }
        Form::Int => {
            let value: i64 = number(text, "whole number")?;
            within(facts, value, text)?;
        }
        Form::Uint => {
            let value: u64 = number(text, "whole number that isn't negative")?;
            within(facts, value, text)?;
        }
        Form::Milliseconds => counted(facts, text, ("milliseconds", 1_000_000))?,
        Form::Seconds => counted(facts, text, ("seconds", 1_000_000_000))?,
        Form::Port => number::<u16>(text, "port, which is a whole number up to 65535").map(drop)?,
        Form::Double => {
            let value: f64 = number(text, "decimal number")?;
            if !value.is_finite() {
                return Err(FormError::new(format!("`{text}` is no decimal number")));
            }
            within(facts, value, text)?;
        }
        Form::Path if text.is_empty() => return Err(FormError::new("an empty text is no path")),
        Form::Path => {}
        Form::Ip => number::<IpAddr>(text, "IP address").map(drop)?,
        Form::Json => json(dialect, text)?,
        Form::List => list(facts, version, text)?,
        Form::UintList => {
            for item in text.split(',') {
                number::<u32>(item, "whole number that isn't negative")?;
            }
        }
        Form::Rate => text.parse::<Rate>().map(drop)?,
        Form::Percent => check_percent(text)?,
        Form::Choice => {}
        Form::Zk => grammar::<ZkUrl>(text).map(drop)?,
        Form::Master => match grammar::<MasterUrl>(text)? {
            MasterUrl::Http(_) if dialect == Dialect::Mesos => {
                return Err(FormError::new(format!("`{text}` is a URL that Mesos doesn't read")).or(bare_address(text)));
            }
            _ => {}
        },
        Form::Role => grammar::<RoleName>(text).map(drop)?,
        Form::Attributes => grammar::<Attributes>(text).map(drop)?,
        Form::Resources => grammar::<Resources>(text).map(drop)?,
        Form::Secret => {
            return Err(FormError::new(
                "its value is a secret, which no definition has in the open: give it a `Secret`",
            ));
        }
    }
    choice(facts, version, text)?;
    Ok(as_it_is())
}

fn grammar<T: FromStr<Err = GrammarError>>(text: &str) -> Result<T, FormError> {
    text.parse()
        .map_err(|error: GrammarError| FormError::new(error.to_string()))
}

fn bare_address(url: &str) -> &str {
    url.split_once("://")
        .map_or(url, |(_, address)| address.trim_end_matches('/'))
}

fn switch(text: &str) -> Result<bool, FormError> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => {
            let wrong = FormError::new(format!("`{text}` is neither `true` nor `false`"));
            Err(match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => wrong.or("true"),
                "false" | "no" | "off" | "n" => wrong.or("false"),
                _ => wrong,
            })
        }
    }
}

fn number<T: FromStr>(text: &str, what: &str) -> Result<T, FormError> {
    let wrong = || FormError::new(format!("`{text}` is no {what}"));
    // A leading `+` is more than Mesos reads.
    if text.starts_with('+') {
        return Err(wrong().or(text.trim_start_matches('+')));
    }
    text.parse().map_err(|_| wrong())
}

/// A number of units of time. Who names one, as Mesos wants it, is told how many that would be.
fn counted(facts: &Facts, text: &str, (units, nanoseconds): (&str, u128)) -> Result<(), FormError> {
    if let Ok(value) = number::<i64>(text, "whole number") {
        return within(facts, value, text);
    }
    let wrong = FormError::new(format!("`{text}` is no number of {units}, whose unit isn't written"));
    let read = text.parse::<MesosDuration>();
    // A slip such as `5m` is known to it.
    let read = read.or_else(|error| error.right().unwrap_or_default().parse());
    let meant = read.ok().map(|meant| meant.get().as_nanos());
    Err(match meant.filter(|meant| meant.is_multiple_of(nanoseconds)) {
        Some(meant) => wrong.or((meant / nanoseconds).to_string()),
        None => wrong,
    })
}

/// Holds a value against the least and the greatest that its flag takes.
fn within<T: FromStr + PartialOrd>(facts: &Facts, value: T, text: &str) -> Result<(), FormError> {
    let bound = |bound: Option<&str>| bound.and_then(|bound| bound.parse::<T>().ok());
    if let (Some(least), Some(shown)) = (bound(facts.least), facts.least)
        && value < least
    {
        let why = format!("`{text}` is less than `{shown}`, which is the least");
        return Err(FormError::new(why).or(shown));
    }
    if let (Some(most), Some(shown)) = (bound(facts.most), facts.most)
        && value > most
    {
        let why = format!("`{text}` is more than `{shown}`, which is the most");
        return Err(FormError::new(why).or(shown));
    }
    Ok(())
}

fn json(dialect: Dialect, text: &str) -> Result<(), FormError> {
    // The bare path of a file: Mesos reads it, though it advises against it.
    if dialect == Dialect::Mesos && text.starts_with('/') {
        return Err(FormError::new("a bare path in the place of JSON is deprecated").or(format!("file://{text}")));
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        Ok(_) => Err(FormError::new("the JSON is no object, which starts with `{`")),
        Err(error) => Err(FormError::new(format!("it is no JSON: {error}"))),
    }
}

fn list(facts: &Facts, version: Version, text: &str) -> Result<(), FormError> {
    for item in text.split(',') {
        if item.is_empty() {
            return Err(FormError::new(format!("`{text}` has an empty item")));
        }
        if item.trim() != item {
            let items: Vec<&str> = text.split(',').map(str::trim).collect();
            return Err(FormError::new(format!("`{text}` has spaces around an item")).or(items.join(",")));
        }
        match facts.word_in(item, version) {
            Some(Word::Member) => continue,
            Some(meaning) => return Err(of_old(item, meaning, text)),
            None => {}
        }
        // Modules add items of their own to sets whose built-in members are named `part/part`.
        let open = facts.members.iter().any(|member| member.contains('/')) && !item.contains('/');
        if facts.members.is_empty() || facts.members.contains(&item) {
            continue;
        }
        let of_this = |(word, _, _): &(&'static str, &'static str, Word)| {
            let meaning = facts.word_in(word, version);
            (meaning == Some(Word::Member)).then_some(*word)
        };
        let words = facts.words.iter().filter_map(of_this);
        let mut known: Vec<&str> = facts.members.iter().copied().chain(words).collect();
        known.dedup();
        let close = nearest(item, &known);
        if !open || close.is_some() {
            let right = close.map(|close| {
                let items = text.split(',').map(|other| if other == item { close } else { other });
                items.collect::<Vec<_>>().join(",")
            });
            return Err(outside(item, &known, right));
        }
    }
    Ok(())
}

/// A word of old releases: why it isn't to be written, and what is.
fn of_old(item: &str, meaning: Word, text: &str) -> FormError {
    let why = match meaning {
        Word::Gone(why) => format!("`{item}` is refused: {why}"),
        _ if item != text => format!("`{item}` is only read where it is the whole value"),
        Word::SaidBy(flag) => format!("`{item}` is deprecated: say `{flag}` in its place"),
        Word::StandsFor(_) | Word::Member => format!("`{item}` is deprecated"),
    };
    match meaning {
        Word::StandsFor(right) => {
            let items = text.split(',').map(|other| if other == item { right } else { other });
            FormError::new(why).or(items.collect::<Vec<_>>().join(","))
        }
        _ => FormError::new(why),
    }
}

fn choice(facts: &Facts, version: Version, text: &str) -> Result<(), FormError> {
    let choices = facts.choices_in(version);
    match choices.is_empty() || choices.contains(&text) {
        true => Ok(()),
        false => Err(outside(text, choices, nearest(text, choices).map(ToOwned::to_owned))),
    }
}

/// A word that isn't in a closed set: what it was probably meant to be, or all that it could be.
fn outside(item: &str, known: &[&str], right: Option<String>) -> FormError {
    match right {
        Some(right) => FormError::new(format!("`{item}` isn't known")).or(right),
        None => FormError::new(format!("`{item}` is none of {}", known.join(", "))),
    }
}

/// The known word that was probably meant.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&word, &known.to_ascii_lowercase());
    let close = known.iter().map(|known| (distance(known), *known));
    let close = close.filter(|(distance, known)| *distance <= known.len().max(word.len()) / 3);
    close.min().map(|(_, known)| known)
}
