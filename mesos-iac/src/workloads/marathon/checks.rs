//! What Marathon would refuse, found before it is asked.

use super::app::App;
use super::container::{Container, Network, Runtime, Source};
use super::port::Protocol;
use super::version::{MarathonLine as _, Since};
use crate::model::{Code, Problem, Problems};
use crate::roles::Version;
use crate::words::{OWN_FIELDS, visible};
use crate::workloads::text::{is_user, is_variable, is_word, nul_at};
use std::collections::{BTreeMap, BTreeSet};

/// Since when there is what, from the schemas and release lines of Marathon.
pub(super) mod since {
    use super::Since;

    pub(in super::super) const FETCH: Since = Since::new((0, 11), (0, 15));
    pub(in super::super) const PORT_DEFINITIONS: Since = Since::new((0, 15), (1, 1));
    pub(super) const ACCEPTED_ROLES: Since = Since::new((0, 8), (0, 11));
    pub(super) const HEALTH_PORT: Since = Since::new((0, 11), (0, 15));
    pub(super) const OVER_CAPACITY: Since = Since::new((0, 8), (0, 11));
    pub(in super::super) const DOCKER_OPTIONS: Since = Since::new((0, 8), (0, 11));
    pub(super) const LAUNCH_DELAY: Since = Since::new((0, 8), (0, 11));
    pub(super) const MAPPING_NAMES: Since = Since::new((0, 15), (1, 1));
    pub(super) const MESOS_CONTAINERS: Since = Since::new((0, 15), (1, 1));
    pub(super) const PERSISTENT: Since = Since::new((0, 15), (1, 1));
    pub(in super::super) const READINESS: Since = Since::new((0, 15), (1, 1));
    pub(super) const NAMED_NETWORKS: Since = Since::new((1, 1), (1, 3));
    pub(super) const GPUS: Since = Since::new((1, 1), (1, 3));
    pub(super) const KILL_GRACE: Since = Since::new((1, 1), (1, 3));
    pub(super) const KILL_SELECTION: Since = Since::new((1, 3), (1, 4));
    pub(super) const HEALTH_DELAY: Since = Since::new((1, 3), (1, 4));
    pub(super) const MESOS_HEALTH: Since = Since::new((1, 3), (1, 4));
    pub(super) const NETWORKS: Since = Since::new((1, 4), (1, 5));
}

/// The label that says of an app that there is never more than one instance of it, not even during a deployment.
const SINGLE: &str = "MARATHON_SINGLE_INSTANCE_APP";

/// The labels that are ours.
pub(super) const OURS: &str = "mesos-iac.";

/// The mistakes of one app, each with the app's name and place.
struct Found<'a> {
    app: &'a App,
    version: Version,
    problems: Problems,
}

impl Found<'_> {
    fn say(&mut self, what: impl std::fmt::Display, hint: impl Into<String>) {
        let problem = Problem::new(
            Code::InvalidWorkload,
            format!("app `{}`: {what}", visible(&self.app.id)),
        );
        self.problems
            .push(problem.at("declared", self.app.at.clone()).hint(hint));
    }

    fn needs(&mut self, is_used: bool, what: &str, since: Since) {
        if is_used && self.version.lacks(since) {
            let message = format!("Marathon {} doesn't know {what}", self.version);
            self.say(
                message,
                format!("{since}; leave it out, or declare the version that runs"),
            );
        }
    }
}

impl App {
    /// Everything for which this version of Marathon would refuse the app.
    #[must_use]
    pub fn problems(&self, version: Version) -> Problems {
        let mut found = Found {
            app: self,
            version,
            problems: Problems::new(),
        };
        check_id(&mut found);
        check_process(&mut found);
        check_resources(&mut found);
        check_ports(&mut found);
        if let Some(container) = &self.container {
            check_container(&mut found, container);
        }
        check_constraints(&mut found);
        check_health(&mut found);
        check_deployment(&mut found);
        check_fields(&mut found);
        found.problems
    }
}

/// Why a text is no absolute id, if it isn't.
pub(super) fn id_mistake(id: &str) -> Option<&'static str> {
    let Some(rest) = id.strip_prefix('/') else {
        return Some("it doesn't begin with `/`");
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    for segment in rest.split('/') {
        if segment.is_empty() {
            return Some("a part between two `/` is empty");
        }
        if matches!(segment, "." | "..") {
            return Some("`.` and `..` stand for other ids");
        }
        if !segment.chars().all(plain) {
            return Some("parts are of `a-z`, `0-9`, `-` and `.`");
        }
        if segment.starts_with(['-', '.']) || segment.ends_with(['-', '.']) {
            return Some("a part begins and ends with a letter or digit");
        }
    }
    None
}

