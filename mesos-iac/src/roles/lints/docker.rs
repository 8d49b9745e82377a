use super::found;
use super::read::runs::{By, runs};
use super::read::variables::variables;
use super::read::{shell, system};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use crate::words::ResourceId;
use serde_json::Value;

lints! {
    DOCKER_INSECURE_NETWORK = Warning "docker-insecure-network": "Docker trusts every registry of a whole network";
    DOCKER_OPEN_API = Warning "docker-open-api": "Docker takes orders from the network without asking who gives them";
    DOCKER_OTHER_ARGS = Warning "docker-other-args": "Docker's options stand where only the start script of EL6 reads them";
}

lint_rule!(docker => [&DOCKER_INSECURE_NETWORK, &DOCKER_OPEN_API, &DOCKER_OTHER_ARGS]);

fn docker(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        other_args(cx, host);
        for told in tellings(host) {
            for network in told.insecure.iter().filter(|name| is_network(name)) {
                let message = format!("{} trusts every registry in {network}, without encryption", told.place);
                cx.report(
                    found(&DOCKER_INSECURE_NETWORK, host, Some(told.id), message)
                        .hint("name the one registry, or better give it a certificate"),
                );
            }
            let open = told.hosts.iter().find(|name| {
                let address = name.strip_prefix("tcp://");
                address.is_some_and(|address| {
                    !address.starts_with("127.") && !address.starts_with("localhost") && !address.starts_with("[::1]")
                })
            });
            if let Some(open) = open.filter(|_| !told.verifies) {
                let message = format!(
                    "{} listens on {open}, and who reaches it is root on the host",
                    told.place
                );
                cx.report(
                    found(&DOCKER_OPEN_API, host, Some(told.id), message)
                        .hint("leave it to its socket, or set `tlsverify` and its certificates"),
                );
            }
        }
    }
}

/// `other_args` where something else than EL6 is said to run.
fn other_args(cx: &LintCx<'_>, host: &LintHost<'_>) {
    const PATH: &str = "/etc/sysconfig/docker";
    let (Some(os), Some(file)) = (host.view().os(), host.file(PATH)) else {
        return;
    };
    let is_of_el = matches!(os.id.as_str(), "centos" | "rhel" | "ol" | "scientific" | "amzn");
    // A version that can't be read may be 6.
    let is_six = is_of_el && system::version(os).is_none_or(|(major, _)| major == 6 || os.id == "amzn");
    // Somebody's own unit may read it.
    let is_read = || {
        host.files()
            .iter()
            .any(|other| other.path != PATH && other.text.contains("other_args"))
    };
    if !is_six && variables(&file.text).any(|variable| variable.name == "other_args") && !is_read() {
        let message = format!("`other_args` of {PATH} is read by the start script of EL6 alone, and the host has {os}");
        cx.report(found(&DOCKER_OTHER_ARGS, host, Some(file.id), message).hint(
            "write the options to /etc/docker/daemon.json, or into the variable that the system's package reads",
        ));
    }
}

/// What one place tells the Docker daemon.
struct Telling<'c> {
    id: &'c ResourceId,
    place: String,
    insecure: Vec<String>,
    hosts: Vec<String>,
    verifies: bool,
}

fn tellings<'c>(host: &LintHost<'c>) -> Vec<Telling<'c>> {
    let mut tellings = Vec::new();
    if let Some(file) = host.file("/etc/docker/daemon.json")
        && let Ok(config) = serde_json::from_str::<Value>(&file.text)
    {
        let list = |name: &str| {
            let items = config.get(name).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        tellings.push(Telling {
            id: file.id,
            place: file.path.to_owned(),
            insecure: list("insecure-registries"),
            hosts: list("hosts"),
            verifies: config.get("tlsverify") == Some(&Value::Bool(true)),
        });
    }
    for path in ["/etc/default/docker", "/etc/sysconfig/docker", "/etc/conf.d/docker"] {
        let Some(file) = host.file(path) else { continue };
        for variable in variables(&file.text) {
            let place = format!("`{}` of {path}", variable.name);
            tellings.push(of_words(file.id, place, &shell::words(&variable.value)));
        }
    }
    for run in runs(host).iter().filter(|run| run.by == By::Init) {
        if let [program, arguments @ ..] = run.program()
            && matches!(shell::base(program), "dockerd" | "docker" | "docker-daemon")
        {
            tellings.push(of_words(run.id, run.place.clone(), arguments));
        }
    }
    tellings
}

/// Options are `--name value` and `--name=value`.
fn of_words<'c>(id: &'c ResourceId, place: String, words: &[String]) -> Telling<'c> {
    let values = |names: [&str; 2]| {
        let mut values = Vec::new();
        for (index, word) in words.iter().enumerate() {
            let (name, value) = word
                .split_once('=')
                .map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
            if names.contains(&name) {
                values.extend(value.map(str::to_owned).or_else(|| words.get(index + 1).cloned()));
            }
        }
        values
    };
    Telling {
        id,
        place,
        insecure: values(["--insecure-registry", "--insecure-registries"]),
        hosts: values(["-H", "--host"]),
        verifies: words
            .iter()
            .any(|word| matches!(word.as_str(), "--tlsverify" | "--tlsverify=true")),
    }
}

/// Whether it is more than one host.
fn is_network(name: &str) -> bool {
    name.rsplit_once('/').is_some_and(|(address, bits)| {
        let whole = if address.contains(':') { 128 } else { 32 };
        bits.parse::<u8>().is_ok_and(|bits| bits < whole)
    })
}
