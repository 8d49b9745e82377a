//! Chronos' jobs: what is refused offline, and deployments against a server that speaks the documented part of its API.

use crate::support::assert_snapshot;
use mesos_iac::SecretSource;
use mesos_iac::converge::{ConvergeOptions, Event, Outcome, converge};
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::chronos::ChronosApi;
use mesos_iac::state::Store;
use mesos_iac::system::FakeSystem;
use mesos_iac::workloads::AgentView;
use mesos_iac::workloads::chronos::{Job, JobConstraint, JobContainer, job};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Its jobs, and every question that changed something.
#[derive(Clone, Default)]
struct FakeChronos(Arc<Mutex<(Vec<Json>, Vec<String>)>>);

impl FakeChronos {
    fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let serving = self.clone();
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| serving.answer(stream)));
        addr
    }

    fn changes(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().1)
    }

    fn job(&self, name: &str) -> Json {
        let state = self.0.lock().unwrap();
        state
            .0
            .iter()
            .find(|job| job["name"] == name)
            .cloned()
            .unwrap_or_default()
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        let length = lines
            .iter()
            .find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok())
            .unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let asked = lines[0].trim_end_matches(" HTTP/1.1").to_owned();
        let mut state = self.0.lock().unwrap();
        let (jobs, log) = &mut *state;
        let (status, body) = if asked == "GET /v1/scheduler/jobs" {
            (200, Json::from(jobs.clone()).to_string())
        } else if let Some(name) = asked.strip_prefix("DELETE /v1/scheduler/job/") {
            jobs.retain(|job| job["name"] != name);
            log.push(asked);
            (204, String::new())
        } else {
            let mut job: Json = serde_json::from_slice(&body).unwrap();
            if job["name"] == "refused" {
                (400, "the job can't be parsed".to_owned())
            } else {
                // What it fills in and keeps account of.
                job["successCount"] = json!(0);
                job["retries"] = job.get("retries").cloned().unwrap_or(json!(2));
                jobs.retain(|known| known["name"] != job["name"]);
                jobs.push(job);
                log.push(asked);
                (204, String::new())
            }
        };
        drop(state);
        let _gone = write!(stream, "HTTP/1.1 {status} X\r\nConnection: close\r\n\r\n{body}");
    }
}

#[derive(Role, Clone)]
#[role(name = "chronos-test")]
struct Chronos(SocketAddr);

impl Declares for Chronos {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        cx.expose(ChronosApi::at(self.0, Version::new(2, 5, 0)));
        cx.expose(AgentView::new("agent-0").attribute("storage", "hdd"));
        Ok(())
    }

    fn declare(&self, _: &mut Cx<'_>) -> Result<()> {
        Ok(())
    }
}

fn cluster(addr: SocketAddr, jobs: &[Job]) -> Cluster {
    Cluster::new("lab")
        .hosts(host("c-0").role(Chronos(addr)))
        .workloads(jobs.to_vec())
        .build()
        .unwrap()
}

fn deployed(addr: SocketAddr, jobs: &[Job]) -> Vec<(String, Outcome)> {
    let compiled = cluster(addr, jobs).compile().unwrap();
    let system = FakeSystem::new()
        .with_real_http()
        .with_secret(SecretSource::Environment("CHRONOS_TOKEN".into()), "hunter2");
    let mut outcomes = Vec::new();
    let mut tell = |event| {
        if let Event::ResourceFinished { id, outcome, .. } = event {
            outcomes.push((id.key, outcome));
        }
    };
    let catalog = &compiled.deployments[0].catalogs[0].catalog;
    converge(
        catalog,
        &system,
        &mut Store::in_memory(),
        &ConvergeOptions::default(),
        &mut tell,
    );
    outcomes
}

fn nightly() -> Vec<Job> {
    vec![
        job("mail").after("report").command("/opt/mail"),
        job("report")
            .schedule("R/2026-01-01T03:00:00Z/P1D")
            .command("/opt/report")
            .env("MODE", "full")
            .env_secret("TOKEN", Secret::from_env("CHRONOS_TOKEN"))
            .container(
                JobContainer::new("debian:12")
                    .on_host()
                    .read_only_volume("/srv", "/data"),
            )
            .constraint(JobConstraint::like("storage", "hdd|ssd")),
    ]
}

