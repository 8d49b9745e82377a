use crate::workloads::json::Object;
use serde_json::{Value as Json, json};

/// How Marathon or Mesos finds out whether an instance is healthy.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthCheck {
    pub(super) protocol: HealthProtocol,
    pub(super) path: Option<String>,
    pub(super) command: Option<String>,
    pub(super) port_index: Option<usize>,
    pub(super) port: Option<u16>,
    pub(super) grace: Option<u32>,
    pub(super) interval: Option<u32>,
    pub(super) time_out: Option<u32>,
    pub(super) failures: Option<u32>,
    pub(super) delay: Option<u32>,
}

/// Who asks an instance, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthProtocol {
    /// Marathon, over HTTP.
    Http,
    /// Marathon, over HTTPS.
    Https,
    /// Marathon, by connecting.
    Tcp,
    /// Mesos, by running a command beside the instance.
    Command,
    /// Mesos, over HTTP. From 1.4 on.
    MesosHttp,
    /// Mesos, over HTTPS. From 1.4 on.
    MesosHttps,
    /// Mesos, by connecting. From 1.4 on.
    MesosTcp,
}

impl HealthProtocol {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
            Self::Tcp => "TCP",
            Self::Command => "COMMAND",
            Self::MesosHttp => "MESOS_HTTP",
            Self::MesosHttps => "MESOS_HTTPS",
            Self::MesosTcp => "MESOS_TCP",
        }
    }

    /// Whether Mesos does it on the agent. An app can have one of these at most.
    #[must_use]
    pub const fn is_of_mesos(self) -> bool {
        !matches!(self, Self::Http | Self::Https | Self::Tcp)
    }

    pub(super) const fn is_newer(self) -> bool {
        matches!(self, Self::MesosHttp | Self::MesosHttps | Self::MesosTcp)
    }
}

impl HealthCheck {
    /// A check of this sort; nothing else is said.
    #[must_use]
    pub const fn new(protocol: HealthProtocol) -> Self {
        Self {
            protocol,
            path: None,
            command: None,
            port_index: None,
            port: None,
            grace: None,
            interval: None,
            time_out: None,
            failures: None,
            delay: None,
        }
    }

    /// Marathon asks for this path over HTTP.
    #[must_use]
    pub fn http(path: impl Into<String>) -> Self {
        Self::new(HealthProtocol::Http).path(path)
    }

    /// Marathon connects.
    #[must_use]
    pub const fn tcp() -> Self {
        Self::new(HealthProtocol::Tcp)
    }

    /// Mesos runs this command beside the instance: status 0 is healthy.
    #[must_use]
    pub fn command(command: impl Into<String>) -> Self {
        Self {
            command: Some(command.into()),
            ..Self::new(HealthProtocol::Command)
        }
    }

    /// The path that is asked for, from `/` on.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Which of the app's ports is asked, counted from 0.
    #[must_use]
    pub const fn port_index(mut self, index: usize) -> Self {
        self.port_index = Some(index);
        self
    }

    /// The number of the port that is asked, instead of one of the app's. From 0.12 on.
    #[must_use]
    pub const fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// For how long after the start failures don't count.
    #[must_use]
    pub const fn grace_seconds(mut self, seconds: u32) -> Self {
        self.grace = Some(seconds);
        self
    }

    /// How often it asks.
    #[must_use]
    pub const fn interval_seconds(mut self, seconds: u32) -> Self {
        self.interval = Some(seconds);
        self
    }

    /// How long an answer may take.
    #[must_use]
    pub const fn time_out_seconds(mut self, seconds: u32) -> Self {
        self.time_out = Some(seconds);
        self
    }

    /// After how many failures in a row the instance is ended; 0: never.
    #[must_use]
    pub const fn max_failures(mut self, failures: u32) -> Self {
        self.failures = Some(failures);
        self
    }

    /// How long after the start it asks for the first time. From 1.4 on.
    #[must_use]
    pub const fn delay_seconds(mut self, seconds: u32) -> Self {
        self.delay = Some(seconds);
        self
    }

    pub(super) fn to_json(&self) -> Json {
        let mut object = Object::new();
        object.set("protocol", self.protocol.as_str());
        object.set_some("path", self.path.as_deref());
        object.set_some(
            "command",
            self.command.as_ref().map(|command| json!({ "value": command })),
        );
        object
            .set_some("portIndex", self.port_index)
            .set_some("port", self.port);
        object.set_some("gracePeriodSeconds", self.grace);
        object.set_some("intervalSeconds", self.interval);
        object.set_some("timeoutSeconds", self.time_out);
        object.set_some("maxConsecutiveFailures", self.failures);
        object.set_some("delaySeconds", self.delay);
        object.done()
    }
}

/// How Marathon finds out during a deployment that an instance can take work. From 1.0 on, one for an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadinessCheck {
    pub(super) port_name: String,
    pub(super) path: String,
    pub(super) interval: Option<u32>,
    pub(super) time_out: Option<u32>,
}

impl ReadinessCheck {
    /// Marathon asks the port of this name for this path until the answer is 200.
    #[must_use]
    pub fn http(port_name: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            port_name: port_name.into(),
            path: path.into(),
            interval: None,
            time_out: None,
        }
    }

    /// How often it asks.
    #[must_use]
    pub const fn interval_seconds(mut self, seconds: u32) -> Self {
        self.interval = Some(seconds);
        self
    }

    /// How long an answer may take; less than the interval.
    #[must_use]
    pub const fn time_out_seconds(mut self, seconds: u32) -> Self {
        self.time_out = Some(seconds);
        self
    }

    pub(super) fn to_json(&self) -> Json {
        let mut object = Object::new();
        object.set("protocol", "HTTP").set("path", self.path.as_str());
        object.set("portName", self.port_name.as_str());
        object
            .set_some("intervalSeconds", self.interval)
            .set_some("timeoutSeconds", self.time_out);
        object.done()
    }
}
