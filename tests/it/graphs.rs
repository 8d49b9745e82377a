//! Properties of runs over graphs that nobody thought of: made-up resources with random edges, some of which fail.

use mesos_iac::converge::{ConvergeOptions, Event, Outcome, RefreshOutcome, Summary, converge};
use mesos_iac::prelude::*;
use mesos_iac::state::Store;
use mesos_iac::system::FakeSystem;
use mesos_iac::{RefreshAction, Refreshed, Rerun, ResourceId, Work};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

/// Ensures that a file says something, once those that it needs say theirs.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "it.step", key = number)]
struct Step {
    number: usize,
    needs: Vec<usize>,
    is_beside: bool,
}

impl Step {
    fn path(number: usize) -> AbsPath {
        AbsPath::new(format!("/srv/{number}")).unwrap()
    }

    /// As long as this is there, the step fails.
    fn trap(number: usize) -> AbsPath {
        AbsPath::new(format!("/tmp/{number}")).unwrap()
    }

    fn wanted(number: usize) -> Vec<u8> {
        format!("step {number}\n").into_bytes()
    }
}

impl Converge for Step {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let found = system.read(&Self::path(self.number))?;
        let mut diff = Diff::new();
        diff.compare("done", Some(found == Some(Self::wanted(self.number))), Some(true));
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, _: &Diff) -> Result<()> {
        for needed in &self.needs {
            let is_there = system.read(&Self::path(*needed))? == Some(Self::wanted(*needed));
            assert!(is_there, "step {} was taken before step {needed}", self.number);
        }
        if system.entry(&Self::trap(self.number))?.is_some() {
            return Err(Error::message("succeed: there is a trap"));
        }
        let content = Self::wanted(self.number);
        Ok(system.write_file(&Self::path(self.number), &FileWrite::new(&content))?)
    }

    fn work(&self, _: &Diff) -> Work {
        if self.is_beside { Work::Beside } else { Work::Alone }
    }

    fn image(&self, system: &dyn ReadSystem) -> Result<Option<String>> {
        let found = system.read(&Self::path(self.number))?;
        Ok(Some(format!("{found:?}")))
    }

    fn refresh(&self, system: &dyn System, _: RefreshAction) -> Result<Refreshed> {
        let mark = AbsPath::new(format!("/run/{}", self.number)).unwrap();
        system.write_file(&mark, &FileWrite::new(b"refreshed\n"))?;
        Ok(Refreshed::Done)
    }
}

impl Rerun for Step {}

/// A step in the making.
struct Take(Step);

impl Declare for Take {
    type Out = Step;

    fn identity(&self) -> Result<ResourceId> {
        Ok(id(self.0.number))
    }

    fn build(self, _: &HostView<'_>) -> Result<Step> {
        Ok(self.0)
    }
}

fn id(number: usize) -> ResourceId {
    ResourceId::new("it.step", number.to_string()).unwrap()
}

/// What is random about a step.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a coin that is tossed")]
struct Plot {
    /// Its place among the declarations, which has nothing to do with the edges.
    place: u32,
    /// Which of the steps with smaller numbers it needs, and by which of these it is rerun.
    needs: u32,
    rerun_on: u32,
    is_beside: bool,
    is_immediate: bool,
    /// Whether it is done before the run.
    is_done: bool,
    fails: bool,
    /// Where steps stand in stages: whether it comes after the stage before its own.
    after_stage: bool,
    /// The same: whether its whole stage, if it is the first in it, comes after the one two before.
    stage_waits: bool,
}

/// How many steps a stage has.
const STAGE: usize = 4;

/// Whether the steps stand in stages: those of about half of the graphs do.
fn has_stages(plots: &[Plot]) -> bool {
    plots.first().is_some_and(|plot| plot.place % 2 == 1)
}

/// The steps of a stage, by its number.
fn stage(number: usize, plots: &[Plot]) -> std::ops::Range<usize> {
    number * STAGE..plots.len().min((number + 1) * STAGE)
}