fn check_id(found: &mut Found<'_>) {
    if let Some(why) = id_mistake(&found.app.id) {
        let rest: String = found.app.id.to_lowercase().replace('_', "-");
        let right = format!("/{}", rest.trim_matches('/'));
        let hint = match id_mistake(&right) {
            None => format!("write `{right}`"),
            Some(_) => "an id is a path such as `/shop/web`".to_owned(),
        };
        found.say(format!("this is no app's id: {why}"), hint);
    }
}

fn check_process(found: &mut Found<'_>) {
    let app = found.app;
    if app.cmd.is_some() && !app.args.is_empty() {
        found.say(
            "it has both a command and arguments",
            "a shell reads `.cmd(…)`, nothing reads `.args(…)`: keep one",
        );
    }
    if app.cmd.as_deref().is_some_and(|command| command.trim().is_empty()) {
        found.say("its command is empty", "leave `.cmd(…)` out to run what the image runs");
    }
    let has_image = app
        .container
        .as_ref()
        .is_some_and(|container| container.image.is_some());
    if app.cmd.is_none() && !has_image {
        found.say(
            "it says nothing that could run",
            "add `.cmd(…)`, or `.container(docker(…))` whose image runs something",
        );
    }
    for name in app.env.keys().filter(|name| !is_variable(name)) {
        found.say(
            format!("{name:?} is no variable's name"),
            "a name is a text without `=` and control characters",
        );
    }
    if let Some(user) = app.user.as_deref().filter(|user| !is_user(user)) {
        found.say(format!("{user:?} is no user"), "name one that the agents have");
    }
    for uri in app.fetch.iter().filter(|uri| !is_word(uri)) {
        found.say(
            format!("{uri:?} can't be fetched"),
            "a URI isn't empty, and has `%20` for a space",
        );
    }
}

fn check_resources(found: &mut Found<'_>) {
    let app = found.app;
    let least = if found.version.has_networks() { 0.001 } else { 0.0 };
    let bounds = [
        ("cpus", app.cpus, least),
        ("mem", app.mem, 0.0),
        ("disk", app.disk, 0.0),
    ];
    for (name, value, least) in bounds {
        if let Some(value) = value
            && (!value.is_finite() || value < least)
        {
            found.say(format!("{name} is {value}"), format!("give it {least} at the least"));
        }
    }
    found.needs(app.gpus.is_some(), "gpus", since::GPUS);
    let on_mesos = app
        .container
        .as_ref()
        .is_none_or(|container| container.runtime == Runtime::Mesos);
    if app.gpus.is_some_and(|gpus| gpus > 0) && !on_mesos {
        let hint = "run it in `mesos_container()`, on a Marathon with the feature `gpu_resources`";
        found.say("Docker's containers get no gpus", hint);
    }
    found.needs(
        app.accepted_roles.is_some(),
        "`acceptedResourceRoles`",
        since::ACCEPTED_ROLES,
    );
    if app.accepted_roles.as_ref().is_some_and(Vec::is_empty) {
        found.say(
            "it accepts resources of no role",
            "name one, such as `*`, or leave it out",
        );
    }
}

fn check_ports(found: &mut Found<'_>) {
    let app = found.app;
    let network = app
        .container
        .as_ref()
        .map_or(&Network::Host, |container| &container.network);
    let Some(ports) = &app.ports else { return };
    if *network != Network::Host && !ports.is_empty() {
        let hint = "map the container's ports instead: `.container(docker(…).bridge().map(8080))`";
        found.say("it asks for ports of the agent, and is on a network of its own", hint);
    }
    let mut seen = BTreeSet::new();
    let mut names = BTreeSet::new();
    for port in ports {
        if port.number != 0 && !seen.insert(port.number) {
            found.say(
                format!("it asks twice for port {}", port.number),
                "ask for it once; 0 may be asked for again",
            );
        }
        check_port_name(found, port.name.as_ref(), &mut names);
        if port.protocol == Protocol::UdpAndTcp {
            found.say("a port of the agent takes TCP or UDP", "ask for two ports");
        }
        found.needs(
            port.is_more(),
            "names, labels and protocols of ports",
            since::PORT_DEFINITIONS,
        );
    }
}