#[test]
fn jobs_are_created_changed_and_left_alone() {
    let chronos = FakeChronos::default();
    let addr = chronos.start();
    let outcomes = deployed(addr, &nightly());
    let keys: Vec<&str> = outcomes.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["report", "mail"]);
    assert_eq!(
        chronos.changes(),
        ["POST /v1/scheduler/iso8601", "POST /v1/scheduler/dependency"]
    );
    let variables = json!([{ "name": "MODE", "value": "full" }, { "name": "TOKEN", "value": "hunter2" }]);
    assert_eq!(chronos.job("report")["environmentVariables"], variables);
    // Two runs later, and somebody raised the retries, which the definition doesn't speak of.
    for job in &mut chronos.0.lock().unwrap().0 {
        job["retries"] = json!(5);
        if job["name"] == "report" {
            job["schedule"] = json!("R/2026-01-03T03:00:00.000Z/P1D");
        }
    }
    let outcomes = deployed(addr, &nightly());
    assert!(
        outcomes.iter().all(|(_, outcome)| *outcome == Outcome::NoChange),
        "{outcomes:?}"
    );
    assert_eq!(chronos.changes(), [""; 0]);
    // An edit leaves what isn't said, and the schedule where it is.
    let mut edited = nightly();
    edited[1] = edited[1].clone().mem(512).env("MODE", "half");
    let outcomes = deployed(addr, &edited);
    let Outcome::Changed(diff) = &outcomes[0].1 else {
        panic!("{outcomes:?}")
    };
    let properties: Vec<&str> = diff.changes.iter().map(|change| change.property.as_str()).collect();
    assert_eq!(properties, ["environmentVariables", "mem"]);
    assert!(!format!("{diff:?}").contains("hunter2"), "{diff:?}");
    let report = chronos.job("report");
    assert_eq!((&report["retries"], &report["mem"]), (&json!(5), &json!(512)));
    assert_eq!(report["schedule"], "R/2026-01-03T03:00:00.000Z/P1D");
    // From a schedule to another job.
    let mut moved = nightly();
    moved[1] = job("report").after("dump").command("/opt/report");
    moved.push(job("dump").schedule("R/2026-01-01T02:00:00Z/P1D").command("/opt/dump"));
    deployed(addr, &moved);
    let report = chronos.job("report");
    assert_eq!((&report["parents"], report.get("schedule")), (&json!(["dump"]), None));
}

#[test]
fn what_left_a_job_is_told_and_goes() {
    let plain = || {
        job("report")
            .schedule("R/2026-01-01T03:00:00Z/P1D")
            .command("/opt/report")
    };
    let image = || JobContainer::new("debian:12");
    let in_image = |container| plain().container(container);
    let cases = [
        (in_image(image()), plain(), &["container"][..]),
        (
            in_image(image().bridge().force_pull().volume("/srv", "/data")),
            in_image(image()),
            &["container.forcePullImage", "container.network", "container.volumes"],
        ),
        (plain().time_zone("Europe/Berlin"), plain(), &["scheduleTimeZone"]),
        (
            in_image(image()),
            job("report").schedule("R/2026-01-01T03:00:00Z/P1D").container(image()),
            &["command"],
        ),
        (plain().arguments(["-v"]).retries(4), plain(), &["arguments", "shell"]),
        (
            plain().time_zone("UTC"),
            job("report").after("dump").command("/opt/report"),
            &["parents", "schedule", "scheduleTimeZone"],
        ),
        (
            job("report").after("dump").command("/opt/report"),
            plain(),
            &["schedule", "parents"],
        ),
    ];
    let dump = job("dump").schedule("R/2026-01-01T02:00:00Z/P1D").command("/opt/dump");
    for (before, after, properties) in cases {
        let chronos = FakeChronos::default();
        let addr = chronos.start();
        let outcome = |report: &Job| {
            let outcomes = deployed(addr, &[dump.clone(), report.clone()]);
            let mut outcomes = outcomes.into_iter().filter(|(key, _)| key == "report");
            outcomes.next().unwrap().1
        };
        assert!(matches!(outcome(&before), Outcome::Changed(_)));
        assert_eq!(outcome(&before), Outcome::NoChange, "{before:?}");
        let Outcome::Changed(diff) = outcome(&after) else {
            panic!("{after:?}")
        };
        let told: Vec<&str> = diff.changes.iter().map(|change| change.property.as_str()).collect();
        assert_eq!(told, properties);
        assert_eq!(outcome(&after), Outcome::NoChange, "{after:?}");
        let job = chronos.job("report");
        for property in properties
            .iter()
            .filter(|property| after.render().unwrap().get(**property).is_none())
        {
            assert!(job[*property].is_null() || property.contains('.'), "{property}: {job}");
        }
    }
}

