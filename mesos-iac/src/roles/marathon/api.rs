use crate::model::Endpoint;
use crate::roles::Version;
use crate::words::Secret;
use std::net::SocketAddr;

/// Where a Marathon answers over HTTP, as other hosts reach it, and what it understands.
#[derive(Debug, Clone, PartialEq)]
pub struct MarathonApi {
    /// Address and port.
    pub addr: SocketAddr,
    /// Its version.
    pub version: Version,
    /// Name and password with a colon between them, where it asks for them.
    pub credentials: Option<Secret<String>>,
}

impl Endpoint for MarathonApi {}

impl MarathonApi {
    /// A Marathon of this version at this address.
    #[must_use]
    pub const fn at(addr: SocketAddr, version: Version) -> Self {
        Self {
            addr,
            version,
            credentials: None,
        }
    }

    /// The same with name and password, a colon between them.
    #[must_use]
    pub fn credentials(mut self, credentials: Secret<String>) -> Self {
        self.credentials = Some(credentials);
        self
    }
}
