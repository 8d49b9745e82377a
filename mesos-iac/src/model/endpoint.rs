use super::Endpoint;
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

/// An endpoint of whatever type.
trait Exposed: Any + Debug + Send + Sync {}

impl<E: Endpoint> Exposed for E {}

/// An endpoint that a role exposes on its host.
#[derive(Debug, Clone)]
pub struct EndpointInstance {
    /// The host.
    pub host: usize,
    endpoint: Arc<dyn Exposed>,
}

impl EndpointInstance {
    pub(crate) fn new(host: usize, endpoint: impl Endpoint) -> Self {
        Self {
            host,
            endpoint: Arc::new(endpoint),
        }
    }

    /// The endpoint, if it is of this type.
    pub(crate) fn get<E: Endpoint>(&self) -> Option<&E> {
        let endpoint: &dyn Any = &*self.endpoint;
        endpoint.downcast_ref()
    }
}

impl PartialEq for EndpointInstance {
    /// Two are the same if they print the same: endpoints needn't be comparable.
    fn eq(&self, other: &Self) -> bool {
        self.host == other.host && format!("{:?}", self.endpoint) == format!("{:?}", other.endpoint)
    }
}
