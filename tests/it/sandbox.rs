//! The main job in a sandbox: files really written, a second run that changes nothing, a plan of what was edited.

use crate::support::{Lab, assert_snapshot};
use mesos_iac::agent::{Mode, RunOptions};
use mesos_iac::fleet::{FleetEvent, HostResult, Stop, run_sandboxes};
use mesos_iac::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

fn applied() -> Lab {
    let lab = Lab::new("stacki_mesos");
    lab.run(&["apply", "--sandbox", "{lab}/hosts", "--detailed-exitcode"])
        .expect(2);
    lab
}

const HOSTS: [&str; 5] = [
    "backend-0-0",
    "backend-0-1",
    "backend-0-2",
    "backend-0-3",
    "backend-0-4",
];

#[test]
fn apply_writes_the_files_of_the_document() {
    let lab = applied();
    for host in HOSTS {
        assert_eq!(
            lab.read(&format!("hosts/{host}/etc/mesos/zk")),
            "zk://10.1.255.254:2181/mesos\n"
        );
        let is_master = host == "backend-0-0";
        for (path, on_master) in [
            ("mesos-master/ip", true),
            ("mesos-master/cluster", true),
            ("mesos-slave/ip", false),
        ] {
            assert_eq!(
                lab.exists(&format!("hosts/{host}/etc/{path}")),
                is_master == on_master,
                "{host} {path}"
            );
        }
    }
    assert_eq!(lab.read("hosts/backend-0-0/etc/mesos-master/ip"), "10.1.255.254\n");
    assert_eq!(lab.read("hosts/backend-0-0/etc/mesos-master/cluster"), "MesosCluster\n");
    assert_eq!(lab.read("hosts/backend-0-3/etc/mesos-slave/ip"), "10.1.255.251\n");
}

#[test]
fn a_second_apply_changes_nothing() {
    let lab = applied();
    let again = lab
        .run(&["apply", "--sandbox", "{lab}/hosts", "--detailed-exitcode"])
        .expect(0);
    assert!(again.stdout.contains("0 changed, 32 unchanged"), "{}", again.stdout);
    assert_eq!(again.stderr, "");
}

#[test]
fn plan_shows_the_file_that_was_edited_and_no_other() {
    let lab = applied();
    std::fs::write(lab.path("hosts/backend-0-2/etc/mesos/zk"), "zk://10.9.9.9:2181/mesos\n").unwrap();
    let plan = lab
        .run(&["plan", "--sandbox", "{lab}/hosts", "--detailed-exitcode"])
        .expect(2);
    assert_snapshot("output__plan_after_an_edit", plan);
    // A plan changes nothing, and says nothing by its status unless it is asked to.
    lab.run(&["plan", "--sandbox", "{lab}/hosts"]).expect(0);
    assert_eq!(lab.read("hosts/backend-0-2/etc/mesos/zk"), "zk://10.9.9.9:2181/mesos\n");
    lab.run(&["apply", "--sandbox", "{lab}/hosts", "--detailed-exitcode"])
        .expect(2);
    assert_eq!(
        lab.read("hosts/backend-0-2/etc/mesos/zk"),
        "zk://10.1.255.254:2181/mesos\n"
    );
}

#[test]
fn drafts_of_a_killed_run_are_removed_by_the_next() {
    let lab = applied();
    let draft = "hosts/backend-0-2/etc/mesos/.zk.0123456789abcdef.mesos-iac~";
    std::fs::write(lab.path(draft), "zk://10.9.9").unwrap();
    lab.run(&["apply", "--sandbox", "{lab}/hosts"]).expect(0);
    assert!(
        lab.exists(draft),
        "whoever wasn't killed leaves none, and nobody looks for any"
    );
    let lock = "hosts/backend-0-2/.mesos-iac/state/lock";
    let holder = r#"{"who":"anna@workstation","process":1,"since":1,"phase":"file[/etc/mesos/zk]","heartbeat":2,"runs":["1-1"]}"#;
    std::fs::write(lab.path(lock), holder).unwrap();
    lab.run(&["apply", "--sandbox", "{lab}/hosts"]).expect(0);
    assert!(!lab.exists(draft));
}

#[test]
fn a_plan_of_a_sandbox_that_does_not_exist_makes_none() {
    let lab = Lab::new("stacki_mesos");
    let plan = lab.run(&["plan", "--sandbox", "{lab}/hosts"]).expect(0);
    assert_snapshot("output__plan_of_nothing", plan);
    assert!(!lab.exists("hosts"));
}

#[test]
fn limit_works_on_some_hosts_and_peers_stay_whole() {
    let lab = Lab::new("stacki_mesos");
    lab.run(&["apply", "--sandbox", "{lab}/hosts", "--limit", "backend-0-[1,3]"])
        .expect(0);
    let made: Vec<bool> = HOSTS.iter().map(|host| lab.exists(&format!("hosts/{host}"))).collect();
    assert_eq!(made, [false, true, false, true, false]);
}

