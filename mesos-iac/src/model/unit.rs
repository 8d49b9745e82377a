//! Units, as service managers have them.

use serde::{Deserialize, Serialize};

/// What a service manager says of a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitState {
    /// Whether there is such a unit at all.
    pub exists: bool,
    /// `UnitFileState`: `enabled`, `disabled`, `static`, `masked`, `generated` …
    pub file_state: String,
    /// `ActiveState`: `active`, `inactive`, `failed`, `activating` …
    pub active: String,
    /// Whether the unit's file changed since the manager read it.
    pub needs_reload: bool,
}

/// What to do with a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum UnitAction {
    /// Start it as soon as its turn comes, and don't wait for that: while the host boots, it comes later.
    QueueStart,
    /// Stop it, or don't start it if its turn is still to come, and don't wait for that.
    QueueStop,
    /// Start it now.
    Start,
    /// Stop it now.
    Stop,
    /// Restart it now; start it if it doesn't run.
    Restart,
    /// Have it read its configuration again.
    Reload,
    /// Start it at every boot.
    Enable,
    /// Don't start it at boot.
    Disable,
    /// Make it impossible to start.
    Mask,
    /// Undo that.
    Unmask,
}

impl UnitAction {
    /// The word that `systemctl` has for it.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Start | Self::QueueStart => "start",
            Self::Stop | Self::QueueStop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Mask => "mask",
            Self::Unmask => "unmask",
        }
    }
}

/// The unit's name in full: a name without a suffix is a service.
#[must_use]
pub fn full_unit_name(name: &str) -> String {
    const SUFFIXES: [&str; 11] = [
        "service",
        "socket",
        "timer",
        "path",
        "mount",
        "automount",
        "swap",
        "target",
        "slice",
        "scope",
        "device",
    ];
    match name.rsplit_once('.') {
        Some((_, suffix)) if SUFFIXES.contains(&suffix) => name.to_owned(),
        _ => format!("{name}.service"),
    }
}
