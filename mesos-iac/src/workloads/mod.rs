//! What runs on a cluster: Marathon's apps and groups and Chronos' jobs, as typed values.
//!
//! A workload is declared once and rendered as the JSON that the declared version of its scheduler takes. What the
//! scheduler would refuse, and what no declared agent could ever run, is found offline.
//!
//! ```
//! use mesos_iac::roles::Version;
//! use mesos_iac::workloads::marathon::{Constraint, HealthCheck, PortMapping, app, docker};
//!
//! let shop = app("/shop/web")
//!     .cpus(0.5)
//!     .mem(256)
//!     .instances(3)
//!     .container(docker("registry.lab/shop:4").bridge().map(PortMapping::new(8080).service_port(10000)))
//!     .constraint(Constraint::unique("hostname"))
//!     .constraint(Constraint::like("rack", "r[12]"))
//!     .health_check(HealthCheck::http("/health").grace_seconds(30))
//!     .env("MODE", "production")
//!     .label("HAPROXY_GROUP", "external");
//!
//! let old = shop.render(Version::new(1, 4, 13)).unwrap();
//! assert_eq!(old["container"]["docker"]["network"], "BRIDGE");
//! let new = shop.render(Version::new(1, 5, 15)).unwrap();
//! assert_eq!(new["networks"][0]["mode"], "container/bridge");
//! ```

mod agent;
pub mod chronos;
mod entries;
mod json;
pub mod marathon;
mod order;
mod pattern;
mod placeable;
mod text;

pub use agent::AgentView;
pub use pattern::{Match, Pattern, PatternError};
