//! Holds the flags of a definition against a version.

use super::builder::{Entry, Named};
use super::form::{self, nearest};
use super::program::{Dialect, Known};
use super::rules::{Setting, Settings};
use super::spans::{Presence, Spans};
use super::{Basis, CheckedFlag, Facts, FlagText, Form, FormError, Program, Written};
use crate::model::{Code, Problem, Problems};
use crate::roles::Version;
use std::collections::BTreeMap;

/// A flag whose name is settled.
struct Found {
    /// Of the table; none for one that isn't checked.
    facts: Option<&'static Facts>,
    /// As the version spells it.
    name: String,
    basis: Basis,
    /// It was named by the flag that switches it off.
    inverted: bool,
}

pub(super) fn checked(
    known: &'static Known,
    entries: &[Entry],
    version: Version,
) -> Result<Vec<CheckedFlag>, Problems> {
    let mut problems = Problems::new();
    duplicates(known, entries, &mut problems);
    let mut settings = Vec::new();
    let mut flags = Vec::new();
    for entry in entries {
        let Some(given) = &entry.given else { continue };
        let checked = find(known, &entry.named, version)
            .and_then(|found| Ok((value(known, &found, given, version)?, found)))
            .map_err(|problem| problem.at("set here", entry.at.clone()));
        match checked {
            Ok((value, found)) => {
                let identity = found
                    .facts
                    .map_or_else(|| found.name.clone(), |facts| facts.name.to_owned());
                let flag = CheckedFlag::new(
                    known,
                    version,
                    found.facts,
                    found.name,
                    value,
                    entry.at.clone(),
                    found.basis,
                );
                settings.push(Setting {
                    identity,
                    name: flag.name().to_owned(),
                    value: flag.value().clone(),
                    at: flag.at().clone(),
                });
                flags.push(flag);
            }
            Err(problem) => problems.push(problem),
        }
    }
    (known.rules.forbidden)(&Settings::new(known, version, &settings), &mut problems);
    flags.sort_by(|a, b| a.name().cmp(b.name()));
    problems.into_result(flags)
}

pub(super) fn missing(known: &'static Known, entries: &[Entry], version: Version) -> Problems {
    // Values that are wrong are told by the other check; here it counts that they are there.
    let settings: Vec<Setting> = entries
        .iter()
        .filter_map(|entry| {
            let value = match entry.given.as_ref()? {
                Written::Switch(on) => FlagText::Switch(*on),
                Written::Secret(content) => FlagText::Secret(content.clone()),
                Written::Text(text) | Written::Wrong(text) => FlagText::Text(text.clone()),
            };
            let identity = entry.named.identity(&mut known.flags()).to_owned();
            Some(Setting {
                name: identity.clone(),
                identity,
                value,
                at: entry.at.clone(),
            })
        })
        .collect();
    let mut problems = Problems::new();
    (known.rules.missing)(&Settings::new(known, version, &settings), &mut problems);
    problems
}

/// What is wrong with a flag that somebody wrote by hand.
#[derive(Debug)]
pub(in crate::roles) enum ByHand {
    /// The version doesn't know it by this name.
    Name(Problem),
    /// It can't read the value.
    Value(Problem),
    /// It only just puts up with the value.
    OldValue(Problem),
}

/// Whether a version reads a flag under this name with this value.
pub(in crate::roles) fn by_hand<P: Program>(name: &str, text: &str, version: Version) -> Result<(), ByHand> {
    let found = find_text(P::KNOWN, name, version).map_err(ByHand::Name)?;
    // A daemon reads any text; that it stands in the open is another matter.
    if found.facts.is_some_and(|facts| facts.form == Form::Secret) {
        return Ok(());
    }
    let given = Written::Text(text.to_owned());
    let is_old = found.facts.is_some_and(|facts| facts.puts_up_with(text, version));
    value(P::KNOWN, &found, &given, version)
        .map(drop)
        .map_err(if is_old { ByHand::OldValue } else { ByHand::Value })
}

fn invalid(message: String) -> Problem {
    Problem::new(Code::InvalidFlag, message)
}

/// The same flag twice, under whatever names.
fn duplicates(known: &Known, entries: &[Entry], problems: &mut Problems) {
    let mut seen: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in entries {
        let identity = entry.named.identity(&mut known.flags());
        let Some(first) = seen.insert(identity, entry) else {
            continue;
        };
        let message = match (shown(&first.named), shown(&entry.named)) {
            (a, b) if a == b => format!("`--{a}` of {} is set twice", known.name),
            (a, b) => format!("`--{a}` and `--{b}` of {} are one flag, which is set twice", known.name),
        };
        let problem = invalid(message)
            .at("set here", first.at.clone())
            .at("and here", entry.at.clone())
            .hint("take one away; what a user sets goes before a role's through `with_defaults`");
        problems.push(problem);
    }
}

fn shown(named: &Named) -> &str {
    match named {
        Named::Typed(facts) => facts.name,
        Named::Text(name) | Named::Unchecked(name) => name,
    }
}

/// Settles the name.
fn find(known: &Known, named: &Named, version: Version) -> Result<Found, Problem> {
    match named {
        Named::Typed(facts) => match facts.name_in(version, known.versions) {
            Some((name, presence)) => Ok(found(facts, name, presence)),
            None => Err(absent(known, facts, facts.name, version)),
        },
        Named::Text(name) => find_text(known, name, version),
        Named::Unchecked(name) => match is_name(name) {
            true => Ok(Found {
                facts: None,
                name: name.clone(),
                basis: Basis::Unchecked,
                inverted: false,
            }),
            false => Err(invalid(format!(
                "`{name}` can't be the name of a flag, which has letters, digits, `_` and `-`, and starts with a letter"
            ))),
        },
    }
}

