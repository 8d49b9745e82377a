use crate::compile::CompiledHost;
use crate::converge::{Control, Event, Outcome, Summary, converge};
use crate::kinds::File;
use crate::model::{Cluster, Facts, ReadSystem as _};
use crate::system::FakeSystem;
use crate::words::ResourceId;

/// A host in memory, on which a catalog converges.
#[derive(Debug)]
pub struct FakeHost {
    system: FakeSystem,
    events: Vec<Event>,
}

impl FakeHost {
    /// A fresh host for this catalog, not converged yet: it is what the definition declares it to be, and has the
    /// directories that packages bring.
    #[must_use]
    pub fn new(host: &CompiledHost) -> Self {
        let system = FakeSystem::new();
        let base = system
            .facts()
            .unwrap_or_else(|_| unreachable!("a fake host knows its facts"));
        let declared = &host.catalog.declared;
        let facts = Facts {
            hostname: host.name().to_string(),
            os: declared.os.clone().unwrap_or(base.os),
            arch: declared.arch.clone().unwrap_or(base.arch),
            addresses: declared.address.into_iter().collect(),
            init: base.init,
        };
        let files = host.catalog.all::<File>().map(|(_, file)| file.path());
        Self::with_system(system.with_facts(facts).with_directories_of(files))
    }

    /// A host that is this system.
    #[must_use]
    pub const fn with_system(system: FakeSystem) -> Self {
        Self {
            system,
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
        converge(&host.catalog, &self.system, &Control::new(), &mut |event| {
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

/// Converges every host of a cluster twice in memory.
///
/// # Errors
/// The cluster doesn't compile, the first run fails, or the second one changes something: says what, host by host.
pub fn check_idempotent(cluster: &Cluster) -> Result<(), String> {
    let compiled = cluster.compile().map_err(|problems| problems.to_string())?;
    let mut offenders = Vec::new();
    for host in &compiled.hosts {
        let mut fake = FakeHost::new(host);
        fake.converge(host);
        offenders.extend(failures(host, &fake));
        fake.converge(host);
        offenders.extend(
            fake.changed()
                .iter()
                .map(|id| format!("{}: {id} changes in the second run", host.name())),
        );
    }
    if offenders.is_empty() {
        Ok(())
    } else {
        Err(offenders.join("\n"))
    }
}

fn failures(host: &CompiledHost, fake: &FakeHost) -> Vec<String> {
    let failure = |event: &Event| match event {
        Event::ResourceFinished {
            id,
            outcome: Outcome::Failed(why) | Outcome::Unknown(why),
            ..
        } => Some(format!("{}: {id}: failed to {why}", host.name())),
        _ => None,
    };
    fake.events().iter().filter_map(failure).collect()
}
