//! What a role sees of the other hosts and roles of its cluster.

use super::{
    Cluster, Condition, Consequence, Cx, Endpoint, EndpointInstance, Error, HostView, Result, Role, RoleInstance,
};
use std::any::Any;

/// The whole cluster while it is compiled: what each phase found for all hosts.
pub struct World<'w> {
    pub(crate) cluster: &'w Cluster,
    pub(crate) roles: Vec<Vec<RoleInstance>>,
    pub(crate) endpoints: Vec<EndpointInstance>,
    /// The roles that failed to say what they expose, so that who asks finds less than there is.
    pub(crate) silent: Vec<RoleInstance>,
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

    /// Whether such a role failed to say what it exposes.
    pub(super) fn is_silent<R: Role>(&self, is_meant: impl Fn(&R) -> bool) -> bool {
        let mut silent = self.silent.iter();
        silent.any(|instance| {
            let role: &dyn Any = &*instance.role;
            role.downcast_ref().is_some_and(&is_meant)
        })
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
        self.world.endpoints_of()
    }

    /// The error of a role that looked for an endpoint in vain, where a role `R` would have exposed it.
    ///
    /// It is told only if there is no such `R`. One that failed to say what it exposes, for an attribute is unset, is told
    /// where it failed, and nobody is told besides that the endpoint isn't there. `is_meant` says of which `R` the
    /// endpoint might have been; a mistake that has nothing to do with these isn't hidden behind them.
    ///
    /// ```
    /// # use mesos_iac::prelude::*;
    /// # #[derive(Debug, Clone)]
    /// # struct BrokerAt { address: String }
    /// # impl Endpoint for BrokerAt {}
    /// # #[derive(Role, Clone)]
    /// # #[role(name = "broker")]
    /// # #[resource(package("broker"))]
    /// # struct Broker { name: String }
    /// # fn declare(cx: &mut Cx<'_>) -> Result<()> {
    /// let Some((_, broker)) = cx.endpoints::<BrokerAt>().into_iter().next() else {
    ///     let error = Error::message("find the broker `orders`: no host has it");
    ///     return Err(cx.no_endpoint_of(|broker: &Broker| broker.name == "orders", error));
    /// };
    /// # let _ = broker.address;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "return it, or the role goes on without the endpoint"]
    pub fn no_endpoint_of<R: Role>(&self, is_meant: impl Fn(&R) -> bool, error: impl Into<Error>) -> Error {
        match self.world.is_silent(is_meant) {
            true => Error::Follows(Consequence(Box::new(error.into()))),
            false => error.into(),
        }
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
