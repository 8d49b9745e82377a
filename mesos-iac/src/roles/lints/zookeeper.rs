use super::found;
use super::read::listeners::listeners;
use super::read::marathon::marathon;
use super::read::mesos::{Daemon, Setting, mesos};
use super::read::release;
use super::read::zk_url;
use super::read::zoo_cfg::{ZooCfg, configs};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use crate::roles::flags::MesosDuration;
use std::collections::HashMap;

lints! {
    SESSION_TIMEOUT = Warning "session-timeout": "ZooKeeper won't grant the session time-out that is asked for";
    FOUR_LETTER_WORDS = Warning "four-letter-words": "ZooKeeper doesn't answer `srvr`, by which its state is seen";
    AUTOPURGE_OFF = Warning "autopurge-off": "ZooKeeper never removes old snapshots, and fills its disk";
    SNAPSHOTS_KEPT = Warning "snapshots-kept": "ZooKeeper is to keep fewer than three snapshots";
    ADMIN_SERVER_PORT = Warning "admin-server-port": "ZooKeeper's AdminServer takes the port of another daemon";
    ZOOKEEPER_DATA_IN_TMP = Error "zookeeper-data-in-tmp": "ZooKeeper keeps its data where hosts clear away";
    ZOOKEEPER_SETTING_MISSING = Error "zookeeper-setting-missing": "zoo.cfg lacks a setting without which ZooKeeper won't start";
}

lint_rule!(settings => [
    &SESSION_TIMEOUT, &FOUR_LETTER_WORDS, &AUTOPURGE_OFF, &SNAPSHOTS_KEPT, &ADMIN_SERVER_PORT, &ZOOKEEPER_DATA_IN_TMP,
    &ZOOKEEPER_SETTING_MISSING
]);

/// What a server grants, in milliseconds, and on which host it does.
type Granted<'a> = (u64, u64, &'a str);

fn settings(cx: &LintCx<'_>) {
    let mut granted: HashMap<String, Granted<'_>> = HashMap::new();
    for host in cx.hosts() {
        for config in configs(host) {
            purge(cx, host, &config);
            words(cx, host, &config);
            missing(cx, host, &config);
            admin_server(cx, host, &config);
            if let Some((data, line)) = config.get("dataDir")
                && ["/tmp", "/run", "/dev/shm"]
                    .iter()
                    .any(|tmp| data == *tmp || data.starts_with(&format!("{tmp}/")))
            {
                let message = format!("line {line} of {} has the data in {data}", config.file.path);
                cx.report(
                    found(&ZOOKEEPER_DATA_IN_TMP, host, Some(config.file.id), message)
                        .hint("take `/var/lib/zookeeper`"),
                );
            }
            let tick = config.number("tickTime").unwrap_or(3000);
            let least = config.number("minSessionTimeout").unwrap_or(tick * 2);
            let most = config.number("maxSessionTimeout").unwrap_or(tick * 20);
            let port = config.client_port().unwrap_or(2181);
            for name in [Some(host.name().as_str()), host.view().addr().ok()]
                .into_iter()
                .flatten()
            {
                granted.insert(format!("{name}:{port}"), (least, most, host.name().as_str()));
            }
        }
    }
    for host in cx.hosts() {
        for mesos in Daemon::BOTH.into_iter().filter_map(|daemon| mesos(host, daemon)) {
            let set = mesos.get("zk_session_timeout");
            let asked = match set {
                None => Some(10_000),
                Some(setting) => {
                    let asked = setting.value.trim().parse::<MesosDuration>().ok();
                    asked.and_then(|asked| u64::try_from(asked.get().as_millis()).ok())
                }
            };
            session(
                cx,
                host,
                &format!("the Mesos {}", mesos.daemon),
                (mesos.zk().map(|zk| zk.behind(host)), set),
                asked,
                &granted,
            );
        }
        if let Some(marathon) = marathon(host) {
            let set = marathon.get("zk_session_timeout");
            let asked = set.map_or(Some(10_000), |setting| setting.value.trim().parse().ok());
            session(
                cx,
                host,
                "Marathon",
                (marathon.get("zk").cloned(), set),
                asked,
                &granted,
            );
        }
    }
}

