//! A plan as a file: made, reviewed, and obeyed by an apply that does what it says and nothing else.

use crate::support::{Lab, Ran, assert_snapshot};

const RENAMED: &[&str] = &[
    "--set",
    "mesos_cluster_name=Renamed",
    "--set",
    "zookeeper_ip=10.1.255.200",
];

/// A lab that was applied, and a plan of an edited definition: another cluster name, another ZooKeeper.
fn planned() -> Lab {
    let lab = Lab::new("stacki_mesos");
    lab.run(&["apply", "--sandbox", "{lab}/hosts"]).expect(0);
    run(&lab, RENAMED, &["plan", "-o", "{lab}/plan.json", "--detailed-exitcode"]).expect(2);
    lab
}

fn run(lab: &Lab, definition: &[&str], words: &[&str]) -> Ran {
    let mut all = words.to_vec();
    if words[0] != "show" {
        all.extend(["--sandbox", "{lab}/hosts"]);
    }
    all.extend(definition);
    lab.run(&all)
}

fn edit(lab: &Lab, file: &str, text: &str) {
    std::fs::write(lab.path(&format!("hosts/{file}")), text).unwrap();
}

#[test]
fn a_plan_is_saved_shown_and_applied() {
    let lab = planned();
    assert_snapshot("show_plan", run(&lab, RENAMED, &["show", "{lab}/plan.json"]).expect(0));
    let markdown = run(&lab, RENAMED, &["show", "{lab}/plan.json", "--as", "markdown"]).expect(0);
    assert_snapshot("show_plan_markdown", markdown);
    let json = run(&lab, RENAMED, &["show", "{lab}/plan.json", "--format", "json"]).expect(0);
    assert_eq!(json.stdout, lab.read("plan.json"));
    run(&lab, RENAMED, &["apply", "{lab}/plan.json", "--detailed-exitcode"]).expect(2);
    run(&lab, RENAMED, &["plan", "--detailed-exitcode"]).expect(0);
    // What is done already is within the bounds.
    run(&lab, RENAMED, &["apply", "{lab}/plan.json", "--detailed-exitcode"]).expect(0);
}

#[test]
fn the_host_that_was_edited_by_hand_is_refused_by_name_and_the_others_converge() {
    let lab = planned();
    edit(&lab, "backend-0-3/etc/mesos/zk", "zk://10.9.9.9:2181/mesos\n");
    assert_snapshot(
        "apply_plan_refused",
        run(&lab, RENAMED, &["apply", "{lab}/plan.json"]).expect(4),
    );
    assert_eq!(lab.read("hosts/backend-0-3/etc/mesos/zk"), "zk://10.9.9.9:2181/mesos\n");
    for host in ["backend-0-0", "backend-0-1", "backend-0-2", "backend-0-4"] {
        assert_eq!(
            lab.read(&format!("hosts/{host}/etc/mesos/zk")),
            "zk://10.1.255.200:2181/mesos\n"
        );
    }
}

#[test]
fn what_the_plan_neither_changes_nor_reads_is_left_alone() {
    let lab = planned();
    // No change of the plan has anything to do with this file of the master.
    edit(&lab, "backend-0-0/etc/zookeeper/conf/myid", "7\n");
    let applied = run(&lab, RENAMED, &["apply", "{lab}/plan.json", "--limit", "backend-0-0"]).expect(0);
    assert!(
        applied
            .stdout
            .contains("file[/etc/zookeeper/conf/myid]  differs, and isn't in the plan"),
        "{}",
        applied.stdout
    );
    assert_eq!(lab.read("hosts/backend-0-0/etc/zookeeper/conf/myid"), "7\n");
    assert_eq!(lab.read("hosts/backend-0-0/etc/mesos-master/cluster"), "Renamed\n");
}

#[test]
fn a_plan_of_another_definition_touches_nothing() {
    let lab = planned();
    let refused = run(
        &lab,
        &["--set", "mesos_cluster_name=Other"],
        &["apply", "{lab}/plan.json"],
    )
    .expect(1);
    assert_snapshot("apply_plan_of_another_definition", refused);
    assert_eq!(lab.read("hosts/backend-0-0/etc/mesos-master/cluster"), "MesosCluster\n");
}

