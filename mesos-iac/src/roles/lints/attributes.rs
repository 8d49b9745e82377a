use super::found;
use super::read::mesos::{Daemon, Setting, mesos};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use crate::roles::mesos::{Attributes, GrammarError, Resources, Value};
use std::collections::BTreeSet;

lints! {
    ATTRIBUTE_GRAMMAR = Error "attribute-grammar": "the attributes of an agent can't be read, and it won't start";
    ATTRIBUTE_SPACES = Warning "attribute-spaces": "an attribute has spaces in its value, which the agent takes out";
    ATTRIBUTE_GIVEN_TWICE = Warning "attribute-given-twice": "an agent has two values for one attribute";
    RESOURCE_GRAMMAR = Error "resource-grammar": "the resources of an agent can't be read, and it won't start";
}

lint_rule!(attributes => [&ATTRIBUTE_GRAMMAR, &ATTRIBUTE_SPACES, &ATTRIBUTE_GIVEN_TWICE, &RESOURCE_GRAMMAR]);

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
        let read: Attributes = match item.parse() {
            Ok(read) => read,
            Err(why) => {
                let message = format!("by {}, {why}", setting.place);
                cx.report(found(&ATTRIBUTE_GRAMMAR, host, setting.id, message).hint(
                    "write `name:value` with a number, a range `[1-9]`, or a text of letters, digits, `_`, `/`, `.`, `-`; \
                     `;` and a line end begin another attribute",
                ));
                continue;
            }
        };
        for (key, value) in read.iter() {
            if !keys.insert(key.to_owned()) {
                let message = format!("`{key}` stands twice in {}", setting.place);
                cx.report(found(&ATTRIBUTE_GIVEN_TWICE, host, setting.id, message).hint("give each name one value"));
            }
            let written = item.split_once(':').map_or("", |(_, written)| written.trim());
            if written.contains(' ') && matches!(value, Value::Text(_) | Value::Scalar(_)) {
                let message = format!(
                    "the agent reads `{written}` of `{key}` by {} as `{value}`",
                    setting.place
                );
                cx.report(
                    found(&ATTRIBUTE_SPACES, host, setting.id, message)
                        .hint(format!("write it without spaces: `{value}`")),
                );
            }
        }
    }
}

fn of_resources(cx: &LintCx<'_>, host: &LintHost<'_>, setting: &Setting<'_>) {
    let of_items = setting
        .value
        .split(';')
        .filter_map(|item| item.parse::<Resources>().err());
    let mut wrong: Vec<GrammarError> = of_items.collect();
    // What is wrong with one isn't told of all of them again.
    if wrong.is_empty() {
        wrong.extend(setting.value.parse::<Resources>().err());
    }
    for why in wrong {
        let message = format!("by {}, {why}", setting.place);
        cx.report(
            found(&RESOURCE_GRAMMAR, host, setting.id, message)
                .hint("write `cpus:4;mem:8192;ports:[31000-32000]`, or a role after the name: `cpus(role):4`"),
        );
    }
}
