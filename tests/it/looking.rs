//! What the commands say that only look: another run at work, drift, doubt, long lists, and that there is nothing to say.

use crate::support::Lab;
use mesos_iac::fleet::{FleetEvent, HostResult, Traffic};
use mesos_iac::prelude::*;
use mesos_iac::report::{Paint, Reporter, RunReporter, Tally, View};
use mesos_iac::state::{HostIdentity, Store, Takeover};
use mesos_iac::testing::FakeHost;
use mesos_iac::{AfterFailure, HostName, Ledger, OwedRefresh, RefreshAction, Timing, plan};
use std::collections::BTreeMap;

fn applied() -> Lab {
    let lab = Lab::new("stacki_mesos");
    lab.run(&["apply", "--sandbox", "{lab}/hosts"]).expect(0);
    lab
}

#[test]
fn a_run_that_is_at_work_is_named_by_everything_that_looks() {
    let lab = applied();
    let identity = HostIdentity {
        cluster: "stacki-lab".to_owned(),
        host: HostName::new("backend-0-0").unwrap(),
        machine: None,
    };
    let state = lab.path("hosts/backend-0-0/.mesos-iac/state");
    let mut at_work = Store::open(&state, &identity, &Takeover::default(), "anna@workstation").unwrap();
    at_work.say("packages");
    let holder = format!(
        "another run is at work: anna@workstation (process {})",
        std::process::id()
    );
    for command in ["plan", "status", "pending", "orphans"] {
        for format in ["human", "json"] {
            let ran = lab
                .run(&[command, "--sandbox", "{lab}/hosts", "--format", format])
                .expect(0);
            let said = ran.stdout.matches(&holder).count();
            assert_eq!(said, 1, "{command} {format}: {}", ran.stdout);
            assert!(ran.stdout.contains("at packages"), "{}", ran.stdout);
        }
    }
    // It isn't disturbed by that, and whoever wants to work is still refused.
    let refused = lab
        .run(&["apply", "--sandbox", "{lab}/hosts", "--limit", "backend-0-0"])
        .expect(6);
    assert!(refused.stdout.contains("anna@workstation"), "{}", refused.stdout);
    drop(at_work);
    let free = lab.run(&["plan", "--sandbox", "{lab}/hosts"]).expect(0);
    assert!(!free.stdout.contains("at work"), "{}", free.stdout);
}

#[test]
fn drift_is_told_and_an_edited_definition_is_not_called_so() {
    let lab = applied();
    std::fs::write(lab.path("hosts/backend-0-2/etc/mesos/zk"), "zk://10.9.9.9:2181/mesos\n").unwrap();
    let edit = ["--sandbox", "{lab}/hosts", "--set", "mesos_cluster_name=Renamed"];
    let plan = [&["plan", "-o", "{lab}/plan.json"], &edit[..]].concat();
    let plan = lab.run(&plan).expect(0);
    assert!(
        plan.stdout.contains("~ file[/etc/mesos/zk], drifted  backend-0-2\n"),
        "{}",
        plan.stdout
    );
    assert!(
        plan.stdout.contains("~ file[/etc/mesos-master/cluster]  backend-0-0\n"),
        "{}",
        plan.stdout
    );
    assert!(plan.stderr.ends_with("saved in {lab}/plan.json\n"), "{}", plan.stderr);
    let markdown = lab
        .run(&["show", "{lab}/plan.json", "--as", "markdown"])
        .expect(0)
        .stdout;
    let heading = "<summary>would change, drifted: <code>file[/etc/mesos/zk]</code>";
    assert!(markdown.contains(heading), "{markdown}");
    let status = lab.run(&[&["status"], &edit[..]].concat()).expect(0).stdout;
    assert!(status.contains("backend-0-2  1 would change, 1 drifted\n"), "{status}");
    assert!(status.contains("backend-0-0  1 would change\n"), "{status}");
}

#[test]
fn nothing_owed_and_nothing_orphaned_is_said() {
    let lab = applied();
    for (command, words) in [("pending", "nothing is owed\n"), ("orphans", "nothing is orphaned\n")] {
        let said = lab.run(&[command, "--sandbox", "{lab}/hosts"]).expect(0).stdout;
        assert!(said.starts_with(words), "{said}");
    }
}

