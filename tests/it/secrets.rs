//! Secrets: known by source in everything that is shown or kept, in the open only on the host that uses them.

use mesos_iac::converge::{ConvergeOptions, Redactor, converge};
use mesos_iac::prelude::*;
use mesos_iac::state::Store;
use mesos_iac::testing::{FakeSystem, snapshot_text};
use mesos_iac::{CompiledHost, SecretSource, SecretText};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const CANARY: &str = "canary-7c1e5f";

#[derive(Attributes)]
#[attributes(prefix = "secrets")]
struct Vault {
    /// The password of the database.
    #[attr(default = Secret::from_env("SECRETS_TEST"))]
    password: Secret<String>,
}

#[derive(Role, Clone)]
#[role(name = "with-secret", attributes = Vault)]
#[resource(file("/etc/db.conf").content(template!(source = "user = db\npassword = {{ password }}\n", Vault)))]
struct WithSecret;

fn compiled() -> CompiledHost {
    let cluster = Cluster::new("x").hosts(host("a").role(WithSecret)).build().unwrap();
    cluster.compile().unwrap().hosts.remove(0)
}

fn source() -> SecretSource {
    SecretSource::Environment("SECRETS_TEST".into())
}

#[test]
fn catalogs_and_snapshots_hold_the_source_alone() {
    let host = compiled();
    assert_eq!(
        host.catalog.secrets().unwrap().into_iter().collect::<Vec<_>>(),
        [source()]
    );
    let text = snapshot_text(&host);
    assert!(text.contains("| password = «env:SECRETS_TEST»"), "{text}");
    assert!(text.contains("mode 0600"), "a file with a secret is private: {text}");
}

#[test]
fn the_host_gets_the_value_and_nobody_else_sees_it() {
    let host = compiled();
    let system = FakeSystem::new().with_secret(source(), CANARY);
    let redactor = Redactor::new(&BTreeMap::from([(source(), SecretText::new(CANARY.into()))]));
    let mut told = String::new();
    converge(
        &host.catalog,
        &system,
        &mut Store::in_memory(),
        &ConvergeOptions::default(),
        &mut |event| {
            writeln!(told, "{:?}", redactor.event(event)).unwrap();
        },
    );
    assert_eq!(
        system.text("/etc/db.conf").unwrap(),
        format!("user = db\npassword = {CANARY}\n")
    );
    assert!(!told.contains(CANARY), "{told}");
}

#[test]
fn an_old_file_with_the_value_in_the_open_does_not_show_it() {
    #[derive(Role, Clone)]
    #[role(name = "without-secret")]
    #[resource(file("/etc/db.conf").content("user = db\n"))]
    struct WithoutSecret;

    let cluster = Cluster::new("x").hosts(host("a").role(WithoutSecret)).build().unwrap();
    let host = cluster.compile().unwrap().hosts.remove(0);
    let path = AbsPath::new("/etc/db.conf").unwrap();
    let system = FakeSystem::new().with_file(&path, format!("user = db\npassword = {CANARY}\n"));
    let redactor = Redactor::new(&BTreeMap::from([(source(), SecretText::new(CANARY.into()))]));
    let mut told = String::new();
    converge(
        &host.catalog,
        &system,
        &mut Store::in_memory(),
        &ConvergeOptions::default(),
        &mut |event| {
            writeln!(told, "{:?}", redactor.event(event)).unwrap();
        },
    );
    assert!(told.contains("«env:SECRETS_TEST»") && !told.contains(CANARY), "{told}");
}

#[test]
fn a_run_without_the_value_fails_before_the_file_is_touched() {
    let host = compiled();
    let system = FakeSystem::new();
    let summary = converge(
        &host.catalog,
        &system,
        &mut Store::in_memory(),
        &ConvergeOptions::default(),
        &mut |_| {},
    );
    assert_eq!(summary.failed, 1);
    assert_eq!(system.text("/etc/db.conf"), None);
}
