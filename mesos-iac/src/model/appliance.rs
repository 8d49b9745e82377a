use super::host::Settings;
use super::{AttributeValue, IntoValue, Key, Role, RoleInstance};
use crate::words::Location;

/// A named kind of host: a set of roles and attributes.
#[derive(Clone)]
#[must_use = "an appliance takes part once it is given to `Cluster::new(…).appliance(…)`"]
pub struct Appliance {
    pub(crate) name: String,
    pub(crate) at: Location,
    pub(crate) roles: Vec<RoleInstance>,
    pub(crate) settings: Settings,
}

/// The appliance of this name.
#[track_caller]
pub fn appliance(name: impl Into<String>) -> Appliance {
    Appliance {
        name: name.into(),
        at: Location::caller(),
        roles: Vec::new(),
        settings: Settings::default(),
    }
}

impl Appliance {
    /// Gives every host of the appliance a role.
    #[track_caller]
    pub fn role(mut self, role: impl Role) -> Self {
        self.roles.push(RoleInstance::given(role, Location::caller()));
        self
    }

    /// Sets an attribute for every host of the appliance.
    #[track_caller]
    pub fn set<T: AttributeValue>(mut self, key: Key<T>, value: impl IntoValue<T>) -> Self {
        self.settings.set(key, value, Location::caller());
        self
    }
}

/// Attributes for every host of an environment, or of an operating system.
#[derive(Clone)]
#[must_use = "it takes part once it is given to `Cluster::new(…).environment(…)` or `.os(…)`"]
pub struct AttributeGroup {
    pub(crate) name: String,
    pub(crate) at: Location,
    pub(crate) settings: Settings,
}

/// The attributes of an environment or of an operating system (by its `ID`, such as `debian`).
#[track_caller]
pub fn attributes_of(name: impl Into<String>) -> AttributeGroup {
    AttributeGroup {
        name: name.into(),
        at: Location::caller(),
        settings: Settings::default(),
    }
}

impl AttributeGroup {
    /// Sets an attribute for every host of the group.
    #[track_caller]
    pub fn set<T: AttributeValue>(mut self, key: Key<T>, value: impl IntoValue<T>) -> Self {
        self.settings.set(key, value, Location::caller());
        self
    }
}
