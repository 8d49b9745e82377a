//! Clusters as Rust programs.
//!
//! With this crate a cluster is a Rust program: hosts, roles, attributes and conditional resources, in a typed builder API
//! and derive macros. The program is the tool: it checks the definition, renders and snapshot-tests every file, plans, and
//! converges the hosts over SSH.
//!
//! # A definition
//!
//! ```no_run
//! use mesos_iac::prelude::*;
//! use std::net::IpAddr;
//!
//! /// Attributes of the lab. Each field is a typed key: `Lab::ZOOKEEPER_IP`.
//! #[derive(Attributes)]
//! struct Lab {
//!     /// Whether the host runs a master.
//!     #[attr(default = false)]
//!     is_master: bool,
//!     /// Where ZooKeeper answers. It has no default, so reading it unset is an error.
//!     zookeeper_ip: IpAddr,
//! }
//!
//! /// What every host gets, and what only a master gets.
//! #[derive(Role, Clone)]
//! #[role(name = "mesos", attributes = Lab)]
//! #[resource(package("mesos"))]
//! #[resource(zk = file("/etc/mesos/zk").content(template!(source = "zk://{{ zookeeper_ip }}:2181/mesos\n", Lab)))]
//! #[resource(service("mesos-master").enabled().running().restart_on(zk), when = is_master)]
//! #[resource(service("mesos-slave").disabled().stopped(), when = is_master)] // the package enables both
//! struct Mesos;
//!
//! fn cluster() -> Result<Cluster> {
//!     Cluster::new("lab")
//!         .set(Lab::ZOOKEEPER_IP, "10.1.255.254")
//!         .appliance(appliance("backend").role(Mesos))
//!         .hosts(hosts("backend-0-[0-4]").appliance("backend"))
//!         .hosts_matching("backend-0-0", |host| host.addr("10.1.255.254").set(Lab::IS_MASTER, true))
//!         .build()
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     mesos_iac::main(cluster)
//! }
//! ```
//!
//! # The words
//!
//! | word | meaning | where |
//! |---|---|---|
//! | Cluster | the definition, a value; making it does no I/O | [`Cluster`], [`ClusterBuilder`] |
//! | Attribute | a typed, named value with a scope and a source location | [`Key`], [`derive@Attributes`], [`Scope`] |
//! | Role | a module that declares resources for a host | [`derive@Role`], [`Declares`], [`Cx`] |
//! | Appliance | a named kind of host: roles and attributes | [`appliance()`] |
//! | Resource | one desired fact about a host | [`kinds`], [`derive@Resource`], [`Converge`] |
//! | Catalog | the compiled resource graph of one host | [`Catalog`], [`compile`] |
//! | Provenance | where and why, beside the catalog | [`Provenance`] |
//! | Plan | what a run would change | [`plan`] |
//! | Converge | to bring a host to its catalog | [`converge`] |
//! | Refresh | restart, reload or rerun because something changed | [`RefreshAction`] |
//! | System | the interface through which a resource sees and changes a machine | [`ReadSystem`], [`System`], [`system`] |
//! | Facts | what is true of a host whatever we do | [`Facts`] |
//!
//! # Roles of your own
//!
//! A role that attributes and conditions describe is a struct with `#[resource(…)]` lines ([`derive@Role`]). One that
//! looks at its peers, loops or decides is plain Rust: `impl Declares for …` over a [`Cx`]. Both are used alike, include
//! others, and expose typed endpoints ([`Endpoint`]), which other roles ask for: those of the whole cluster
//! ([`Cx::endpoints`]), or what is on the very host ([`Cx::endpoint_here`]). A role that finds none where it needs one
//! fails by [`Cx::no_endpoint_of`], so that one mistake isn't told as two. A crate of roles needs this crate and `serde`,
//! nothing else.
//!
//! # Order
//!
//! Resources come in the order of their edges, and where edges leave it open, in that of their declaration. Edges come from
//! `.after(…)` and its kin ([`Declare`]): against a handle, a resource by its name ([`resource`]), a whole role
//! ([`role()`]), or a part of one's own role ([`Cx::stage`]); [`Cx::after`] orders all of a role or stage. Others are
//! found ([`compile`]). The order in which roles are given or included is no edge.
//!
//! # Kinds of your own
//!
//! A kind says what is desired as a struct that derives [`derive@Resource`], and how as an `impl` of [`Converge`]. An
//! agent must have the kinds that it converges: the program itself has them all, and a kinds-only agent is two lines
//! ([`agent_main`]).
//!
//! # Secrets
//!
//! A [`Secret`] is known by its source until a plan or a run needs it. It has no `Debug` that shows it, serialises as its
//! source, travels only to the hosts that use it, and is taken out of everything that a host reports. Where it is written
//! to decides what its value may be: a [`SecretForm`] escapes it, or has the run refuse it before any host is touched.
//!
//! # Tests
//!
//! Feature `testing` is the test kit: snapshots of whole hosts, hosts in memory, `assert_idempotent!`, and queries such as
//! [`Catalog::has`].
//!
//! # Features
//!
//! * `controller` (default): the command line, SSH and everything that reports. Without it the crate is what an agent needs.
//! * `roles` (default): the role library ([`roles`]) and the workloads that run on it ([`workloads`]).
//! * `testing`: the test kit.

