//! A plan of a real host is what a run does there, a saved one bounds it, and a host that is as desired is left alone.

use crate::bed::Bed;
use crate::program::{Program, Report};
use crate::suite::{LAB, Suite};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many random catalogs each host gets.
const CATALOGS: u32 = 9;

/// What somebody may have done to a host by hand.
const DRIFTS: [&str; 16] = [
    "rm -rf /etc/plans",
    "rm -rf /etc/plans /etc/systemd/system/planned-*; systemctl daemon-reload",
    "rm -rf /etc/plans/one /etc/plans/1",
    "mkdir -p /etc/plans; echo edited >/etc/plans/3; echo edited >/etc/plans/5",
    "chmod 0600 /etc/plans/*",
    "mkdir -p /etc/plans; rm -rf /etc/plans/2; ln -s somewhere /etc/plans/2",
    "systemctl stop planned-a",
    "systemctl disable --now planned-b",
    "systemctl stop mesos-master",
    "apt-get -qq remove hello jq",
    "apt-get -qq install tree",
    "apt-get -qq install --allow-downgrades mesos=1.11.0-fixture1",
    "apt-get -qq purge mesos marathon",
    "userdel plan-a",
    "useradd --uid 4002 plan-b; usermod --shell /bin/dash plan-b",
    "rm -f /var/tmp/plans-*",
];

/// What all comparisons come to.
#[derive(Default)]
struct Figures {
    catalogs: usize,
    resources: usize,
    changes: usize,
    packages: usize,
    failures: usize,
    unknown: usize,
    refreshes: usize,
}

fn plans(suite: &Suite) -> Program<'_> {
    Program::new(&suite.bed, &suite.builds.plans)
        .with(["--inputs", &suite.bed.inputs("plans", &LAB)])
        .agent(&suite.builds.agent)
}

/// A host as no run has been on it.
fn forget(bed: &Bed, host: &str) {
    bed.on(host, "rm -rf /var/lib/mesos-iac /opt/mesos-iac");
}

pub(crate) fn a_plan_is_what_a_run_does(suite: &Suite) -> String {
    let figures = Mutex::new(Figures::default());
    thread::scope(|scope| {
        let running: Vec<_> = (0_u32..)
            .zip(&LAB[0..5])
            .map(|(number, host)| {
                let (figures, bed, plans) = (&figures, &suite.bed, plans(suite).limit(&[host]));
                scope.spawn(move || {
                    forget(bed, host);
                    for seed in 1 + number * CATALOGS..=(number + 1) * CATALOGS {
                        for drift in drifts(seed) {
                            bed.on(host, &format!("{{ {drift}; }} >/dev/null 2>&1 </dev/null; true"));
                        }
                        let program = plans.clone().with(["--set", &format!("plans.seed={seed}")]);
                        let report =
                            |words: &[&str]| program.start(&[words, &["--format", "json"]].concat()).wait().report();
                        let (planned, applied, again) = (report(&["plan"]), report(&["apply"]), report(&["plan"]));
                        let compared = Compared {
                            seed,
                            host,
                            planned,
                            applied,
                            again,
                        };
                        compared.hold(&mut figures.lock().unwrap_or_else(PoisonError::into_inner));
                    }
                })
            })
            .collect();
        for thread in running {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    let all = figures.into_inner().unwrap();
    let per_mille = all.unknown * 1000 / all.resources;
    format!(
        "{} random catalogs planned, applied and compared on 5 hosts: {} resources, {} changes ({} of packages, to the exact \
         version), {} failures foreseen, {} refreshes; {} unknown in first plans ({}.{} %), 0 in second ones",
        all.catalogs,
        all.resources,
        all.changes,
        all.packages,
        all.failures,
        all.refreshes,
        all.unknown,
        per_mille / 10,
        per_mille % 10
    )
}

/// Three things that are done to the host before this catalog is planned.
fn drifts(seed: u32) -> impl Iterator<Item = &'static str> {
    let at = move |step: u32| (seed.wrapping_mul(2_654_435_761) >> (step * 7 + 3)) as usize % DRIFTS.len();
    (0..3).map(move |step| DRIFTS[at(step)])
}

fn plan_of<'r>(report: &'r Report, host: &str) -> &'r Value {
    let hosts = report.hosts();
    let line = hosts[host];
    assert_eq!(line["result"], "planned", "{line}");
    &line["plan"]
}

