use super::event::{Event, Outcome, RefreshOutcome, Summary};
use super::owning::ownership;
use super::packages;
use super::places::Places;
use super::pool;
use super::refreshes::Subscribers;
use super::schedule::Schedule;
use crate::model::{
    Catalog, ChangeCause, Check, Diff, Entry, Error, FileDraft, LedgerRecord, RefreshCause, Result, System,
    SystemError, Timing, Work,
};
use crate::plan::{Bounds, guarded};
use crate::state::{Armed, Store};
use crate::words::ResourceId;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Asks a run to stop from outside. It stops at the next boundary between resources.
#[derive(Debug, Clone, Default)]
pub struct Control(Arc<AtomicBool>);

impl Control {
    /// A run that nobody has asked to stop.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to stop.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the run was asked to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How a machine is brought to its catalog.
#[derive(Debug, Clone)]
pub struct ConvergeOptions {
    /// How many resources are checked, and files written, at the same time.
    pub workers: NonZeroUsize,
    /// Whether the first failure stops the run, instead of skipping what depends on it.
    pub fail_fast: bool,
    /// What alone may be done. `None`: everything.
    pub bounds: Option<Bounds>,
    /// The versions that packages get whose versions the catalog leaves open.
    pub versions: BTreeMap<ResourceId, String>,
    /// Whether what we made and the catalog doesn't have any more is removed.
    pub prune: bool,
    /// How the run is undone unless it is confirmed. `None`: it stays.
    pub confirm: Option<Armed>,
    /// By which the run can be asked to stop.
    pub control: Control,
}

impl Default for ConvergeOptions {
    /// As many workers as the machine has processors, eight at the most; failures skip what depends on them.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            workers: processors.min(NonZeroUsize::new(8).unwrap_or(NonZeroUsize::MIN)),
            fail_fast: false,
            bounds: None,
            versions: BTreeMap::new(),
            prune: false,
            confirm: None,
            control: Control::new(),
        }
    }
}

/// Brings a machine to its catalog and tells what happens.
///
/// A resource is taken when all that it depends on is done with. What can be taken at one time is checked in parallel; of
/// what differs, files, directories and links are changed in parallel, and the rest one after the other in the catalog's
/// order. Packages wait until nothing else can be taken, so that as many as possible share a transaction. A failed
/// resource skips exactly those that depend on it; the rest goes on.
///
/// Refreshes come at the end, each target once, unless something that the target depends on failed: then it is held.
/// What is owed is kept in `store` before the change that causes it, and leaves it when it was delivered, so a run that
/// breaks off owes nothing that the next one doesn't know of.
pub fn converge(
    catalog: &Catalog,
    system: &dyn System,
    store: &mut Store,
    options: &ConvergeOptions,
    tell: &mut dyn FnMut(Event),
) -> Summary {
    let mut run = Run {
        system,
        store,
        options,
        tell,
        summary: Summary::default(),
        schedule: Schedule::new(catalog),
        subscribers: Subscribers::new(catalog),
        boot: None,
        recovered: BTreeSet::new(),
        failed: HashMap::new(),
        has_begun: false,
        begun: None,
        lasting: Vec::new(),
        places: Places::new(catalog),
    };
    run.tell(Event::RunStarted {
        resources: catalog.resources().count(),
    });
    run.recover(catalog);
    run.places.look(system);
    let mut packages = Vec::new();
    loop {
        let ready = run.reached(catalog);
        if !ready.is_empty() {
            packages.extend(run.take(ready));
        } else if !packages.is_empty() {
            run.change_packages(std::mem::take(&mut packages));
        } else {
            break;
        }
    }
    // What left the definition is no part of it.
    let is_reached = run.summary.failed == 0 && run.summary.skipped == 0;
    run.see_to_orphans(catalog);
    run.promise_refreshes(catalog);
    for entry in &catalog.entries {
        if entry.is_anchor() {
            // A refresh that failed just now holds those of what depends on it.
            run.pass(entry);
        } else {
            run.refresh_if_owed(entry, Timing::Delayed);
        }
    }
    run.tell_what_lasts();
    run.tell_what_goes_on();
    run.finish(catalog, is_reached);
    let summary = run.summary;
    run.tell(Event::RunFinished(summary));
    summary
}

