//! The options of engines that read no `daemon.json`: words of a command line, in a file that a shell or systemd reads.

use serde_json::{Map, Value as Json};

/// The file.
pub(super) const PATH: &str = "/etc/default/docker";

/// Options that are given once for each item: under which name a file has all of them, and under which a command line has
/// one.
const LISTS: [(&str, &str); 13] = [
    ("authorization-plugins", "authorization-plugin"),
    ("cluster-store-opts", "cluster-store-opt"),
    ("default-ulimits", "default-ulimit"),
    ("dns", "dns"),
    ("dns-opts", "dns-opt"),
    ("dns-search", "dns-search"),
    ("exec-opts", "exec-opt"),
    ("hosts", "host"),
    ("insecure-registries", "insecure-registry"),
    ("labels", "label"),
    ("log-opts", "log-opt"),
    ("registry-mirrors", "registry-mirror"),
    ("storage-opts", "storage-opt"),
];

/// Those of them that `daemon.json` has as an object, a command line as `key=value`.
const PAIRS: [&str; 2] = ["cluster-store-opt", "log-opt"];

/// The file with these options.
///
/// # Errors
/// It can't carry some of them; says which, why, and what to do.
pub(super) fn text(options: &Map<String, Json>) -> Result<String, String> {
    let (mut words, mut wrong) = (Vec::new(), Vec::new());
    for (name, value) in options {
        match of_option(name, value) {
            Ok(found) => words.extend(found),
            Err(why) => wrong.push(format!("`{}` {why}", name.escape_debug())),
        }
    }
    match wrong.is_empty() {
        true => Ok(format!("DOCKER_OPTS=\"{}\"\n", words.join(" "))),
        false => Err(format!(
            "options of engines before 1.12 are words in {PATH}, which can't say all of these: {}; correct them, or take \
             1.12 or later, which reads /etc/docker/daemon.json",
            wrong.join("; ")
        )),
    }
}

/// The words of one option.
fn of_option(name: &str, value: &Json) -> Result<Vec<String>, String> {
    if !name.starts_with(|c: char| c.is_ascii_lowercase())
        || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        return Err("is no name of an option: expected letters, digits and `-`, such as `log-driver`".to_owned());
    }
    let one = LISTS
        .into_iter()
        .find(|(all, one)| [*all, *one].contains(&name))
        .map(|(_, one)| one);
    match (one, value) {
        (Some(one), Json::Array(items)) => items.iter().map(|item| word(one, "", item)).collect(),
        (Some(one), Json::Object(pairs)) if PAIRS.contains(&one) => pairs
            .iter()
            .map(|(key, value)| word(one, &format!("{key}="), value))
            .collect(),
        (None, Json::Array(_)) => {
            let known: Vec<&str> = LISTS.iter().map(|(all, _)| *all).collect();
            Err(format!("is a list, and lists are known of {} only", known.join(", ")))
        }
        (one, value) => Ok(vec![word(one.unwrap_or(name), "", value)?]),
    }
}

/// A word that a shell and systemd read alike: neither splits it, takes something out of it or puts something in its place.
fn word(option: &str, before: &str, value: &Json) -> Result<String, String> {
    let plain = match value {
        Json::String(text) => text.clone(),
        Json::Bool(_) | Json::Number(_) => value.to_string(),
        Json::Null => return Err("has no value: expected a text, a number, true or false".to_owned()),
        Json::Array(_) => return Err("has a list in a list".to_owned()),
        Json::Object(_) => {
            return Err(format!(
                "has an object: a command line has no such thing, only texts for `--{option}=…`"
            ));
        }
    };
    let text = format!("{before}{plain}");
    match text
        .chars()
        .find(|c| c.is_whitespace() || c.is_control() || "\"'\\$`".contains(*c))
    {
        Some(c) => Err(format!(
            "has {c:?} in {text:?}: white space, line ends, quotes, `\\`, `$` and backquotes would split the value or \
             change it"
        )),
        None => Ok(format!("--{option}={text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(options: Json) -> Result<String, String> {
        text(options.as_object().unwrap())
    }

    #[test]
    fn each_item_of_a_list_is_an_option_under_the_name_of_one() {
        for (all, one) in LISTS {
            assert_eq!(
                of(json!({ all: ["a=1", "b"] })).unwrap(),
                format!("DOCKER_OPTS=\"--{one}=a=1 --{one}=b\"\n")
            );
            assert_eq!(of(json!({ one: "a" })).unwrap(), format!("DOCKER_OPTS=\"--{one}=a\"\n"));
            assert_eq!(of(json!({ all: "a" })).unwrap(), format!("DOCKER_OPTS=\"--{one}=a\"\n"));
        }
        assert_eq!(of(json!({})).unwrap(), "DOCKER_OPTS=\"\"\n");
    }

    #[test]
    fn what_is_no_list_is_one_word() {
        assert_eq!(
            of(json!({
                "debug": true, "log-driver": "json-file", "mtu": 1400, "log-opts": { "max-size": "10m", "max-file": 3 },
            }))
            .unwrap(),
            "DOCKER_OPTS=\"--debug=true --log-driver=json-file --log-opt=max-file=3 --log-opt=max-size=10m --mtu=1400\"\n"
        );
    }

    #[test]
    fn what_a_command_line_cannot_say_is_told() {
        for (options, told) in [
            (
                json!({ "graph": "/srv/my data" }),
                "`graph` has ' ' in \"/srv/my data\"",
            ),
            (json!({ "labels": ["a=\"b\""] }), "`labels` has '\"' in"),
            (json!({ "labels": ["a\nDOCKER_TLS=1"] }), "`labels` has '\\n' in"),
            (json!({ "graph": "$HOME" }), "`graph` has '$' in"),
            (json!({ "graph": "`id`" }), "`graph` has '`' in"),
            (json!({ "graph": "a\\" }), "`graph` has '\\\\' in"),
            (json!({ "log-opts": { "a b": "c" } }), "`log-opts` has ' ' in \"a b=c\""),
            (
                json!({ "default-ulimits": { "nofile": { "Hard": 1, "Soft": 1 } } }),
                "`default-ulimits` has an object: a command line has no such thing, only texts for `--default-ulimit=…`",
            ),
            (json!({ "labels": [{}] }), "`labels` has an object"),
            (json!({ "labels": [["a"]] }), "`labels` has a list in a list"),
            (json!({ "debug": null }), "`debug` has no value"),
            (
                json!({ "features": ["a"] }),
                "`features` is a list, and lists are known of",
            ),
            (json!({ "a b": 1 }), "`a b` is no name of an option"),
            (json!({ "-debug": 1 }), "`-debug` is no name of an option"),
        ] {
            let why = of(options).unwrap_err();
            assert!(why.contains(told), "{why}");
            assert!(why.contains("1.12 or later"), "{why}");
        }
        let both = of(json!({ "a": null, "b": " ", "good": 1 })).unwrap_err();
        assert!(
            both.contains("`a`") && both.contains("`b`") && !both.contains("good"),
            "{both}"
        );
    }
}
