//! The bridge from Marathon to HAProxy: a configuration of HAProxy that is made of the tasks that Marathon says are running.
//!
//! It runs on the hosts by itself, from a timer: `mesos-iac-agent haproxy-bridge --config FILE`. One run asks the Marathons
//! in turn ([`BridgeConfig::marathons`]), renders what the first one that answers says ([`render`]), has HAProxy look at
//! it, puts it in place in one step and reloads HAProxy. Whatever goes wrong, the last configuration stays.
//!
//! Two routings: each service port of an app is a port of the host ([`Routing::Ports`]), or each app has a name on one port
//! ([`Routing::HostNames`]).
//!
//! # Names of apps
//!
//! With [`Routing::HostNames`] the first service port of the app `/www` is `www.<domain>`, and that of `/shop/web` is
//! `web.shop.<domain>`: from the innermost to the outermost group, as names are written. The label `HAPROXY_0_VHOST` of
//! an app names its first service port otherwise, `HAPROXY_1_VHOST` the second one, which has no name else; several
//! names are separated by commas. Names are whole ones: `www` never gets what is for `www2`.
//!
//! # What isn't served
//!
//! What can't be served, or may not be, is left out and told, and the rest is served: an app whose name no Marathon
//! would give it, a service port below the lowest, one that the host needs itself, one that a program other than HAProxy
//! listens on, one that two apps have, and a host name that two apps ask for.
//!
//! # Passwords
//!
//! A Marathon that asks for a name and a password is shown those that stand in the file that the configuration names for
//! its address ([`BridgeConfig::credentials`]), and no other Marathon is. They stand nowhere else: not in the configuration,
//! in no argument, in nothing that the bridge says or writes.
//!
//! # Empty answers
//!
//! A Marathon without a leader doesn't answer with tasks (it says 503), and the next one is asked. An empty list counts
//! only if the one that gives it knows a leader; an answer in which nothing reads as a list of tasks doesn't count at all.

mod config;
mod credentials;
mod error;
mod haproxy;
mod http;
mod labels;
mod marathon;
mod not_served;
mod ports;
mod run;
mod state;
mod tasks;
mod version;

pub use config::{BRIDGE_FORMAT, BridgeConfig, Routing};
pub use error::BridgeError;
pub use haproxy::{Rendered, own_host_name, render};
pub use labels::{HostNames, parse_labels};
pub use not_served::{NotServed, Skipped};
pub use run::{Done, run};
pub use tasks::{Server, ServerHost, ServicePort, Tasks, parse_tasks};
pub use version::HaProxyVersion;
