//! The bridge as units of systemd.

use super::role::{AGENT, BRIDGE_CONFIG, SERVED, STATE};
use crate::words::HumanDuration;

/// One run of the bridge.
pub(super) fn service() -> String {
    let state = STATE.rsplit('/').next().unwrap_or(STATE);
    format!(
        "[Unit]\n\
         Description=HAProxy's configuration from what Marathon says\n\
         After=network-online.target haproxy.service\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         ExecStart={AGENT} haproxy-bridge --config {BRIDGE_CONFIG}\n\
         TimeoutStartSec=120\n\
         StateDirectory={state}\n\
         StateDirectoryMode=0700\n\
         NoNewPrivileges=true\n\
         ProtectHome=true\n\
         ProtectSystem=full\n\
         ReadWritePaths={SERVED}\n"
    )
}

/// A run at once, and again and again: the pause begins when a run ends, so that no two overlap.
pub(super) fn timer(every: HumanDuration) -> String {
    let milliseconds = every.0.as_millis();
    format!(
        "[Unit]\n\
         Description=HAProxy's configuration from what Marathon says, every {every}\n\
         \n\
         [Timer]\n\
         OnActiveSec=0\n\
         OnUnitInactiveSec={milliseconds}ms\n\
         AccuracySec=500ms\n\
         \n\
         [Install]\n\
         WantedBy=timers.target\n"
    )
}