fn session(
    cx: &LintCx<'_>,
    host: &LintHost<'_>,
    who: &str,
    (zk, set): (Option<Setting<'_>>, Option<&Setting<'_>>),
    asked: Option<u64>,
    granted: &HashMap<String, Granted<'_>>,
) {
    let Some(Ok(url)) = zk.and_then(|zk| zk_url::known(&zk.value)) else {
        return;
    };
    let Some(asked) = asked else { return };
    if let Some((least, most, server)) = url.servers.iter().find_map(|server| granted.get(server))
        && !(*least..=*most).contains(&asked)
    {
        let by = set.map_or_else(|| "by default".to_owned(), |setting| format!("by {}", setting.place));
        let message =
            format!("{who} asks for sessions of {asked} ms {by}, and ZooKeeper on {server} grants {least} to {most}");
        let id = set.and_then(|setting| setting.id);
        cx.report(
            found(&SESSION_TIMEOUT, host, id, message)
                .hint("ask for 2 to 20 ticks, or set `minSessionTimeout` or `maxSessionTimeout`"),
        );
    }
}

fn purge(cx: &LintCx<'_>, host: &LintHost<'_>, config: &ZooCfg<'_, '_>) {
    if config.number("autopurge.purgeInterval").is_none_or(|hours| hours == 0) {
        let message = format!(
            "{} doesn't say when old snapshots go, and so they stay",
            config.file.path
        );
        cx.report(
            found(&AUTOPURGE_OFF, host, Some(config.file.id), message)
                .hint("set `autopurge.purgeInterval=24` and `autopurge.snapRetainCount=3`"),
        );
    }
    if let Some(kept) = config.number("autopurge.snapRetainCount").filter(|kept| *kept < 3) {
        let message = format!(
            "{} has {kept} snapshots kept, and ZooKeeper keeps 3 at the least",
            config.file.path
        );
        cx.report(found(&SNAPSHOTS_KEPT, host, Some(config.file.id), message).hint("say 3, or more"));
    }
}

fn words(cx: &LintCx<'_>, host: &LintHost<'_>, config: &ZooCfg<'_, '_>) {
    if let Some((words, line)) = config.get("4lw.commands.whitelist")
        && !words.split(',').any(|word| matches!(word.trim(), "srvr" | "*"))
    {
        let message = format!("line {line} of {} allows `{words}`, and not `srvr`", config.file.path);
        cx.report(
            found(&FOUR_LETTER_WORDS, host, Some(config.file.id), message)
                .hint("set `4lw.commands.whitelist=srvr,ruok,mntr`"),
        );
    }
}

fn missing(cx: &LintCx<'_>, host: &LintHost<'_>, config: &ZooCfg<'_, '_>) {
    let needed: &[&str] = match config.servers.len() {
        0 | 1 => &["dataDir"],
        _ => &["dataDir", "initLimit", "syncLimit"],
    };
    for name in needed.iter().filter(|name| config.get(name).is_none()) {
        let message = format!("{} doesn't set `{name}`", config.file.path);
        let hint = match *name {
            "dataDir" => "set `dataDir=/var/lib/zookeeper`",
            "initLimit" => "set `initLimit=10`: how many ticks a server has to join",
            _ => "set `syncLimit=5`: how many ticks a server may lag",
        };
        cx.report(found(&ZOOKEEPER_SETTING_MISSING, host, Some(config.file.id), message).hint(hint));
    }
}

/// Debian's packages come without what its web server is made of.
fn admin_server(cx: &LintCx<'_>, host: &LintHost<'_>, config: &ZooCfg<'_, '_>) {
    let is_said = config.get("admin.serverPort").is_some()
        || config
            .get("admin.enableServer")
            .is_some_and(|(value, _)| value == "false");
    let is_debian = release::package(host, &["zookeeperd", "zookeeper"]).is_some();
    let is_old = release::pinned(host, &["mesosphere-zookeeper", "zookeeper-server"])
        .is_some_and(|release| !release.since(3, 5));
    if is_said || is_debian || is_old {
        return;
    }
    if let Some(other) = listeners(host).iter().find(|listener| listener.ports.contains(&8080)) {
        let message = format!(
            "ZooKeeper's AdminServer takes port 8080 unless it is told otherwise, and so does {}",
            other.who
        );
        cx.report(
            found(&ADMIN_SERVER_PORT, host, Some(config.file.id), message)
                .hint("set `admin.enableServer=false`, or `admin.serverPort`"),
        );
    }
}
