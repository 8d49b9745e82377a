use crate::compile::CompiledHost;
use crate::converge::{ConvergeOptions, Event, Outcome, RefreshOutcome, Summary, converge};
use crate::model::{AccountChange, Cluster, Effect, Facts, System as _};
use crate::state::Store;
use crate::system::FakeSystem;
use crate::words::{AbsPath, ResourceId};

/// A host in memory, on which a catalog converges.
#[derive(Debug)]
pub struct FakeHost {
    system: FakeSystem,
    store: Store,
    events: Vec<Event>,
}

impl FakeHost {
    /// A fresh host for this catalog, not converged yet: it is what the definition declares it to be, has the directories
    /// that packages bring, and invented values for secrets.
    #[must_use]
    pub fn new(host: &CompiledHost) -> Self {
        let system = FakeSystem::new();
        let base = system.own_facts().clone();
        let declared = &host.catalog.declared;
        let facts = Facts {
            hostname: host.name().to_string(),
            os: declared.os.clone().unwrap_or(base.os),
            arch: declared.arch.clone().unwrap_or(base.arch),
            addresses: declared.address.into_iter().collect(),
            init: base.init,
        };
        let owned = host
            .catalog
            .entries
            .iter()
            .flat_map(|entry| entry.resource.behavior().effects().writes);
        let paths: Vec<AbsPath> = owned
            .filter_map(|effect| match effect {
                Effect::Path(path) => Some(path),
                _ => None,
            })
            .collect();
        let secrets = host.catalog.secrets().unwrap_or_default();
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let system = secrets.into_iter().fold(system.with_facts(facts), |system, secret| {
            // One that every place can carry that a secret is written to.
            let name: String = secret.to_string().chars().map(plain).collect();
            let value = format!("value:of-{name}");
            system.with_secret(secret, &value)
        });
        let system = system.with_directories_of(&paths);
        let entries = host.catalog.entries.iter();
        let brought = entries.flat_map(|entry| entry.resource.behavior().effects().provides);
        for effect in brought {
            // What packages bring along is there, as their directories are.
            let made = match effect {
                Effect::User(name) => system.create_user(&name, &AccountChange::default()),
                Effect::Group(name) => system.create_group(&name, None, true),
                _ => Ok(()),
            };
            // There already: a user brings a group along.
            drop(made);
        }
        Self::with_system(system)
    }

    /// A host that is this system.
    #[must_use]
    pub fn with_system(system: FakeSystem) -> Self {
        Self {
            system,
            store: Store::in_memory(),
            events: Vec::new(),
        }
    }

    /// A fresh host, converged once.
    #[must_use]
    pub fn converged(host: &CompiledHost) -> Self {
        let mut fake = Self::new(host);
        fake.converge(host);
        fake
    }

    /// Converges the host and returns the numbers.
    pub fn converge(&mut self, host: &CompiledHost) -> Summary {
        self.events.clear();
        let events = &mut self.events;
        let options = ConvergeOptions::default();
        let (system, store) = (&self.system, &mut self.store);
        converge(&host.catalog, system, store, &options, &mut |event| {
            events.push(event);
        })
    }

    /// What happened in the last run.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// What the last run changed.
    #[must_use]
    pub fn changed(&self) -> Vec<&ResourceId> {
        let changed = |event: &'_ Event| {
            matches!(
                event,
                Event::ResourceFinished {
                    outcome: Outcome::Changed(_),
                    ..
                }
            )
        };
        let ids = self
            .events
            .iter()
            .filter(|event| changed(event))
            .filter_map(|event| match event {
                Event::ResourceFinished { id, .. } => Some(id),
                _ => None,
            });
        ids.collect()
    }

    /// The machine.
    #[must_use]
    pub const fn system(&self) -> &FakeSystem {
        &self.system
    }
}

/// Converges every host of a cluster twice in memory. `prepare` may change each fresh host first: say what its commands
/// answer, or put files on it.
///
/// What nobody can know in memory, such as what a command does that wasn't answered for, is passed over. A command that was
/// answered for makes nothing, unless `.with_command_that_makes` said so.
///
/// # Errors
/// The cluster doesn't compile, the first run fails, or the second one changes or refreshes something: says what, host by
/// host.
pub fn check_idempotent(cluster: &Cluster, prepare: impl Fn(FakeSystem) -> FakeSystem) -> Result<(), String> {
    let compiled = cluster.compile().map_err(|problems| problems.to_string())?;
    let mut offenders = Vec::new();
    for host in &compiled.hosts {
        let mut fake = FakeHost::with_system(prepare(FakeHost::new(host).system));
        fake.converge(host);
        offenders.extend(
            fake.events
                .iter()
                .filter_map(failure)
                .map(|why| format!("{}: {why}", host.name())),
        );
        fake.converge(host);
        let again = fake
            .events
            .iter()
            .filter_map(|event| failure(event).or_else(|| change(event)));
        offenders.extend(again.map(|what| format!("{}: in the second run, {what}", host.name())));
    }
    if offenders.is_empty() {
        Ok(())
    } else {
        Err(offenders.join("\n"))
    }
}

fn failure(event: &Event) -> Option<String> {
    match event {
        Event::ResourceFinished {
            id,
            outcome: Outcome::Failed(why),
            ..
        } => Some(format!("{id}: failed to {why}")),
        Event::RefreshFinished {
            target,
            action,
            outcome: RefreshOutcome::Failed(why),
            ..
        } => Some(format!("{target}: {action}: failed to {why}")),
        _ => None,
    }
}

fn change(event: &Event) -> Option<String> {
    match event {
        Event::ResourceFinished {
            id,
            outcome: Outcome::Changed(_),
            ..
        } => Some(format!("{id} changes")),
        Event::RefreshFinished {
            target,
            action,
            outcome: RefreshOutcome::Done,
            ..
        } => Some(format!("{target} gets a {action}")),
        _ => None,
    }
}
