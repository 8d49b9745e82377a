use super::port::PortMapping;

/// What an app's processes run in.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    pub(super) runtime: Runtime,
    pub(super) image: Option<String>,
    pub(super) network: Network,
    pub(super) mappings: Vec<PortMapping>,
    pub(super) volumes: Vec<Volume>,
    pub(super) privileged: bool,
    pub(super) force_pull: bool,
    pub(super) parameters: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runtime {
    Docker,
    Mesos,
}

/// The network that a container is on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Network {
    /// The agent's own.
    #[default]
    Host,
    /// A bridge of the agent.
    Bridge,
    /// A network of this name. From 1.2 on.
    Named(String),
}

/// What a container sees of the agent's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    pub(super) container_path: String,
    pub(super) source: Source,
    pub(super) read_only: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Host(String),
    Persistent(u64),
}

impl Volume {
    /// A path of the agent at a path of the container.
    #[must_use]
    pub fn host(host_path: impl Into<String>, container_path: impl Into<String>) -> Self {
        Self {
            container_path: container_path.into(),
            source: Source::Host(host_path.into()),
            read_only: false,
        }
    }

    /// A volume of this many megabytes that stays when an instance ends, at a name within its sandbox. From 1.0 on.
    #[must_use]
    pub fn persistent(name: impl Into<String>, megabytes: u64) -> Self {
        Self {
            container_path: name.into(),
            source: Source::Persistent(megabytes),
            read_only: false,
        }
    }

    /// Ensures that the container can't write to it.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }
}

/// A container of Docker's engine from this image.
#[must_use]
pub fn docker(image: impl Into<String>) -> Container {
    Container::of(Runtime::Docker, Some(image.into()))
}

/// A container of Mesos' own runtime, without an image unless [`Container::image`] gives one. From 1.0 on.
#[must_use]
pub fn mesos_container() -> Container {
    Container::of(Runtime::Mesos, None)
}

impl Container {
    const fn of(runtime: Runtime, image: Option<String>) -> Self {
        Self {
            runtime,
            image,
            network: Network::Host,
            mappings: Vec::new(),
            volumes: Vec::new(),
            privileged: false,
            force_pull: false,
            parameters: Vec::new(),
        }
    }

    /// The image.
    #[must_use]
    pub fn image(mut self, image: impl Into<String>) -> Self {
        self.image = Some(image.into());
        self
    }

    /// Puts it on a bridge of the agent.
    #[must_use]
    pub fn bridge(self) -> Self {
        self.network(Network::Bridge)
    }

    /// Puts it on this network.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Maps a port of the container; its index among the mappings is that of `$PORT0`, `$PORT1` …
    #[must_use]
    pub fn map(mut self, mapping: impl Into<PortMapping>) -> Self {
        self.mappings.push(mapping.into());
        self
    }

    /// Adds a volume.
    #[must_use]
    pub fn volume(mut self, volume: Volume) -> Self {
        self.volumes.push(volume);
        self
    }

    /// Gives it all rights on the agent.
    #[must_use]
    pub const fn privileged(mut self) -> Self {
        self.privileged = true;
        self
    }

    /// Has the image pulled before each start.
    #[must_use]
    pub const fn force_pull(mut self) -> Self {
        self.force_pull = true;
        self
    }

    /// Adds a parameter of `docker run`.
    #[must_use]
    pub fn parameter(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((key.into(), value.into()));
        self
    }
}
