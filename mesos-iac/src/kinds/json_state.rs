//! A wanted JSON against the one that an API shows: what isn't wanted isn't compared, and what a server fills in by itself is
//! no difference.

use crate::model::{Diff, Shown};
use crate::words::SECRET_FIELD;
use serde_json::Value as Json;

/// Fields whose value is the whole of a map: what isn't in it is to go.
const WHOLE: [&str; 2] = ["env", "labels"];

/// Fields that are sent with everything in them: what isn't wanted there goes with the next change of anything, so it is told.
const SENT_WHOLE: [&str; 3] = ["container", "healthChecks", "readinessChecks"];

/// Of those, what a server fills in by itself, by the field above it.
const FILLED: [(&str, &[&str]); 5] = [
    ("container", &["type"]),
    ("portMappings", &["protocol", "servicePort"]),
    ("persistent", &["type"]),
    (
        "healthChecks",
        &[
            "gracePeriodSeconds",
            "intervalSeconds",
            "timeoutSeconds",
            "maxConsecutiveFailures",
            "delaySeconds",
            "ipProtocol",
        ],
    ),
    (
        "readinessChecks",
        &["name", "intervalSeconds", "timeoutSeconds", "httpStatusCodesForReady"],
    ),
];

/// Fields that are sets: their order says nothing, and what is said twice is shown once.
const SETS: [&str; 6] = [
    "constraints",
    "healthChecks",
    "dependencies",
    "acceptedResourceRoles",
    "parents",
    "environmentVariables",
];

/// Fields of ports where 0 leaves the choice to the server, which then shows what it chose.
const CHOSEN: [&str; 4] = ["port", "ports", "servicePort", "hostPort"];

/// Adds every field of `wanted` from which `shown` differs. `revealed` is `wanted` with secrets by their values.
pub(super) fn compare(wanted: &Json, revealed: &Json, shown: &Json, diff: &mut Diff) {
    fields("", wanted, revealed, Some(shown), diff);
}

/// What `shown` has of these fields, which say one thing together, and `wanted` says otherwise: where it has none of them, it
/// says nothing of the thing.
pub(super) fn in_the_way<'a>(
    together: &'static [&'static str],
    wanted: &Json,
    shown: &'a Json,
) -> Vec<(&'static str, &'a Json)> {
    let is_said = together.iter().any(|name| wanted.get(name).is_some());
    let left = together
        .iter()
        .filter(|name| is_said && wanted.get(name).is_none())
        .filter_map(|name| Some((*name, shown.get(name)?)));
    left.filter(|(_, shown)| !is_empty(shown)).collect()
}

fn fields(path: &str, wanted: &Json, revealed: &Json, shown: Option<&Json>, diff: &mut Diff) {
    let (Json::Object(wanted), Json::Object(revealed)) = (wanted, revealed) else {
        return;
    };
    for (name, wanted) in wanted {
        let below = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let revealed = revealed.get(name).unwrap_or(&Json::Null);
        let shown = shown.and_then(|shown| shown.get(name)).filter(|shown| !shown.is_null());
        one(&below, name, wanted, revealed, shown, diff);
    }
}

fn one(path: &str, name: &str, wanted: &Json, revealed: &Json, shown: Option<&Json>, diff: &mut Diff) {
    // Who set a variable by hand may have meant a secret.
    let is_env = path.starts_with("env.") || path == "environmentVariables";
    let is_secret = wanted.get(SECRET_FIELD).is_some();
    match (wanted, shown) {
        (Json::Object(map), Some(Json::Object(has))) if !is_secret => {
            fields(path, wanted, revealed, shown, diff);
            let is_sent_whole = is_sent_whole(path);
            if is_sent_whole || WHOLE.contains(&path) {
                let more = has.iter().filter(|(name, _)| !map.contains_key(*name));
                let above = path.rsplit('.').next().unwrap_or(path);
                for (name, value) in more.filter(|(name, value)| !is_sent_whole || !is_filled_in(above, name, value)) {
                    let from = if path == "env" { Shown::Secret } else { seen(value) };
                    diff.push(&format!("{path}.{name}"), from, Shown::Absent);
                }
            }
        }
        _ if is_covered(name, revealed, shown, is_sent_whole(path)) => {}
        _ => {
            let from = match shown {
                None => Shown::Absent,
                Some(_) if is_env || is_secret => Shown::Secret,
                Some(shown) => seen(shown),
            };
            let to = if is_secret { Shown::Secret } else { seen(wanted) };
            diff.push(path, from, to);
        }
    }
}

