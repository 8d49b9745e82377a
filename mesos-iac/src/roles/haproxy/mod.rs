//! HAProxy in front of what Marathon runs.
//!
//! ```standalone_crate
//! use mesos_iac::prelude::*;
//! use mesos_iac::roles::haproxy::HaProxy;
//! use std::time::Duration;
//!
//! # fn main() -> Result<()> {
//! let cluster = Cluster::new("lab")
//!     // Each app has a name on port 80 of the masters: `www.example.com`.
//!     .hosts(hosts("master-[1-3]").role(HaProxy::new().by_host_name("example.com").marathons(["10.0.0.1:8080"])))
//!     // Each service port of an app is a port of the agents, from 80 on.
//!     .hosts(hosts("agent-[1-5]").role(
//!         HaProxy::new().lowest_port(80).every(Duration::from_secs(30)).marathons(["10.0.0.1:8080"]),
//!     ))
//!     .build()?;
//! let compiled = cluster.compile()?;
//! assert!(compiled.host("agent-5").is_some_and(|host| host.catalog.has::<Package>("haproxy")));
//! # Ok(())
//! # }
//! ```
//!
//! # What belongs to whom
//!
//! The definition owns HAProxy itself: its package, `/etc/haproxy/haproxy.cfg`, its service. The bridge
//! ([`crate::bridge`]) owns what it serves: `/etc/haproxy/marathon/marathon.cfg`, which HAProxy reads behind the former.
//! Neither writes what is the other's, so a second apply changes nothing, whatever Marathon runs meanwhile.
//!
//! # The bridge
//!
//! It logs in to each Marathon with what the role of that one says ([`Marathon::credentials`]), or with what
//! [`HaProxy::credentials`] says where no role does. Name and password stand in `/etc/mesos-iac/haproxy-bridge.credentials`,
//! which root alone reads (what differs for another Marathon in a second file beside it), and are shown to no Marathon but
//! theirs.
//!
//! [`Marathon::credentials`]: crate::roles::marathon::Marathon::credentials
//!
//! A timer of systemd starts the installed agent, by default every ten seconds. Its journal (`journalctl -u
//! mesos-iac-haproxy-bridge`) has a line for each change, each app that can't be served, and each failure; its exit status
//! says what failed ([`crate::bridge::BridgeError::exit_status`]).

mod marathons;
mod role;
mod units;

pub(in crate::roles) use role::BRIDGE_CONFIG;
pub use role::HaProxy;
