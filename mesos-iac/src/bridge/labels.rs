use super::haproxy::MOST_NAMES;
use super::not_served::NotServed;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The names that labels give to service ports: by app, its path joined by `_`, and by the port's place in it.
pub type HostNames = BTreeMap<String, BTreeMap<usize, Vec<String>>>;

/// As much as is needed of what `GET /v2/apps` answers.
#[derive(Deserialize)]
struct Apps {
    apps: Vec<App>,
}

#[derive(Deserialize)]
struct App {
    id: String,
    /// Marathons before 0.8 know none.
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// Reads what a Marathon answers to `GET /v2/apps`, as JSON: the labels `HAPROXY_<n>_VHOST`, where `<n>` is the place of a
/// service port in its app, from 0, and the value is a host name or several with commas between them.
///
/// # Errors
/// It is no such JSON; says why.
pub fn parse_labels(json: &str) -> Result<(HostNames, NotServed), String> {
    let apps: Apps = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let (mut names, mut skipped) = (HostNames::new(), NotServed::default());
    for app in apps.apps {
        let id = app.id.trim_start_matches('/').replace('/', "_");
        for (label, value) in &app.labels {
            let place = label
                .strip_prefix("HAPROXY_")
                .and_then(|rest| rest.strip_suffix("_VHOST"));
            let Some(place) = place.and_then(|place| place.parse::<usize>().ok()) else {
                continue;
            };
            for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                if !is_host_name(name) {
                    skipped.add(format_args!("{}, label {label}={name}", app.id), "no host name");
                    continue;
                }
                let of_port = names.entry(id.clone()).or_default().entry(place).or_default();
                let name = name.to_ascii_lowercase();
                // One more than may be: whoever renders them tells that there are too many.
                if of_port.len() > MOST_NAMES {
                    break;
                }
                if !of_port.contains(&name) {
                    of_port.push(name);
                }
            }
        }
    }
    Ok((names, skipped))
}

/// Whether it is the name of a host as a client sends it. It stands in a configuration as it is, so this is also what keeps
/// a label from saying anything else there.
pub(super) fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        label.len() <= 63
            && label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.ends_with(|c: char| c.is_ascii_alphanumeric())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_service_ports() {
        let json = r#"{"apps": [
            {"id": "/shop/web", "instances": 2, "labels": {
                "HAPROXY_0_VHOST": "Shop.example.com, shop.example.org,", "HAPROXY_1_VHOST": "admin.example.com",
                "HAPROXY_GROUP": "external", "HAPROXY_X_VHOST": "no"}},
            {"id": "/plain"}
        ]}"#;
        let (names, skipped) = parse_labels(json).unwrap();
        assert!(skipped.is_empty());
        assert_eq!(names.len(), 1);
        assert_eq!(names["shop_web"][&0], ["shop.example.com", "shop.example.org"]);
        assert_eq!(names["shop_web"][&1], ["admin.example.com"]);
    }

    #[test]
    fn no_label_takes_more_than_its_names_and_a_count() {
        let said = |value: String| {
            let json = serde_json::json!({"apps": [{"id": "/x", "labels": {"HAPROXY_0_VHOST": value}}]});
            parse_labels(&json.to_string()).unwrap()
        };
        let many: Vec<String> = (0..10_000).map(|number| format!("n{number}.org")).collect();
        assert_eq!(said(many.join(",")).0["x"][&0].len(), MOST_NAMES + 1);
        assert_eq!(said("a.org,A.org,".repeat(10_000)).0["x"][&0], ["a.org"]);
        let (names, skipped) = said("-,".repeat(10_000));
        assert!(names.is_empty());
        assert_eq!((skipped.number(), skipped.told().len()), (10_000, 50));
    }

    #[test]
    fn a_label_that_is_no_host_name_is_left_out_and_told() {
        for name in ["a b", "a\n", "a\nbackend x", "-i", "a..b", "*.example.com", "a#", "é"] {
            let json =
                serde_json::json!({"apps": [{"id": "/x", "labels": {"HAPROXY_0_VHOST": format!("ok.org,{name}z")}}]});
            let (names, skipped) = parse_labels(&json.to_string()).unwrap();
            assert_eq!(names["x"][&0], ["ok.org"], "{name:?}");
            assert_eq!(skipped.number(), 1, "{name:?}");
            assert!(!skipped.told()[0].to_string().contains('\n'));
        }
        assert!(parse_labels("<html>").is_err());
    }
}