/// A run in progress.
pub(super) struct Run<'c, 'r> {
    pub(super) system: &'r dyn System,
    pub(super) store: &'r mut Store,
    pub(super) options: &'r ConvergeOptions,
    pub(super) tell: &'r mut dyn FnMut(Event),
    pub(super) summary: Summary,
    pub(super) schedule: Schedule,
    pub(super) subscribers: Subscribers<'c>,
    pub(super) boot: Option<String>,
    /// The targets of refreshes that earlier runs came to owe.
    pub(super) recovered: BTreeSet<ResourceId>,
    /// What failed or was skipped, and what is at the root of it.
    pub(super) failed: HashMap<&'c ResourceId, &'c ResourceId>,
    /// Whether a change was made, or is about to be.
    pub(super) has_begun: bool,
    /// What came of getting ready to change something. `None`: that wasn't tried yet.
    pub(super) begun: Option<std::result::Result<(), String>>,
    /// What was changed and can't be undone, in a run that may be.
    pub(super) lasting: Vec<ResourceId>,
    /// Where everything is on this host.
    pub(super) places: Places<'c>,
}

/// A resource that differs from what is desired.
pub(super) struct Change<'c> {
    pub(super) at: usize,
    pub(super) entry: &'c Entry,
    pub(super) diff: Diff,
    pub(super) took: Duration,
    /// Whether it makes what is ours.
    pub(super) creates: bool,
    /// The digest of its state before.
    before: Option<String>,
    /// What came to be owed a refresh for this change, and wasn't before.
    newly_owed: Vec<ResourceId>,
}

/// `None`: the run was asked to stop before. Within: what isn't a new file has no draft.
type Drafted<'s> = Option<Result<Option<Box<dyn FileDraft + 's>>>>;

/// What a check found, and how long it took.
pub(super) struct Checked {
    pub(super) found: Result<Check>,
    before: Option<String>,
    pub(super) took: Duration,
}

