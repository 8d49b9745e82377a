use crate::bridge::{BridgeConfig, HostNames, Routing, own_host_name, parse_labels};
use crate::lint::{Finding, LintCx};
use crate::lint_rule;
use crate::model::DeployedWorkload;
use crate::roles::haproxy::BRIDGE_CONFIG;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

lints! {
    SERVICE_PORT_TWICE = Warning "service-port-twice": "HAProxy is to serve two apps on one port, and serves one";
    HOST_NAME_TWICE = Warning "host-name-twice": "HAProxy is to serve two apps by one host name, and serves one or none";
}

lint_rule!(served => [&SERVICE_PORT_TWICE, &HOST_NAME_TWICE]);

/// What the bridges of the cluster leave out of what its own apps ask for; they tell it only as they run.
fn served(cx: &LintCx<'_>) {
    let files = cx.hosts().iter().filter_map(|host| host.file(BRIDGE_CONFIG));
    let bridges = files.filter_map(|file| serde_json::from_str::<BridgeConfig>(&file.text).ok());
    let (mut lowest, mut domains) = (BTreeSet::new(), BTreeSet::new());
    for bridge in bridges {
        match bridge.routing {
            Routing::Ports { lowest: port } => drop(lowest.insert(port)),
            Routing::HostNames { domain, .. } => drop(domains.insert(domain)),
        }
    }
    let of_marathon = cx.deployments().iter().filter(|of| of.scheduler == "marathon");
    // The bridge serves the first by name.
    let mut apps: Vec<App<'_>> = of_marathon.flat_map(|of| &of.workloads).map(App::of).collect();
    apps.sort_by(|one, other| one.joined.cmp(&other.joined));
    if let Some(lowest) = lowest.first() {
        ports(cx, &apps, *lowest);
    }
    let sent: Vec<&Value> = apps.iter().map(|app| &app.workload.json).collect();
    let labelled =
        parse_labels(&json!({ "apps": sent }).to_string()).map_or_else(|_| HostNames::new(), |(names, _)| names);
    for domain in domains {
        host_names(cx, &apps, &labelled, &domain);
    }
}

/// An app, with its service ports; none of those that Marathon chooses.
struct App<'c> {
    workload: &'c DeployedWorkload,
    /// Its path, joined by `_`.
    joined: String,
    ports: Vec<Option<u16>>,
}

impl<'c> App<'c> {
    fn of(workload: &'c DeployedWorkload) -> Self {
        Self {
            workload,
            joined: workload.name.trim_start_matches('/').replace('/', "_"),
            ports: service_ports(&workload.json),
        }
    }
}

fn service_ports(app: &Value) -> Vec<Option<u16>> {
    let number = |port: Option<&Value>| {
        let port = u16::try_from(port?.as_u64()?).ok()?;
        (port != 0).then_some(port)
    };
    let list = |pointer: &str| app.pointer(pointer).and_then(Value::as_array);
    if let Some(mappings) = list("/container/portMappings").or_else(|| list("/container/docker/portMappings")) {
        return mappings
            .iter()
            .map(|mapping| number(mapping.get("servicePort")))
            .collect();
    }
    if let Some(ports) = list("/portDefinitions") {
        return ports.iter().map(|port| number(port.get("port"))).collect();
    }
    match list("/ports") {
        Some(ports) => ports.iter().map(|port| number(Some(port))).collect(),
        // Who says nothing gets one.
        None => vec![None],
    }
}

fn ports(cx: &LintCx<'_>, apps: &[App<'_>], lowest: u16) {
    let mut owners: BTreeMap<u16, &App<'_>> = BTreeMap::new();
    for app in apps {
        for port in app.ports.iter().flatten().filter(|port| **port >= lowest) {
            let Some(owner) = owners.get(port) else {
                owners.insert(*port, app);
                continue;
            };
            let message = match owner.workload.name == app.workload.name {
                true => format!(
                    "app `{}` has the service port {port} twice, and HAProxy serves the first",
                    app.workload.name
                ),
                false => format!(
                    "apps `{}` and `{}` have the service port {port}, and HAProxy serves the first",
                    owner.workload.name, app.workload.name
                ),
            };
            let finding = SERVICE_PORT_TWICE
                .finding(message)
                .hint("give each a service port of its own");
            cx.report(declared(finding, &[owner, app]));
        }
    }
}

fn host_names(cx: &LintCx<'_>, apps: &[App<'_>], labelled: &HostNames, domain: &str) {
    // Who has a name by its own path, and who asks for it by a label.
    let mut own: BTreeMap<String, &App<'_>> = BTreeMap::new();
    let mut claims: BTreeMap<&str, Vec<&App<'_>>> = BTreeMap::new();
    for app in apps {
        let labels = labelled.get(&app.joined);
        for index in 0..app.ports.len() {
            match labels.and_then(|labels| labels.get(&index)) {
                Some(names) => {
                    for name in names {
                        let claims = claims.entry(name).or_default();
                        if claims.last().is_none_or(|last| last.joined != app.joined) {
                            claims.push(app);
                        }
                    }
                }
                None if index == 0 => own.extend(own_host_name(&app.joined, domain).map(|name| (name, app))),
                None => {}
            }
        }
    }
    for (name, claims) in claims {
        let shown: Vec<String> = claims.iter().map(|app| format!("`{}`", app.workload.name)).collect();
        let shown = shown.join(" and ");
        let (message, owner) = match own.get(name) {
            Some(owner) if claims.iter().any(|app| app.joined != owner.joined) => (
                format!(
                    "the host name {name} is that of app `{}`, and a label of {shown} asks for it in vain",
                    owner.workload.name
                ),
                Some(*owner),
            ),
            None if claims.len() > 1 => (
                format!("labels of {shown} ask for the host name {name}, and HAProxy gives it to none"),
                None,
            ),
            _ => continue,
        };
        let finding = HOST_NAME_TWICE
            .finding(message)
            .hint("take another name for one of them");
        cx.report(declared(finding, &owner.into_iter().chain(claims).collect::<Vec<_>>()));
    }
}

/// The finding, with where the apps are declared.
fn declared(finding: Finding, apps: &[&App<'_>]) -> Finding {
    let places: BTreeSet<_> = apps.iter().map(|app| &app.workload.at).collect();
    places
        .into_iter()
        .fold(finding, |finding, at| finding.at("declared", at.clone()))
}
