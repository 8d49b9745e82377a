use super::File;
use super::rendered::one_line;
use super::unit_file::{UnitFileBuilder, unit_file};
use crate::model::{Declare, Error, HostView, Result};
use crate::words::ResourceId;
use std::time::Duration;

/// A timer of systemd in the making; what it declares is the [`File`] `/etc/systemd/system/NAME.timer`.
///
/// It starts the service of its name when its time has come. Three resources belong together: what is to be done, when,
/// and that the timer runs.
///
/// ```
/// # use mesos_iac::prelude::*;
/// # use std::time::Duration;
/// # fn declare(cx: &mut Cx<'_>) -> Result<()> {
/// let job = cx.add(unit_file("bridge.service").service("Type", "oneshot").exec_start(["/usr/local/bin/bridge"]));
/// let when = cx.add(timer("bridge").on_boot(Duration::from_secs(30)).on_unit_active(Duration::from_secs(60)));
/// cx.add(service("bridge.timer").enabled().running().restart_on((job, when)));
/// # Ok(())
/// # }
/// ```
///
/// It is wanted by `timers.target`, so `.enabled()` starts it at boot. What isn't said is up to systemd: without
/// [`accuracy`](TimerBuilder::accuracy), it may start up to a minute late.
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct TimerBuilder {
    file: UnitFileBuilder,
    mistake: super::builder::Mistake,
}

/// The timer of this name, with or without `.timer`.
pub fn timer(name: impl AsRef<str>) -> TimerBuilder {
    let name = name.as_ref();
    let stem = name.strip_suffix(".timer").unwrap_or(name);
    TimerBuilder {
        file: unit_file(format!("{stem}.timer")).unit("Description", format!("Timer of {stem}")),
        mistake: super::builder::Mistake::default(),
    }
}

impl TimerBuilder {
    /// Starts it at these times, in systemd's form: `daily`, `Mon *-*-* 04:00:00`, `*:0/5`. May be said several times.
    pub fn on_calendar(mut self, times: &str) -> Self {
        let times = self.mistake.keep(one_line("the times of a timer", times));
        self.set("OnCalendar", times.unwrap_or_default())
    }

    /// Starts it this long after the host booted.
    pub fn on_boot(self, after: Duration) -> Self {
        self.set("OnBootSec", seconds(after))
    }

    /// Starts it this long after the timer itself was started.
    pub fn on_active(self, after: Duration) -> Self {
        self.set("OnActiveSec", seconds(after))
    }

    /// Starts it this long after it was started last.
    pub fn on_unit_active(self, after: Duration) -> Self {
        self.set("OnUnitActiveSec", seconds(after))
    }

    /// Starts it this long after it ended last.
    pub fn on_unit_inactive(self, after: Duration) -> Self {
        self.set("OnUnitInactiveSec", seconds(after))
    }

    /// Waits up to this long before each start, so that many hosts don't start it at the same moment.
    pub fn randomized_delay(self, most: Duration) -> Self {
        self.set("RandomizedDelaySec", seconds(most))
    }

    /// Starts it at the most this late.
    pub fn accuracy(self, within: Duration) -> Self {
        self.set("AccuracySec", seconds(within))
    }

    /// Starts it at boot if its time came while the host was down. Counts for `on_calendar` only.
    pub fn persistent(self) -> Self {
        self.set("Persistent", "true")
    }

    /// Starts this unit instead of the service of its name.
    pub fn starts(self, unit: &str) -> Self {
        let unit = crate::model::full_unit_name(unit);
        self.set("Unit", unit)
    }

    /// Ensures that there is no such timer. One that runs is stopped by its own resource.
    pub fn absent(mut self) -> Self {
        self.file = self.file.absent();
        self
    }

    fn set(mut self, key: &str, value: impl AsRef<str>) -> Self {
        self.file = self.file.set("Timer", key, value);
        self
    }
}

/// A length of time as systemd reads it.
fn seconds(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}

impl Declare for TimerBuilder {
    type Out = File;

    fn identity(&self) -> Result<ResourceId> {
        self.file.identity()
    }

    fn build(self, host: &HostView<'_>) -> Result<File> {
        self.mistake.check()?;
        if self.file.is_present() && !self.file.has("Timer", |key| key.starts_with("On")) {
            return Err(Error::message(format!(
                "declare {}: it never starts anything; say when, with `.on_calendar(\"daily\")` or its kin",
                self.file.identity()?
            )));
        }
        self.file.wanted_by("timers.target").build(host)
    }
}
