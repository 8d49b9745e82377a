//! What users see of each command: snapshots of whole outputs.

use crate::support::{Lab, assert_snapshot};

fn snapshot(name: &str, arguments: &[&str], status: i32) {
    let ran = Lab::new("stacki_mesos").run(arguments).expect(status);
    assert_snapshot(&format!("output__{name}"), ran);
}

#[test]
fn check() {
    snapshot("check", &["check"], 0);
    snapshot("check_json", &["check", "--format", "json"], 0);
    snapshot(
        "check_json_problems",
        &["check", "--format", "json", "--set", "rack=1"],
        1,
    );
}

#[test]
fn list() {
    for what in ["hosts", "roles", "attributes", "resources"] {
        snapshot(&format!("list_{what}"), &["list", what], 0);
    }
    snapshot("list_attributes_all", &["list", "attributes", "--all"], 0);
    snapshot("list_hosts_all", &["list", "hosts", "--all"], 1);
    // Who has the role reads one of its attributes, and sees all of them.
    let with_zookeeper = Lab::new("stacki_appliances").run(&["list", "attributes"]).expect(0);
    assert!(with_zookeeper.stdout.contains("zookeeper.observer"), "{with_zookeeper}");
    snapshot(
        "list_hosts_json",
        &["list", "hosts", "--format", "json", "--limit", "backend-0-0"],
        0,
    );
}

#[test]
fn explain() {
    snapshot("explain_attribute", &["explain", "backend-0-0", "is_mesos_master"], 0);
    snapshot(
        "explain_resource",
        &["explain", "backend-0-0", "file[/etc/mesos/zk]"],
        0,
    );
    snapshot(
        "explain_service",
        &["explain", "backend-0-0", "service[mesos-master]"],
        0,
    );
    snapshot(
        "explain_left_out",
        &["explain", "backend-0-1", "/etc/mesos-master/ip"],
        0,
    );
    snapshot("explain_block", &["explain", "backend-0-1", "service[zookeeper]"], 0);
    snapshot(
        "explain_block_everywhere",
        &[
            "explain",
            "backend-0-0",
            "service[zookeeper]",
            "--set",
            "is_mesos_master=false",
        ],
        1,
    );
    snapshot("explain_host", &["explain", "backend-0-1"], 0);
    snapshot(
        "explain_unknown_resource",
        &["explain", "backend-0-1", "file[/etc/mesos/zkk]"],
        1,
    );
    snapshot("explain_unknown", &["explain", "backend-0-1", "zookeper_ip"], 1);
    snapshot(
        "explain_attribute_json",
        &["explain", "backend-0-0", "is_mesos_master", "--format", "json"],
        0,
    );
}

#[test]
fn render() {
    snapshot("render", &["render", "--limit", "backend-0-[0-1]"], 0);
    let lab = Lab::new("stacki_mesos");
    lab.run(&["render", "-o", "{lab}/files"]).expect(0);
    assert_eq!(lab.read("files/backend-0-2/etc/mesos-slave/ip"), "10.1.255.252\n");
}

#[test]
fn graph() {
    snapshot("graph_dot", &["graph", "--limit", "backend-0-0"], 0);
    snapshot(
        "graph_mermaid",
        &["graph", "--as", "mermaid", "--limit", "backend-0-1"],
        0,
    );
}

#[test]
fn apply_and_plan() {
    snapshot("apply", &["apply", "--sandbox", "{lab}/hosts"], 0);
    snapshot(
        "apply_verbose",
        &["apply", "-v", "--sandbox", "{lab}/hosts", "--limit", "backend-0-1"],
        0,
    );
    let json = Lab::new("stacki_mesos")
        .run(&[
            "apply",
            "--format",
            "json",
            "--sandbox",
            "{lab}/hosts",
            "--limit",
            "backend-0-1",
        ])
        .expect(0);
    let lines: Vec<serde_json::Value> = json
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.last().unwrap()["type"], "finished");
    assert_eq!(lines.iter().filter(|line| line["type"] == "host_finished").count(), 1);
}

#[test]
fn help_and_usage() {
    snapshot("help", &["--help"], 0);
    snapshot("usage_unknown_command", &["aply"], 1);
    snapshot("usage_no_command", &[], 1);
}
