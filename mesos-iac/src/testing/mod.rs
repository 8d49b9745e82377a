//! The test kit: what a definition's own tests are written with. Feature `testing`, for dev-dependencies.
//!
//! ```standalone_crate
//! use mesos_iac::prelude::*;
//! use mesos_iac::testing::{FakeHost, assert_idempotent};
//!
//! fn cluster() -> Result<Cluster> {
//!     Cluster::new("lab").hosts(host("a").role(Motd)).build()
//! }
//!
//! #[derive(Role, Clone)]
//! #[role(name = "motd")]
//! #[resource(file("/etc/motd").content("hello\n"))]
//! struct Motd;
//!
//! let compiled = cluster().unwrap().compile().unwrap();
//! assert!(compiled.host("a").unwrap().catalog.has::<File>("/etc/motd"));
//!
//! let host = FakeHost::converged(compiled.host("a").unwrap());
//! assert_eq!(host.system().text("/etc/motd").unwrap(), "hello\n");
//! assert_idempotent!(cluster());
//! ```
//!
//! Snapshots of whole hosts: [`assert_cluster_snapshot!`](crate::assert_cluster_snapshot).

mod fake_host;
mod macros;
mod snapshot;
mod templates;

pub use crate::system::FakeSystem;
pub use crate::{assert_cluster_snapshot, assert_idempotent};
pub use fake_host::{FakeHost, check_idempotent};
#[doc(hidden)]
pub use snapshot::assert_each_host;
pub use snapshot::snapshot_text;
pub use templates::render_every_template;
