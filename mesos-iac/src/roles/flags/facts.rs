use super::spans::{Presence, Spans};
use super::{FlagValue, Form};
use crate::roles::Version;
use std::marker::PhantomData;

/// What a word that isn't one of every release's is to some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// One of the list, like the others.
    Member,
    /// Read with a warning where it is the whole value: this is what it stands for.
    StandsFor(&'static str),
    /// Read with a warning where it is the whole value: another flag says the same.
    SaidBy(&'static str),
    /// Refused, for this reason.
    Gone(&'static str),
}

/// A word, the versions to which it is something, and what it is to them.
type Words = &'static [(&'static str, &'static str, Word)];

/// What is known of one flag, under all of its names.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    pub(super) name: &'static str,
    pub(super) spans: Spans,
    pub(super) form: Form,
    pub(super) former: Option<(&'static str, Spans)>,
    pub(super) alias: Option<(&'static str, Spans)>,
    pub(super) perhaps: Spans,
    pub(super) off: Option<&'static str>,
    pub(super) off_since: &'static str,
    pub(super) default: Option<&'static str>,
    pub(super) defaults: &'static [(&'static str, Option<&'static str>)],
    pub(super) choices: &'static [(&'static str, &'static [&'static str])],
    pub(super) members: &'static [&'static str],
    pub(super) words: Words,
    pub(super) least: Option<&'static str>,
    pub(super) most: Option<&'static str>,
    pub(super) build_option: Option<&'static str>,
    pub(super) deprecated: Option<&'static str>,
    pub(super) linux: bool,
}

/// A flag of the program `P` with a value of type `V`.
pub struct Flag<P, V> {
    pub(super) facts: &'static Facts,
    types: PhantomData<fn(V) -> P>,
}

impl<P, V> Clone for Flag<P, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, V> Copy for Flag<P, V> {}

impl<P, V> std::fmt::Debug for Flag<P, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Flag({})", self.facts.name)
    }
}

impl<P, V> Flag<P, V> {
    pub(super) const fn new(facts: &'static Facts) -> Self {
        Self {
            facts,
            types: PhantomData,
        }
    }

    /// What is known of it.
    #[must_use]
    pub const fn facts(self) -> &'static Facts {
        self.facts
    }

    /// Its newest name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts.name
    }
}

/// How the tables are written: each method adds what is known.
impl Facts {
    pub(super) const fn new(name: &'static str, spans: &'static str) -> Self {
        Self {
            name,
            spans: Spans::new(spans),
            form: Form::Text,
            former: None,
            alias: None,
            perhaps: Spans::NONE,
            off: None,
            off_since: "",
            default: None,
            defaults: &[],
            choices: &[],
            members: &[],
            words: &[],
            least: None,
            most: None,
            build_option: None,
            deprecated: None,
            linux: false,
        }
    }

    /// The form and the closed set of its type.
    pub(super) const fn of<V: FlagValue>(mut self) -> Self {
        self.form = V::FORM;
        if self.choices.is_empty() && !V::CHOICES.is_empty() {
            self.choices = const { &[("0.0", V::CHOICES)] };
        }
        self
    }

    /// The name that was the only one in these versions.
    pub(super) const fn formerly(mut self, name: &'static str, spans: &'static str) -> Self {
        self.former = Some((name, Spans::new(spans)));
        self
    }

    /// An old name that these versions still read, with a warning.
    pub(super) const fn alias(mut self, name: &'static str, spans: &'static str) -> Self {
        self.alias = Some((name, Spans::new(spans)));
        self
    }

    /// Versions that have it by all that is told of them, though their sources weren't read.
    pub(super) const fn perhaps(mut self, spans: &'static str) -> Self {
        self.perhaps = Spans::new(spans);
        self
    }

    /// The flag that switches it off from this version on; before it, nothing does.
    pub(super) const fn off(mut self, name: &'static str, since: &'static str) -> Self {
        self.off = Some(name);
        self.off_since = since;
        self
    }

    /// The value that it has where it isn't set.
    pub(super) const fn default(mut self, value: &'static str) -> Self {
        self.default = Some(value);
        self
    }

    /// The values that it has where it isn't set, each from a version on.
    pub(super) const fn defaults(mut self, defaults: &'static [(&'static str, Option<&'static str>)]) -> Self {
        self.defaults = defaults;
        self
    }

