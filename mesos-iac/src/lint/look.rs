use crate::compile::{Compiled, CompiledHost};
use crate::kinds::File;
use crate::model::{
    Catalog, Cluster, Declaration, Deployment, Endpoint, EndpointInstance, Finding, HostView, Kind, Provenance,
};
use crate::words::{HostName, ResourceId};
use std::any::Any;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// What a rule sees: the cluster as it is compiled, all hosts at once.
pub struct LintCx<'c> {
    cluster: &'c Cluster,
    deployments: &'c [Deployment],
    hosts: Vec<LintHost<'c>>,
    by_name: HashMap<&'c HostName, usize>,
    found: RefCell<Vec<Finding>>,
    told: RefCell<HashSet<Told>>,
}

/// What makes a finding the same as another: the lint, the host, the resource, the message.
type Told = (&'static str, Option<HostName>, Option<ResourceId>, String);

/// A host as a rule sees it: what the definition says of it, and what it will have.
pub struct LintHost<'c> {
    view: HostView<'c>,
    compiled: &'c CompiledHost,
    endpoints: Vec<&'c EndpointInstance>,
    files: Vec<RenderedFile<'c>>,
    by_path: HashMap<&'c str, usize>,
}

/// A file as it will be written.
#[derive(Debug)]
pub struct RenderedFile<'c> {
    /// The resource.
    pub id: &'c ResourceId,
    /// The path.
    pub path: &'c str,
    /// The content; each secret stands by its source.
    pub text: String,
    /// The resource itself.
    pub file: &'c File,
}

impl<'c> LintCx<'c> {
    pub(super) fn new(cluster: &'c Cluster, compiled: &'c Compiled) -> Self {
        let declared = cluster.hosts().iter().enumerate();
        let indices: HashMap<&HostName, usize> = declared.map(|(index, host)| (host.name(), index)).collect();
        let mut endpoints: HashMap<usize, Vec<&EndpointInstance>> = HashMap::new();
        for instance in &compiled.endpoints {
            endpoints.entry(instance.host).or_default().push(instance);
        }
        let hosts = compiled.hosts.iter().filter_map(|host| {
            let index = *indices.get(host.name())?;
            let exposed = endpoints.remove(&index).unwrap_or_default();
            Some(LintHost::new(HostView::new(cluster, index), host, exposed))
        });
        let hosts: Vec<LintHost<'c>> = hosts.collect();
        Self {
            cluster,
            deployments: &compiled.deployments,
            by_name: hosts
                .iter()
                .enumerate()
                .map(|(index, host)| (host.name(), index))
                .collect(),
            hosts,
            found: RefCell::default(),
            told: RefCell::default(),
        }
    }

    /// The cluster.
    #[must_use]
    pub const fn cluster(&self) -> &'c Cluster {
        self.cluster
    }

    /// What runs on the cluster, by its schedulers, as it is sent to them.
    #[must_use]
    pub const fn deployments(&self) -> &'c [Deployment] {
        self.deployments
    }

    /// The hosts, in the order of their declaration.
    #[must_use]
    pub fn hosts(&self) -> &[LintHost<'c>] {
        &self.hosts
    }

    /// Reports what was found, once. If it names a host and a resource, the place of its declaration is added.
    pub fn report(&self, finding: Finding) {
        let problem = &finding.problem;
        let (host, resource) = (problem.host.clone(), problem.resource.clone());
        let told = (finding.lint.name, host, resource, problem.message.clone());
        if self.told.borrow_mut().insert(told) {
            let finding = self.with_place(finding);
            self.found.borrow_mut().push(finding);
        }
    }

    fn with_place(&self, finding: Finding) -> Finding {
        let problem = &finding.problem;
        let declaration = match (&problem.host, &problem.resource) {
            (Some(host), Some(id)) => self.host(host).and_then(|host| host.declaration(id)),
            _ => None,
        };
        match declaration {
            Some(declaration) if !problem.places.iter().any(|place| place.at == declaration.at) => {
                finding.at("declared", declaration.at.clone())
            }
            _ => finding,
        }
    }

    /// The host of this name.
    #[must_use]
    pub fn host(&self, name: &HostName) -> Option<&LintHost<'c>> {
        self.by_name.get(name).map(|index| &self.hosts[*index])
    }

    pub(super) fn into_found(self) -> Vec<Finding> {
        self.found.into_inner()
    }
}

impl<'c> LintHost<'c> {
    fn new(view: HostView<'c>, compiled: &'c CompiledHost, endpoints: Vec<&'c EndpointInstance>) -> Self {
        let files = compiled.catalog.resources().filter_map(|entry| {
            let resource: &dyn Any = &*entry.resource;
            let file = resource.downcast_ref::<File>()?;
            Some(RenderedFile {
                id: &entry.id,
                path: file.path().as_str(),
                text: file.text()?,
                file,
            })
        });
        let files: Vec<RenderedFile<'c>> = files.collect();
        Self {
            view,
            compiled,
            endpoints,
            by_path: files
                .iter()
                .enumerate()
                .map(|(index, file)| (file.path, index))
                .collect(),
            files,
        }
    }

    /// The host's name.
    #[must_use]
    pub fn name(&self) -> &'c HostName {
        self.view.name()
    }

    /// What the definition says of the host: attributes, address, operating system.
    #[must_use]
    pub const fn view(&self) -> HostView<'c> {
        self.view
    }

    /// What the host will have.
    #[must_use]
    pub const fn catalog(&self) -> &'c Catalog {
        &self.compiled.catalog
    }

    /// Where it comes from.
    #[must_use]
    pub const fn provenance(&self) -> &'c Provenance {
        &self.compiled.provenance
    }

    /// The endpoints of this type that the host's roles expose.
    pub fn endpoints<E: Endpoint>(&self) -> impl Iterator<Item = &'c E> {
        self.endpoints.iter().filter_map(|instance| instance.get())
    }

    /// Every file whose content is managed and is text, in the catalog's order.
    #[must_use]
    pub fn files(&self) -> &[RenderedFile<'c>] {
        &self.files
    }

    /// The file at this path, if its content is managed and is text.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&RenderedFile<'c>> {
        self.by_path.get(path).map(|index| &self.files[*index])
    }

    /// The files right in this directory, each with its name.
    pub fn files_in<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = (&'c str, &'a RenderedFile<'c>)> {
        self.files.iter().filter_map(move |file| {
            let name = file.path.strip_prefix(directory)?.strip_prefix('/')?;
            (!name.contains('/')).then_some((name, file))
        })
    }

    /// The resource of this kind and key.
    #[must_use]
    pub fn get<R: Kind>(&self, key: &str) -> Option<&'c R> {
        self.compiled.catalog.get(key)
    }

    /// How a resource came into the catalog.
    #[must_use]
    pub fn declaration(&self, id: &ResourceId) -> Option<&'c Declaration> {
        self.compiled.provenance.declared.get(id)
    }
}