/// `wanted` with what a server filled in by itself of what is sent whole, so that a change leaves it as it is shown.
pub(super) fn filled(mut wanted: Json, shown: &Json) -> Json {
    for name in SENT_WHOLE {
        if let (Some(wanted), Some(shown)) = (wanted.get_mut(name), shown.get(name)) {
            fill(name, wanted, shown);
        }
    }
    wanted
}

fn fill(name: &str, wanted: &mut Json, shown: &Json) {
    match (wanted, shown) {
        (Json::Object(wanted), Json::Object(shown)) => {
            for (name, wanted) in wanted.iter_mut() {
                if let Some(shown) = shown.get(name) {
                    fill(name, wanted, shown);
                }
            }
            let known = FILLED.iter().filter(|(above, _)| *above == name);
            for name in known.flat_map(|(_, names)| *names) {
                if let Some(shown) = shown.get(*name).filter(|shown| !shown.is_null()) {
                    wanted.entry(*name).or_insert_with(|| shown.clone());
                }
            }
        }
        // Of an item that changes nothing stays.
        (Json::Array(wanted), Json::Array(shown)) => {
            let items = match SETS.contains(&name) {
                true => distinct(wanted),
                false => wanted.iter().collect(),
            };
            let of_items = partners(name, &items, &shown.iter().collect::<Vec<_>>(), true);
            // What is said twice is filled in twice, lest it become two things.
            let of_wanted: Vec<_> = wanted
                .iter()
                .enumerate()
                .map(|(at, wanted)| {
                    let at = match SETS.contains(&name) {
                        true => items.iter().position(|item| *item == wanted)?,
                        false => at,
                    };
                    of_items.get(at).copied().flatten()
                })
                .collect();
            for (wanted, shown) in wanted.iter_mut().zip(of_wanted) {
                if let Some(shown) = shown {
                    fill(name, wanted, shown);
                }
            }
        }
        _ => {}
    }
}

fn is_sent_whole(path: &str) -> bool {
    let first = path.split('.').next().unwrap_or(path);
    SENT_WHOLE.contains(&first)
}

/// Whether a server may show this field, which isn't wanted, below the field `above`.
fn is_filled_in(above: &str, name: &str, shown: &Json) -> bool {
    let known = FILLED
        .iter()
        .any(|(field, names)| *field == above && names.contains(&name));
    // Older versions of Marathon say of a check without a path that it has this one.
    known || is_empty(shown) || (name, shown.as_str()) == ("path", Some("/"))
}

/// Whether what is shown has everything that is wanted, and, of what is sent whole, nothing else.
fn is_covered(name: &str, wanted: &Json, shown: Option<&Json>, is_whole: bool) -> bool {
    let Some(shown) = shown else { return is_empty(wanted) };
    match (wanted, shown) {
        (Json::Object(wanted), Json::Object(shown)) => {
            let is_there = wanted.iter().all(|(name, wanted)| {
                let shown = shown.get(name).filter(|shown| !shown.is_null());
                is_covered(name, wanted, shown, is_whole)
            });
            let mut more = shown.iter().filter(|(name, _)| !wanted.contains_key(*name));
            is_there && (!is_whole || more.all(|(more, shown)| is_filled_in(name, more, shown)))
        }
        (Json::Array(wanted), Json::Array(shown)) if SETS.contains(&name) => {
            let (wanted, shown) = (distinct(wanted), distinct(shown));
            let is_whole_set = wanted.len() == shown.len();
            is_whole_set && partners(name, &wanted, &shown, is_whole).iter().all(Option::is_some)
        }
        (Json::Array(wanted), Json::Array(shown)) => {
            wanted.len() == shown.len()
                && wanted
                    .iter()
                    .zip(shown)
                    .all(|(wanted, shown)| is_covered(name, wanted, Some(shown), is_whole))
        }
        (Json::Number(wanted), Json::Number(shown)) => {
            let (wanted, shown) = (wanted.as_f64().unwrap_or_default(), shown.as_f64().unwrap_or_default());
            let is_chosen = wanted == 0.0 && CHOSEN.contains(&name);
            is_chosen || (wanted - shown).abs() <= 1e-9 * wanted.abs().max(1.0)
        }
        (wanted, shown) => wanted == shown,
    }
}

