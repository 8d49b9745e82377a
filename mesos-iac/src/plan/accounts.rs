use super::provided::is_missing;
use crate::model::{Effect, Effects, Entry, ReadSystem, SystemError};
use std::collections::HashSet;

/// Which users and groups a run would have made by the time that it comes to an entry.
#[derive(Default)]
pub(super) struct Accounts {
    coming: HashSet<Effect>,
}

impl Accounts {
    /// Takes note of an entry that would change, or might.
    pub(super) fn note(&mut self, entry: &Entry) {
        let effects = entry.resource.behavior().effects();
        if effects.removes {
            return;
        }
        let accounts = effects.writes.into_iter().chain(effects.provides);
        self.coming
            .extend(accounts.filter(|effect| matches!(effect, Effect::User(_) | Effect::Group(_))));
    }

    /// The user or group that a change needs, that isn't there, and that nothing makes first.
    pub(super) fn missing(&self, effects: &Effects, system: &dyn ReadSystem) -> Option<SystemError> {
        if effects.removes || !system.needs_accounts() {
            return None;
        }
        let missing = |what: &str, name: &String| {
            Some(SystemError::Missing {
                what: what.to_owned(),
                name: name.clone(),
            })
        };
        effects.reads.iter().find_map(|effect| {
            let error = match effect {
                // A number needs nobody who has it. What it is about itself, it makes.
                Effect::User(name) | Effect::Group(name)
                    if name.bytes().all(|byte| byte.is_ascii_digit()) || effects.writes.contains(effect) =>
                {
                    None
                }
                Effect::User(name) => missing("user", name),
                Effect::Group(name) => missing("group", name),
                _ => None,
            };
            error.filter(|_| !self.coming.contains(effect) && is_missing(effect, system))
        })
    }
}
