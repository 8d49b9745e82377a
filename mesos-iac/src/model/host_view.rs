use super::{Arch, AttributeError, AttributeValue, Attributes, Cluster, Host, Key, Os, Precedence, Result, Scope};
use crate::words::{HostName, Location};
use std::fmt;

/// A host as roles see it: what its definition says, and its attributes.
#[derive(Clone, Copy)]
pub struct HostView<'w> {
    cluster: &'w Cluster,
    index: usize,
}

impl<'w> HostView<'w> {
    pub(crate) const fn new(cluster: &'w Cluster, index: usize) -> Self {
        Self { cluster, index }
    }

    pub(crate) const fn index(&self) -> usize {
        self.index
    }

    pub(crate) fn host(&self) -> &'w Host {
        &self.cluster.hosts()[self.index]
    }

    /// The host's name.
    #[must_use]
    pub fn name(&self) -> &'w HostName {
        self.host().name()
    }

    /// Where the host was declared.
    #[must_use]
    pub fn declared_at(&self) -> &'w Location {
        self.host().declared_at()
    }

    /// The cluster's name.
    #[must_use]
    pub fn cluster_name(&self) -> &'w str {
        self.cluster.name()
    }

    /// The host's address, as declared.
    ///
    /// # Errors
    /// None was declared.
    #[track_caller]
    pub fn addr(&self) -> Result<&'w str> {
        // Taken here and not in the closure, whose caller is the standard library.
        let at = Location::caller();
        self.host().address().ok_or_else(|| {
            AttributeError::NoAddress {
                host: self.name().clone(),
                at,
            }
            .into()
        })
    }

    /// The host's operating system, if declared.
    #[must_use]
    pub fn os(&self) -> Option<&'w Os> {
        self.host().declared_os()
    }

    /// The host's architecture, if declared.
    #[must_use]
    pub fn arch(&self) -> Option<&'w Arch> {
        self.host().declared_arch()
    }

    /// The name of the host's appliance, if it has one.
    #[must_use]
    pub fn appliance(&self) -> Option<&'w str> {
        self.host().appliance_name()
    }

    /// The value of an attribute for this host: of the last scope that sets it, else its default.
    ///
    /// # Errors
    /// No scope sets it and it has no default, or it was set as another type.
    #[track_caller]
    pub fn get<T: AttributeValue>(&self, key: Key<T>) -> Result<T> {
        let at = Location::caller();
        if let Some((_, assignment)) = self.cluster.assignments(self.index, key.name()).last() {
            return match assignment.value.get::<T>() {
                Some(value) => Ok(value.clone()),
                None => Err(AttributeError::wrong_type::<T>(assignment, at).into()),
            };
        }
        key.default_value().ok_or_else(|| {
            AttributeError::Unset {
                key: key.name().to_owned(),
                host: self.name().clone(),
                searched: searched(self.cluster.precedence()),
                declared: self.cluster.attributes().get(key.name()).map(|spec| spec.at.clone()),
                at,
            }
            .into()
        })
    }

    /// All attributes of a struct that derives `Attributes`.
    ///
    /// # Errors
    /// One of them is unset and has no default.
    #[track_caller]
    pub fn attributes<A: Attributes>(&self) -> Result<A> {
        A::read(self)
    }

    /// What templates see under `host`.
    pub(crate) fn template_value(&self) -> serde_json::Value {
        let mut map = serde_json::Map::new();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                map.insert(name.to_owned(), value.into());
            }
        };
        put("name", Some(self.name().to_string()));
        put("address", self.host().address().map(ToOwned::to_owned));
        put("appliance", self.appliance().map(ToOwned::to_owned));
        put("os", self.os().map(|os| os.id.clone()));
        put("os_version", self.os().and_then(|os| os.version.clone()));
        put("arch", self.arch().map(ToString::to_string));
        map.into()
    }
}

impl fmt::Debug for HostView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostView({})", self.name())
    }
}

impl PartialEq for HostView<'_> {
    /// Two views are equal if they show the same host.
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for HostView<'_> {}

fn searched(precedence: Precedence) -> String {
    let scopes: Vec<String> = precedence
        .scopes()
        .iter()
        .filter(|scope| **scope != Scope::Default)
        .map(ToString::to_string)
        .collect();
    scopes.join(", ")
}
