//! Every example, as its users see it: its catalogs, its files, its idempotence.

use crate::support::{repository, settings};
use mesos_iac::testing::{assert_cluster_snapshot, assert_idempotent, render_every_template};

#[expect(
    dead_code,
    unreachable_pub,
    reason = "an example is a program; here only its definition is used"
)]
#[path = "../../examples/stacki_mesos.rs"]
pub(crate) mod stacki_mesos;

#[expect(
    dead_code,
    unreachable_pub,
    reason = "an example is a program; here only its definition is used"
)]
#[path = "../../examples/secrets.rs"]
pub(crate) mod secrets;

#[expect(
    dead_code,
    unreachable_pub,
    reason = "an example is a program; here only its definition is used"
)]
#[path = "../../examples/marathon_apps.rs"]
mod marathon_apps;

#[test]
fn marathon_apps_reads_as_it_did() {
    settings().bind(|| assert_cluster_snapshot!("marathon_apps", marathon_apps::cluster()));
}

#[test]
fn marathon_apps_is_idempotent() {
    assert_idempotent!(marathon_apps::cluster());
}

#[test]
fn secrets_reads_as_it_did() {
    settings().bind(|| assert_cluster_snapshot!("secrets", secrets::cluster()));
}

#[test]
fn secrets_is_idempotent() {
    assert_idempotent!(secrets::cluster());
}

#[test]
fn stacki_mesos_reads_as_it_did() {
    settings().bind(|| assert_cluster_snapshot!("stacki_mesos", stacki_mesos::cluster()));
}

#[test]
fn stacki_mesos_is_idempotent() {
    assert_idempotent!(stacki_mesos::cluster());
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
