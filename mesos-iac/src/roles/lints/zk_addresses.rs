use super::read::chronos::chronos;
use super::read::marathon::{Marathon, marathon};
use super::read::mesos::{Daemon, Setting, Way, mesos};
use super::read::zk_url::{self, ZkUrl};
use super::read::{release, zoo_cfg};
use super::{found, of_hosts};
use crate::kinds::Service;
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use crate::roles::flags::{Chronos, Form, facts};
use std::collections::{BTreeMap, BTreeSet};

lints! {
    ZK_URL_FORM = Error "zk-url-form": "an address of ZooKeeper that isn't one";
    LEADING_BLANK_LINE = Error "leading-blank-line": "a value begins with a blank line, which becomes a part of it";
    ZK_PATH_MISMATCH = Error "zk-path-mismatch": "agents or Marathon look for masters below another path than theirs";
    ZK_SERVERS_DIFFER = Warning "zk-servers-differ": "daemons of one cluster are told different servers of ZooKeeper";
    ZK_LOCALHOST = Error "zk-localhost": "ZooKeeper is looked for on a host that has none";
    ZK_ONE_SERVER = Warning "zk-one-server": "several masters depend on one server of ZooKeeper";
    ZK_PASSWORD_SHOWN = Warning "zk-password-shown": "the password of ZooKeeper, of Marathon's API or of Chronos stands on a command line";
}

lint_rule!(addresses => [
    &ZK_URL_FORM, &LEADING_BLANK_LINE, &ZK_PATH_MISMATCH, &ZK_SERVERS_DIFFER, &ZK_LOCALHOST, &ZK_ONE_SERVER, &ZK_PASSWORD_SHOWN
]);

/// Who is told where ZooKeeper is.
struct Told<'a, 'c> {
    host: &'a LintHost<'c>,
    who: &'static str,
    is_master: bool,
    setting: Setting<'c>,
    url: ZkUrl,
}

fn addresses(cx: &LintCx<'_>) {
    let mut told: Vec<Told<'_, '_>> = Vec::new();
    for host in cx.hosts() {
        for daemon in Daemon::BOTH {
            if let Some(setting) = mesos(host, daemon).and_then(|mesos| mesos.zk().cloned()) {
                let who = match daemon {
                    Daemon::Master => "the Mesos master",
                    Daemon::Agent => "the Mesos agent",
                };
                if setting.way == Way::Line && zk_url::has_password(&setting.value) {
                    password(cx, host, (who, "ZooKeeper"), &setting, BY_FILE);
                }
                told.extend(read(cx, host, who, daemon == Daemon::Master, setting));
            }
        }
        passwords_of_chronos(cx, host);
        if let Some(marathon) = marathon(host) {
            passwords_of_marathon(cx, host, &marathon);
            if let Some(setting) = marathon.get("master").cloned() {
                told.extend(read(cx, host, "Marathon", false, setting));
            }
        }
    }
    paths(cx, &told);
    servers(cx, &told);
    ensembles(cx, &told);
    for one in &told {
        // What a package leaves counts where the definition has the package; else the host may have been set up before.
        let is_declared = one.setting.id.is_some() || release::package(one.host, &["mesos"]).is_some();
        if one.url.is_loopback() && is_declared && cx.hosts().len() > 1 && !has_zookeeper(one.host) {
            let message = format!(
                "{} looks for ZooKeeper on its own host by {}, which has none",
                one.who, one.setting.place
            );
            cx.report(
                found(&ZK_LOCALHOST, one.host, one.setting.id, message)
                    .hint("name the servers of the ensemble: `zk://HOST:2181,HOST:2181/mesos`"),
            );
        }
    }
    let mut masters: BTreeMap<(&BTreeSet<String>, &str), Vec<&Told<'_, '_>>> = BTreeMap::new();
    for one in told.iter().filter(|one| one.is_master && !one.url.is_loopback()) {
        masters.entry((&one.url.servers, &one.url.path)).or_default().push(one);
    }
    for ((servers, _), masters) in masters {
        if let (1, 3.., Some(server)) = (servers.len(), masters.len(), servers.first()) {
            let message = format!("{} masters depend on {server} alone", masters.len());
            let finding = ZK_ONE_SERVER
                .finding(message)
                .hint("name all servers of an ensemble of three or five");
            cx.report(of_hosts(finding, masters.iter().map(|master| master.host)));
        }
    }
}