impl Plot {
    fn lower(mask: u32, number: usize) -> impl Iterator<Item = usize> {
        (0..number).filter(move |other| mask & (1 << (other % 32)) != 0)
    }
}

fn plots() -> impl Strategy<Value = Vec<Plot>> {
    // About every fourth pair has an edge, and every fourth of these refreshes.
    let sparse = || (any::<u32>(), any::<u32>()).prop_map(|(one, other)| one & other);
    let plot = (
        any::<u32>(),
        sparse(),
        sparse(),
        any::<u32>(),
        any::<[bool; 4]>(),
        any::<[bool; 3]>(),
    )
        .prop_map(
            |(
                place,
                needs,
                some,
                others,
                [is_beside, is_immediate, is_done, fails],
                [fails_too, after_stage, stage_waits],
            )| Plot {
                place,
                needs,
                rerun_on: some & others,
                is_beside,
                is_immediate,
                is_done,
                fails: fails && fails_too,
                after_stage,
                stage_waits,
            },
        );
    vec(plot, 1..24)
}

#[derive(Role, Clone)]
#[role(name = "steps")]
struct Steps(Vec<Plot>);

impl Steps {
    /// Declares these steps in the order of their places.
    fn take(&self, steps: std::ops::Range<usize>, cx: &mut Cx<'_>, before: Option<Stage>) {
        let plots = &self.0;
        let mut places: Vec<usize> = steps.collect();
        places.sort_by_key(|number| plots[*number].place);
        for number in places {
            let plot = &plots[number];
            let named = |mask| {
                let named = Plot::lower(mask, number).map(|other| resource::<Step>(other.to_string()));
                named.collect::<Vec<_>>()
            };
            let step = Take(Step {
                number,
                needs: needs(plots, number).into_iter().collect(),
                is_beside: plot.is_beside,
            });
            let declared = step
                .after(named(plot.needs))
                .after(before.filter(|_| plot.after_stage))
                .rerun_on(named(plot.rerun_on));
            cx.add(if plot.is_immediate {
                declared.immediately()
            } else {
                declared
            });
        }
    }
}

impl Declares for Steps {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let plots = &self.0;
        if !has_stages(plots) {
            self.take(0..plots.len(), cx, None);
            return Ok(());
        }
        let mut stages: Vec<Stage> = Vec::new();
        for number in 0..plots.len().div_ceil(STAGE) {
            let steps = stage(number, plots);
            let two_before = number.checked_sub(2).map(|number| stages[number]);
            let made = cx.stage(number.to_string(), |cx| {
                cx.after(two_before.filter(|_| plots[steps.start].stage_waits));
                self.take(steps, cx, stages.last().copied());
            });
            stages.push(made);
        }
        Ok(())
    }
}

/// What a step depends on directly, or through a stage.
fn needs(plots: &[Plot], number: usize) -> BTreeSet<usize> {
    let mut needs: BTreeSet<usize> = Plot::lower(plots[number].needs | plots[number].rerun_on, number).collect();
    if has_stages(plots) {
        let own = number / STAGE;
        if plots[number].after_stage && own >= 1 {
            needs.extend(stage(own - 1, plots));
        }
        if plots[own * STAGE].stage_waits && own >= 2 {
            needs.extend(stage(own - 2, plots));
        }
    }
    needs
}

fn compile(plots: &[Plot]) -> Catalog {
    let cluster = Cluster::new("graphs")
        .hosts(host("one").role(Steps(plots.to_vec())))
        .build()
        .unwrap();
    cluster.compile().unwrap().hosts.remove(0).catalog
}

/// A host on which some steps are done and some have traps.
fn prepared(plots: &[Plot], has_traps: bool) -> FakeSystem {
    let mut system = FakeSystem::new();
    for (number, plot) in plots.iter().enumerate() {
        if plot.is_done {
            system = system.with_file(&Step::path(number), Step::wanted(number));
        }
        if plot.fails && has_traps {
            system = system.with_file(&Step::trap(number), "");
        }
    }
    system
}