fn check_port_name<'a>(found: &mut Found<'_>, name: Option<&'a String>, seen: &mut BTreeSet<&'a str>) {
    let Some(name) = name else { return };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
        let hint = "a name is of `a-z`, `0-9` and `-`, and begins with a letter";
        found.say(format!("{name:?} is no port's name"), hint);
    }
    if !seen.insert(name) {
        found.say(format!("two ports are named `{name}`"), "give each a name of its own");
    }
}

fn check_container(found: &mut Found<'_>, container: &Container) {
    let is_mesos = container.runtime == Runtime::Mesos;
    found.needs(is_mesos, "containers of Mesos", since::MESOS_CONTAINERS);
    if container.image.as_deref().is_some_and(|image| image.trim().is_empty()) {
        found.say("its container's image is empty", "name one, such as `nginx:1.25`");
    }
    let options = container.privileged || container.force_pull || !container.parameters.is_empty();
    found.needs(options, "the options of Docker's containers", since::DOCKER_OPTIONS);
    if is_mesos && (container.privileged || !container.parameters.is_empty()) {
        found.say(
            "its container is one of Mesos, and has options of Docker's",
            "use `docker(…)`, or leave them out",
        );
    }
    match &container.network {
        Network::Named(name) => {
            found.needs(true, "named networks", since::NAMED_NETWORKS);
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            if !(1..=63).contains(&name.len())
                || !name.chars().all(plain)
                || !name.starts_with(ends)
                || !name.ends_with(ends)
            {
                found.say(
                    format!("{name:?} is no network's name"),
                    "a name has 1 to 63 of `a-z`, `0-9` and `-`",
                );
            }
        }
        Network::Bridge => found.needs(is_mesos, "bridges of containers of Mesos", since::NETWORKS),
        Network::Host => {}
    }
    if container.network == Network::Host && !container.mappings.is_empty() {
        let hint = "put it on a bridge with `.bridge()`, or ask for ports of the agent with `app.port(…)`";
        found.say("it maps ports, and is on the agent's network", hint);
    }
    let of_mesos = is_mesos && !container.mappings.is_empty();
    found.needs(of_mesos, "port mappings of containers of Mesos", since::NETWORKS);
    let (mut names, mut hosts, mut services) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for mapping in &container.mappings {
        check_port_name(found, mapping.name.as_ref(), &mut names);
        let newer = mapping.name.is_some() || !mapping.labels.is_empty() || mapping.protocol == Protocol::UdpAndTcp;
        found.needs(
            newer,
            "names, labels and double protocols of mappings",
            since::MAPPING_NAMES,
        );
        if container.network == Network::Bridge && mapping.host.is_none() {
            let hint = "leave `.not_on_host()` out, and Mesos chooses a port of the agent";
            found.say(
                format!("port {} on a bridge leads to no port of the agent", mapping.container),
                hint,
            );
        }
        let twice = [
            (
                "host",
                mapping.host,
                hosts.insert((mapping.host, mapping.protocol.as_str())),
            ),
            ("service", mapping.service, services.insert((mapping.service, ""))),
        ];
        for (which, port, is_new) in twice {
            if let Some(port) = port.filter(|port| *port != 0 && !is_new) {
                found.say(
                    format!("two mappings have the {which} port {port}"),
                    "give each one of its own, or 0",
                );
            }
        }
    }
    for volume in &container.volumes {
        let path = &volume.container_path;
        match &volume.source {
            Source::Host(host) => {
                if host.is_empty() || path.is_empty() {
                    found.say("a volume has an empty path", "`Volume::host(\"/srv/data\", \"/data\")`");
                }
            }
            Source::Persistent(_) => {
                found.needs(true, "persistent volumes", since::PERSISTENT);
                if path.is_empty() || path.contains('/') || matches!(path.as_str(), "." | "..") {
                    let hint = "it is a name within the sandbox, such as `data`, without `/`";
                    found.say(format!("{path:?} is no place for a persistent volume"), hint);
                }
                if volume.read_only {
                    found.say(
                        format!("the persistent volume `{path}` is read-only"),
                        "leave `.read_only()` out",
                    );
                }
            }
        }
    }
}

