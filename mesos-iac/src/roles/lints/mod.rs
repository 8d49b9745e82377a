//! Lints of the role library: what hurts clusters of ZooKeeper, Mesos, Marathon, HAProxy and Docker, looked for in what the
//! hosts will have, whoever declared it.
//!
//! They are found where the mistake can be read off files and resources; what only a host knows (a variable, a command's
//! output) is left alone. A daemon's flags are read as the daemon gets them: from its directory of flag files, from
//! `/etc/default`, from its unit, and from what its package leaves there. Releases count where they are known: of a package
//! that is pinned (`package("mesos").version("1.11.0-…")`), else from what a role says of its version.
//!
//! What is meant that way is allowed by name:
//!
//! ```
//! use mesos_iac::prelude::*;
//! use mesos_iac::roles::lints;
//!
//! let lab = Cluster::new("lab").allow(&lints::TWO_MASTERS, "a lab; nobody minds if it stands still");
//! ```
//!
#![doc = include_str!("table.md")]

/// Declares lints: each with the name of its page, its level, and in one line what is wrong.
macro_rules! lints {
    ($($ident:ident = $level:ident $name:literal: $summary:literal;)+) => {
        $(
            #[doc = concat!("`", $name, "`: ", $summary, ".")]
            pub static $ident: crate::model::Lint = crate::model::Lint {
                name: $name,
                level: crate::model::Level::$level,
                summary: $summary,
                page: include_str!(concat!("pages/", $name, ".md")),
            };
        )+
    };
}

mod addresses;
mod agents;
mod attributes;
mod bridge;
mod credentials;
mod docker;
mod ensembles;
mod firewall;
mod flag_files;
mod flag_values;
mod haproxy;
mod java;
mod known_releases;
mod marathon;
mod masters;
mod ports;
mod read;
mod repositories;
mod served;
mod spelling;
mod tls;
mod units;
mod zk_addresses;
mod zookeeper;

pub use addresses::*;
pub use agents::*;
pub use attributes::*;
pub use bridge::*;
pub use credentials::*;
pub use docker::*;
pub use ensembles::*;
pub use firewall::*;
pub use flag_files::*;
pub use flag_values::*;
pub use haproxy::*;
pub use java::*;
pub use known_releases::*;
pub use marathon::*;
pub use masters::*;
pub use ports::*;
pub use repositories::*;
pub use served::*;
pub use spelling::*;
pub use tls::*;
pub use units::*;
pub use zk_addresses::*;
pub use zookeeper::*;

// These are reported by the roles themselves.
pub use crate::roles::pins::{PIN_WITHOUT_PACKAGES, UNPINNED_VERSION, VERSION_DIFFERS};

use crate::lint::{Finding, Lint, LintHost};
use crate::words::{Location, ResourceId};
use std::collections::BTreeSet;

/// A finding on a host, of a resource where there is one.
fn found(lint: &'static Lint, host: &LintHost<'_>, id: Option<&ResourceId>, message: impl Into<String>) -> Finding {
    let finding = lint.finding(message).on(host.name());
    match id {
        Some(id) => finding.of(id),
        None => finding,
    }
}

/// A finding that several hosts bring about together, with the places where they are declared.
fn of_hosts<'a, 'c: 'a>(finding: Finding, hosts: impl IntoIterator<Item = &'a LintHost<'c>>) -> Finding {
    let places: BTreeSet<&Location> = hosts.into_iter().map(|host| host.view().declared_at()).collect();
    places
        .into_iter()
        .fold(finding, |finding, at| finding.at("hosts declared", at.clone()))
}
