//! What HAProxy itself says of all that the bridge and the role write. Needs `haproxy`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, and tells its figures"
)]

use mesos_iac::bridge::{
    BRIDGE_FORMAT, BridgeConfig, HaProxyVersion, HostNames, Rendered, Routing, Tasks, parse_labels, parse_tasks, render,
};
use mesos_iac::prelude::*;
use mesos_iac::roles::haproxy::HaProxy;
use mesos_iac::system::FakeSystem;
use mesos_iac::words::CommandLine;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Every version at which the file changes, and some between.
const VERSIONS: [&str; 8] = ["1.4", "1.5", "1.6", "1.7", "1.8", "2.0", "2.6", "3.0"];

/// Lists of tasks, each with the labels of its apps.
const LISTS: [(&str, &str, &str); 5] = [
    ("nothing", "", "[]"),
    (
        "ten tasks of one app, and an app that has none",
        "nginx\t80\t10.0.0.1:31000\t10.0.0.2:31000\t10.0.0.3:31000\t10.0.0.4:31000\t10.0.0.5:31000\t10.0.0.6:31000\t\
         10.0.0.7:31000\t10.0.0.8:31000\t10.0.0.9:31000\t10.0.0.10:31000\t\nidle\t10001\t\nbatch\t \t10.0.0.1 \n",
        "[]",
    ),
    (
        "groups, two ports, labels, IPv6",
        "shop_web\t10000\t10.0.0.1:31000\nshop_web\t10001\t10.0.0.1:31001\nwww\t10002\t2001:db8::7:31003\t[2001:db8::8]:31003\n\
         www2\t10003\t127.0.0.1:31004\n",
        r#"[{"id":"/shop/web","labels":{"HAPROXY_0_VHOST":"a.example.org,b.example.org","HAPROXY_1_VHOST":"admin.example.org"}}]"#,
    ),
    (
        "what others would have written into the file",
        "x server evil 10.6.6.6:1\t80\t10.0.0.1:1\nx\rdaemon\t81\t10.0.0.1:1\n${HOME}\t82\t10.0.0.1:1\n\
         good\t83\t10.0.0.1:1 check backup\t/run/x:1\t\"\\:1\t10.0.0.2:2\nnul\u{0}\t84\t10.0.0.1:1\n",
        r#"[{"id":"/good","labels":{"HAPROXY_0_VHOST":"a.org,x\nbackend evil,-i,# no,*"}}]"#,
    ),
    (
        "twice the same",
        "a\t10000\t10.0.0.1:1\t10.0.0.1:1\na\t10000\t10.0.0.1:1\nb\t10000\t10.0.0.2:2\n",
        r#"[{"id":"/a","labels":{"HAPROXY_0_VHOST":"a.org,a.org,A.ORG"}},{"id":"/b","labels":{"HAPROXY_0_VHOST":"a.org"}}]"#,
    ),
];

fn config(routing: Routing, version: &str) -> BridgeConfig {
    BridgeConfig {
        format: BRIDGE_FORMAT,
        marathons: vec!["10.0.0.1:8080".parse().unwrap()],
        credentials: BTreeMap::new(),
        routing,
        bind: "0.0.0.0".parse().unwrap(),
        haproxy: version.parse::<HaProxyVersion>().unwrap(),
        reserved_ports: BTreeSet::new(),
        output: AbsPath::new("/etc/haproxy/marathon/marathon.cfg").unwrap(),
        validate: CommandLine::new(["true", "{}"]).unwrap(),
        reload: CommandLine::new(["true"]).unwrap(),
        state: AbsPath::new("/nonexistent").unwrap(),
    }
}

fn routings() -> [Routing; 2] {
    let domain = "example.com".to_owned();
    [Routing::Ports { lowest: 1 }, Routing::HostNames { domain, port: 80 }]
}

fn rendered(config: &BridgeConfig, tasks: &Tasks, names: &HostNames) -> Rendered {
    render(config, tasks, names, &BTreeSet::new())
}

/// HAProxy's own configuration, as the role writes it. In the place of a secret stands its source.
fn base(role: HaProxy) -> String {
    own_configuration(role).text().unwrap()
}

fn own_configuration(role: HaProxy) -> File {
    let role = role.marathons(["10.0.0.1:8080"]);
    let cluster = Cluster::new("x").hosts(host("a").role(role)).build().unwrap();
    let compiled = cluster.compile().unwrap();
    let catalog = &compiled.host("a").unwrap().catalog;
    catalog.get::<File>("/etc/haproxy/haproxy.cfg").unwrap().clone()
}

fn checked(files: &[&Path]) -> Output {
    let mut command = Command::new("/usr/sbin/haproxy");
    command.arg("-c");
    files.iter().for_each(|file| {
        command.arg("-f").arg(file);
    });
    command
        .output()
        .unwrap_or_else(|error| panic!("haproxy doesn't start: {error}; `apt-get install haproxy`"))
}