fn check_constraints(found: &mut Found<'_>) {
    let app = found.app;
    for (index, constraint) in app.constraints.iter().enumerate() {
        if let Err(error) = constraint.check() {
            found.say(format!("the constraint `{constraint}`: {error}"), "see `Constraint`");
        }
        if app.constraints[..index].contains(constraint) {
            found.say(
                format!("the constraint `{constraint}` stands there twice"),
                "once is enough",
            );
        }
        if let Some((what, since)) = constraint.lacking(found.version) {
            let line = format!(
                "Marathon {} doesn't know {what} of the constraint `{constraint}`",
                found.version
            );
            let field = constraint.field();
            let hint = match (constraint.operator(), constraint.value()) {
                (super::Operator::Is, Some(value)) => {
                    format!("; write `Constraint::cluster(\"{field}\", \"{value}\")`")
                }
                _ if field == "@hostname" => "; write `hostname`".to_owned(),
                _ => String::new(),
            };
            found.say(line, format!("{since}{hint}"));
        }
    }
}

fn check_health(found: &mut Found<'_>) {
    let app = found.app;
    let of_mesos = app
        .health_checks
        .iter()
        .filter(|check| check.protocol.is_of_mesos())
        .count();
    if of_mesos > 1 {
        let hint = "`COMMAND` is one of them; checks of Marathon (`HTTP`, `HTTPS`, `TCP`) may be several";
        found.say(format!("{of_mesos} health checks are of Mesos, which does one"), hint);
    }
    for check in &app.health_checks {
        let protocol = check.protocol.as_str();
        found.needs(
            check.protocol.is_newer(),
            "health checks of Mesos over the network",
            since::MESOS_HEALTH,
        );
        found.needs(
            check.port.is_some(),
            "ports by number in health checks",
            since::HEALTH_PORT,
        );
        found.needs(check.delay.is_some(), "`delaySeconds`", since::HEALTH_DELAY);
        if let Some(path) = check.path.as_deref().filter(|path| !path.starts_with('/')) {
            found.say(
                format!("a health check asks for {path:?}"),
                format!("a path begins with `/`: `/{path}`"),
            );
        }
        let is_command = check.protocol == super::HealthProtocol::Command;
        if is_command
            != check
                .command
                .as_deref()
                .is_some_and(|command| !command.trim().is_empty())
        {
            let hint = "a check of the sort `COMMAND` has a command, and no other has one";
            found.say(
                format!("a health check of the sort {protocol} has the wrong words"),
                hint,
            );
        }
        if check.port.is_some() && check.port_index.is_some() {
            found.say(
                "a health check names a port both by number and by index",
                "keep one of them",
            );
        }
        let count = app.port_count();
        if let Some(index) = check.port_index.filter(|index| *index >= count) {
            let hint = match count {
                0 => "it has no port; ask for one, or name it by number".to_owned(),
                count => format!("it has {count}, counted from 0"),
            };
            found.say(format!("a health check asks port index {index}"), hint);
        }
        if check.port_index.is_none() && check.port.is_none() && !is_command && count == 0 {
            found.say(
                format!("a health check of the sort {protocol} has no port to ask"),
                "ask for one, or map one",
            );
        }
    }
    found.needs(!app.readiness_checks.is_empty(), "readiness checks", since::READINESS);
    if app.readiness_checks.len() > 1 {
        found.say("it has several readiness checks", "Marathon does one: keep it");
    }
    for check in &app.readiness_checks {
        let of_ports = app.ports.iter().flatten().filter_map(|port| port.name.as_ref());
        let mappings = app.container.iter().flat_map(|container| &container.mappings);
        let mut names = of_ports.chain(mappings.filter_map(|mapping| mapping.name.as_ref()));
        if !names.any(|name| *name == check.port_name) {
            let hint = "give a port this name: `Port::new(0).name(…)` or `PortMapping::new(…).name(…)`";
            found.say(
                format!(
                    "the readiness check asks a port `{}`, and none has that name",
                    check.port_name
                ),
                hint,
            );
        }
        if check
            .time_out
            .zip(check.interval)
            .is_some_and(|(time_out, interval)| time_out >= interval)
        {
            found.say(
                "the readiness check waits longer for an answer than from question to question",
                "wait less",
            );
        }
    }
}

