use crate::converge::{Event, Outcome};
use crate::fleet::{FleetEvent, HostResult};
use crate::model::Provenance;
use crate::plan::Planned;
use crate::words::{HostName, ResourceId};
use std::collections::BTreeMap;

/// Who declared what, and where. A host knows resources by their names only, so a failure that names another resource gets
/// the places of both where the definition is.
#[derive(Debug, Default)]
pub struct Declared(BTreeMap<HostName, BTreeMap<ResourceId, String>>);

impl Declared {
    /// Nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a host.
    #[must_use]
    pub fn host(mut self, name: &HostName, provenance: &Provenance) -> Self {
        let declared = provenance.declared.iter();
        let places = declared.map(|(id, declared)| {
            let place = format!("{id} is declared by role {} at {}", declared.role, declared.at);
            (id.clone(), place)
        });
        self.0.insert(name.clone(), places.collect());
        self
    }

    /// The event, with the places of all resources in the messages of failures that name more than one.
    #[must_use]
    pub fn complete(&self, mut event: FleetEvent) -> FleetEvent {
        match &mut event {
            FleetEvent::Host {
                host,
                event:
                    Event::ResourceFinished {
                        id,
                        outcome: Outcome::Failed(why),
                        ..
                    },
            } => self.add(host, id, why),
            FleetEvent::HostFinished {
                host,
                result: HostResult::Planned(plan),
                ..
            } => {
                for resource in &mut plan.resources {
                    if let Planned::Failed(why) = &mut resource.planned {
                        self.add(host, &resource.id, why);
                    }
                }
            }
            _ => {}
        }
        event
    }

    fn add(&self, host: &HostName, of: &ResourceId, why: &mut String) {
        let Some(places) = self.0.get(host) else { return };
        let others = places.iter().filter(|(id, _)| *id != of && names(why, id));
        let others: Vec<&str> = others.map(|(_, place)| place.as_str()).collect();
        if others.is_empty() {
            return;
        }
        let own = places.get(of).map(String::as_str);
        let all: Vec<&str> = own.into_iter().chain(others).collect();
        *why = format!("{why} ({})", all.join("; "));
    }
}

/// Whether the text has the resource's name in it, and not only a longer one that ends like it.
fn names(text: &str, id: &ResourceId) -> bool {
    let name = id.to_string();
    text.match_indices(&name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(|before| before.is_alphanumeric() || matches!(before, '.' | '-' | '_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_name_is_another_one() {
        let id: ResourceId = "file[/etc/x]".parse().unwrap();
        assert!(names("tell it from file[/etc/x]: both", &id));
        assert!(names("file[/etc/x]", &id));
        assert!(!names("tell it from unit-file[/etc/x]", &id));
        assert!(!names("tell it from it.file[/etc/x]", &id));
        assert!(names("it.file[/etc/x], file[/etc/x]", &id));
    }
}