#[test]
fn a_plan_that_cannot_be_saved_is_shown_all_the_same() {
    let lab = applied();
    std::fs::write(lab.path("hosts/backend-0-2/etc/mesos/zk"), "zk://10.9.9.9:2181/mesos\n").unwrap();
    let plan = lab
        .run(&["plan", "--sandbox", "{lab}/hosts", "-o", "{lab}/nowhere/plan.json"])
        .expect(1);
    assert!(plan.stdout.contains("file[/etc/mesos/zk]"), "{}", plan.stdout);
    assert!(
        plan.stderr
            .contains("error: {lab}/nowhere/plan.json: failed to write the plan: "),
        "{}",
        plan.stderr
    );
    assert!(!plan.stderr.contains("saved in"), "{}", plan.stderr);
}

/// A service that so many files restart, and a command of which a sandbox can't know what it would do.
#[derive(Role, Clone, PartialEq)]
#[role(name = "many-causes")]
struct Many {
    files: usize,
}

impl Declares for Many {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let files: Vec<_> = (0..self.files)
            .map(|number| cx.add(file(format!("/etc/many-{number:02}")).content("x\n")))
            .collect();
        cx.add(service("many").running().restart_on(files));
        cx.add(command(["/bin/true"]).unless(["/bin/false"]));
        Ok(())
    }
}

fn catalog(files: usize) -> mesos_iac::CompiledHost {
    let cluster = Cluster::new("many").hosts(host("one").role(Many { files }));
    cluster.build().unwrap().compile().unwrap().hosts.remove(0)
}

fn told(view: View, plan: plan::Plan) -> String {
    let mut out = Vec::new();
    let host = HostName::new("one").unwrap();
    let hosts = std::slice::from_ref(&host);
    let mut reporter = RunReporter::new(&mut out, Paint::plain(), hosts, false, "plan", false).showing(view);
    let event = FleetEvent::HostFinished {
        host,
        result: HostResult::Planned(plan),
        traffic: Traffic::default(),
    };
    let mut tally = Tally::default();
    tally.count(&event);
    reporter.take(&event).unwrap();
    reporter.finish(&tally).unwrap();
    drop(reporter);
    String::from_utf8(out).unwrap()
}

#[test]
fn causes_are_bounded_for_people_and_whole_for_programs() {
    let host = catalog(12);
    let fake = FakeHost::new(&host);
    // One that runs has new files to read.
    fake.system().control_unit("many.service", UnitAction::Start).unwrap();
    let causes = host
        .catalog
        .entries
        .iter()
        .filter(|entry| entry.id.kind.as_str() == "core.file");
    let service = "service[many]".parse().unwrap();
    let owed = OwedRefresh {
        action: RefreshAction::Restart,
        timing: Timing::default(),
        after_failure: AfterFailure::default(),
        because: causes.map(|entry| (entry.id.clone(), None)).collect(),
        boot: None,
    };
    let ledger = Ledger {
        owed: BTreeMap::from([(service, owed)]),
        ..Ledger::default()
    };
    let planned = plan::plan(&host.catalog, fake.system(), &ledger);
    let bounded = "because of file[/etc/many-00], file[/etc/many-01], file[/etc/many-02], file[/etc/many-03], \
                   file[/etc/many-04] and 7 more\n";
    for view in [View::Changes, View::Pending] {
        let told = told(view, planned.clone());
        assert!(told.contains(bounded), "{told}");
    }
    let json = serde_json::to_string(&planned.refreshes).unwrap();
    assert!(json.contains("/etc/many-11"), "{json}");
}

#[test]
fn what_is_unknown_is_not_taken_for_nothing_to_do() {
    let host = catalog(0);
    let mut fake = FakeHost::new(&host);
    fake.converge(&host);
    // The command wasn't said anything of, so nobody knows what it would do.
    let planned = plan::plan(&host.catalog, fake.system(), &Ledger::default());
    let kinds = (planned.is_uncertain(), planned.fails());
    assert_eq!(kinds, (true, false), "{planned:?}");
}