// The macros write `::mesos_iac::…`, within this crate too.
extern crate self as mesos_iac;

pub mod agent;
mod agent_main;
pub mod bridge;
pub mod compile;
pub mod converge;
mod file_lock;
pub mod kinds;
#[cfg(any(feature = "controller", feature = "roles"))]
pub mod lint;
pub mod model;
pub mod plan;
pub mod state;
pub mod system;
pub mod words;

#[cfg(feature = "controller")]
pub mod cli;
#[cfg(feature = "controller")]
pub mod fleet;
#[cfg(feature = "controller")]
pub mod report;
#[cfg(feature = "controller")]
pub mod transport;

#[cfg(feature = "roles")]
pub mod roles;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "roles")]
pub mod workloads;

pub use agent_main::agent_main;
#[cfg(feature = "controller")]
pub use cli::main;
pub use compile::{Compiled, CompiledHost};
#[doc(no_inline)]
pub use kinds::*;
pub use mesos_iac_macros::{Attributes, Hosts, Resource, Role, Template, template};
#[doc(no_inline)]
pub use model::*;
#[doc(no_inline)]
pub use words::*;

/// What a definition needs: `use mesos_iac::prelude::*`.
pub mod prelude {
    pub use crate::kinds::{
        AptRepository, Archive, Command, Directory, Download, File, Group, Package, Service, Symlink, Sysctl, User,
        YumRepository, apt_pin, apt_repository, archive, command, cron_job, directory, download, file, group, limits,
        package, service, symlink, sysctl, timer, unit_file, user, yum_repository,
    };
    pub use crate::model::{
        Arch, AttributeValue, Attributes, Catalog, Check, Cluster, ClusterBuilder, Condition, Content, Converge, Cx,
        Declare, Declares, Diff, Effect, Effects, Endpoint, Error, ExposeCx, FileWrite, FormedSecret, Handle, Host,
        HostView, Hosts, IncludeCx, Key, Os, PathAttributes, Precedence, ReadSystem, RefreshAction, Refreshed, Reload,
        Rerun, Resource, Restart, Result, Role, SecretForm, Shown, Stage, System, Template, UnitAction, appliance,
        attributes_of, fnmatch, host, hosts, invoke, probe, resource, role,
    };
    pub use crate::words::{AbsPath, HostPattern, Mode, Secret};
    pub use mesos_iac_macros::{Attributes, Hosts, Resource, Role, Template, template};
}

/// The README's examples are tests too.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../../README.md")]
struct Readme;

/// So are those of the macros' documentation, which need this crate.
#[cfg(doctest)]
mod macro_docs {
    #[doc = include_str!("../../mesos-iac-macros/docs/attributes.md")]
    struct Attributes;
    #[doc = include_str!("../../mesos-iac-macros/docs/hosts.md")]
    struct Hosts;
    #[doc = include_str!("../../mesos-iac-macros/docs/resource.md")]
    struct Resource;
    #[doc = include_str!("../../mesos-iac-macros/docs/role.md")]
    struct Role;
    #[doc = include_str!("../../mesos-iac-macros/docs/template.md")]
    struct Expression;
    #[doc = include_str!("../../mesos-iac-macros/docs/template_derive.md")]
    struct Template;
}

#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "testing")]
    pub use insta;
    pub use {inventory, minijinja, serde, serde_json, typetag};

    /// Whether a template's variable is a field, decided as the program compiles.
    #[must_use]
    pub const fn has_field(fields: &[&str], field: &str) -> bool {
        let mut index = 0;
        while index < fields.len() {
            if equal(fields[index].as_bytes(), field.as_bytes()) {
                return true;
            }
            index += 1;
        }
        false
    }

    const fn equal(a: &[u8], b: &[u8]) -> bool {
        if a.len() != b.len() {
            return false;
        }
        let mut index = 0;
        while index < a.len() {
            if a[index] != b[index] {
                return false;
            }
            index += 1;
        }
        true
    }
}
