//! Every example, as its users see it: its catalogs, its files, its idempotence, what it comes to in a sandbox, and what
//! lints say of it.

use crate::support::{Lab, repository, settings};
use mesos_iac::lint;
use mesos_iac::prelude::*;
use mesos_iac::roles::mesos::Init;
use mesos_iac::testing::{assert_cluster_snapshot, assert_idempotent, render_every_template};

macro_rules! examples {
    ($($name:ident $path:literal),+ $(,)?) => { $(
        #[expect(
            dead_code,
            unreachable_pub,
            reason = "an example is a program; here only its definition is used"
        )]
        #[path = $path]
        pub(crate) mod $name;
    )+ };
}

examples! {
    ansible_mesos "../../examples/ansible_mesos.rs",
    cloud_native_stack "../../examples/cloud_native_stack.rs",
    marathon_apps "../../examples/marathon_apps.rs",
    photon_agents "../../examples/photon_agents.rs",
    secrets "../../examples/secrets.rs",
    stacki_appliances "../../examples/stacki_appliances.rs",
    stacki_mesos "../../examples/stacki_mesos.rs",
    storage_profiles "../../examples/storage_profiles.rs",
}

/// An example: its name, its definition, and what lints find in it. That is nothing, unless the document that it follows is
/// like that.
pub(crate) type Example = (&'static str, fn() -> Result<Cluster>, &'static [&'static str]);

pub(crate) const EXAMPLES: [Example; 8] = [
    ("ansible_mesos", ansible_mesos::cluster, &[]),
    ("cloud_native_stack", cloud_native_stack::cluster, &[]),
    ("marathon_apps", marathon_apps::cluster, &[]),
    ("photon_agents", photon_agents::cluster, &[]),
    ("secrets", secrets::cluster, &[]),
    ("stacki_appliances", stacki_appliances::cluster, &[]),
    ("stacki_mesos", stacki_mesos::cluster, &[]),
    (
        "storage_profiles",
        || storage_profiles::cluster(storage_profiles::RELEASE, Init::Systemd),
        &[],
    ),
];

#[test]
fn each_reads_as_it_did() {
    for (name, cluster, _) in EXAMPLES {
        settings().bind(|| assert_cluster_snapshot!(name, cluster()));
    }
}

#[test]
fn each_is_idempotent() {
    for (_, cluster, _) in EXAMPLES {
        assert_idempotent!(cluster());
    }
}

#[test]
fn lints_find_in_each_what_its_document_has() {
    for (name, cluster, expected) in EXAMPLES {
        let cluster = cluster().expect("the definition can be made");
        let compiled = cluster.compile().expect("the cluster compiles");
        let findings = lint::check(&cluster, &compiled);
        let mut found: Vec<&str> = findings.found.iter().map(|finding| finding.lint.name).collect();
        found.dedup();
        assert_eq!(found, expected, "{name}: {:#?}", findings.found);
    }
}

/// Each program, run: a first apply, and a second one that finds nothing to change.
#[test]
fn each_converges_in_a_sandbox_and_stays() {
    for (name, ..) in EXAMPLES {
        let lab = Lab::new(name);
        let run = |words: &[&str]| {
            lab.run_with(words, |command| {
                // What the secrets of `secrets.rs` are taken from.
                command.env("DATABASE_PASSWORD", "a password of the test");
            })
        };
        run(&["apply", "--sandbox", "{lab}/hosts"]).expect(0);
        let again = run(&["apply", "--sandbox", "{lab}/hosts"]).expect(0);
        assert!(again.stdout.contains(" 0 changed"), "{name}: {}", again.stdout);
    }
}

/// Apps and jobs as they are sent.
#[test]
fn what_the_examples_run_reads_as_it_did() {
    let mut shown = String::new();
    for (name, cluster, _) in EXAMPLES {
        for deployment in cluster().unwrap().compile().unwrap().deployments {
            for workload in deployment.workloads {
                let json = serde_json::to_string_pretty(&workload.json).unwrap();
                let head = format!("== {name}: {} {}", deployment.scheduler, workload.name);
                shown = format!("{shown}{head}\n{json}\n");
            }
        }
    }
    assert!(shown.contains("/www") && shown.contains("\"hostPort\": 80"), "{shown}");
    crate::support::assert_snapshot("examples__workloads", shown);
}

#[test]
fn each_reads_like_documentation() {
    for (name, ..) in EXAMPLES {
        let text = std::fs::read_to_string(repository().join(format!("examples/{name}.rs"))).unwrap();
        assert!(text.lines().count() < 150, "{name} has 150 lines or more");
        assert!(text.starts_with("//! "), "{name} doesn't say what it is");
    }
}

/// The upgrade of the document: one word of the definition, and what moved with the version has moved.
#[test]
fn storage_profiles_are_upgraded_by_one_word() {
    let changes = |init, host: &str| {
        let [before, after] = [storage_profiles::Release::V0_21, storage_profiles::Release::V0_22]
            .map(|release| storage_profiles::cluster(release, init).unwrap().compile().unwrap());
        let [before, after] = [before, after].map(|compiled| compiled.host(host).unwrap().catalog.clone());
        let changed = after.entries.iter().filter(|entry| !before.entries.contains(entry));
        assert_eq!(before.entries.len(), after.entries.len());
        changed.map(|entry| entry.id.to_string()).collect::<Vec<_>>()
    };
    // The document's hosts have Upstart, whose jobs name what moved from /usr/local to /usr.
    assert_eq!(
        changes(Init::Upstart, "master-1"),
        [
            "package[mesos]",
            "file[/etc/init/mesos-master.conf]",
            // Whoever starts it by hand finds it where it is now.
            "file[/etc/init/mesos-slave.conf]",
            "package[marathon]",
            "file[/etc/init/marathon.conf]"
        ]
    );
    assert_eq!(
        changes(Init::Upstart, "local-1"),
        [
            "package[mesos]",
            "file[/etc/init/mesos-slave.conf]",
            "file[/etc/init/mesos-master.conf]"
        ]
    );
    let job = |release| {
        let compiled = storage_profiles::cluster(release, Init::Upstart)
            .unwrap()
            .compile()
            .unwrap();
        let master = &compiled.host("master-1").unwrap().catalog;
        master
            .get::<File>("/etc/init/marathon.conf")
            .unwrap()
            .content()
            .unwrap()
            .to_string()
    };
    let (before, after) = (
        job(storage_profiles::Release::V0_21),
        job(storage_profiles::Release::V0_22),
    );
    assert!(before.contains("exec /usr/local/bin/marathon"), "{before}");
    assert!(after.contains("exec /usr/bin/marathon"), "{after}");
    // With systemd the packages bring what names their files.
    assert_eq!(
        changes(Init::Systemd, "master-1"),
        ["package[mesos]", "package[marathon]"]
    );
    assert_eq!(changes(Init::Systemd, "local-1"), ["package[mesos]"]);
}

/// A slave that was started under another name would be another one to the masters.
#[test]
fn hosts_have_their_names_before_slaves_tell_them() {
    let compiled = photon_agents::cluster().unwrap().compile().unwrap();
    for host in ["photon-1", "photon-2", "photon-3"] {
        let catalog = &compiled.host(host).unwrap().catalog;
        let name = catalog.get::<File>("/etc/hostname").unwrap();
        assert_eq!(name.text().unwrap(), format!("{host}\n"));
        let order: Vec<String> = catalog.entries.iter().map(|entry| entry.id.to_string()).collect();
        let at = |id: &str| order.iter().position(|one| one == id).unwrap();
        let (set, identity) = (
            at("command[hostname --file /etc/hostname]"),
            at("mesos-agent-identity[agent]"),
        );
        assert!(at("file[/etc/hostname]") < set && set < identity, "{order:?}");
    }
}

#[test]
fn every_template_of_every_example_renders() {
    assert!(render_every_template().unwrap() >= 4);
}

#[test]
fn every_example_is_tested_here() {
    let this = std::fs::read_to_string(repository().join("tests/it/examples.rs")).unwrap();
    for entry in std::fs::read_dir(repository().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            assert!(
                this.contains(&format!("examples/{name}")),
                "no test names examples/{name}"
            );
        }
    }
}