#[test]
fn a_refusal_is_told_in_words() {
    let chronos = FakeChronos::default();
    let outcomes = deployed(chronos.start(), &[job("refused").schedule("R//P1D").command("x")]);
    let Outcome::Failed(why) = &outcomes[0].1 else {
        panic!("{outcomes:?}")
    };
    assert!(
        why.contains("send job refused: Chronos refuses: status 400: the job can't be parsed"),
        "{why}"
    );
}

#[test]
fn what_chronos_would_refuse_is_refused_with_reason_and_hint() {
    let fine = || job("fine").schedule("R//P1D").command("x");
    let cases = [
        (job("a b").schedule("R//P1D").command("x"), fine()),
        (job("a").command("x"), fine()),
        (fine().after("other"), job("a").after("fine").command("x")),
        (job("a").schedule("daily").command("x"), fine()),
        (job("a").schedule("R/P1D").command("x"), fine()),
        (job("a").schedule("X//P1D").command("x"), fine()),
        (job("a").schedule("R/tomorrow/P1D").command("x"), fine()),
        (job("a").schedule("R//1D").command("x"), fine()),
        (
            job("a").after("fine").command("x").time_zone("UTC"),
            fine().time_zone("UTC"),
        ),
        (job("a").after("a").command("x"), job("a").after("fine").command("x")),
        (
            job("a").schedule("R//P1D"),
            job("a").schedule("R//P1D").container(JobContainer::new("a")),
        ),
        (fine().cpus(0.0), fine().cpus(0.1)),
        (fine().epsilon("10m"), fine().epsilon("PT10M")),
        (
            fine().container(JobContainer::new("")),
            fine().container(JobContainer::new("a")),
        ),
        (fine().env("A=B", "1"), fine().env("A", "1")),
        (job("a\n").schedule("R//P1D").command("x"), fine()),
        (fine().env("A\n", "1"), fine().env("A", "1\n")),
        (fine().time_zone(""), fine().time_zone("America/Port-au-Prince")),
        (fine().time_zone("Europe/Berlin\n"), fine().time_zone("Etc/GMT+1")),
        (fine().owner("ops"), fine().owner("ops@example.com, dev@example.com")),
        (fine().owner("ops@example.com,"), fine().owner("")),
        (fine().owner("ops@example.com\nBcc: x@example.com"), fine()),
        (fine().user("www\n"), fine().user("www-data")),
        (fine().command("x\0"), fine().command("x")),
        (fine().fetch(""), fine().fetch("https://example.com/a%20b.tgz")),
        (
            fine().constraint(JobConstraint::like("a", "(")),
            fine().constraint(JobConstraint::like("a", "b")),
        ),
        (
            fine()
                .constraint(JobConstraint::equals("a", "b c"))
                .constraint(JobConstraint::equals("a", "b c")),
            fine().constraint(JobConstraint::equals("a", "b c")),
        ),
    ];
    let mut told = String::new();
    for (wrong, right) in &cases {
        assert!(right.problems().is_empty(), "{}", right.problems());
        assert!(!wrong.problems().is_empty(), "{wrong:?}");
        for problem in wrong.problems().iter() {
            writeln!(
                told,
                "{}\n  hint: {}",
                problem.message,
                problem.hint.as_deref().unwrap_or("none")
            )
            .unwrap();
        }
    }
    let addr = "127.0.0.1:1".parse().unwrap();
    let together = [
        fine(),
        fine(),
        job("late").after("nobody").command("x"),
        job("a").after("b").command("x"),
        job("b").after("a").command("x"),
        job("fast")
            .schedule("R//P1D")
            .command("x")
            .constraint(JobConstraint::equals("storage", "ssd")),
    ];
    for problem in cluster(addr, &together).compile().unwrap_err().iter() {
        writeln!(
            told,
            "[{}] {}\n  hint: {}",
            problem.code,
            problem.message,
            problem.hint.as_deref().unwrap_or("none")
        )
        .unwrap();
    }
    writeln!(told, "\n{} rules", cases.len()).unwrap();
    assert_snapshot("chronos__mistakes", told);
}