fn run(catalog: &Catalog, system: &FakeSystem, store: &mut Store, workers: usize) -> (Vec<Event>, Summary) {
    let options = ConvergeOptions {
        workers: NonZeroUsize::new(workers).unwrap(),
        ..ConvergeOptions::default()
    };
    let mut events = Vec::new();
    let summary = converge(catalog, system, store, &options, &mut |event| events.push(event));
    (events, summary)
}

/// The outcome of each step, in the order in which they were told.
fn outcomes(events: &[Event]) -> Vec<(ResourceId, Outcome)> {
    let outcome = |event: &Event| match event {
        Event::ResourceFinished { id, outcome, .. } => Some((id.clone(), outcome.clone())),
        _ => None,
    };
    events.iter().filter_map(outcome).collect()
}

fn refreshes(events: &[Event]) -> BTreeMap<ResourceId, RefreshOutcome> {
    let mut refreshes = BTreeMap::new();
    for event in events {
        if let Event::RefreshFinished { target, outcome, .. } = event {
            let earlier = refreshes.insert(target.clone(), outcome.clone());
            assert_eq!(earlier, None, "{target} had two refreshes in one run");
        }
    }
    refreshes
}

fn everything(system: &FakeSystem, count: usize) -> Vec<(Option<String>, Option<String>)> {
    let files = |number| {
        (
            system.text(&format!("/srv/{number}")),
            system.text(&format!("/run/{number}")),
        )
    };
    (0..count).map(files).collect()
}

/// What should become of the steps, found without any schedule.
struct Expected {
    failed: BTreeSet<usize>,
    skipped: BTreeSet<usize>,
    changed: BTreeSet<usize>,
}

fn expected(plots: &[Plot]) -> Expected {
    let mut expected = Expected {
        failed: BTreeSet::new(),
        skipped: BTreeSet::new(),
        changed: BTreeSet::new(),
    };
    for (number, plot) in plots.iter().enumerate() {
        let is_lost = |other: &usize| expected.failed.contains(other) || expected.skipped.contains(other);
        if needs(plots, number).iter().any(is_lost) {
            expected.skipped.insert(number);
        } else if plot.is_done {
        } else if plot.fails {
            expected.failed.insert(number);
        } else {
            expected.changed.insert(number);
        }
    }
    expected
}

