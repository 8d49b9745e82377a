use crate::model::{
    Check, Converge, Declare, Diff, Effect, Effects, Error, HostView, ReadSystem, RefreshAction, Refreshed, Reload,
    Resource, Restart, Result, System, SystemError, UnitAction, UnitState, full_unit_name,
};
use crate::words::{AbsPath, ResourceId, check_unit_name};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};

/// Ensures that a unit of systemd is enabled or not, runs or not, is masked or not.
///
/// What isn't set is left as it is. A unit that doesn't exist is as desired where it is to be neither enabled nor running,
/// and an error otherwise. Comes after its unit file (for a timer, also that of the service it starts), its drop-ins and the package
/// that brings it; two services can't listen on one port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.service", key = name)]
pub struct Service {
    name: String,
    enabled: Option<bool>,
    running: Option<bool>,
    masked: Option<bool>,
    #[serde(default)]
    ports: Vec<u16>,
}

/// A service in the making; see [`Service`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct ServiceBuilder(Service);

/// The service of this name; a name without a suffix is a `.service`.
pub fn service(name: impl Into<String>) -> ServiceBuilder {
    ServiceBuilder(Service {
        name: name.into(),
        enabled: None,
        running: None,
        masked: None,
        ports: Vec::new(),
    })
}

impl ServiceBuilder {
    /// Ensures that it is started at every boot.
    pub const fn enabled(mut self) -> Self {
        self.0.enabled = Some(true);
        self
    }

    /// Ensures that it isn't started at boot.
    pub const fn disabled(mut self) -> Self {
        self.0.enabled = Some(false);
        self
    }

    /// Ensures that it runs.
    pub const fn running(mut self) -> Self {
        self.0.running = Some(true);
        self
    }

    /// Ensures that it doesn't run.
    pub const fn stopped(mut self) -> Self {
        self.0.running = Some(false);
        self
    }

    /// Ensures that nothing can start it.
    pub const fn masked(mut self) -> Self {
        self.0.masked = Some(true);
        self
    }

    /// Says that it listens on this TCP port, so that no other service of the host may, unless it is to be stopped.
    /// Ensures nothing: whether it does is up to its configuration. May be said several times.
    pub fn listens_on(mut self, port: u16) -> Self {
        if let Err(place) = self.0.ports.binary_search(&port) {
            self.0.ports.insert(place, port);
        }
        self
    }

    /// Ensures that it isn't masked.
    pub const fn unmasked(mut self) -> Self {
        self.0.masked = Some(false);
        self
    }
}

impl Declare for ServiceBuilder {
    type Out = Service;

    fn identity(&self) -> Result<ResourceId> {
        Ok(ResourceId::new("core.service", &*self.0.name)?)
    }

    fn build(self, _: &HostView<'_>) -> Result<Service> {
        let service = self.0;
        check_unit_name(&service.name)?;
        if service.masked == Some(true) && (service.enabled == Some(true) || service.running == Some(true)) {
            let why = "a masked unit can be neither enabled nor running";
            return Err(Error::message(format!("declare service {}: {why}", service.name)));
        }
        Ok(service)
    }
}

impl Restart for Service {}
impl Reload for Service {}

impl Service {
    /// The unit's name in full.
    #[must_use]
    pub fn unit(&self) -> String {
        full_unit_name(&self.name)
    }

    /// Whether it is to start at boot; none: unmanaged.
    #[must_use]
    pub const fn is_enabled(&self) -> Option<bool> {
        self.enabled
    }

    /// Whether it is to run; none: unmanaged.
    #[must_use]
    pub const fn is_running(&self) -> Option<bool> {
        self.running
    }

    fn wants_something(&self) -> bool {
        self.enabled == Some(true) || self.running == Some(true)
    }

    /// A unit file that changed since systemd read it would be ignored by what follows; so would that of the service that a
    /// timer starts, which may have no resource of its own.
    fn reread_if_changed(&self, system: &dyn System) -> Result<UnitState> {
        let state = system.unit(&self.unit())?;
        let is_old = |unit: String| Ok::<_, Error>(system.unit(&unit)?.needs_reload);
        if state.needs_reload || started_by(&self.unit()).map(is_old).transpose()? == Some(true) {
            system.reload_units()?;
        }
        Ok(state)
    }
}

/// Whether the state of the unit file means that the unit starts at boot, or can't be made to more than it does.
fn counts_as_enabled(state: &UnitState) -> bool {
    matches!(
        state.file_state.as_str(),
        "enabled" | "enabled-runtime" | "alias" | "static" | "indirect" | "generated" | "linked"
    )
}

fn counts_as_disabled(state: &UnitState) -> bool {
    !matches!(state.file_state.as_str(), "enabled" | "enabled-runtime")
}

fn counts_as_running(state: &UnitState) -> bool {
    matches!(
        state.active.as_str(),
        "active" | "reloading" | "activating" | "refreshing"
    )
}

