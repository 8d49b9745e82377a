use super::{Cx, ExposeCx, IncludeCx, Result, Rollout};
use dyn_clone::DynClone;
use std::any::Any;
use std::fmt;

/// A reusable module that declares resources for a host. Derived, never written by hand.
///
/// ```
/// use mesos_iac::prelude::*;
///
/// /// Ensures that the clock is kept in step.
/// #[derive(Role, Clone)]
/// #[role(name = "time")]
/// #[resource(chrony = package("chrony"))]
/// #[resource(service("chrony").enabled().running().after(chrony))]
/// struct Time;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no role",
    label = "not a role",
    note = "add `#[derive(Role, Clone)] #[role(name = \"…\")]`"
)]
pub trait Role: Any + DynClone + Send + Sync {
    /// The role's qualified name: its crate, a dot, its own name.
    fn name(&self) -> &'static str;

    /// Whether `other` is the same role with the same settings.
    fn equals(&self, other: &dyn Role) -> bool;

    /// What it includes, exposes and declares.
    fn behavior(&self) -> &dyn Declares;
}

dyn_clone::clone_trait_object!(Role);

/// A role's own name, without its crate.
#[must_use]
pub fn short_role_name(qualified: &str) -> &str {
    qualified.rsplit('.').next().unwrap_or(qualified)
}

/// What a role includes, exposes and declares: written by hand where the attributes of the derive don't suffice.
///
/// A cluster is compiled in three phases, each for all hosts before the next begins: which roles each host has, which
/// endpoints they expose, which resources they declare. So a role can ask for its peers, and always gets all of them.
///
/// ```
/// use mesos_iac::prelude::*;
///
/// #[derive(Role, Clone)]
/// #[role(name = "hosts-file")]
/// struct HostsFile;
///
/// impl Declares for HostsFile {
///     fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
///         let mut lines = String::from("127.0.0.1 localhost\n");
///         for peer in cx.hosts_with::<HostsFile>() {
///             lines.push_str(&format!("{} {}\n", peer.addr()?, peer.name()));
///         }
///         cx.add(file("/etc/hosts").content(lines));
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "role `{Self}` declares nothing",
    label = "a role without resources",
    note = "add `#[resource(…)]` lines above it, or write `impl Declares for {Self} {{ fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {{ … }} }}`"
)]
pub trait Declares {
    /// Phase 1: the roles that come along with this one.
    ///
    /// # Errors
    /// An attribute that decides it is unset.
    fn include(&self, cx: &mut IncludeCx<'_>) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// Phase 2: the endpoints that other roles may ask for.
    ///
    /// # Errors
    /// An attribute that an endpoint needs is unset.
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// Phase 3: the resources of this host.
    ///
    /// # Errors
    /// An attribute is unset, or something can't be built.
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()>;

    /// What changing the hosts of this role one after the other has to heed; none where they don't hang together.
    fn rollout(&self) -> Option<Rollout> {
        None
    }
}

/// Something that a role exposes on its host for others to use, such as the address that clients connect to. The type
/// is its name.
///
/// ```
/// use mesos_iac::prelude::*;
///
/// #[derive(Debug, Clone, PartialEq)]
/// struct ZooKeeperClient { address: std::net::SocketAddr }
/// impl Endpoint for ZooKeeperClient {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no endpoint",
    label = "not an endpoint",
    note = "add `impl Endpoint for {Self} {{}}`"
)]
pub trait Endpoint: Any + fmt::Debug + Clone + Send + Sync {}