/// A plan, the run after it, and the plan after that.
struct Compared<'h> {
    seed: u32,
    host: &'h str,
    planned: Report,
    applied: Report,
    again: Report,
}

impl Compared<'_> {
    #[track_caller]
    fn hold(&self, figures: &mut Figures) {
        let outcomes: BTreeMap<String, &Value> = self
            .applied
            .events(self.host, "ResourceFinished")
            .map(|event| (event["id"].to_string(), &event["outcome"]))
            .collect();
        let place = |id: &Value| format!("catalog {} on {}: {id}", self.seed, self.host);
        let plan = plan_of(&self.planned, self.host);
        figures.catalogs += 1;
        for resource in plan["resources"].as_array().expect("a plan has resources") {
            figures.resources += 1;
            let (id, planned) = (&resource["id"], &resource["planned"]);
            let outcome = *outcomes
                .get(&id.to_string())
                .unwrap_or_else(|| panic!("{}: no outcome", place(id)));
            if let Some(diff) = planned.get("WouldChange") {
                assert_eq!(
                    outcome["Changed"],
                    *diff,
                    "{}: planned {planned}, came to {outcome}",
                    place(id)
                );
                figures.changes += 1;
                figures.packages += usize::from(id["kind"] == "core.package");
            } else if let Some(unknown) = planned.get("Unknown") {
                figures.unknown += 1;
                let is_sure = unknown["doubt"] == "How";
                assert!(!is_sure || outcome.get("Changed").is_some(), "{}: {outcome}", place(id));
            } else if let Some(skipped) = planned.get("Skipped") {
                // The run names what is at the root of it, the plan what stands before it.
                assert!(
                    outcome.get("Skipped").is_some(),
                    "{}: {skipped}, came to {outcome}",
                    place(id)
                );
            } else {
                figures.failures += usize::from(planned.get("Failed").is_some());
                assert_eq!(outcome, planned, "{}", place(id));
            }
        }
        figures.refreshes += self.refreshes(plan);

        let again = plan_of(&self.again, self.host);
        for resource in again["resources"].as_array().expect("a plan has resources") {
            let (id, planned) = (&resource["id"], &resource["planned"]);
            let outcome = *outcomes
                .get(&id.to_string())
                .unwrap_or_else(|| panic!("{}: no outcome", place(id)));
            let came_to_nothing = outcome.get("Failed").is_some() || outcome.get("Skipped").is_some();
            assert!(
                planned == "NoChange" || came_to_nothing && planned.get("Unknown").is_none(),
                "{}, planned again: {planned}; it came to {outcome}",
                place(id)
            );
        }
    }

    /// Each refresh that is certain comes, none comes that wasn't told, and those are held that were told so.
    #[track_caller]
    fn refreshes(&self, plan: &Value) -> usize {
        let happened: BTreeMap<String, &Value> = self
            .applied
            .events(self.host, "RefreshFinished")
            .filter(|event| event["outcome"] != "Satisfied")
            .map(|event| (event["target"].to_string(), &event["outcome"]))
            .collect();
        let told: BTreeMap<String, &Value> = plan["refreshes"]
            .as_array()
            .expect("a plan has refreshes")
            .iter()
            .map(|refresh| (refresh["target"].to_string(), refresh))
            .collect();
        let place = format!("catalog {} on {}", self.seed, self.host);
        for (target, refresh) in &told {
            let outcome = happened.get(target);
            if !refresh["held"].is_null() {
                let is_held = outcome.is_none_or(|outcome| outcome.get("Held").is_some());
                assert!(is_held, "{place}: {refresh}, came to {outcome:?}");
            } else if refresh["certainty"] == "Certain" {
                assert_eq!(
                    outcome.map(|outcome| *outcome == "Done"),
                    Some(true),
                    "{place}: {refresh}, came to {outcome:?}"
                );
            }
        }
        for (target, outcome) in &happened {
            assert!(
                told.contains_key(target),
                "{place}: {target} came to {outcome}, and wasn't told"
            );
        }
        happened.len()
    }
}

