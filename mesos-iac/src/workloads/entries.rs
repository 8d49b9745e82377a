//! Workloads as entries of a catalog.

use crate::model::{Code, Edge, Entry, Problem, Problems, Reason, Resource};
use crate::words::{NameError, ResourceId};

/// A resource as an entry of a catalog, after those of this kind and these names.
pub(super) fn entry<'a>(
    resource: impl Resource + 'static,
    kind: &str,
    after: impl Iterator<Item = &'a str>,
) -> Result<Entry, Problems> {
    let wrong = |error: NameError| Problems::from(Problem::new(Code::InvalidValue, error.to_string()));
    let edge = |name: &str| {
        Ok(Edge {
            on: ResourceId::new(kind, name)?,
            because: Reason::Declared,
        })
    };
    let mut edges = after.map(edge).collect::<Result<Vec<Edge>, _>>().map_err(wrong)?;
    edges.sort();
    Ok(Entry {
        id: resource.id().map_err(wrong)?,
        resource: Box::new(resource),
        after: edges,
        refresh_on: Vec::new(),
        retry: None,
    })
}