/// Every item once.
fn distinct(items: &[Json]) -> Vec<&Json> {
    let mut once = Vec::new();
    for item in items {
        if !once.contains(&item) {
            once.push(item);
        }
    }
    once
}

/// Which item that is shown each wanted one is: no two are the same one, and as many have one as can. What is wanted says
/// less than what is shown, so one wanted item may be any of several, of which another may be only one.
fn partners<'a>(name: &str, wanted: &[&Json], shown: &[&'a Json], is_whole: bool) -> Vec<Option<&'a Json>> {
    let could_be: Vec<Vec<usize>> = wanted
        .iter()
        .map(|wanted| {
            // What is in a list within a set has an order.
            let name = if wanted.is_object() { name } else { "" };
            let same = |at: &usize| is_covered(name, wanted, shown.get(*at).copied(), is_whole);
            (0..shown.len()).filter(same).collect()
        })
        .collect();
    let mut taken = vec![None; shown.len()];
    for of in 0..wanted.len() {
        take(of, &could_be, &mut taken, &mut vec![false; shown.len()]);
    }
    let partner = |of: usize| taken.iter().position(|by| *by == Some(of)).map(|at| shown[at]);
    (0..wanted.len()).map(partner).collect()
}

/// Finds a place for the item `of`, and another one for whoever has it, as long as there is one.
fn take(of: usize, could_be: &[Vec<usize>], taken: &mut [Option<usize>], asked: &mut [bool]) -> bool {
    for &at in &could_be[of] {
        if std::mem::replace(&mut asked[at], true) {
            continue;
        }
        if taken[at].is_none_or(|by| take(by, could_be, taken, asked)) {
            taken[at] = Some(of);
            return true;
        }
    }
    false
}

/// Whether having nothing is the same.
fn is_empty(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(false) => true,
        Json::Bool(true) => false,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
    }
}

/// A value as people see it; short ones on one line.
pub(super) fn seen(json: &Json) -> Shown {
    const MOST: usize = 60;
    match json {
        Json::String(text) if !text.contains('\n') => Shown::Value(text.clone()),
        Json::Array(_) | Json::Object(_) if json.to_string().len() > MOST => Shown::Text(pretty(json)),
        Json::String(text) => Shown::Text(text.clone()),
        other => Shown::Value(other.to_string()),
    }
}

/// The JSON over several lines, its fields sorted.
pub(super) fn pretty(json: &Json) -> String {
    let mut text = serde_json::to_string_pretty(&sorted(json)).unwrap_or_default();
    text.push('\n');
    text
}

