use super::{CheckedFlag, Facts, Flag, FlagValue, Program, Written, check};
use crate::model::Problems;
use crate::roles::Version;
use crate::words::Location;
use std::fmt;
use std::marker::PhantomData;

/// The flags of one program: each with its value and the place in the source that set it.
///
/// Nothing is refused as it is set: [`checked`](Self::checked) holds all flags against a version and tells every mistake at
/// once. One flag set twice is a mistake, as it is for Mesos; what a role sets and a user may set otherwise are its defaults
/// ([`with_defaults`](Self::with_defaults)).
///
/// ```
/// use mesos_iac::roles::flags::{Flags, Master, master};
/// use mesos_iac::roles::Version;
/// use std::time::Duration;
///
/// let flags = Flags::<Master>::new()
///     .set(master::OFFER_TIMEOUT, Duration::from_secs(120))
///     .set(master::MAX_AGENT_PING_TIMEOUTS, 20_u32)
///     .set_text("hostname_lookup", "false");
///
/// // Typed flags are named as the version names them.
/// let words = |version| -> Vec<String> {
///     let checked = flags.checked(version).unwrap();
///     checked.iter().flat_map(|flag| flag.words().unwrap()).collect()
/// };
/// assert_eq!(
///     words(Version::new(1, 11, 0)),
///     ["--no-hostname_lookup", "--max_agent_ping_timeouts=20", "--offer_timeout=2mins"]
/// );
/// assert_eq!(words(Version::new(0, 28, 3))[1], "--max_slave_ping_timeouts=20");
///
/// let wrong = Flags::<Master>::new().set_text("offer_timeout", "2m").set_text("quorom", "2");
/// let problems = wrong.checked(Version::new(1, 4, 0)).unwrap_err();
/// let told: Vec<_> = problems.iter().filter_map(|problem| problem.hint.as_deref()).collect();
/// assert_eq!(told, ["write `--offer_timeout=2mins`", "did you mean `quorum`?"]);
/// ```
#[must_use = "flags do nothing until they are checked and rendered"]
pub struct Flags<P> {
    pub(super) entries: Vec<Entry>,
    program: PhantomData<fn() -> P>,
}

/// One flag as it was set.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) named: Named,
    /// None where the flag is to have no value whatever the defaults say.
    pub(super) given: Option<Written>,
    pub(super) at: Location,
}

/// How a flag was named.
#[derive(Debug, Clone)]
pub(super) enum Named {
    Typed(&'static Facts),
    Text(String),
    Unchecked(String),
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Typed(a), Self::Typed(b)) => a.name == b.name,
            (Self::Text(a), Self::Text(b)) | (Self::Unchecked(a), Self::Unchecked(b)) => a == b,
            _ => false,
        }
    }
}

impl Named {
    /// One name for all names of a flag.
    pub(super) fn identity<'a>(&'a self, flags: &mut dyn Iterator<Item = &'static Facts>) -> &'a str {
        match self {
            Self::Typed(facts) => facts.name,
            Self::Text(name) | Self::Unchecked(name) => {
                let mut found = flags.filter(|facts| facts.names().any(|known| known == name));
                found.next().map_or(name, |facts| facts.name)
            }
        }
    }
}

impl<P> Clone for Flags<P> {
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
            program: PhantomData,
        }
    }
}

impl<P> Default for Flags<P> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            program: PhantomData,
        }
    }
}

impl<P> PartialEq for Flags<P> {
    /// Whether the same is set in the same order; from where it was set, doesn't count.
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Entry, &Entry)| a.named == b.named && a.given == b.given;
        self.entries.len() == other.entries.len() && self.entries.iter().zip(&other.entries).all(same)
    }
}

impl<P> fmt::Debug for Flags<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.entries).finish()
    }
}

impl<P: Program> Flags<P> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a flag of the table. Its name is that of the version, whichever it will be.
    #[track_caller]
    pub fn set<V: FlagValue>(self, flag: Flag<P, V>, value: impl Into<V>) -> Self {
        self.add(
            Named::Typed(flag.facts),
            Some(value.into().written()),
            Location::caller(),
        )
    }

    /// Sets a flag by its name as the version spells it, with its value as the program reads it.
    ///
    /// Both are checked, as typed ones are. A switch has the value `true` or `false`.
    #[track_caller]
    pub fn set_text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let given = Written::Text(value.into());
        self.add(Named::Text(name.into()), Some(given), Location::caller())
    }

    /// Sets a flag that the table doesn't have, such as that of a module. **Neither name nor value are checked**, and the
    /// flag says so: [`CheckedFlag::is_unchecked`].
    #[track_caller]
    pub fn unchecked(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let given = Written::Text(value.into());
        self.add(Named::Unchecked(name.into()), Some(given), Location::caller())
    }

    /// Leaves a flag out, whatever the defaults say.
    #[track_caller]
    pub fn unset<V>(self, flag: Flag<P, V>) -> Self {
        self.add(Named::Typed(flag.facts), None, Location::caller())
    }

    /// Adds those of `defaults` whose flags aren't set here, under any of their names.
    pub fn with_defaults(mut self, defaults: Self) -> Self {
        let identity = |entry: &Entry| entry.named.identity(&mut P::KNOWN.flags()).to_owned();
        let own: Vec<String> = self.entries.iter().map(identity).collect();
        let others = defaults.entries.into_iter();
        self.entries
            .extend(others.filter(|entry| !own.contains(&identity(entry))));
        self
    }

    /// Adds all of `others`. A flag that both set is a mistake, with both places.
    pub fn merge(mut self, others: Self) -> Self {
        self.entries.extend(others.entries);
        self
    }

    /// Whether this flag has a value.
    #[must_use]
    pub fn has<V>(&self, flag: Flag<P, V>) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.given.is_some() && entry.named.identity(&mut P::KNOWN.flags()) == flag.facts.name)
    }

    /// All flags as this version of the program reads them, in the order of their names.
    ///
    /// # Errors
    /// All mistakes at once: flags that the version doesn't know or spells otherwise, values of a wrong form, out of range
    /// or of none of a closed set, flags that are set twice under any of their names, and combinations that the program
    /// refuses. What is missing is told by [`missing`](Self::missing).
    pub fn checked(&self, version: Version) -> Result<Vec<CheckedFlag>, Problems> {
        check::checked(P::KNOWN, &self.entries, version)
    }

    /// What the program refuses to start without, and isn't set here.
    #[must_use]
    pub fn missing(&self, version: Version) -> Problems {
        check::missing(P::KNOWN, &self.entries, version)
    }

    fn add(mut self, named: Named, given: Option<Written>, at: Location) -> Self {
        self.entries.push(Entry { named, given, at });
        self
    }
}
