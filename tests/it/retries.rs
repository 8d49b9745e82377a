//! What failed is tried again as often as the definition says, and no more.

use mesos_iac::UnitAction;
use mesos_iac::converge::{Control, ConvergeOptions, Event, Outcome, RefreshOutcome, Summary, converge};
use mesos_iac::prelude::*;
use mesos_iac::state::Store;
use mesos_iac::system::FakeSystem;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_millis(1);

/// Ensures nothing; its check fails for some milliseconds after it was made.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "it.late", key = name)]
struct Late {
    name: String,
    file: String,
}

impl Converge for Late {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let path = AbsPath::new(&self.file)?;
        match system.entry(&path)? {
            Some(_) => Ok(Check::NoChange),
            None => Err(Error::message("look at it: it isn't up yet")),
        }
    }

    fn apply(&self, _: &dyn System, _: &Diff) -> Result<()> {
        Ok(())
    }
}

/// A file that a service reads, and something that is never up.
#[derive(Role, Clone)]
#[role(name = "retries")]
struct Tried {
    times: u32,
    pause: Duration,
}

impl Declares for Tried {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let config = cx.add(file("/etc/a.conf").content("a\n").retry(self.times, self.pause));
        cx.add(service("a").restart_on(config).retry(self.times, self.pause));
        let late = Late {
            name: "late".to_owned(),
            file: "/run/late".to_owned(),
        };
        let late = cx.add(late.retry(self.times, self.pause));
        cx.add(file("/etc/b.conf").content("b\n").after(late));
        Ok(())
    }
}

fn catalog(times: u32, pause: Duration) -> Catalog {
    let cluster = Cluster::new("x").hosts(host("a").role(Tried { times, pause }));
    cluster.build().unwrap().compile().unwrap().hosts.remove(0).catalog
}

/// A host on which the service runs.
fn system() -> FakeSystem {
    let system = FakeSystem::new();
    system.control_unit("a.service", UnitAction::Start).unwrap();
    system
}

fn run(catalog: &Catalog, system: &FakeSystem, control: Control) -> (Summary, Vec<Event>) {
    let options = ConvergeOptions {
        control,
        ..ConvergeOptions::default()
    };
    let mut events = Vec::new();
    let summary = converge(catalog, system, &mut Store::in_memory(), &options, &mut |event| {
        events.push(event);
    });
    (summary, events)
}

fn retries(events: &[Event]) -> Vec<String> {
    let retries = events.iter().filter_map(|event| match event {
        Event::Retrying { id, nth, of, .. } => Some(format!("{id} {nth}/{of}")),
        _ => None,
    });
    retries.collect()
}

fn outcome<'e>(events: &'e [Event], wanted: &str) -> &'e Outcome {
    let outcome = events.iter().find_map(|event| match event {
        Event::ResourceFinished { id, outcome, .. } if id.to_string() == wanted => Some(outcome),
        _ => None,
    });
    outcome.unwrap_or_else(|| panic!("{wanted} in {events:?}"))
}

#[test]
fn a_change_and_a_refresh_that_fail_once_are_made_all_the_same() {
    for (nth, what) in [(1, "file[/etc/a.conf] 1/2"), (3, "service[a] 1/2")] {
        let system = system().with_file(&AbsPath::new("/run/late").unwrap(), "");
        let system = system.failing_at(nth);
        let (summary, events) = run(&catalog(2, SOON), &system, Control::new());
        assert_eq!(retries(&events), [what], "{events:#?}");
        assert!(summary.is_success(), "{summary:?}");
        assert_eq!(system.text("/etc/a.conf").as_deref(), Some("a\n"));
        assert!(events.iter().any(|event| matches!(
            event,
            Event::RefreshFinished {
                outcome: RefreshOutcome::Done,
                ..
            }
        )));
    }
}

#[test]
fn without_a_word_nothing_is_tried_again() {
    let system = system().failing_at(1);
    let (summary, events) = run(&catalog(0, SOON), &system, Control::new());
    assert!(retries(&events).is_empty());
    assert_eq!(summary.failed, 2, "{summary:?}");
}

#[test]
fn what_fails_each_time_is_tried_as_often_as_was_said_and_skips_what_needs_it() {
    let (_, events) = run(&catalog(3, SOON), &system(), Control::new());
    let late = "it.late[late]";
    assert_eq!(retries(&events), [1, 2, 3].map(|nth| format!("{late} {nth}/3")));
    assert!(matches!(outcome(&events, late), Outcome::Failed(why) if why.contains("isn't up yet")));
    assert!(matches!(outcome(&events, "file[/etc/b.conf]"), Outcome::Skipped { .. }));
}

#[test]
fn a_run_that_is_to_stop_does_not_wait_for_another_try() {
    let control = Control::new();
    let stopping = control.clone();
    let began = Instant::now();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        stopping.stop();
    });
    let (summary, _) = run(&catalog(1, Duration::from_secs(600)), &system(), control);
    thread.join().unwrap();
    assert!(
        summary.stopped && began.elapsed() < Duration::from_secs(60),
        "{summary:?}"
    );
}

#[test]
fn what_nobody_can_mean_is_a_mistake_of_the_definition() {
    for (times, pause, why) in [
        (1, Duration::MAX, "at the most"),
        (u32::MAX, SOON, "at the most"),
        (1, Duration::from_micros(300), "whole number of milliseconds"),
    ] {
        let cluster = Cluster::new("x").hosts(host("a").role(Tried { times, pause })).build();
        let refused = cluster.unwrap().compile().unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
}
