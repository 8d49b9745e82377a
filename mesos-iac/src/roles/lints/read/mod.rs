//! What the files and resources of a host say to the daemons that read them.

pub(super) mod chronos;
pub(super) mod cron;
pub(super) mod haproxy;
pub(super) mod listeners;
pub(super) mod marathon;
pub(super) mod mesos;
pub(super) mod release;
pub(super) mod runs;
pub(super) mod shell;
pub(super) mod system;
pub(super) mod unit;
pub(super) mod variables;
pub(super) mod zk_url;
pub(super) mod zoo_cfg;
