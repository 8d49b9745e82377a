//! The bridge as units of systemd.

use super::role::{AGENT, BRIDGE_CONFIG, SERVED, STATE, UNIT};
use crate::kinds::{TimerBuilder, UnitFileBuilder, timer, unit_file};
use std::time::Duration;

/// One run of the bridge.
pub(super) fn run() -> UnitFileBuilder {
    unit_file(UNIT)
        .unit("Description", "HAProxy's configuration from what Marathon says")
        .unit("After", "network-online.target haproxy.service")
        .service("Type", "oneshot")
        .exec_start([AGENT, "haproxy-bridge", "--config", BRIDGE_CONFIG])
        .service("TimeoutStartSec", "120")
        // Many times what it takes for ten thousand tasks. Whoever answers as Marathon must not take the host's memory.
        .service("MemoryMax", "512M")
        .service("StateDirectory", STATE.rsplit('/').next().unwrap_or(STATE))
        .service("StateDirectoryMode", "0700")
        .service("NoNewPrivileges", "true")
        .service("ProtectHome", "true")
        .service("ProtectSystem", "full")
        .service("ReadWritePaths", SERVED)
}

/// A run at once, and again and again: the pause begins when a run ends, so that no two overlap.
pub(super) fn again(pause: Duration) -> TimerBuilder {
    timer(UNIT)
        .on_active(Duration::ZERO)
        .on_unit_inactive(pause)
        .accuracy(Duration::from_millis(500))
}
