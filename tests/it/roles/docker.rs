use super::{problems, text};
use mesos_iac::prelude::*;
use mesos_iac::roles::docker::Docker;
use mesos_iac::roles::{Source, Version};
use std::process::Command;

fn engine(version: Version) -> Docker {
    Docker::new(version, Source::packages(["docker.io"]))
        .insecure_registry("registry.lab.example:5000")
        .insecure_registry("198.18.0.0/15")
        .option("hosts", vec!["unix:///var/run/docker.sock", "tcp://127.0.0.1:2375"])
        .option("labels", vec!["rack=r1", "disk=ssd"])
        .option("storage-opts", vec!["dm.basesize=20G"])
        .option("dns", vec!["198.18.0.1"])
        .option("debug", true)
}

fn on_a_host(docker: Docker) -> ClusterBuilder {
    Cluster::new("lab").hosts(host("a").role(docker))
}

/// A shell reads the file, as scripts of init do, and splits it as it starts the engine.
#[test]
fn an_old_engine_gets_its_options_as_words_that_it_knows() {
    let cluster = on_a_host(engine(Version::new(1, 8, 1))).build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("docker");
    std::fs::write(&file, text(&cluster, "a", "/etc/default/docker")).unwrap();
    let shell = Command::new("sh")
        .args(["-euc", ". \"$0\"; printf '%s\\n' $DOCKER_OPTS"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(shell.status.success(), "{shell:?}");
    let words = String::from_utf8(shell.stdout).unwrap();
    assert_eq!(
        words.lines().collect::<Vec<_>>(),
        [
            "--debug=true",
            "--dns=198.18.0.1",
            "--host=unix:///var/run/docker.sock",
            "--host=tcp://127.0.0.1:2375",
            "--insecure-registry=registry.lab.example:5000",
            "--insecure-registry=198.18.0.0/15",
            "--label=rack=r1",
            "--label=disk=ssd",
            "--storage-opt=dm.basesize=20G",
        ]
    );
}

#[test]
fn what_an_old_engine_cannot_be_told_is_a_mistake_and_a_new_one_is_told_it() {
    let labelled = |version| on_a_host(engine(version).option("labels", vec!["rack=the first \"one\""]));
    let told = problems(&labelled(Version::new(1, 11, 2)));
    assert!(told.contains("declare Docker 1.11.2: "), "{told}");
    assert!(told.contains("`labels` has ' ' in"), "{told}");
    assert!(told.contains("/etc/default/docker"), "{told}");
    let new = labelled(Version::new(1, 12, 0)).build().unwrap();
    let json: serde_json::Value = serde_json::from_str(&text(&new, "a", "/etc/docker/daemon.json")).unwrap();
    assert_eq!(json["labels"][0], "rack=the first \"one\"");
    assert_eq!(json["insecure-registries"][1], "198.18.0.0/15");
}