#[test]
fn a_definition_that_was_applied_since_isn_t_rolled_back_unless_that_is_meant() {
    let lab = planned();
    let other = &["--set", "mesos_cluster_name=Other", "--limit", "backend-0-0"];
    run(&lab, other, &["apply"]).expect(0);
    run(&lab, &["--limit", "backend-0-0"], &["apply"]).expect(0);
    run(&lab, other, &["apply"]).expect(0);
    edit(&lab, "backend-0-0/etc/mesos-master/cluster", "MesosCluster\n");
    let refused = run(&lab, RENAMED, &["apply", "{lab}/plan.json", "--limit", "backend-0-0"]).expect(4);
    assert_snapshot("apply_plan_outdated", refused);
    run(
        &lab,
        RENAMED,
        &["apply", "{lab}/plan.json", "--limit", "backend-0-0", "--force"],
    )
    .expect(0);
    assert_eq!(lab.read("hosts/backend-0-0/etc/mesos-master/cluster"), "Renamed\n");
}

/// The definition that another run applied in between, so that one resource more came to be ours: an orphan since.
const SLAVE_TOO: &str = "[host.backend-0-0]\nset.is_mesos_slave = true\n";

#[test]
fn what_came_to_be_owed_or_an_orphan_since_is_left() {
    const CLUSTER: &[&str] = &["--set", "mesos_cluster_name=Renamed", "--limit", "backend-0-0"];
    const ORPHAN: &str = "hosts/backend-0-0/etc/mesos-slave/ip";
    let lab = Lab::new("stacki_mesos");
    lab.run(&["apply", "--sandbox", "{lab}/hosts"]).expect(0);
    run(&lab, CLUSTER, &["plan", "-o", "{lab}/plan.json", "--detailed-exitcode"]).expect(2);
    std::fs::write(lab.path("slave_too.toml"), SLAVE_TOO).unwrap();
    let slave_too = &["--inputs", "{lab}/slave_too.toml", "--limit", "backend-0-0"];
    run(&lab, slave_too, &["apply"]).expect(0);
    run(&lab, &["--limit", "backend-0-0"], &["apply"]).expect(0);
    owe(&lab, "backend-0-0", "marathon");
    let restarts = || {
        let machine: serde_json::Value =
            serde_json::from_str(&lab.read("hosts/backend-0-0/.mesos-iac/machine.json")).unwrap();
        machine["actions"]["restart marathon.service"]
            .as_u64()
            .unwrap_or_default()
    };
    let before = restarts();

    let shown = run(&lab, &[], &["show", "{lab}/plan.json"]).expect(0);
    assert!(!shown.stdout.contains("marathon") && !shown.stdout.contains("mesos-slave"));
    let applied = run(&lab, CLUSTER, &["apply", "{lab}/plan.json", "--prune"]).expect(0);
    assert_snapshot("apply_plan_leaves_the_rest", applied);
    assert_eq!(lab.read("hosts/backend-0-0/etc/mesos-master/cluster"), "Renamed\n");
    assert_eq!(restarts(), before);
    assert!(lab.exists(ORPHAN));
    // Nothing of it is forgotten: a run that no plan bounds sees to it.
    run(&lab, CLUSTER, &["apply", "--prune"]).expect(0);
    assert_eq!(restarts(), before + 1);
    assert!(!lab.exists(ORPHAN));
}

#[test]
fn a_run_that_broke_off_behind_a_start_can_be_repeated_with_its_plan() {
    let lab = Lab::new("stacki_mesos");
    let limit = &["--limit", "backend-0-1"];
    run(&lab, limit, &["plan", "-o", "{lab}/plan.json", "--detailed-exitcode"]).expect(2);
    run(&lab, limit, &["apply", "{lab}/plan.json"]).expect(0);
    // As a run leaves it that is killed before it can say that the service was started after the file changed.
    owe(&lab, "backend-0-1", "mesos-slave");
    let repeated = run(&lab, limit, &["apply", "{lab}/plan.json"]).expect(0);
    let restart = "restart  service[mesos-slave]  because of file[/etc/mesos/zk], owed since an earlier run";
    assert!(repeated.stdout.contains(restart), "{}", repeated.stdout);
}