pub(crate) fn a_saved_plan_refuses_the_host_that_was_edited(suite: &Suite) -> String {
    let (bed, plans) = (&suite.bed, plans(suite));
    LAB.iter().for_each(|host| forget(bed, host));
    plans.run(&["apply"], 0);
    let edited = plans.with(["--set", "plans.edition=2"]);
    let file = bed.path("plan.json");
    let file = file.to_str().expect("a plain path");
    edited.run(&["plan", "-o", file, "--detailed-exitcode"], 2);
    let victim = LAB[9];
    bed.on(victim, "echo 'edited by hand' >/etc/plain/plain.conf");
    let ran = edited.run(&["apply", file], 4);
    ran.says("REFUSED")
        .says("/etc/plain/plain.conf")
        .says("-edited by hand");
    let report = edited.report(&["apply", file], 4);
    let refused: Vec<&str> = LAB
        .into_iter()
        .filter(|host| report.result(host) == "refused")
        .collect();
    assert_eq!(refused, [victim], "another host was refused");
    let converged = LAB.iter().filter(|host| report.result(host) == "converged").count();
    for host in LAB {
        let expected = if host == victim {
            "edited by hand\n"
        } else {
            "edition 2\n"
        };
        assert_eq!(bed.on(host, "cat /etc/plain/plain.conf"), expected, "{host}");
    }

    // Exact versions bound it too: another version is in the repositories of this host by the time of the run.
    let host = LAB[8];
    bed.on(host, "apt-get -qq remove tree");
    edited
        .clone()
        .limit(&[host])
        .run(&["plan", "-o", file, "--detailed-exitcode"], 2);
    bed.on(host, NEWER_TREE);
    let ran = edited.clone().limit(&[host]).run(&["apply", file], 4);
    ran.says("package[tree]").says("99-newer");
    assert!(!bed.is_so_on(
        host,
        "dpkg -s tree 2>/dev/null | grep -q '^Status: install ok installed'"
    ));
    bed.on(
        host,
        "rm -rf /srv/newer /etc/apt/sources.list.d/newer.list && apt-get -qq update",
    );
    format!(
        "a plan of 10 hosts, one of them edited by hand since: {converged} converge, 1 is refused by name with what differs, \
         and left alone; a host whose repositories have another version since is refused"
    )
}

/// A repository of the host's own, with a version of `tree` above every other.
const NEWER_TREE: &str = "set -e
mkdir -p /srv/newer/tree/DEBIAN
printf 'Package: tree\nVersion: 99-newer\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: a newer one\n' \
    >/srv/newer/tree/DEBIAN/control
cd /srv/newer
dpkg-deb --build tree tree.deb >/dev/null
{
    cat tree/DEBIAN/control
    printf 'Filename: ./tree.deb\nSize: %s\nSHA256: %s\n\n' $(stat -c %s tree.deb) $(sha256sum tree.deb | cut -c 1-64)
} >Packages
echo 'deb [trusted=yes] file:/srv/newer ./' >/etc/apt/sources.list.d/newer.list
apt-get -qq update >/dev/null 2>&1
apt-cache policy tree | grep -q 'Candidate: 99-newer'";

/// Makes a host by hand what the definition says.
const BY_HAND: &str = "set -e
apt-get -qq install tree >/dev/null
id plain >/dev/null 2>&1 || useradd --system --shell /usr/sbin/nologin plain
mkdir -p /etc/plain
echo 'edition 1' >/etc/plain/plain.conf
chgrp plain /etc/plain/plain.conf
chmod 0640 /etc/plain/plain.conf
echo 'always the same' >/etc/plain/other.conf
printf '[Unit]\nDescription=plain, edition 1\nStartLimitIntervalSec=0\n\n[Service]\nExecStart=/bin/sleep infinity\nExecReload=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n' \
    >/etc/systemd/system/plain.service
