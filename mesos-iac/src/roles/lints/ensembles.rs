use super::read::runs::runs;
use super::read::zoo_cfg::{Server, ZooCfg, configs};
use super::{found, of_hosts};
use crate::kinds::File;
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use std::collections::{BTreeMap, BTreeSet, HashMap};

lints! {
    EVEN_ENSEMBLE = Warning "even-ensemble": "an even number of ZooKeeper's servers bears no more than one less";
    ENSEMBLE_DIFFERS = Error "ensemble-differs": "servers of one ensemble are told different servers";
    ZOOKEEPER_ID_NOT_IN_ENSEMBLE = Error "zookeeper-id-not-in-ensemble": "a server of ZooKeeper has a number that its ensemble doesn't know, or gives to another";
    ZOOKEEPER_DUPLICATE_ID = Error "zookeeper-duplicate-id": "two servers of an ensemble have one number";
    ZOOKEEPER_ID_RANGE = Error "zookeeper-id-range": "the number of a server of ZooKeeper isn't one of 1 to 255";
    ZOOKEEPER_ID_MISSING = Warning "zookeeper-id-missing": "a server of an ensemble is given no number";
    ZOOKEEPER_SERVER_LINE = Error "zookeeper-server-line": "a line of zoo.cfg names no server though it should";
    OBSERVERS_ONLY = Error "observers-only": "no server of an ensemble has a vote";
}

lint_rule!(ensembles => [
    &EVEN_ENSEMBLE, &ENSEMBLE_DIFFERS, &ZOOKEEPER_ID_NOT_IN_ENSEMBLE, &ZOOKEEPER_DUPLICATE_ID, &ZOOKEEPER_ID_RANGE,
    &ZOOKEEPER_ID_MISSING, &ZOOKEEPER_SERVER_LINE, &OBSERVERS_ONLY
]);

/// A server, with its host.
type Member<'a, 'c> = (&'a LintHost<'c>, ZooCfg<'a, 'c>);

fn ensembles(cx: &LintCx<'_>) {
    let members: Vec<Member<'_, '_>> = cx
        .hosts()
        .iter()
        .flat_map(|host| configs(host).map(move |config| (host, config)))
        .collect();
    for (host, config) in &members {
        lines(cx, host, config);
        numbers(cx, host, config);
    }
    let mut at: HashMap<&str, usize> = HashMap::new();
    for (index, (host, _)) in members.iter().enumerate() {
        at.insert(host.name().as_str(), index);
        at.extend(host.view().addr().ok().map(|address| (address, index)));
    }
    sizes(cx, &members);
    let mut holders: BTreeMap<(Vec<&str>, u64), &LintHost<'_>> = BTreeMap::new();
    for (index, (host, config)) in members.iter().enumerate() {
        let Some(id) = config.id().filter(|_| !config.servers.is_empty()) else {
            continue;
        };
        own_number(cx, host, config, id, &at, index);
        let mut addresses: Vec<&str> = config.servers.iter().map(|server| server.address).collect();
        addresses.sort_unstable();
        if let Some(other) = holders.insert((addresses, id), host) {
            let message = format!(
                "the servers of {} and {} both have the number {id}",
                other.name(),
                host.name()
            );
            let file = config.my_id.map(|file| file.id);
            cx.report(
                found(&ZOOKEEPER_DUPLICATE_ID, host, file, message)
                    .hint("give each a number of its own, and none that another had before"),
            );
        }
    }
    for (index, member) in members.iter().enumerate() {
        let others = member.1.servers.iter().filter_map(|server| at.get(server.address));
        let differs = others.filter(|other| **other != index).find_map(|other| {
            let other = &members[*other];
            (!agree(&member.1, &other.1)).then_some(other)
        });
        if let Some((other, config)) = differs {
            let message = format!(
                "{} is told the servers {}, {} {}",
                member.0.name(),
                shown(&member.1.servers),
                other.name(),
                shown(&config.servers)
            );
            cx.report(
                found(&ENSEMBLE_DIFFERS, member.0, Some(member.1.file.id), message)
                    .hint("every server is told all of them, in the same words"),
            );
        }
    }
}

/// Lines that should name a server, and numbers in those that do.
fn lines(cx: &LintCx<'_>, host: &LintHost<'_>, config: &ZooCfg<'_, '_>) {
    for (number, line, why) in &config.bad_servers {
        let message = format!("line {number} of {}, `{line}`: {why}", config.file.path);
        cx.report(
            found(&ZOOKEEPER_SERVER_LINE, host, Some(config.file.id), message)
                .hint("write `server.1=HOST:2888:3888`, and nothing of the kind for a server that stands alone"),
        );
    }
    let mut seen = BTreeMap::new();
    for server in &config.servers {
        if !(1..=255).contains(&server.id) {
            let message = format!(
                "line {} of {} numbers a server {}",
                server.line, config.file.path, server.id
            );
            cx.report(found(&ZOOKEEPER_ID_RANGE, host, Some(config.file.id), message).hint("take 1 to 255"));
        }
        if let Some(other) = seen.insert(server.id, server.address) {
            let message = format!(
                "{} gives {other} and {} the number {}",
                config.file.path, server.address, server.id
            );
            cx.report(
                found(&ZOOKEEPER_DUPLICATE_ID, host, Some(config.file.id), message)
                    .hint("give each a number of its own"),
            );
        }
    }
    if !config.servers.is_empty() && config.voters() == 0 {
        let message = format!(
            "in {} all servers are observers, and none of them may lead",
            config.file.path
        );
        cx.report(found(&OBSERVERS_ONLY, host, Some(config.file.id), message).hint("let at least three have a vote"));
    }
}