/// The same entries in another order that respects the edges.
fn reordered(catalog: &Catalog, seed: u64) -> Catalog {
    let mut catalog = catalog.clone();
    let mut left = std::mem::take(&mut catalog.entries);
    let mut state = seed | 1;
    while !left.is_empty() {
        let done: BTreeSet<&ResourceId> = catalog.entries.iter().map(|entry| &entry.id).collect();
        let is_ready = |entry: &mesos_iac::Entry| entry.after.iter().all(|edge| done.contains(&edge.on));
        let ready: Vec<usize> = (0..left.len()).filter(|at| is_ready(&left[*at])).collect();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let at = ready[usize::try_from(state % ready.len() as u64).unwrap()];
        catalog.entries.push(left.remove(at));
    }
    catalog
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_failure_skips_exactly_what_depends_on_it_and_the_order_is_kept(plots in plots(), workers in 1_usize..5) {
        let (catalog, system) = (compile(&plots), prepared(&plots, true));
        let (events, _) = run(&catalog, &system, &mut Store::in_memory(), workers);
        let expected = expected(&plots);
        let mut told = BTreeSet::new();
        for (id, outcome) in outcomes(&events) {
            let number: usize = id.key.parse().unwrap();
            for needed in needs(&plots, number) {
                prop_assert!(told.contains(&needed), "{number} was done with before {needed}");
            }
            prop_assert!(told.insert(number));
            prop_assert_eq!(matches!(outcome, Outcome::Failed(_)), expected.failed.contains(&number), "{}", number);
            prop_assert_eq!(matches!(outcome, Outcome::Skipped { .. }), expected.skipped.contains(&number), "{}", number);
            prop_assert_eq!(matches!(outcome, Outcome::Changed(_)), expected.changed.contains(&number), "{}", number);
        }
        prop_assert_eq!(told.len(), plots.len());
    }

    #[test]
    fn a_refresh_comes_once_and_after_a_failure_with_the_run_that_mends_it(plots in plots(), workers in 1_usize..5) {
        let (catalog, system) = (compile(&plots), prepared(&plots, true));
        let mut store = Store::in_memory();
        let first = refreshes(&run(&catalog, &system, &mut store, workers).0);
        let expected = expected(&plots);
        let is_lost = |number: usize| expected.failed.contains(&number) || expected.skipped.contains(&number);
        for (number, plot) in plots.iter().enumerate() {
            let has_cause = Plot::lower(plot.rerun_on, number).any(|cause| expected.changed.contains(&cause));
            let outcome = first.get(&id(number));
            if has_cause {
                let is_held = matches!(outcome, Some(RefreshOutcome::Held { .. }));
                prop_assert_eq!(is_held, is_lost(number), "{}: {:?}", number, outcome);
                prop_assert_eq!(outcome == Some(&RefreshOutcome::Done), !is_lost(number), "{}: {:?}", number, outcome);
            } else {
                // A cause that failed may have changed something all the same: what it would refresh is held.
                prop_assert!(matches!(outcome, None | Some(RefreshOutcome::Held { .. })), "{}: {:?}", number, outcome);
            }
        }
        for (number, _) in plots.iter().enumerate() {
            system.remove(&Step::trap(number)).unwrap();
        }
        let (events, summary) = run(&catalog, &system, &mut store, workers);
        prop_assert!(summary.is_success());
        let second = refreshes(&events);
        for (number, plot) in plots.iter().enumerate() {
            let has_cause = Plot::lower(plot.rerun_on, number).any(|cause| !plots[cause].is_done);
            let was_done = first.get(&id(number)) == Some(&RefreshOutcome::Done);
            let is_done = second.get(&id(number)) == Some(&RefreshOutcome::Done);
            prop_assert_eq!(was_done || is_done, has_cause, "{}", number);
        }
        let (events, summary) = run(&catalog, &system, &mut store, workers);
        prop_assert_eq!((summary.changed, summary.refreshed, refreshes(&events).len()), (0, 0, 0));
    }

    #[test]
    fn each_order_that_respects_the_edges_ends_alike(plots in plots(), seeds in any::<[u64; 2]>(), workers in 1_usize..5) {
        let catalog = compile(&plots);
        let ended = |catalog: &Catalog, workers| {
            let system = prepared(&plots, true);
            run(catalog, &system, &mut Store::in_memory(), workers);
            everything(&system, plots.len())
        };
        let as_compiled = ended(&catalog, 1);
        for seed in seeds {
            prop_assert_eq!(&ended(&reordered(&catalog, seed), workers), &as_compiled);
        }
    }

    #[test]
    fn catalogs_are_the_same_bytes_each_time_and_survive_a_journey(plots in plots()) {
        let catalog = compile(&plots);
        let json = serde_json::to_string(&catalog).unwrap();
        prop_assert_eq!(&json, &serde_json::to_string(&compile(&plots)).unwrap());
        let back: Catalog = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(back.digest().unwrap(), catalog.digest().unwrap());
        prop_assert!(back == catalog);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn whichever_change_fails_the_next_run_ends_as_if_none_had(plots in plots()) {
        let catalog = compile(&plots);
        let undisturbed = prepared(&plots, false);
        run(&catalog, &undisturbed, &mut Store::in_memory(), 1);
        for step in 1..=undisturbed.changes() {
            let mut store = Store::in_memory();
            let system = prepared(&plots, false).failing_at(step);
            let (_, summary) = run(&catalog, &system, &mut store, 1);
            prop_assert!(!summary.is_success(), "change {} failed, and nobody said so", step);
            let (_, summary) = run(&catalog, &system, &mut store, 1);
            prop_assert!(summary.is_success());
            prop_assert_eq!(everything(&system, plots.len()), everything(&undisturbed, plots.len()), "{}", step);
        }
    }
}