impl Converge for Service {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let state = system.unit(&self.unit())?;
        if !state.exists {
            if self.wants_something() {
                return Err(SystemError::Missing {
                    what: "unit".into(),
                    name: self.unit(),
                }
                .into());
            }
            if self.masked != Some(true) {
                return Ok(Check::NoChange);
            }
        }
        let mut diff = Diff::new();
        let is_masked = state.file_state.starts_with("masked");
        diff.compare("masked", Some(is_masked), self.masked);
        let enabled_differs = match self.enabled {
            Some(true) => !counts_as_enabled(&state),
            Some(false) => !counts_as_disabled(&state),
            None => false,
        };
        if enabled_differs {
            diff.push("enabled", self.enabled.map(|wanted| !wanted), self.enabled);
        }
        diff.compare("running", Some(counts_as_running(&state)), self.running);
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        let unit = self.unit();
        let wants = |property: &str, value: Option<bool>| diff.has(property).then_some(value).flatten();
        if wants("masked", self.masked) == Some(false) {
            system.control_unit(&unit, UnitAction::Unmask)?;
        }
        match wants("enabled", self.enabled) {
            Some(true) => system.control_unit(&unit, UnitAction::Enable)?,
            Some(false) => system.control_unit(&unit, UnitAction::Disable)?,
            None => {}
        }
        match wants("running", self.running) {
            Some(true) => {
                self.reread_if_changed(system)?;
                system.control_unit(&unit, UnitAction::Start)?;
            }
            Some(false) => system.control_unit(&unit, UnitAction::Stop)?,
            None => {}
        }
        if wants("masked", self.masked) == Some(true) {
            system.control_unit(&unit, UnitAction::Mask)?;
        }
        Ok(())
    }

    fn refresh(&self, system: &dyn System, action: RefreshAction) -> Result<Refreshed> {
        let unit = self.unit();
        let state = self.reread_if_changed(system)?;
        // A unit that doesn't run has nothing to read again, and one that is to be stopped isn't started by a refresh.
        if !counts_as_running(&state) && self.running != Some(true) {
            return Ok(Refreshed::Needless);
        }
        let action = match action {
            RefreshAction::Restart => UnitAction::Restart,
            RefreshAction::Reload if counts_as_running(&state) => UnitAction::Reload,
            RefreshAction::Reload => UnitAction::Start,
            RefreshAction::Rerun => return Err(Error::message("rerun a service: it can be restarted or reloaded")),
        };
        system.control_unit(&unit, action)?;
        Ok(Refreshed::Done)
    }

    fn has_refresh(&self, system: &dyn ReadSystem, own: Option<&Diff>, _: RefreshAction) -> Option<bool> {
        if self.running == Some(true) {
            return Some(true);
        }
        // As `refresh` says: what doesn't run has nothing to read again.
        if own.is_some_and(|diff| diff.has("running")) {
            return Some(false);
        }
        let state = system.unit(&self.unit()).ok().filter(|state| state.exists)?;
        Some(counts_as_running(&state))
    }

    /// A service that we switched on is ours. One that ran before us isn't; nor is one that was started at boot, unless what
    /// brought it is ours: many packages enable what they bring.
    fn creates(&self, system: &dyn ReadSystem, diff: &Diff, is_brought: bool) -> Result<bool> {
        let is_switched_on =
            self.enabled == Some(true) && diff.has("enabled") || self.running == Some(true) && diff.has("running");
        if !is_switched_on {
            return Ok(false);
        }
        let state = system.unit(&self.unit())?;
        let was_enabled = matches!(state.file_state.as_str(), "enabled" | "enabled-runtime");
        Ok(!counts_as_running(&state) && (is_brought || !was_enabled))
    }

    /// Neither enabled nor running, as far as it was to be so.
    fn inverse(&self) -> Option<Box<dyn Resource>> {
        let off = |wanted: Option<bool>| (wanted == Some(true)).then_some(false);
        self.wants_something().then(|| {
            let inverse = Self {
                enabled: off(self.enabled),
                running: off(self.running),
                masked: None,
                ..self.clone()
            };
            Box::new(inverse) as Box<dyn Resource>
        })
    }

    fn satisfies(&self, diff: &Diff, action: RefreshAction) -> bool {
        diff.has("running") && self.running == Some(true) && action != RefreshAction::Rerun
    }

    fn is_refreshed_by_boot(&self, action: RefreshAction) -> bool {
        action != RefreshAction::Rerun
    }

    fn effects(&self) -> Effects {
        let unit = self.unit();
        let mut effects = Effects::none()
            .write(Effect::Unit(unit.clone()))
            .read(Effect::Unit(unit.clone()));
        if self.running != Some(false) {
            effects.writes.extend(self.ports.iter().copied().map(Effect::Port));
        }
        let others = template(&unit).into_iter().chain(started_by(&unit));
        for unit in std::iter::once(unit.clone()).chain(others) {
            for directory in ["/etc", "/run", "/usr/lib", "/lib"] {
                let file = format!("{directory}/systemd/system/{unit}");
                effects = effects
                    .read_if(AbsPath::new(&file).ok().map(Effect::Path))
                    .read_if(AbsPath::new(format!("{file}.d")).ok().map(Effect::Tree));
            }
        }
        let stem = unit.strip_suffix(".service").unwrap_or(&unit);
        for directory in ["/etc/init.d", "/etc/default"] {
            let path = AbsPath::new(format!("{directory}/{stem}"));
            effects = effects.read_if(path.ok().map(Effect::Path));
        }
        effects
    }
}

/// The service that a timer, path or socket starts, as far as its name tells.
fn started_by(unit: &str) -> Option<String> {
    let (stem, suffix) = unit.rsplit_once('.')?;
    matches!(suffix, "timer" | "path" | "socket").then(|| format!("{stem}.service"))
}

/// The template that a unit is an instance of: `getty@.service` of `getty@tty1.service`.
fn template(unit: &str) -> Option<String> {
    let (name, rest) = unit.split_once('@')?;
    let (_, suffix) = rest.rsplit_once('.')?;
    Some(format!("{name}@.{suffix}"))
}