/// The address, where it can be read from the definition.
fn read<'a, 'c>(
    cx: &LintCx<'_>,
    host: &'a LintHost<'c>,
    who: &'static str,
    is_master: bool,
    setting: Setting<'c>,
) -> Option<Told<'a, 'c>> {
    let value = setting.value.as_str();
    if value.starts_with(char::is_whitespace) && !value.trim().is_empty() {
        let message = format!("the address of ZooKeeper by {} begins with a blank line", setting.place);
        let finding = found(&LEADING_BLANK_LINE, host, setting.id, message);
        cx.report(finding.hint("begin with `zk://` on the first line"));
        return None;
    }
    let setting = setting.behind(host);
    let value = zk_url::without_login(&setting.value);
    // What is in a file of the host's isn't known here; and one master's address is no mistake.
    let is_other = value.starts_with("file://") || value.starts_with('/');
    let is_one_master = !is_master && !value.contains("zk:") && !value.contains([',', '/']);
    if is_other || is_one_master || value.is_empty() {
        return None;
    }
    match zk_url::known(&value)? {
        Ok(url) => Some(Told {
            host,
            who,
            is_master,
            setting,
            url,
        }),
        Err(why) => {
            let message = format!("`{value}` by {} {why}", setting.place);
            cx.report(found(&ZK_URL_FORM, host, setting.id, message).hint("write `zk://HOST:PORT,HOST:PORT/PATH`"));
            None
        }
    }
}

/// What Mesos and its library read themselves.
const BY_FILE: &str = "write the address to a file of mode 0400 and set `file:///PATH` in its place";

/// What a command line has, every user of the host sees.
fn password(cx: &LintCx<'_>, host: &LintHost<'_>, (who, of): (&str, &str), setting: &Setting<'_>, hint: &str) {
    let message = format!(
        "{who} gets the password of {of} on its command line by {}",
        setting.place
    );
    cx.report(found(&ZK_PASSWORD_SHOWN, host, setting.id, message).hint(hint));
}

fn passwords_of_marathon(cx: &LintCx<'_>, host: &LintHost<'_>, marathon: &Marathon<'_>) {
    for name in ["master", "zk"] {
        let shown = marathon.on_command_line(host, name);
        if let Some(setting) = shown.filter(|setting| zk_url::has_password(&setting.value)) {
            let hint = format!(
                "take Marathon 1.4 or later, whose packages hand flags over as variables; or start it yourself with \
                 `MARATHON_{}` in its environment",
                name.to_uppercase()
            );
            password(cx, host, ("Marathon", "ZooKeeper"), &setting, &hint);
        }
    }
    if let Some(setting) = marathon.on_command_line(host, "http_credentials") {
        let hint = "set `MESOSPHERE_HTTP_CREDENTIALS` in its environment in its place";
        password(cx, host, ("Marathon", "its API"), &setting, hint);
    }
}

fn passwords_of_chronos(cx: &LintCx<'_>, host: &LintHost<'_>) {
    let is_secret = |name: &str| facts::<Chronos>().any(|known| known.name() == name && known.form() == Form::Secret);
    let otherwise = "Chronos reads it from nowhere else: mount `/proc` with `hidepid=2` where others log in or tasks run, and \
                     allow it there";
    for setting in chronos(host) {
        match setting.name.as_str() {
            "master" if zk_url::has_password(&setting.value) => {
                password(cx, host, ("Chronos", "ZooKeeper"), &setting, BY_FILE);
            }
            "zk_auth" => password(cx, host, ("Chronos", "ZooKeeper"), &setting, otherwise),
            name if is_secret(name) => {
                let of = format!("its flag `--{name}`");
                password(cx, host, ("Chronos", &of), &setting, otherwise);
            }
            _ => {}
        }
    }
}

/// Two clusters may share an ensemble; but who looks where no master is finds none.
fn paths(cx: &LintCx<'_>, told: &[Told<'_, '_>]) {
    let mut of_masters: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in told.iter().filter(|one| one.is_master && !one.url.is_loopback()) {
        for server in &one.url.servers {
            of_masters.entry(server).or_default().insert(&one.url.path);
        }
    }
    let near = |one: &str, other: &str| one != other && one.trim_end_matches('/') == other.trim_end_matches('/');
    for one in told {
        let mut known = one
            .url
            .servers
            .iter()
            .filter_map(|server| of_masters.get(server.as_str()));
        let Some(paths) = known.next() else { continue };
        let path = one.url.path.as_str();
        let other = match one.is_master {
            // Masters may be of two clusters, but not when a slash is all that tells them apart.
            true => paths.iter().find(|other| near(path, other) && path.ends_with('/')),
            false if paths.contains(path) => None,
            false => paths.first(),
        };
        if let Some(other) = other {
            let message = format!(
                "{} looks below `{path}` by {}, and masters are below `{other}`",
                one.who, one.setting.place
            );
            cx.report(
                found(&ZK_PATH_MISMATCH, one.host, one.setting.id, message)
                    .hint("write the same path everywhere; a slash at its end counts"),
            );
        }
    }
}