#[track_caller]
fn accepted(what: &str, files: &[&Path]) {
    let output = checked(files);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}:\n{said}");
    // What is deprecated today is refused tomorrow.
    assert!(!said.contains("[WARNING]"), "{what}:\n{said}");
}

fn version() -> String {
    let output = Command::new("/usr/sbin/haproxy").arg("-v").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.split(' ').nth(2).unwrap().to_owned()
}

#[test]
fn haproxy_takes_all_that_is_written() {
    let place = tempfile::tempdir().unwrap();
    let [own, served] = ["haproxy.cfg", "marathon.cfg"].map(|name| place.path().join(name));
    let mut count = 0;
    for (what, role) in [
        ("plain", HaProxy::new()),
        (
            "with statistics",
            HaProxy::new().stats("ops", Secret::from_env("STATS_PASSWORD")),
        ),
    ] {
        std::fs::write(&own, base(role)).unwrap();
        // Before the bridge ran for the first time: the directory is empty.
        let empty = place.path().join("empty");
        std::fs::create_dir_all(&empty).unwrap();
        accepted(what, &[&own]);
        accepted(what, &[&own, &empty]);
        count += 2;
    }
    for (what, tasks, apps) in LISTS {
        let (names, _) = parse_labels(&format!("{{\"apps\":{apps}}}")).unwrap();
        for routing in routings() {
            for version in VERSIONS {
                let file = rendered(&config(routing.clone(), version), &parse_tasks(tasks), &names);
                std::fs::write(&served, &file.text).unwrap();
                accepted(
                    &format!("{what}, {routing:?}, {version}:\n{}", file.text),
                    &[&own, &served],
                );
                count += 1;
            }
        }
    }
    println!(
        "haproxy-config: {count} configurations accepted by HAProxy {} without a warning",
        version()
    );
}

/// A password that has all that ends a word is read as one.
#[test]
fn haproxy_takes_a_password_of_any_characters() {
    let place = tempfile::tempdir().unwrap();
    let own = place.path().join("haproxy.cfg");
    let password = Secret::from_env("STATS_PASSWORD");
    let file = own_configuration(HaProxy::new().stats("ops", password.clone()));
    let path = AbsPath::new("/etc/haproxy/haproxy.cfg").unwrap();
    for value in ["a'b", "a b # c", "\\", "\"$HOME'"] {
        // What the role would write on a host, with the password in it.
        let system = FakeSystem::new()
            .with_directories_of([&path])
            .with_secret(password.source().clone(), value);
        let Check::Change(diff) = file.check(&system).unwrap() else {
            panic!("the host has no such file yet")
        };
        file.apply(&system, &diff).unwrap();
        std::fs::write(&own, system.text(path.as_str()).unwrap()).unwrap();
        accepted(value, &[&own]);
    }
}

#[test]
fn haproxy_refuses_what_the_old_script_wrote() {
    let place = tempfile::tempdir().unwrap();
    let own = place.path().join("haproxy.cfg");
    let text = base(HaProxy::new());
    std::fs::write(&own, text.replacen("timeout connect 5s", "contimeout 5000", 1)).unwrap();
    let output = checked(&[&own]);
    assert!(!output.status.success(), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("'contimeout'"),
        "{output:?}"
    );
}

#[test]
fn ten_thousand_tasks_are_served() {
    let place = tempfile::tempdir().unwrap();
    let [own, served] = ["haproxy.cfg", "marathon.cfg"].map(|name| place.path().join(name));
    std::fs::write(&own, base(HaProxy::new())).unwrap();
    let mut text = String::new();
    for app in 0..1000 {
        write!(text, "group{}_app{app}\t{}", app % 7, 10_000 + app).unwrap();
        for task in 0..10 {
            write!(text, "\t10.0.{task}.{}:{}", app % 250 + 1, 31_000 + app).unwrap();
        }
        text.push_str("\t\n");
    }
    for routing in routings() {
        let began = Instant::now();
        let file = rendered(&config(routing.clone(), "2.6"), &parse_tasks(&text), &HostNames::new());
        let took = began.elapsed();
        assert_eq!((file.services, file.servers), (1000, 10_000));
        // A bound that a slow machine keeps, and a quadratic search doesn't.
        assert!(took < Duration::from_secs(2), "{took:?}");
        std::fs::write(&served, &file.text).unwrap();
        accepted("ten thousand tasks", &[&own, &served]);
        println!(
            "haproxy-config: 10,000 tasks of 1,000 apps are read and rendered in {} ms ({} KB)",
            took.as_millis(),
            file.text.len() / 1024
        );
    }
}
