use crate::model::Endpoint;
use crate::roles::Version;
use std::net::SocketAddr;

/// Where a Chronos answers over HTTP, as other hosts reach it, and what it understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChronosApi {
    /// Address and port.
    pub addr: SocketAddr,
    /// Its version.
    pub version: Version,
}

impl Endpoint for ChronosApi {}

impl ChronosApi {
    /// A Chronos of this version at this address.
    #[must_use]
    pub const fn at(addr: SocketAddr, version: Version) -> Self {
        Self { addr, version }
    }
}
