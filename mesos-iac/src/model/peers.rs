//! What a role sees of the other hosts and roles of its cluster.

use super::{Cluster, Condition, Cx, Endpoint, EndpointInstance, HostView, Result, Role, RoleInstance};
use std::any::Any;

/// The whole cluster while it is compiled: what each phase found for all hosts.
pub struct World<'w> {
    pub(crate) cluster: &'w Cluster,
    pub(crate) roles: Vec<Vec<RoleInstance>>,
    pub(crate) endpoints: Vec<EndpointInstance>,
    /// Whether a role failed to say what it exposes, so that who asks finds less than there is.
    pub(crate) lacks_endpoints: bool,
}

impl<'w> World<'w> {
    fn view(&self, index: usize) -> HostView<'w> {
        HostView::new(self.cluster, index)
    }

    /// The endpoints of this type, with their hosts, in the order of the hosts.
    pub(crate) fn endpoints_of<E: Endpoint>(&self) -> Vec<(HostView<'w>, E)> {
        let of_type = |instance: &EndpointInstance| Some((self.view(instance.host), instance.get::<E>()?.clone()));
        self.endpoints.iter().filter_map(of_type).collect()
    }

    pub(super) fn hosts_with<R: Role>(&self) -> Vec<HostView<'w>> {
        let has = |roles: &[RoleInstance]| roles.iter().any(|r| (&*r.role as &dyn Any).is::<R>());
        (0..self.roles.len())
            .filter(|i| has(&self.roles[*i]))
            .map(|i| self.view(i))
            .collect()
    }

    pub(super) fn has_role<R: Role>(&self, host: usize) -> bool {
        let roles = self.roles.get(host).map_or(&[][..], Vec::as_slice);
        roles.iter().any(|role| (&*role.role as &dyn Any).is::<R>())
    }

    pub(super) fn hosts_where(&self, condition: &Condition) -> Result<Vec<HostView<'w>>> {
        let mut hosts = Vec::new();
        for index in 0..self.cluster.hosts().len() {
            let host = self.view(index);
            if condition.holds(&host)? {
                hosts.push(host);
            }
        }
        Ok(hosts)
    }
}

impl<'w> Cx<'w> {
    /// The hosts that have the role, in the order of their declaration. Always those of the whole cluster, whatever
    /// `--limit` says.
    #[must_use]
    pub fn hosts_with<R: Role>(&self) -> Vec<HostView<'w>> {
        self.world.hosts_with::<R>()
    }

    /// Whether this host has the role.
    #[must_use]
    pub fn has_role<R: Role>(&self) -> bool {
        self.world.has_role::<R>(self.host.index())
    }

    /// The hosts for which the condition holds, in the order of their declaration.
    ///
    /// # Errors
    /// It can't be decided for one of them.
    pub fn hosts_where(&self, condition: impl Into<Condition>) -> Result<Vec<HostView<'w>>> {
        self.world.hosts_where(&condition.into())
    }

    /// The endpoints of this type that any role of any host exposes, with their hosts, in the order of the hosts.
    #[must_use]
    pub fn endpoints<E: Endpoint>(&self) -> Vec<(HostView<'w>, E)> {
        self.has_asked.set(true);
        self.world.endpoints_of()
    }

    /// The endpoint of this type that a role of this very host exposes; the first of several, in the order of its roles.
    ///
    /// So a role finds what runs beside it, such as the port of the daemon that it watches, and declares nothing where that
    /// isn't there:
    ///
    /// ```
    /// # use mesos_iac::prelude::*;
    /// # #[derive(Debug, Clone)]
    /// # struct Broker { port: u16 }
    /// # impl Endpoint for Broker {}
    /// # fn declare(cx: &mut Cx<'_>) {
    /// if let Some(broker) = cx.endpoint_here::<Broker>() {
    ///     cx.add(file("/etc/exporter.conf").content(format!("target=127.0.0.1:{}\n", broker.port)));
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn endpoint_here<E: Endpoint>(&self) -> Option<E> {
        let is_here = |instance: &&EndpointInstance| instance.host == self.host.index();
        let mut here = self.world.endpoints.iter().filter(is_here);
        here.find_map(EndpointInstance::get).cloned()
    }
}