#[test]
fn attributes_and_addresses_come_from_outside() {
    let lab = Lab::new("stacki_mesos");
    std::fs::write(
        lab.path("lab.toml"),
        "[set]\nzookeeper_ip = '198.18.0.11'\n[host.backend-0-0]\naddress = '198.18.0.11'\n",
    )
    .unwrap();
    let common = ["--inputs", "{lab}/lab.toml", "--set", "mesos_cluster_name=Other"];
    lab.run(&[&["apply", "--sandbox", "{lab}/hosts"], &common[..]].concat())
        .expect(0);
    assert_eq!(
        lab.read("hosts/backend-0-1/etc/mesos/zk"),
        "zk://198.18.0.11:2181/mesos\n"
    );
    assert_eq!(lab.read("hosts/backend-0-0/etc/mesos-master/ip"), "198.18.0.11\n");
    assert_eq!(lab.read("hosts/backend-0-0/etc/mesos-master/cluster"), "Other\n");
    let explained = lab
        .run(&[&["explain", "backend-0-0", "mesos_cluster_name"], &common[..]].concat())
        .expect(0);
    assert!(
        explained.stdout.contains("wins      input   Other         --set"),
        "{}",
        explained.stdout
    );
}

#[test]
fn a_link_in_a_sandbox_does_not_lead_out_of_it() {
    let lab = applied();
    let outside = lab.path("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::remove_dir_all(lab.path("hosts/backend-0-1/etc/mesos")).unwrap();
    std::os::unix::fs::symlink(&outside, lab.path("hosts/backend-0-1/etc/mesos")).unwrap();
    lab.run(&["apply", "--sandbox", "{lab}/hosts"]);
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn a_damaged_or_newer_model_is_refused_and_kept() {
    for (text, why) in [("{", "EOF"), ("[]", "no model"), (r#"{"format": 99}"#, "version 99")] {
        let lab = applied();
        let model = lab.path("hosts/backend-0-4/.mesos-iac/machine.json");
        std::fs::write(&model, text).unwrap();
        let ran = lab.run(&["apply", "--sandbox", "{lab}/hosts"]).expect(4);
        assert!(ran.stdout.contains(why), "{}", ran.stdout);
        assert_eq!(std::fs::read_to_string(&model).unwrap(), text);
    }
}

#[test]
fn a_file_that_is_too_long_is_told_and_not_read() {
    let lab = applied();
    let path = lab.path("hosts/backend-0-0/etc/mesos/zk");
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    // With holes: it takes no room, and would take more memory than there is.
    file.set_len(1 << 40).unwrap();
    for (command, before) in [("plan", "can't be planned: failed"), ("apply", "failed")] {
        let ran = lab
            .run(&[command, "--sandbox", "{lab}/hosts", "--limit", "backend-0-0"])
            .expect(4);
        let why =
            format!("{before} to read /etc/mesos/zk: it has 1099511627776 bytes, and 67108864 (64 MiB) are the most");
        assert!(ran.stdout.contains(&why), "{ran}");
    }
}

#[test]
fn a_sandbox_that_leads_elsewhere_is_refused() {
    use std::os::unix::fs::symlink;
    for link in [
        "hosts/backend-0-1",
        "hosts/backend-0-1/.mesos-iac",
        "hosts/backend-0-1/.mesos-iac/state",
        "hosts/backend-0-1/.mesos-iac/state/lock",
        "hosts/backend-0-1/.mesos-iac/machine.json",
    ] {
        let lab = Lab::new("stacki_mesos");
        let (link, outside) = (lab.path(link), lab.path("outside"));
        std::fs::create_dir(&outside).unwrap();
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(&outside, &link).unwrap();
        for command in ["apply", "plan"] {
            let ran = lab
                .run(&[command, "--sandbox", "{lab}/hosts", "--limit", "backend-0-1"])
                .expect(4);
            let place = link.strip_prefix(lab.directory.path()).unwrap().display();
            let why = format!(
                "REFUSED  failed to use the sandbox {{lab}}/{place}: a symbolic link, which may lead out of the sandbox,"
            );
            assert!(ran.stdout.contains(&why), "{why}\n{ran}");
        }
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0, "{}", link.display());
        assert!(!lab.exists("hosts/backend-0-1/etc"));
    }
}

#[test]
fn a_pipe_among_the_sandbox_s_own_files_is_refused_and_not_waited_for() {
    for pipe in ["machine.json", "state/ledger.json", "state/journal", "state/lock"] {
        let lab = applied();
        let pipe = lab.path(&format!("hosts/backend-0-4/.mesos-iac/{pipe}"));
        std::fs::remove_file(&pipe).ok();
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        for command in ["apply", "plan"] {
            let ran = lab.run(&[command, "--sandbox", "{lab}/hosts"]).expect(4);
            assert!(ran.stdout.contains("a device, socket or pipe stands there"), "{ran}");
        }
    }
}

/// What a definition of these resources does in a sandbox of the host `a`, told as people are.
fn converged(directory: &Path, role: impl Role) -> String {
    let cluster = Cluster::new("x").hosts(host("a").role(role)).build().unwrap();
    let catalog = cluster.compile().unwrap().hosts.remove(0).catalog;
    let mut told = String::new();
    let (options, secrets) = (RunOptions::default(), BTreeMap::new());
    run_sandboxes(
        &[catalog],
        directory,
        Mode::Apply,
        &|_| options.clone(),
        &secrets,
        &Stop::new(),
        &mut |event| {
            if let FleetEvent::HostFinished {
                result: HostResult::Failed(error),
                ..
            } = &event
            {
                writeln!(told, "failed to {error}").unwrap();
            }
            writeln!(told, "{event:?}").unwrap();
        },
    );
    told
}

#[derive(Role, Clone)]
#[role(name = "overwrites-the-model")]
#[resource(file("/.mesos-iac/machine.json").content("{}"))]
#[resource(file("/etc/motd").content("x"))]
struct OverwritesTheModel;

#[derive(Role, Clone)]
#[role(name = "overwrites-the-model-through-a-link")]
#[resource(aside = symlink("/aside", "/.mesos-iac"))]
#[resource(file("/aside/machine.json").content("{}").after(aside))]
#[resource(file("/aside/fresh/file").content("{}").after(aside))]
#[resource(directory("/aside/directory").after(aside))]
#[resource(file("/aside/state/ledger.json").absent().after(aside))]
#[resource(symlink("/aside/link", "/etc").after(aside))]
struct OverwritesTheModelThroughALink;

#[test]
fn users_groups_owners_and_modes_are_kept_in_the_model() {
    #[derive(Role, Clone)]
    #[role(name = "site")]
    struct Site;

    impl Declares for Site {
        fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
            cx.add(group("web").gid(4000));
            cx.add(user("anna").group("web").home("/srv/anna"));
            cx.add(directory("/srv"));
            cx.add(file("/srv/notes").content("x\n").owner("anna").group("web").mode(0o640));
            Ok(())
        }
    }

    let directory = tempfile::tempdir().unwrap();
    let first = converged(directory.path(), Site);
    assert!(first.contains("unchanged: 0, changed: 4, "), "{first}");
    let again = converged(directory.path(), Site);
    assert!(again.contains("unchanged: 4, changed: 0, "), "{again}");
    let model = std::fs::read_to_string(directory.path().join("a/.mesos-iac/machine.json")).unwrap();
    let model: serde_json::Value = serde_json::from_str(&model).unwrap();
    assert_snapshot("sandbox__model", serde_json::to_string_pretty(&model).unwrap());
}

#[test]
fn a_definition_cannot_touch_what_is_the_sandbox_s_own() {
    let lab = tempfile::tempdir().unwrap();
    let told = converged(lab.path(), OverwritesTheModel);
    assert!(
        told.contains("failed to use the sandbox for file[/.mesos-iac/machine.json]: below /.mesos-iac it keeps"),
        "{told}"
    );
    assert!(!lab.path().join("a").exists(), "something was written");

    let told = converged(lab.path(), OverwritesTheModelThroughALink);
    assert_eq!(
        told.matches("below /.mesos-iac the sandbox keeps its own").count(),
        4,
        "{told}"
    );
    let own = lab.path().join("a/.mesos-iac");
    let model: serde_json::Value = serde_json::from_slice(&std::fs::read(own.join("machine.json")).unwrap()).unwrap();
    assert_eq!(model["format"], 1);
    for made in ["fresh", "directory", "link"] {
        assert!(!own.join(made).exists(), "{made}");
    }
}

/// A file, which is all that its host has.
#[derive(Role, Clone)]
#[role(name = "one-file")]
#[resource(file("/etc/one").content("one\n"))]
struct OneFile;

#[test]
fn a_host_that_stops_at_its_first_failure_stops_no_other() {
    let directory = tempfile::tempdir().unwrap();
    // Where the file is to be stands a directory.
    std::fs::create_dir_all(directory.path().join("h-1/etc/one")).unwrap();
    let cluster = Cluster::new("x").hosts(hosts("h-[1-2]").role(OneFile)).build();
    let hosts = cluster.unwrap().compile().unwrap().hosts;
    let catalogs: Vec<Catalog> = hosts.into_iter().map(|host| host.catalog).collect();
    let options = |_: &Catalog| RunOptions {
        fail_fast: true,
        ..RunOptions::default()
    };
    let stop = Stop::new();
    let mut results = Vec::new();
    let take = &mut |event| {
        if let FleetEvent::HostFinished { result, .. } = event {
            results.push(result);
        }
    };
    run_sandboxes(
        &catalogs,
        directory.path(),
        Mode::Apply,
        &options,
        &BTreeMap::new(),
        &stop,
        take,
    );
    assert!(!stop.is_requested());
    let summaries = results.iter().map(|result| match result {
        HostResult::Converged(summary) => (summary.changed, summary.failed),
        other => panic!("{other:?}"),
    });
    assert_eq!(summaries.collect::<Vec<_>>(), [(0, 1), (1, 0)]);
}
