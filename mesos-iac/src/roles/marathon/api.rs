use crate::model::Endpoint;
use std::net::SocketAddr;

/// Where a Marathon answers over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarathonApi {
    /// Address and port.
    pub addr: SocketAddr,
}

impl Endpoint for MarathonApi {}
