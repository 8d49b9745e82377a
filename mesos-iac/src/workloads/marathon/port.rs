use crate::workloads::json::{Object, texts};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Which packets a port takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// Both. Only for mappings, and from 1.0 on.
    UdpAndTcp,
}

impl Protocol {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::UdpAndTcp => "udp,tcp",
        }
    }
}

/// A port of the agent that an app on the host's network asks for.
///
/// The number is that of the service; which port an instance gets is in `$PORT0`, unless [`App::require_ports`] asks for
/// this very number. 0: Marathon chooses.
///
/// [`App::require_ports`]: super::App::require_ports
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Port {
    pub(super) number: u16,
    pub(super) protocol: Protocol,
    pub(super) name: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
}

impl Port {
    /// This port.
    #[must_use]
    pub fn new(number: u16) -> Self {
        Self {
            number,
            ..Self::default()
        }
    }

    /// Gives it a name, for readiness checks and service discovery.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Takes UDP instead of TCP.
    #[must_use]
    pub const fn udp(mut self) -> Self {
        self.protocol = Protocol::Udp;
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// Whether it is more than a number.
    pub(super) fn is_more(&self) -> bool {
        self.name.is_some() || !self.labels.is_empty() || self.protocol != Protocol::Tcp
    }

    pub(super) fn to_json(&self) -> Json {
        let mut object = Object::new();
        object.set("port", self.number).set("protocol", self.protocol.as_str());
        object.set_some("name", self.name.as_deref());
        if !self.labels.is_empty() {
            object.set("labels", texts(&self.labels));
        }
        object.done()
    }
}

impl From<u16> for Port {
    fn from(number: u16) -> Self {
        Self::new(number)
    }
}

/// A port of a container with a network of its own, and the agent's port that leads to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PortMapping {
    pub(super) container: u16,
    pub(super) host: Option<u16>,
    pub(super) service: Option<u16>,
    pub(super) protocol: Protocol,
    pub(super) name: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
}

impl PortMapping {
    /// This port of the container. 0: the same as the agent's.
    #[must_use]
    pub fn new(container: u16) -> Self {
        Self {
            container,
            host: Some(0),
            ..Self::default()
        }
    }

    /// The agent's port; unless it is said, Mesos chooses one.
    #[must_use]
    pub const fn host_port(mut self, port: u16) -> Self {
        self.host = Some(port);
        self
    }

    /// Leaves it without a port of the agent: only who is on the container's network reaches it. Not for bridges.
    #[must_use]
    pub const fn not_on_host(mut self) -> Self {
        self.host = None;
        self
    }

    /// The port under which load balancers offer it; unless it is said, Marathon chooses one.
    #[must_use]
    pub const fn service_port(mut self, port: u16) -> Self {
        self.service = Some(port);
        self
    }

    /// Takes these packets instead of TCP.
    #[must_use]
    pub const fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Gives it a name. From 1.0 on.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds a label. From 1.0 on.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    pub(super) fn to_json(&self) -> Json {
        let mut object = Object::new();
        object.set("containerPort", self.container);
        object
            .set_some("hostPort", self.host)
            .set_some("servicePort", self.service);
        object.set("protocol", self.protocol.as_str());
        object.set_some("name", self.name.as_deref());
        if !self.labels.is_empty() {
            object.set("labels", texts(&self.labels));
        }
        object.done()
    }
}

impl From<u16> for PortMapping {
    fn from(container: u16) -> Self {
        Self::new(container)
    }
}