    /// The closed sets that its value is from, each from a version on.
    pub(super) const fn choices(mut self, choices: &'static [(&'static str, &'static [&'static str])]) -> Self {
        self.choices = choices;
        self
    }

    /// What a list may have. Names without a `/` may also be of modules where one of these has a `/`.
    pub(super) const fn members(mut self, members: &'static [&'static str]) -> Self {
        self.members = members;
        self
    }

    /// Words of a list that only some versions have, or have for something else.
    pub(super) const fn words(mut self, words: Words) -> Self {
        self.words = words;
        self
    }

    /// The least value.
    pub(super) const fn least(mut self, value: &'static str) -> Self {
        self.least = Some(value);
        self
    }

    /// The greatest value.
    pub(super) const fn most(mut self, value: &'static str) -> Self {
        self.most = Some(value);
        self
    }

    /// The option of the build without which the program doesn't have it.
    pub(super) const fn build(mut self, option: &'static str) -> Self {
        self.build_option = Some(option);
        self
    }

    /// From this version on the program advises against it, without another name for it.
    pub(super) const fn deprecated(mut self, since: &'static str) -> Self {
        self.deprecated = Some(since);
        self
    }

    /// Only on Linux.
    pub(super) const fn linux(mut self) -> Self {
        self.linux = true;
        self
    }
}

/// What is known.
impl Facts {
    /// The newest name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How its value is written.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// In which versions the newest name is there.
    #[must_use]
    pub const fn spans(&self) -> Spans {
        self.spans
    }

    /// Its older name, and the versions in which it was the only one.
    #[must_use]
    pub const fn former(&self) -> Option<(&'static str, Spans)> {
        self.former
    }

    /// A deprecated name that is still read, and the versions that read it.
    #[must_use]
    pub const fn deprecated_name(&self) -> Option<(&'static str, Spans)> {
        self.alias
    }

    /// The value that it has in this version where it isn't set, as it would be written; none if it is unset then,
    /// or depends on the host.
    #[must_use]
    pub fn default_in(&self, version: Version) -> Option<&'static str> {
        since(self.defaults, version).unwrap_or(self.default)
    }

    /// The closed set that its value is from in this version; empty if there is none.
    #[must_use]
    pub fn choices_in(&self, version: Version) -> &'static [&'static str] {
        since(self.choices, version).unwrap_or_default()
    }

    /// The least and the greatest value, where there are any.
    #[must_use]
    pub const fn range(&self) -> (Option<&'static str>, Option<&'static str>) {
        (self.least, self.most)
    }

    /// The option of the build without which the program doesn't have it.
    #[must_use]
    pub const fn build_option(&self) -> Option<&'static str> {
        self.build_option
    }

    /// Whether only Linux has it.
    #[must_use]
    pub const fn is_linux_only(&self) -> bool {
        self.linux
    }

    /// Whether the program advises against it in this version, without another name for it.
    #[must_use]
    pub fn is_deprecated_in(&self, version: Version) -> bool {
        self.deprecated
            .and_then(|since| since.parse().ok())
            .is_some_and(|since: Version| since <= version)
    }

    /// What this word is to the version, where it isn't one of every release's.
    pub(super) fn word_in(&self, word: &str, version: Version) -> Option<Word> {
        let is_it = |(known, spans, _): &&(&str, &'static str, Word)| *known == word && Spans::of(spans).has(version);
        self.words.iter().find(is_it).map(|(_, _, meaning)| *meaning)
    }

    /// Whether the version reads this value with a warning.
    pub(super) fn puts_up_with(&self, value: &str, version: Version) -> bool {
        matches!(self.word_in(value, version), Some(Word::StandsFor(_) | Word::SaidBy(_)))
    }

    /// The flag that switches it off in this version.
    pub(super) fn off_in(&self, version: Version) -> Option<&'static str> {
        let since: Version = self.off_since.parse().ok()?;
        self.off.filter(|_| since <= version)
    }

    /// All of its names.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        [
            Some(self.name),
            self.former.map(|it| it.0),
            self.alias.map(|it| it.0),
            self.off,
        ]
        .into_iter()
        .flatten()
    }

    /// What this version calls it, and how sure that is.
    pub(super) fn name_in(&self, version: Version, known: &[Version]) -> Option<(&'static str, Presence)> {
        let newest = self.spans.at(version, known);
        let perhaps = match self.perhaps.at(version, known) {
            Presence::No => Presence::No,
            _ => Presence::Perhaps,
        };
        let former = self.former.map_or(Presence::No, |(_, spans)| spans.at(version, known));
        match (newest.max(perhaps), former, self.former) {
            (newest, former, Some((name, _))) if former > newest => Some((name, former)),
            (Presence::No, _, _) => None,
            (newest, _, _) => Some((self.name, newest)),
        }
    }
}

/// The entry of the latest version that isn't later than this one.
fn since<T: Copy>(entries: &[(&str, T)], version: Version) -> Option<T> {
    let so_far = |(since, _): &&(&str, T)| since.parse::<Version>().is_ok_and(|since| since <= version);
    entries.iter().rev().find(so_far).map(|(_, entry)| *entry)
}

#[cfg(test)]
mod tests {
    use super::super::{Agent, Marathon, Master, facts};
    use super::*;

    #[test]
    fn each_word_is_something_to_some_version() {
        let all = facts::<Agent>().chain(facts::<Master>()).chain(facts::<Marathon>());
        for (word, spans, _) in all.flat_map(|facts| facts.words) {
            assert!(Spans::of(spans).iter().count() > 0, "{word}: {spans:?}");
        }
    }
}