systemctl daemon-reload
systemctl enable --quiet --now plain.service";

/// All files of the host with their times, but for what is kept of agents, and what logs and logins write by themselves.
const FILES: &str = "find / -xdev '(' -path /var/lib/mesos-iac/agents -o -path /var/log -o -path /root -o -path /tmp ')' -prune \
    -o -type f -printf '%p %s %C@ %m %u\n' | sort";

pub(crate) fn a_host_that_is_as_desired_is_left_alone_at_first_contact(suite: &Suite) -> String {
    let (host, bed) = (LAB[7], &suite.bed);
    let plans = plans(suite).limit(&[host]);
    forget(bed, host);
    bed.on(
        host,
        "systemctl disable --quiet --now plain 2>/dev/null; rm -rf /etc/plain; true",
    );
    bed.on(host, BY_HAND);
    let process = bed.on(host, "systemctl show --property MainPID --value plain");
    assert_ne!(process.trim(), "0", "the service doesn't run");

    let before = bed.on(host, FILES);
    plans.run(&["plan", "--adopt", "--detailed-exitcode"], 0);
    let (before, after) = (before.lines().collect::<Vec<_>>(), bed.on(host, FILES));
    let changed: Vec<&str> = after.lines().filter(|line| !before.contains(line)).collect();
    assert_eq!(changed, [""; 0], "a plan wrote something");
    assert_eq!(
        bed.on(host, "ls -A /var/lib/mesos-iac"),
        "agents\n",
        "a plan left a state"
    );

    let report = plans.report(&["apply", "--adopt", "--detailed-exitcode"], 0);
    let (changes, restarts) = (report.number("changed"), report.number("refreshes"));
    assert_eq!((changes, restarts), (0, 0));
    assert_eq!(
        bed.on(host, "systemctl show --property MainPID --value plain"),
        process,
        "the service was restarted"
    );
    format!(
        "a host that was made to match by hand: a plan writes nothing but the agent, an apply makes {changes} changes and \
         {restarts} restarts of {} resources, the service's process is the same",
        report.number("unchanged")
    )
}

/// Counts how often apt-get is asked.
const COUNTED: &str = "set -e
mv /usr/bin/apt-get /usr/bin/apt-get.real
printf '#!/bin/sh\necho x >>/run/apt-asked\nexec /usr/bin/apt-get.real \"$@\"\n' >/usr/bin/apt-get
chmod 0755 /usr/bin/apt-get
: >/run/apt-asked";

pub(crate) fn the_package_manager_is_asked_once_and_only_where_packages_change(suite: &Suite) -> String {
    let (host, bed) = (LAB[6], &suite.bed);
    let plans = plans(suite).limit(&[host]);
    forget(bed, host);
    plans.run(&["apply"], 0);
    bed.on(host, COUNTED);
    let median = |what: &str| {
        let mut times: Vec<Duration> = (0..5)
            .map(|_| {
                let began = Instant::now();
                plans.run(&["plan"], 0);
                began.elapsed()
            })
            .collect();
        times.sort();
        let asked = bed.on(host, "wc -l </run/apt-asked; : >/run/apt-asked");
        let asked: usize = asked.trim().parse().expect(what);
        (times[2], asked)
    };
    let (without, never) = median("a plan of nothing");
    bed.on(host, "/usr/bin/apt-get.real -qq remove tree >/dev/null");
    let (with, asked) = median("a plan of a package");
    bed.on(host, "mv /usr/bin/apt-get.real /usr/bin/apt-get");
    assert_eq!((never, asked), (0, 5), "how often apt-get is asked");
    let more = with.saturating_sub(without);
    format!(
        "plans ask apt-get once where a package changes, which takes {} ms, and not at all where none does ({} ms in all)",
        more.as_millis(),
        without.as_millis()
    )
}