/// The file of the server's own number.
fn numbers(cx: &LintCx<'_>, host: &LintHost<'_>, config: &ZooCfg<'_, '_>) {
    match config.my_id {
        Some(file) if !config.id().is_some_and(|id| (1..=255).contains(&id)) && !file.text.contains('«') => {
            let message = format!("{} says `{}`", file.path, file.text.trim());
            cx.report(
                found(&ZOOKEEPER_ID_RANGE, host, Some(file.id), message)
                    .hint("a number from 1 to 255, and nothing else in the file"),
            );
        }
        None if config.servers.len() > 1 => {
            // It may be a file whose content isn't text, or a command's doing.
            let data = config.get("dataDir").map_or("", |(data, _)| data);
            let declared = host.get::<File>(&format!("{data}/myid")).is_some();
            if !declared
                && !runs(host)
                    .iter()
                    .any(|run| run.words.iter().any(|word| word.contains("myid")))
            {
                let message = format!(
                    "{} is of {} servers, and nothing writes {data}/myid",
                    host.name(),
                    config.servers.len()
                );
                cx.report(
                    found(&ZOOKEEPER_ID_MISSING, host, Some(config.file.id), message)
                        .hint("declare the file with the number that the server's line has"),
                );
            }
        }
        _ => {}
    }
}

fn own_number(
    cx: &LintCx<'_>,
    host: &LintHost<'_>,
    config: &ZooCfg<'_, '_>,
    id: u64,
    at: &HashMap<&str, usize>,
    index: usize,
) {
    let file = config.my_id.map(|file| file.id);
    let message = match config.servers.iter().find(|server| server.id == id) {
        None => format!(
            "the server of {} has the number {id}, which none of {} has",
            host.name(),
            shown(&config.servers)
        ),
        Some(server) => match at.get(server.address) {
            // An address that two hosts have is a finding of its own.
            Some(other) if *other != index && host.view().addr().ok() != Some(server.address) => {
                format!(
                    "the server of {} has the number {id}, and {} gives it to {}",
                    host.name(),
                    config.file.path,
                    server.address
                )
            }
            _ => return,
        },
    };
    cx.report(
        found(&ZOOKEEPER_ID_NOT_IN_ENSEMBLE, host, file, message)
            .hint("the file `myid` has the number of the line that names this host"),
    );
}

fn sizes(cx: &LintCx<'_>, members: &[Member<'_, '_>]) {
    let addresses = |config: &ZooCfg<'_, '_>| -> BTreeSet<String> {
        config.servers.iter().map(|server| server.address.to_owned()).collect()
    };
    let mut ensembles: BTreeMap<BTreeSet<String>, Vec<&Member<'_, '_>>> = BTreeMap::new();
    for member in members {
        ensembles.entry(addresses(&member.1)).or_default().push(member);
    }
    for members in ensembles.values() {
        let voters = members.first().map_or(0, |(_, config)| config.voters());
        if voters < 2 || voters % 2 == 1 {
            continue;
        }
        let hosts = members.iter().map(|(host, _)| *host);
        let names: Vec<&str> = hosts.clone().map(|host| host.name().as_str()).collect();
        let message = format!(
            "of {voters} servers with a vote ({}) {} may be lost, as of {}",
            names.join(", "),
            (voters - 1) / 2,
            voters - 1
        );
        let finding = EVEN_ENSEMBLE
            .finding(message)
            .hint("take an odd number: three, or five; more may be observers");
        cx.report(of_hosts(finding, hosts));
    }
}

/// Whether two servers are told the same. What each says of itself may be `0.0.0.0`.
fn agree(one: &ZooCfg<'_, '_>, other: &ZooCfg<'_, '_>) -> bool {
    let by_id = |config: &ZooCfg<'_, '_>| -> BTreeMap<u64, (String, (u16, u16), bool)> {
        let of = |server: &Server<'_>| (server.id, (server.address.to_owned(), server.ports, server.observes));
        config.servers.iter().map(of).collect()
    };
    let (one, other) = (by_id(one), by_id(other));
    let is_any = |address: &str| matches!(address, "0.0.0.0" | "::");
    one.len() == other.len()
        && one.iter().all(|(id, (address, ports, observes))| {
            other.get(id).is_some_and(|(others, other_ports, other_observes)| {
                (address == others || is_any(address) || is_any(others))
                    && ports == other_ports
                    && observes == other_observes
            })
        })
}

fn shown(servers: &[Server<'_>]) -> String {
    let one = |server: &Server<'_>| format!("{}={}", server.id, server.address);
    let mut shown: Vec<String> = servers.iter().take(5).map(one).collect();
    if servers.len() > shown.len() {
        shown.push("…".to_owned());
    }
    shown.join(" ")
}