/// Sorts by hand: any crate of the program may have turned on `serde_json`'s `preserve_order`.
fn sorted(json: &Json) -> Json {
    match json {
        Json::Object(map) => {
            let mut fields: Vec<_> = map.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            Json::Object(fields.into_iter().collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differing(wanted: &Json, shown: &Json) -> Vec<String> {
        let mut diff = Diff::new();
        compare(wanted, wanted, shown, &mut diff);
        diff.changes
            .into_iter()
            .map(|change| format!("{}: {} → {}", change.property, change.from, change.to))
            .collect()
    }

    #[test]
    fn what_a_server_fills_in_is_no_difference() {
        let wanted = json!({
            "cpus": 0.5, "mem": 128, "disk": 0, "labels": { "a": "1" }, "constraints": [["rack", "LIKE", "r."], ["hostname", "UNIQUE"]],
            "ports": [0], "container": { "portMappings": [{ "containerPort": 80, "hostPort": 0 }] }, "fetch": [], "env": {},
        });
        let shown = json!({
            "cpus": 0.5, "mem": 128.0, "instances": 3, "labels": { "a": "1" }, "env": {}, "backoffFactor": 1.15,
            "constraints": [["hostname", "UNIQUE"], ["rack", "LIKE", "r."]], "ports": [10003], "gpus": 0, "cmd": null,
            "container": { "type": "DOCKER", "portMappings": [{ "containerPort": 80, "hostPort": 0, "servicePort": 10000, "protocol": "tcp" }] },
        });
        assert_eq!(differing(&wanted, &shown), [""; 0]);
    }

    #[test]
    fn of_a_set_neither_order_nor_repetition_is_a_difference() {
        let shown = json!({
            "healthChecks": [{ "path": "/b", "intervalSeconds": 60 }, { "path": "/a", "intervalSeconds": 5 }],
            "constraints": [["rack", "LIKE", "r."], ["hostname", "UNIQUE"]],
        });
        let wanted = |checks: Json| json!({ "healthChecks": checks });
        for same in [
            wanted(json!([{ "path": "/a", "intervalSeconds": 5 }, { "path": "/b" }])),
            wanted(json!([{ "path": "/b" }, { "path": "/a" }, { "path": "/b" }])),
            json!({ "constraints": [["hostname", "UNIQUE"], ["rack", "LIKE", "r."], ["hostname", "UNIQUE"]] }),
        ] {
            assert_eq!(differing(&same, &shown), [""; 0], "{same}");
        }
        // Whichever is looked at first, each is one of those that are shown.
        let twice = json!([{ "path": "/a", "intervalSeconds": 5 }, { "path": "/a", "intervalSeconds": 60 }]);
        for same in [
            json!([{ "path": "/a" }, { "path": "/a", "intervalSeconds": 5 }]),
            json!([{ "path": "/a", "intervalSeconds": 60 }, { "path": "/a" }]),
        ] {
            assert_eq!(
                differing(&wanted(same.clone()), &wanted(twice.clone())),
                [""; 0],
                "{same}"
            );
        }
        for (fewer, more) in [
            (json!([{ "path": "/a" }]), twice),
            (
                json!([{ "path": "/a" }, { "path": "/a", "intervalSeconds": 5 }]),
                json!([{ "path": "/a", "intervalSeconds": 5 }]),
            ),
        ] {
            let told = differing(&wanted(fewer.clone()), &wanted(more));
            assert_eq!(told.len(), 1, "{fewer}");
        }
        for other in [
            wanted(json!([{ "path": "/a" }, { "path": "/c" }])),
            wanted(json!([{ "path": "/a" }, { "path": "/a" }])),
            wanted(json!([{ "path": "/a", "protocol": "HTTP" }, { "path": "/b" }])),
            wanted(json!([])),
            json!({ "constraints": [["UNIQUE", "hostname"], ["rack", "LIKE", "r."]] }),
        ] {
            assert_eq!(differing(&other, &shown).len(), 1, "{other}");
        }
    }

    #[test]
    fn what_is_sent_whole_and_not_wanted_is_told() {
        let wanted = json!({
            "cmd": "x",
            "container": { "docker": { "image": "a" }, "volumes": [], "portMappings": [{ "containerPort": 80 }] },
            "healthChecks": [{ "protocol": "HTTP" }],
        });
        let filled_in = json!({
            "cmd": "x", "networks": [{ "mode": "host" }],
            "container": {
                "type": "", "docker": { "image": "a", "privileged": false, "parameters": [] }, "volumes": [],
                "portMappings": [{ "containerPort": 80, "servicePort": 10000, "labels": {} }],
            },
            "healthChecks": [{ "protocol": "HTTP", "path": "/", "portIndex": 0, "intervalSeconds": 60 }],
        });
        assert_eq!(differing(&wanted, &filled_in), [""; 0]);
        let shown = json!({
            "cmd": "x",
            "container": {
                "docker": { "image": "a", "privileged": true }, "volumes": [{ "containerPath": "/data" }],
                "portMappings": [{ "containerPort": 80, "name": "web" }],
            },
            "healthChecks": [{ "protocol": "HTTP", "path": "/health" }],
        });
        assert_eq!(
            differing(&wanted, &shown),
            [
                "container.docker.privileged: true → absent",
                r#"container.portMappings: [{"containerPort":80,"name":"web"}] → [{"containerPort":80}]"#,
                r#"container.volumes: [{"containerPath":"/data"}] → []"#,
                r#"healthChecks: [{"path":"/health","protocol":"HTTP"}] → [{"protocol":"HTTP"}]"#,
            ]
        );
    }

    #[test]
    fn what_a_server_filled_in_stays_with_the_item_that_it_is_of() {
        let wanted = json!({
            "mem": 1, "healthChecks": [{ "path": "/b" }, { "path": "/c", "intervalSeconds": 1 }],
            "container": { "portMappings": [{ "containerPort": 80 }] },
        });
        let shown = json!({
            "mem": 2, "cpus": 1, "healthChecks": [{ "path": "/a", "delaySeconds": 5 }, { "path": "/b", "delaySeconds": 6 }],
            "container": { "portMappings": [{ "containerPort": 80, "servicePort": 10001 }], "volumes": [] },
        });
        assert_eq!(
            filled(wanted, &shown),
            json!({
                "mem": 1, "healthChecks": [{ "path": "/b", "delaySeconds": 6 }, { "path": "/c", "intervalSeconds": 1 }],
                "container": { "portMappings": [{ "containerPort": 80, "servicePort": 10001 }] },
            })
        );
        // Of two that are alike but for what one leaves to the server, neither gets what is the other's.
        let checks = |checks: Json| json!({ "healthChecks": checks });
        assert_eq!(
            filled(
                checks(json!([{ "path": "/a" }, { "path": "/a", "delaySeconds": 5 }, { "path": "/a" }])),
                &checks(json!([{ "path": "/a", "delaySeconds": 5 }, { "path": "/a", "delaySeconds": 6 }])),
            ),
            checks(json!([
                { "path": "/a", "delaySeconds": 6 }, { "path": "/a", "delaySeconds": 5 }, { "path": "/a", "delaySeconds": 6 },
            ]))
        );
    }

    #[test]
    fn of_what_says_one_thing_together_the_unwanted_is_in_the_way() {
        let shown = json!({ "cmd": "x", "args": [], "container": { "type": "DOCKER" }, "cpus": 1 });
        let left = |wanted| {
            let left = in_the_way(&["cmd", "args", "container"], &wanted, &shown);
            left.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(left(json!({ "args": ["x"] })), ["cmd", "container"]);
        assert_eq!(left(json!({ "cmd": "y", "container": {} })), [""; 0]);
        assert_eq!(left(json!({ "cpus": 2 })), [""; 0]);
    }

    #[test]
    fn differences_are_told_by_the_field() {
        let wanted = json!({
            "cpus": 1, "labels": { "a": "1" }, "env": { "MODE": "new" }, "cmd": "x", "constraints": [], "ports": [80],
            "container": { "docker": { "image": "b" } },
        });
        let shown = json!({
            "cpus": 0.5, "labels": { "a": "2", "b": "3" }, "env": { "MODE": "old", "TOKEN": "hunter2" }, "constraints": [["hostname", "UNIQUE"]],
            "ports": [80, 81], "container": { "docker": { "image": "a" } },
        });
        assert_eq!(
            differing(&wanted, &shown),
            [
                "cmd: absent → x",
                r#"constraints: [["hostname","UNIQUE"]] → []"#,
                "container.docker.image: a → b",
                "cpus: 0.5 → 1",
                "env.MODE: (secret) → new",
                "env.TOKEN: (secret) → absent",
                "labels.a: 2 → 1",
                "labels.b: 3 → absent",
                "ports: [80,81] → [80]",
            ]
        );
    }
}
