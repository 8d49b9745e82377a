//! Secrets: known by source in everything that is shown or kept, in the open only on the host that uses them.

use crate::support::{Lab, assert_snapshot};
use mesos_iac::converge::{ConvergeOptions, converge};
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::haproxy::HaProxy;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{Credential, Credentials, Mesos, MesosLayout};
use mesos_iac::roles::zookeeper::{ZooKeeper, ZooKeeperHost};
use mesos_iac::state::Store;
use mesos_iac::testing::{FakeSystem, snapshot_text};
use mesos_iac::{CompiledHost, Redactor, SecretSource, SecretText};
use std::collections::{BTreeMap, BTreeSet};
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

/// Each place of the roles that a secret is written to, with a value that it can't carry.
#[test]
fn what_a_place_cannot_carry_is_known_before_any_host_is_touched() {
    let secret = |name: &str| Secret::from_env(name);
    let of = |version, layout: MesosLayout| {
        let elsewhere = "zk://198.18.0.9:2181/mesos".parse().unwrap();
        let mesos = Mesos::new(version, layout)
            .zookeeper(elsewhere)
            .digest("mesos", secret("ZK"));
        let credentials = Credentials::new().with(Credential::new("agent", secret("AGENT")).unwrap());
        let marathon =
            Marathon::new(Version::new(1, 5, 15), MarathonLayout::mesosphere(), &mesos).credentials(secret("API"));
        Cluster::new("lab")
            .hosts(
                host("m")
                    .addr("198.18.0.1")
                    .role(mesos.master().credentials(credentials.unwrap()))
                    .role(marathon),
            )
            .hosts(
                host("z")
                    .addr("198.18.0.2")
                    .set(ZooKeeperHost::ID, 1)
                    .role(ZooKeeper::new().super_digest(secret("SUPER"))),
            )
            .hosts(
                host("p")
                    .addr("198.18.0.3")
                    .role(HaProxy::new().stats("ops", secret("STATS"))),
            )
            .build()
            .unwrap()
            .compile()
            .unwrap()
    };
    let new = of(Version::new(1, 11, 0), MesosLayout::mesosphere());
    let bare = of(Version::new(1, 11, 0), MesosLayout::environment_file());
    let old = of(Version::new(0, 22, 1), MesosLayout::mesosphere());
    for (compiled, host, name, value, places) in [
        (
            &new,
            "m",
            "ZK",
            "hunter@2",
            &["/etc/mesos/zk", "/etc/default/marathon"][..],
        ),
        (&new, "m", "ZK", "hunter/2", &["/etc/mesos/zk", "/etc/default/marathon"]),
        (&new, "m", "ZK", "hunter'2\"", &[]),
        (
            &bare,
            "m",
            "ZK",
            "hunter 2",
            &["/etc/default/mesos-master", "/etc/default/marathon"],
        ),
        (&new, "m", "AGENT", "hunter\"2\n", &[]),
        (&old, "m", "AGENT", "hunter 2", &["/etc/mesos/credentials"]),
        (&new, "m", "API", "anna:hunter\n2", &["/etc/default/marathon"]),
        (&new, "m", "API", "anna:hunter$'2", &[]),
        (
            &new,
            "p",
            "API",
            "hunter2",
            &["/etc/mesos-iac/haproxy-bridge.credentials"],
        ),
        (&new, "p", "STATS", "hunter\n2", &["/etc/haproxy/haproxy.cfg"]),
        (&new, "p", "STATS", "hunter'2", &[]),
        (&new, "z", "SUPER", "super:hunter2\\", &["/etc/zookeeper/conf/zoo.cfg"]),
    ] {
        let values = BTreeMap::from([(SecretSource::Environment(name.into()), SecretText::new(value.into()))]);
        let found = compiled.host(host).unwrap().catalog.unfit_secrets(&values).unwrap();
        let told: BTreeSet<&str> = found.iter().map(|(id, _)| id.key.as_str()).collect();
        assert_eq!(told, places.iter().copied().collect(), "{name} {value}");
        for (_, unfit) in found {
            assert!(!unfit.to_string().contains("hunter"), "{unfit}");
        }
    }
}

#[test]
fn a_secret_without_a_value_is_told_with_what_needs_it() {
    let lab = Lab::new("secrets");
    lab.run(&["check"]).expect(0);
    assert_snapshot(
        "secrets_missing",
        lab.run(&["apply", "--sandbox", "{lab}/hosts"]).expect(1),
    );
    // What looks at no resource needs none.
    lab.run(&["orphans", "--sandbox", "{lab}/hosts"]).expect(0);
    // A host that needs none can be worked on without.
    lab.run(&["apply", "--sandbox", "{lab}/hosts", "--limit", "proxy"])
        .expect(0);
}

#[test]
fn the_example_writes_the_value_and_shows_it_nowhere() {
    let lab = Lab::new("secrets");
    let with = |value: &'static str| {
        move |command: &mut std::process::Command| {
            command.env("DATABASE_PASSWORD", value);
        }
    };
    let mut said = String::new();
    for (words, value) in [
        ("apply", CANARY),
        ("plan", "canary-other"),
        ("apply", "canary-other"),
        ("apply", "canary-other"),
    ] {
        let ran = lab
            .run_with(&[words, "--sandbox", "{lab}/hosts", "-v"], with(value))
            .expect(0);
        write!(said, "{ran}").unwrap();
        let ran = lab
            .run_with(&[words, "--sandbox", "{lab}/hosts", "--format", "json"], with(value))
            .expect(0);
        write!(said, "{ran}").unwrap();
    }
    write!(said, "{}", lab.run_with(&["render"], with(CANARY)).expect(0)).unwrap();
    assert!(!said.contains("canary"), "{said}");
    assert!(said.contains("(secret, differs)"), "{said}");
    let file = "hosts/app-1/etc/app/database.conf";
    assert_eq!(lab.read(file), "host = db.internal\npassword = canary-other\n");
    let mode = std::os::unix::fs::PermissionsExt::mode(&lab.path(file).metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    // Nothing that is kept from run to run has it either.
    for kept in ["ledger.json", "lock", "identity.json", "journal"] {
        let kept = lab.path(&format!("hosts/app-1/.mesos-iac/state/{kept}"));
        let text = std::fs::read(kept)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default();
        assert!(!text.contains("canary"), "{text}");
    }
}