/// How long a run waits for a deployment at the most.
const LONGEST_DEPLOYMENT: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);

fn check_deployment(found: &mut Found<'_>) {
    let app = found.app;
    if app.within.is_some_and(|within| within > LONGEST_DEPLOYMENT) {
        found.say(
            "its deployment may take more than a week",
            "a run waits for it: say less",
        );
    }
    for (name, part) in [
        ("minimumHealthCapacity", app.min_health),
        ("maximumOverCapacity", app.max_over),
    ] {
        if let Some(part) = part.filter(|part| !(0.0..=1.0).contains(part)) {
            found.say(
                format!("{name} is {part}"),
                "it is a part of the instances: from 0 to 1",
            );
        }
    }
    found.needs(app.max_over.is_some(), "`maximumOverCapacity`", since::OVER_CAPACITY);
    if app.labels.get(SINGLE).is_some_and(|value| value == "true") {
        if app.instances.is_some_and(|instances| instances > 1) {
            found.say(
                format!("it has the label {SINGLE} and several instances"),
                "have one instance, or no label",
            );
        }
        if app.min_health != Some(0.0) || app.max_over != Some(0.0) {
            let hint = "add `.minimum_health_capacity(0.0).maximum_over_capacity(0.0)`";
            found.say(
                format!("it has the label {SINGLE}, and may have two instances during a deployment"),
                hint,
            );
        }
    }
    if let Some(factor) = app.backoff_factor.filter(|factor| !factor.is_finite() || *factor < 1.0) {
        found.say(
            format!("its backoff factor is {factor}"),
            "the time grows: give it 1 at the least",
        );
    }
    found.needs(
        app.max_launch_delay.is_some(),
        "`maxLaunchDelaySeconds`",
        since::LAUNCH_DELAY,
    );
    found.needs(
        app.kill_grace.is_some(),
        "`taskKillGracePeriodSeconds`",
        since::KILL_GRACE,
    );
    found.needs(app.kill_selection.is_some(), "`killSelection`", since::KILL_SELECTION);
    for id in &app.dependencies {
        if let Some(why) = id_mistake(id) {
            found.say(
                format!("it depends on {id:?}, which is no id: {why}"),
                "name it by its absolute id: `/shop/db`",
            );
        } else if *id == app.id {
            found.say("it depends on itself", "leave that out");
        }
    }
}

fn check_fields(found: &mut Found<'_>) {
    let app = found.app;
    for name in app.labels.keys().filter(|name| name.trim().is_empty()) {
        found.say(format!("a label is named {name:?}"), "give it a name, or leave it out");
    }
    for name in app.labels.keys().filter(|name| name.starts_with(OURS)) {
        found.say(
            format!("the label `{name}` is one of this tool's own"),
            "choose another name",
        );
    }
    let mappings = app.container.iter().flat_map(|container| &container.mappings);
    let of_ports = app.ports.iter().flatten().map(|port| &port.labels);
    let labels = mappings.map(|mapping| &mapping.labels).chain(of_ports);
    let names = labels
        .chain([&app.labels])
        .flat_map(BTreeMap::keys)
        .chain(app.env.keys());
    // What has one would be taken for a secret or for another reference of ours.
    for name in names.filter(|name| name.starts_with(OWN_FIELDS)) {
        found.say(
            format!("`{}` is a name of this tool's own", visible(name)),
            "choose another name",
        );
    }
    if let Some(place) = nul_at(&app.to_json(found.version)) {
        found.say(
            format!("there is a NUL byte at `{place}`, which no agent can hand on"),
            "leave it out",
        );
    }
    let plain = App {
        fields: BTreeMap::new(),
        ..app.clone()
    };
    let written = plain.to_json(found.version);
    for name in app.fields.keys().filter(|name| written.get(name.as_str()).is_some()) {
        found.say(
            format!("the field `{name}` is given twice"),
            "leave `.unchecked_field(…)` out",
        );
    }
    for (name, right) in [
        ("ports", "app.port(…)"),
        ("portDefinitions", "app.port(…)"),
        ("uris", "app.fetch(…)"),
        ("networks", "container.network(…)"),
        ("ipAddress", "container.network(…)"),
    ] {
        if app.fields.contains_key(name) {
            found.say(
                format!("`{name}` depends on the version, so it is no unchecked field"),
                format!("use `{right}`"),
            );
        }
    }
}
