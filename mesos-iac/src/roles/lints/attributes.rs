use super::found;
use super::read::mesos::{Daemon, Setting, mesos};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use std::collections::BTreeSet;

lints! {
    ATTRIBUTE_GRAMMAR = Error "attribute-grammar": "the attributes of an agent can't be read, and it won't start";
    ATTRIBUTE_GIVEN_TWICE = Warning "attribute-given-twice": "an agent has two values for one attribute";
    RESOURCE_GRAMMAR = Error "resource-grammar": "the resources of an agent can't be read, and it won't start";
}

lint_rule!(attributes => [&ATTRIBUTE_GRAMMAR, &ATTRIBUTE_GIVEN_TWICE, &RESOURCE_GRAMMAR]);

fn attributes(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        let Some(agent) = mesos(host, Daemon::Agent) else {
            continue;
        };
        let known = |flag| {
            agent
                .get(flag)
                .filter(|setting| !setting.is_found_at_start() && !setting.value.starts_with("file://"))
        };
        if let Some(setting) = known("attributes") {
            of_attributes(cx, host, setting);
        }
        // JSON is another matter, and so is a file of it.
        if let Some(setting) =
            known("resources").filter(|setting| !setting.value.trim_start().starts_with(['[', '{', '/']))
        {
            of_resources(cx, host, setting);
        }
    }
}

fn of_attributes(cx: &LintCx<'_>, host: &LintHost<'_>, setting: &Setting<'_>) {
    let mut keys = BTreeSet::new();
    for item in setting.value.split([';', '\n']).filter(|item| !item.is_empty()) {
        let why = match item.split_once(':') {
            None => Some("has no `:` after its name; `;` and a line end begin another attribute".to_owned()),
            Some((key, value)) => {
                let key = key.trim();
                if !key.is_empty() && !keys.insert(key) {
                    let message = format!("`{key}` stands twice in {}", setting.place);
                    cx.report(
                        found(&ATTRIBUTE_GIVEN_TWICE, host, setting.id, message).hint("give each name one value"),
                    );
                }
                match key.is_empty() {
                    true => Some("has no name before its `:`".to_owned()),
                    false => attribute(value),
                }
            }
        };
        if let Some(why) = why {
            let message = format!("the attribute `{item}` by {} {why}", setting.place);
            cx.report(found(&ATTRIBUTE_GRAMMAR, host, setting.id, message).hint(
                "write `name:value` with a number, a range `[1-9]`, or a text of letters, digits, `_`, `/`, `.`, `-`",
            ));
        }
    }
}

/// What is wrong with an attribute's value.
fn attribute(value: &str) -> Option<String> {
    let trimmed = value.trim();
    match trimmed.chars().next() {
        None => Some("has no value".to_owned()),
        Some('{') => Some("is a set, which attributes can't be".to_owned()),
        Some('[') => ranges(trimmed).err(),
        Some(_) if trimmed.contains(['[', '{', ']', '}']) => Some("has a bracket in the midst of its value".to_owned()),
        Some(_) if trimmed.contains(char::is_whitespace) => {
            Some("has spaces in its value, which the agent takes out".to_owned())
        }
        Some(_) => None,
    }
}

fn of_resources(cx: &LintCx<'_>, host: &LintHost<'_>, setting: &Setting<'_>) {
    for item in setting.value.split(';').filter(|item| !item.trim().is_empty()) {
        if let Err(why) = resource(item) {
            let message = format!("the resource `{}` by {} {why}", item.trim(), setting.place);
            cx.report(
                found(&RESOURCE_GRAMMAR, host, setting.id, message)
                    .hint("write `cpus:4;mem:8192;ports:[31000-32000]`, or a role after the name: `cpus(role):4`"),
            );
        }
    }
}

fn resource(item: &str) -> Result<(), String> {
    let (name, value) = item.split_once(':').ok_or("has no `:` after its name")?;
    if value.contains(':') {
        return Err("has a second `:`; resources are set apart by `;`".to_owned());
    }
    let name = name.trim();
    let (bare, role) = name
        .split_once('(')
        .map_or((name, None), |(bare, role)| (bare, Some(role)));
    if bare.is_empty() {
        return Err("has no name before its `:`".to_owned());
    }
    if role.is_some_and(|role| role.strip_suffix(')').is_none_or(str::is_empty)) {
        return Err("has a role that isn't closed by `)`, or is empty".to_owned());
    }
    let value = value.trim();
    match value.chars().next() {
        None => Err("has no value".to_owned()),
        Some('[') => ranges(value),
        Some('{') => value
            .ends_with('}')
            .then_some(())
            .ok_or_else(|| "has a set that isn't closed".to_owned()),
        Some(_) => match value.parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(()),
            Ok(_) => Err("is less than nothing, or endless".to_owned()),
            Err(_) => Err(
                "is a text; resources are numbers, ranges and sets, and `mem` and `disk` are MB without a unit"
                    .to_owned(),
            ),
        },
    }
}

/// Reads `[1-9,11-19]`.
fn ranges(value: &str) -> Result<(), String> {
    let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inner = inner.ok_or("has a range that isn't closed by `]`")?;
    for range in inner.split(',') {
        let ends = range
            .trim()
            .split_once('-')
            .map(|(from, to)| (from.trim().parse::<u64>(), to.trim().parse::<u64>()));
        match ends {
            Some((Ok(from), Ok(to))) if from <= to => {}
            _ => {
                return Err(format!(
                    "has `{}`, which is no range such as `31000-32000`",
                    range.trim()
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_attributes() {
        for good in ["ssd", "r1/s2", "1.5", "[1-9, 11-19]", "a:b"] {
            assert_eq!(attribute(good), None, "{good}");
        }
        for bad in ["", " ", "{a,b}", "[1-", "[9-1]", "a[1]", "two words"] {
            assert!(attribute(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn values_of_resources() {
        for good in [
            "cpus:4",
            "mem(web):8192",
            "ports:[31000-32000,80-80]",
            "disks:{a,b}",
            "cpus:0.5",
        ] {
            assert_eq!(resource(good), Ok(()), "{good}");
        }
        for bad in [
            "cpus",
            ":4",
            "cpus:",
            "mem:8GB",
            "mem:8:9",
            "cpus:-1",
            "cpus(web:4",
            "cpus():4",
            "ports:31000-32000",
            "x:{a",
        ] {
            assert!(resource(bad).is_err(), "{bad}");
        }
    }
}