fn servers(cx: &LintCx<'_>, told: &[Told<'_, '_>]) {
    // By a server and the path, the lists that have it, with how often each is told.
    let mut lists: BTreeMap<(&str, &str), BTreeMap<&BTreeSet<String>, usize>> = BTreeMap::new();
    for one in told.iter().filter(|one| !one.url.is_loopback()) {
        for server in &one.url.servers {
            let known = lists.entry((server, one.url.path.trim_end_matches('/'))).or_default();
            *known.entry(&one.url.servers).or_default() += 1;
        }
    }
    let often = |(list, count): &(&BTreeSet<String>, usize)| (*count, list.len());
    let most: BTreeMap<(&str, &str), (&BTreeSet<String>, usize)> = lists
        .into_iter()
        .filter_map(|(key, lists)| Some((key, lists.into_iter().max_by_key(often)?)))
        .collect();
    for one in told {
        let path = one.url.path.trim_end_matches('/');
        let known = one
            .url
            .servers
            .iter()
            .filter_map(|server| most.get(&(server.as_str(), path)));
        if let Some((most, _)) = known.max_by_key(|most| often(most))
            && *most != &one.url.servers
        {
            let join = |servers: &BTreeSet<String>| servers.iter().map(String::as_str).collect::<Vec<_>>().join(",");
            let message = format!(
                "{} is told {} by {}, others {}",
                one.who,
                join(&one.url.servers),
                one.setting.place,
                join(most)
            );
            cx.report(
                found(&ZK_SERVERS_DIFFER, one.host, one.setting.id, message).hint("name the same servers everywhere"),
            );
        }
    }
}

/// Holds what daemons are told against the ensembles of the definition: who isn't told of a server doesn't go there when the
/// others are lost.
fn ensembles(cx: &LintCx<'_>, told: &[Told<'_, '_>]) {
    let addresses = cx
        .hosts()
        .iter()
        .filter_map(|host| Some((host.name().as_str(), host.view().addr().ok()?)));
    let addresses: BTreeMap<&str, &str> = addresses.collect();
    let by_name = |name: &str| addresses.get(name).map_or(name, |address| *address).to_owned();
    let mut ensembles: BTreeSet<BTreeSet<String>> = BTreeSet::new();
    for host in cx.hosts() {
        for config in zoo_cfg::configs(host).filter(|config| config.voters() > 1) {
            let voters = config.servers.iter().filter(|server| !server.observes);
            let address = |server: &zoo_cfg::Server<'_>| match (server.address, host.view().addr()) {
                ("0.0.0.0" | "::", Ok(own)) => own.to_owned(),
                (other, _) => by_name(other),
            };
            ensembles.insert(voters.map(address).collect());
        }
    }
    for one in told {
        let hosts = one.url.servers.iter().filter_map(|server| server.rsplit_once(':'));
        let hosts: BTreeSet<String> = hosts.map(|(host, _)| by_name(host)).collect();
        let own = ensembles.iter().find(|ensemble| !ensemble.is_disjoint(&hosts));
        let missing: Vec<&str> = own
            .into_iter()
            .flat_map(|ensemble| ensemble.difference(&hosts))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "{} isn't told of {} by {}, and the ensemble has it",
                one.who,
                missing.join(", "),
                one.setting.place
            );
            cx.report(
                found(&ZK_SERVERS_DIFFER, one.host, one.setting.id, message)
                    .hint("name every server that has a vote; without `.zookeeper(…)` the role does it by itself"),
            );
        }
    }
}

fn has_zookeeper(host: &LintHost<'_>) -> bool {
    let packages = ["zookeeper", "zookeeperd", "zookeeper-server", "mesosphere-zookeeper"];
    let services = ["zookeeper", "zookeeper-server"];
    zoo_cfg::configs(host).next().is_some()
        || release::package(host, &packages).is_some()
        || services.iter().any(|name| host.get::<Service>(name).is_some())
}