impl<'c> Run<'c, '_> {
    pub(super) fn tell(&mut self, event: Event) {
        self.summary.count(&event);
        (self.tell)(event);
    }

    /// Says what the run is at, for whoever finds the host locked and for whoever waits.
    pub(super) fn say(&mut self, phase: &str) {
        self.store.say(phase);
        self.tell(Event::Working(phase.to_owned()));
    }

    /// The resources whose dependencies are done with. Anchors are passed as soon as they are reached.
    fn reached(&mut self, catalog: &'c Catalog) -> Vec<(usize, &'c Entry)> {
        let mut ready = BTreeMap::new();
        loop {
            let reached = self.schedule.take_ready();
            if reached.is_empty() {
                return ready.into_iter().collect();
            }
            for at in reached {
                let entry = &catalog.entries[at];
                if entry.is_anchor() {
                    self.pass(entry);
                    self.schedule.finish(at);
                } else {
                    ready.insert(at, entry);
                }
            }
        }
    }

    /// An anchor fails with what it comes after.
    fn pass(&mut self, anchor: &'c Entry) {
        if let Some(root) = self.failed_root(anchor) {
            self.failed.insert(&anchor.id, root);
        }
    }

    /// Takes resources whose dependencies are done with. Returns the packages among them that differ.
    fn take(&mut self, ready: Vec<(usize, &'c Entry)>) -> Vec<Change<'c>> {
        let mut to_check = Vec::with_capacity(ready.len());
        for (at, entry) in ready {
            if self.options.control.is_stopped() {
                self.settle(at, entry, Outcome::NotReached, Duration::ZERO);
            } else if let Some(root) = self.failed_root(entry) {
                let because = root.clone();
                self.settle(at, entry, Outcome::Skipped { because }, Duration::ZERO);
            } else {
                to_check.push((at, entry));
            }
        }
        let to_check = self.tell_apart(to_check);
        let checked = {
            let (system, subscribers) = (self.system, &self.subscribers);
            let check = |(at, entry): (usize, &'c Entry)| (at, entry, check(entry, system, subscribers.has(&entry.id)));
            pool::map(self.options.workers, to_check, check)
        };
        let mut changes = Vec::new();
        for (at, entry, checked) in checked {
            let Checked { found, before, took } = self.check_again(entry, checked);
            match found {
                Ok(Check::NoChange) => self.settle(at, entry, Outcome::NoChange, took),
                Ok(Check::Change(diff)) if self.is_out_of_bounds(entry) => {
                    self.settle(at, entry, Outcome::OutOfBounds(diff), took);
                }
                Ok(Check::Change(diff)) => match self.creates(entry, &diff) {
                    Ok(creates) => changes.push(Change {
                        at,
                        entry,
                        diff,
                        took,
                        creates,
                        before,
                        newly_owed: Vec::new(),
                    }),
                    Err(error) => self.settle(at, entry, failure(error), took),
                },
                Err(error) => self.settle(at, entry, failure(error), took),
            }
        }
        let (mut beside, mut alone, mut packages) = (Vec::new(), Vec::new(), Vec::new());
        for change in changes {
            match change.entry.resource.behavior().work(&change.diff) {
                Work::Beside => beside.push(change),
                Work::Alone => alone.push(change),
                Work::Install(_) | Work::Remove(_) => packages.push(change),
            }
        }
        self.change_beside(beside);
        for change in alone {
            self.change_alone(change);
        }
        packages
    }

    fn is_out_of_bounds(&self, entry: &Entry) -> bool {
        let bounds = self.options.bounds.as_ref();
        bounds.is_some_and(|bounds| !bounds.changes.contains(&entry.id))
    }

    /// Makes durable what the changes will owe. Those for which that isn't possible fail, with nothing changed.
    fn promise(&mut self, changes: Vec<Change<'c>>) -> Vec<Change<'c>> {
        let mut changes = self.ready(changes);
        let mut records = Vec::new();
        if !self.has_begun && !changes.is_empty() {
            records.push(LedgerRecord::Began);
        }
        for change in &mut changes {
            let id = &change.entry.id;
            records.push(Self::changing(change));
            // Its change may start it.
            records.push(LedgerRecord::Reading { target: id.clone() });
            let cause = RefreshCause {
                id: id.clone(),
                before: change.before.clone(),
            };
            for (target, record) in self.subscribers.owed(&cause, self.boot.as_deref()) {
                if !self.store.ledger().owes(target, id) {
                    change.newly_owed.push(target.clone());
                }
                records.push(record);
            }
        }
        match self.store.promise(records) {
            Ok(()) => {
                self.has_begun |= !changes.is_empty();
                changes
            }
            Err(error) => {
                for Change { at, entry, took, .. } in changes {
                    self.settle(at, entry, Outcome::Failed(error.to_string()), took);
                }
                Vec::new()
            }
        }
    }

    /// Changes files, directories and links at the same time: all new files are durable before one takes its place.
    fn change_beside(&mut self, changes: Vec<Change<'c>>) {
        let changes = self.promise(changes);
        if changes.is_empty() {
            return;
        }
        let (system, control) = (self.system, &self.options.control);
        let drafted = pool::map(self.options.workers, changes, |change: Change<'c>| {
            let began = Instant::now();
            let draft = if control.is_stopped() {
                None
            } else {
                let behavior = change.entry.resource.behavior();
                Some(guarded("draft", || behavior.draft(system, &change.diff)))
            };
            (change, draft, began.elapsed())
        });
        let has_drafts = drafted.iter().any(|(_, draft, _)| matches!(draft, Some(Ok(Some(_)))));
        let synced = if has_drafts { system.sync() } else { Ok(()) };
        let place = |(mut change, draft, took): (Change<'c>, Drafted<'_>, Duration)| {
            let began = Instant::now();
            let done = draft.map(|draft| match draft? {
                Some(draft) => {
                    synced.clone()?;
                    Ok(draft.place()?)
                }
                None => {
                    let behavior = change.entry.resource.behavior();
                    guarded("apply", || behavior.apply(system, &change.diff))
                }
            });
            change.took += took + began.elapsed();
            (change, done)
        };
        let done = pool::map(self.options.workers, drafted, place);
        for (change, done) in done {
            match done {
                Some(done) => self.changed(change, done),
                None => self.not_reached(&change),
            }
        }
    }

    fn change_alone(&mut self, change: Change<'c>) {
        if self.options.control.is_stopped() {
            return self.settle(change.at, change.entry, Outcome::NotReached, change.took);
        }
        self.say(&change.entry.id.to_string());
        for mut change in self.promise(vec![change]) {
            let began = Instant::now();
            let behavior = change.entry.resource.behavior();
            let done = guarded("apply", || behavior.apply(self.system, &change.diff));
            change.took += began.elapsed();
            self.changed(change, done);
        }
    }

    fn change_packages(&mut self, changes: Vec<Change<'c>>) {
        if self.options.control.is_stopped() {
            for Change { at, entry, took, .. } in changes {
                self.settle(at, entry, Outcome::NotReached, took);
            }
            return;
        }
        self.say("packages");
        let changes = self.promise(changes);
        self.places.may_have_moved();
        for (change, done) in self.transact_again(changes) {
            self.made(change, done);
        }
    }

    /// A change was tried.
    fn changed(&mut self, mut change: Change<'c>, done: Result<()>) {
        let done = self.change_again(&mut change, done);
        self.made(change, done);
    }

    /// A change was tried as often as it is.
    fn made(&mut self, change: Change<'c>, done: Result<()>) {
        let outcome = match done {
            Ok(()) => Outcome::Changed(packages::as_made(self.system, change.entry, change.diff.clone())),
            Err(error) => failure(error),
        };
        if matches!(outcome, Outcome::Unknown(_)) {
            self.forgive(&change);
        }
        self.settle(change.at, change.entry, outcome, change.took);
    }

    /// A change wasn't made: nothing is owed for it that wasn't owed before.
    fn forgive(&mut self, change: &Change<'c>) {
        let forgiven = change.newly_owed.iter().map(|target| LedgerRecord::Forgiven {
            target: target.clone(),
            cause: change.entry.id.clone(),
        });
        self.record(forgiven.collect());
    }

    /// The run was asked to stop before the change was made.
    fn not_reached(&mut self, change: &Change<'c>) {
        self.forgive(change);
        self.settle(change.at, change.entry, Outcome::NotReached, change.took);
    }

    /// A resource is done with.
    pub(super) fn settle(&mut self, at: usize, entry: &'c Entry, outcome: Outcome, took: Duration) {
        match &outcome {
            Outcome::Failed(_) => {
                self.failed.insert(&entry.id, &entry.id);
                if self.options.fail_fast {
                    self.options.control.stop();
                }
            }
            Outcome::Skipped { .. } | Outcome::NotReached => {
                let root = self.failed_root(entry).unwrap_or(&entry.id);
                self.failed.insert(&entry.id, root);
            }
            Outcome::NoChange | Outcome::Changed(_) | Outcome::OutOfBounds(_) | Outcome::Unknown(_) => {}
        }
        let cause = self.cause(at, entry, &outcome);
        for note in self.system.notes() {
            self.tell(Event::Noted(note));
        }
        let satisfied = match &outcome {
            Outcome::Changed(diff) => self.satisfied(entry, diff),
            _ => None,
        };
        self.tell(Event::ResourceFinished {
            id: entry.id.clone(),
            outcome,
            cause,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
        if let Some(owed) = satisfied {
            self.clear(entry, &owed, RefreshOutcome::Satisfied);
        }
        self.refresh_if_owed(entry, Timing::Immediate);
        self.schedule.finish(at);
    }

    /// Why a resource differed; takes down that it is as desired now.
    fn cause(&mut self, at: usize, entry: &Entry, outcome: &Outcome) -> Option<ChangeCause> {
        if !matches!(outcome, Outcome::NoChange | Outcome::Changed(_) | Outcome::Failed(_)) {
            return None;
        }
        let desired = entry.digest().ok()?;
        let cause = self.store.ledger().cause(&entry.id, &desired);
        match outcome {
            Outcome::Failed(_) => Some(cause),
            _ => {
                self.store.settle(&LedgerRecord::Settled {
                    id: entry.id.clone(),
                    desired,
                    ownership: ownership(entry, false),
                    place: at,
                });
                matches!(outcome, Outcome::Changed(_)).then_some(cause)
            }
        }
    }

    pub(super) fn failed_root(&self, entry: &Entry) -> Option<&'c ResourceId> {
        entry.after.iter().find_map(|edge| self.failed.get(&edge.on).copied())
    }

    /// Takes down what was done. That it isn't taken down costs the next run needless work, and nothing is lost.
    pub(super) fn record(&mut self, records: Vec<LedgerRecord>) {
        if let Err(error) = self.store.tell(records) {
            self.tell(Event::Noted(format!(
                "failed to {error}; the next run may repeat a refresh"
            )));
        }
    }

    fn finish(&mut self, catalog: &Catalog, is_reached: bool) {
        self.say("finishing");
        if self.has_begun
            && let Err(error) = self.system.sync()
        {
            self.tell(Event::Noted(format!(
                "what was changed may not survive a power failure: failed to {error}"
            )));
        }
        let digest = is_reached.then(|| catalog.digest().ok()).flatten();
        if let Err(error) = self.store.finish(digest) {
            self.tell(Event::Noted(format!(
                "failed to {error}; the next run reads the journal instead"
            )));
        }
    }
}

pub(super) fn check(entry: &Entry, system: &dyn System, has_subscribers: bool) -> Checked {
    let began = Instant::now();
    let behavior = entry.resource.behavior();
    let mut found = guarded("check", || behavior.check(system));
    let mut before = None;
    if has_subscribers && matches!(found, Ok(Check::Change(_))) {
        match guarded("check", || behavior.image(system)) {
            Ok(image) => before = image,
            Err(error) => found = Err(error),
        }
    }
    Checked {
        found,
        before,
        took: began.elapsed(),
    }
}

fn failure(error: Error) -> Outcome {
    match error {
        Error::System(error @ SystemError::Unknowable { .. }) => Outcome::Unknown(error.to_string()),
        error => Outcome::Failed(error.to_string()),
    }
}