/// A run that broke off came to owe this service a restart.
fn owe(lab: &Lab, host: &str, service: &str) {
    let file = format!("hosts/{host}/.mesos-iac/state/ledger.json");
    let mut ledger: serde_json::Value = serde_json::from_str(&lab.read(&file)).unwrap();
    let cause = serde_json::json!({ "id": { "kind": "core.file", "key": "/etc/mesos/zk" }, "before": null });
    ledger["owed"].as_array_mut().unwrap().push(serde_json::json!([
        { "kind": "core.service", "key": service },
        { "action": "Restart", "timing": "Delayed", "after_failure": "HoldIfNeeded", "because": [cause], "boot": null },
    ]));
    std::fs::write(lab.path(&file), ledger.to_string()).unwrap();
}

#[test]
fn what_the_plan_removes_is_removed_and_what_it_releases_is_never_touched() {
    let lab = Lab::new("stacki_mesos");
    let limit = &["--limit", "backend-0-0"];
    std::fs::write(lab.path("slave_too.toml"), SLAVE_TOO).unwrap();
    let slave_too = &["--inputs", "{lab}/slave_too.toml", "--limit", "backend-0-0"];
    run(&lab, slave_too, &["apply"]).expect(0);
    run(&lab, limit, &["apply"]).expect(0);
    let orphan = "hosts/backend-0-0/etc/mesos-slave/ip";
    let content = lab.read(orphan);
    // By the time of the plan somebody has removed it; by the time of the apply it is there again, whoever made it.
    std::fs::remove_file(lab.path(orphan)).unwrap();
    run(&lab, limit, &["plan", "-o", "{lab}/gone.json"]).expect(0);
    std::fs::write(lab.path(orphan), &content).unwrap();
    let kept = run(&lab, limit, &["apply", "{lab}/gone.json", "--prune"]).expect(0);
    assert!(
        kept.stdout.contains("the plan that bounds the run doesn't remove it"),
        "{}",
        kept.stdout
    );
    assert_eq!(lab.read(orphan), content);
    run(&lab, limit, &["plan", "-o", "{lab}/there.json"]).expect(0);
    run(&lab, limit, &["apply", "{lab}/there.json", "--prune"]).expect(0);
    assert!(!lab.exists(orphan));
}

#[test]
fn a_host_that_lost_its_state_is_refused() {
    let lab = planned();
    std::fs::remove_dir_all(lab.path("hosts/backend-0-3/.mesos-iac/state")).unwrap();
    let refused = run(&lab, RENAMED, &["apply", "{lab}/plan.json", "--limit", "backend-0-3"]).expect(4);
    assert_snapshot("apply_plan_state_lost", refused);
    assert_eq!(
        lab.read("hosts/backend-0-3/etc/mesos/zk"),
        "zk://10.1.255.254:2181/mesos\n"
    );
}

#[test]
fn a_plan_is_of_the_kinds_that_made_it() {
    let mut lab = planned();
    // Another build of the same definition, with the same kinds, is the same to a plan.
    lab.rebuild();
    run(&lab, RENAMED, &["apply", "{lab}/plan.json", "--limit", "backend-0-0"]).expect(0);
    let mut saved: serde_json::Value = serde_json::from_str(&lab.read("plan.json")).unwrap();
    saved["hosts"]["backend-0-1"]["kinds"]["core.service"] = 99.into();
    saved["hosts"]["backend-0-2"]["kinds"]["lab.gone"] = 1.into();
    std::fs::write(lab.path("plan.json"), saved.to_string()).unwrap();
    let refused = run(&lab, RENAMED, &["apply", "{lab}/plan.json"]).expect(1);
    assert_snapshot("apply_plan_of_other_kinds", refused);
    assert_eq!(
        lab.read("hosts/backend-0-1/etc/mesos/zk"),
        "zk://10.1.255.254:2181/mesos\n"
    );
}