fn found(facts: &'static Facts, name: &str, presence: Presence) -> Found {
    Found {
        facts: Some(facts),
        name: name.to_owned(),
        basis: match presence {
            Presence::Yes => Basis::Known,
            _ => Basis::Likely,
        },
        inverted: false,
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn find_text(known: &Known, name: &str, version: Version) -> Result<Found, Problem> {
    let Some(facts) = known.flags().find(|facts| facts.names().any(|known| known == name)) else {
        return Err(unknown(known, name, version));
    };
    let Some((right, presence)) = facts.name_in(version, known.versions) else {
        return Err(absent(known, facts, name, version));
    };
    if name == right {
        return Ok(found(facts, right, presence));
    }
    if facts.off_in(version) == Some(name) {
        return Ok(Found {
            inverted: true,
            ..found(facts, right, presence)
        });
    }
    let Known { product, .. } = known;
    let is_alias = |(alias, spans): (&str, Spans)| alias == name && spans.at(version, known.versions) != Presence::No;
    let message = match facts.alias {
        Some(alias) if is_alias(alias) => {
            format!("`--{name}` is deprecated in {product} {version}, which calls it `{right}`")
        }
        _ if facts.off == Some(name) => {
            let problem = invalid(format!(
                "{product} {version} has no flag `--{name}`, which would switch `{right}` off"
            ));
            return Err(problem.hint("leave it out"));
        }
        _ => format!("{product} {version} knows no flag `--{name}` and calls it `{right}`"),
    };
    Err(invalid(message).hint(format!("write `{right}`")))
}

/// A flag that is in no table.
fn unknown(known: &Known, name: &str, version: Version) -> Problem {
    let dashless = name.trim_start_matches('-');
    let bare = dashless.trim_start_matches("no-");
    let problem = invalid(format!("{} {version} knows no flag `--{dashless}`", known.name));
    let names: Vec<&str> = known
        .flags()
        .filter_map(|facts| facts.name_in(version, known.versions))
        .map(|(name, _)| name)
        .collect();
    match nearest(bare, &names) {
        Some(close) if close == bare => problem.hint(format!(
            "its name is `{close}`, without dashes; to switch it off, set it to `false`"
        )),
        Some(close) => problem.hint(format!("did you mean `{close}`?")),
        None => problem.hint("what a module adds is set by `unchecked`"),
    }
}

/// A flag of the table that this version doesn't have under any name.
fn absent(known: &Known, facts: &Facts, name: &str, version: Version) -> Problem {
    let Known { product, versions, .. } = known;
    let mut spans: Vec<_> = facts
        .spans
        .iter()
        .chain(facts.former.iter().flat_map(|(_, spans)| spans.iter()))
        .collect();
    spans.sort_by_key(|span| span.from);
    let before = spans.iter().rev().find(|span| span.from <= version);
    let after = spans.iter().find(|span| span.from > version);
    let problem = invalid(format!("{product} {version} has no flag `--{name}`"));
    // Of Marathon, not every release was read.
    let every_release = known.product == "Mesos" && versions.contains(&version);
    let since = |from: Version| match every_release {
        true => format!("it exists since {from}"),
        false => format!("it is first known of {from}"),
    };
    match (before.and_then(|span| span.before), after) {
        (None, Some(span)) => problem.hint(format!("{}: leave it out, or declare that version", since(span.from))),
        (Some(gone), Some(span)) => problem.hint(format!(
            "it isn't in {gone}, though older versions have it, and is there again from {} on",
            span.from
        )),
        (Some(gone), None) if every_release => problem.hint(format!("it was removed in {gone}: leave it out")),
        (Some(gone), None) => problem.hint(format!("it was gone in {gone} at the latest: leave it out")),
        (None, None) => problem,
    }
}

/// Settles the value.
fn value(known: &Known, found: &Found, given: &Written, version: Version) -> Result<FlagText, Problem> {
    let name = &found.name;
    let wrong = |error: FormError| {
        let problem = invalid(format!("`--{name}` of {}: {}", known.name, error.why()));
        match error.right() {
            Some(right) => problem.hint(format!("write `--{name}={right}`")),
            None => problem,
        }
    };
    let Some(facts) = found.facts else {
        return Ok(match given {
            Written::Switch(on) => FlagText::Switch(*on),
            Written::Secret(content) => FlagText::Secret(content.clone()),
            Written::Text(text) | Written::Wrong(text) => FlagText::Text(text.clone()),
        });
    };
    let written = match given {
        Written::Text(text) => form::check(facts, known.dialect, version, text).map_err(wrong)?,
        Written::Wrong(why) => return Err(wrong(FormError::new(why.clone()))),
        other => other.clone(),
    };
    match written {
        Written::Switch(on) => {
            let on = on != found.inverted;
            // A program that has no flag to switch one off does without it only if it is off anyway.
            let cannot = known.dialect == Dialect::Scallop
                && !on
                && facts.off_in(version).is_none()
                && facts.default_in(version) == Some("true");
            match cannot {
                true => Err(invalid(format!(
                    "{} {version} has no flag that switches `{name}` off",
                    known.product
                ))
                .hint("leave it out")),
                false => Ok(FlagText::Switch(on)),
            }
        }
        Written::Text(text) => Ok(FlagText::Text(text)),
        Written::Secret(content) => Ok(FlagText::Secret(content)),
        Written::Wrong(why) => Err(wrong(FormError::new(why))),
    }
}