#[test]
fn what_is_no_plan_is_told() {
    let lab = planned();
    let mut said = String::new();
    for (name, content) in [
        ("missing.json", None),
        ("empty.json", Some(String::new())),
        ("cut.json", Some(lab.read("plan.json")[..200].to_owned())),
        ("other.json", Some("{\"format\": 1, \"hosts\": 3}".to_owned())),
        ("newer.json", Some("{\"format\": 2}".to_owned())),
    ] {
        if let Some(content) = content {
            std::fs::write(lab.path(name), content).unwrap();
        }
        let file = format!("{{lab}}/{name}");
        let refused = run(&lab, RENAMED, &["apply", &file]).expect(1);
        said.push_str(&refused.stderr);
        run(&lab, RENAMED, &["show", &file]).expect(1);
    }
    assert_snapshot("no_plan", said);
}

/// Runs the example with secrets, with this password.
fn with_password(lab: &Lab, password: &str, words: &[&str]) -> Ran {
    let words = [words, &["--sandbox", "{lab}/hosts"]].concat();
    lab.run_with(&words, |command| {
        command.env("DATABASE_PASSWORD", password);
    })
}

#[test]
fn a_plan_is_bound_to_secrets_that_it_does_not_show() {
    let lab = Lab::new("secrets");
    with_password(&lab, "first", &["apply"]).expect(0);
    let file = "hosts/app-1/etc/app/database.conf";
    with_password(
        &lab,
        "second",
        &["plan", "-o", "{lab}/plan.json", "--detailed-exitcode"],
    )
    .expect(2);
    let saved: serde_json::Value = serde_json::from_str(&lab.read("plan.json")).unwrap();
    let seal = |host: &str| {
        let resources = saved["hosts"][host]["plan"]["resources"].as_array().unwrap();
        let seals: Vec<&str> = resources.iter().filter_map(|one| one["seal"].as_str()).collect();
        assert_eq!(seals.len(), 1, "{host}");
        seals[0].to_owned()
    };
    // The same secrets on two hosts: what isn't the same is the key, which no plan holds.
    assert_ne!(seal("app-1"), seal("app-2"));
    let key = std::fs::read(lab.path("hosts/app-1/.mesos-iac/state/key")).unwrap();
    assert_eq!(key.len(), 32);

    let refused = |ran: Ran, why: &str| {
        let ran = ran.expect(4);
        assert!(
            ran.stdout.contains("isn't the one of the plan"),
            "{why}: {}",
            ran.stdout
        );
        for secret in ["first", "second", "third", "by-hand"] {
            assert!(!ran.stdout.contains(secret), "{why}: {}", ran.stdout);
        }
    };
    let apply = &["apply", "{lab}/plan.json"];
    let before = lab.read(file);
    refused(
        with_password(&lab, "third", apply),
        "the secret has another value since",
    );
    assert_eq!(lab.read(file), before);
    edit(
        &lab,
        "app-1/etc/app/database.conf",
        "host = db.internal\npassword = by-hand\n",
    );
    refused(with_password(&lab, "second", apply), "the host was edited since");
    assert!(lab.read(file).contains("by-hand"));
    assert!(lab.read("hosts/app-2/etc/app/database.conf").contains("second"));
    edit(&lab, "app-1/etc/app/database.conf", &before);
    with_password(&lab, "second", apply).expect(0);
    assert!(lab.read(file).contains("second"));
    // What is done already is within the bounds.
    with_password(&lab, "second", apply).expect(0);
}

#[test]
fn a_limit_that_selects_no_host_of_the_plan_is_a_mistake() {
    let lab = Lab::new("stacki_mesos");
    lab.run(&["apply", "--sandbox", "{lab}/hosts"]).expect(0);
    let file = ["plan", "-o", "{lab}/plan.json", "--limit", "backend-0-[0-1]"];
    run(&lab, RENAMED, &file).expect(0);
    let refused = run(&lab, RENAMED, &["apply", "{lab}/plan.json", "--limit", "backend-0-3"]).expect(1);
    assert_snapshot("apply_plan_of_no_host", refused);
}
