use super::compiled::Compiled;
use super::{graph, workloads};
use crate::model::{
    Cluster, Code, Cx, ExposeCx, HostView, IncludeCx, Problem, Problems, RoleInstance, World, short_role_name,
};

impl Cluster {
    /// Compiles the cluster; see [`compile`].
    ///
    /// # Errors
    /// As [`compile`].
    pub fn compile(&self) -> Result<Compiled, Problems> {
        compile(self)
    }
}

/// Compiles the cluster in three phases, each for all hosts before the next begins: the roles of every host, the endpoints
/// that they expose, the resources that they declare.
///
/// # Errors
/// Every mistake of every host: unset attributes, unequal roles, two writers, dangling references, cycles.
pub fn compile(cluster: &Cluster) -> Result<Compiled, Problems> {
    let mut problems = Problems::new();
    let mut world = World {
        cluster,
        roles: Vec::new(),
        endpoints: Vec::new(),
        silent: Vec::new(),
    };
    let views = || (0..cluster.hosts().len()).map(|index| HostView::new(cluster, index));
    for host in views() {
        let mut roles = Roles::new(host);
        for instance in cluster.given_roles(host.index()) {
            roles.add(instance, &mut problems);
        }
        world.roles.push(roles.found);
    }
    let mut endpoints = Vec::new();
    let mut silent = Vec::new();
    for host in views() {
        for instance in &world.roles[host.index()] {
            let mut cx = ExposeCx::new(&world, host);
            match instance.ask(|role| role.expose(&mut cx)) {
                Ok(()) => endpoints.extend(cx.exposed),
                Err(error) => {
                    problems.extend(instance.problems(error, host.name()));
                    silent.push(instance.clone());
                }
            }
        }
    }
    world.endpoints = endpoints;
    world.silent = silent;
    let mut hosts = Vec::new();
    for host in views() {
        let mut cx = Cx::new(&world, host);
        let instances = &world.roles[host.index()];
        instances.iter().for_each(|instance| cx.run(instance));
        problems.extend(std::mem::take(&mut cx.problems));
        match graph::build(host, instances, cx.drafts, cx.left_out) {
            Ok(mut compiled) => {
                compiled.findings = cx.findings;
                hosts.push(compiled);
            }
            Err(found) => problems.extend(found),
        }
    }
    let deployments = workloads::compile(&world, &mut problems);
    problems.into_result(Compiled {
        hosts,
        deployments,
        endpoints: world.endpoints,
    })
}

/// The roles of one host: each role after those that it includes.
struct Roles<'w> {
    host: HostView<'w>,
    found: Vec<RoleInstance>,
    /// Roles whose own includes are being asked, so that two roles may include each other.
    open: Vec<RoleInstance>,
}

impl<'w> Roles<'w> {
    const fn new(host: HostView<'w>) -> Self {
        Self {
            host,
            found: Vec::new(),
            open: Vec::new(),
        }
    }

    fn add(&mut self, instance: &RoleInstance, problems: &mut Problems) {
        let name = instance.role.name();
        if let Some(first) = self
            .found
            .iter()
            .chain(&self.open)
            .find(|other| other.role.name() == name)
        {
            if !first.role.equals(&*instance.role) {
                let message = format!("role {} is given twice, with different settings", short_role_name(name));
                problems.push(
                    Problem::new(Code::UnequalRoles, message)
                        .on(self.host.name())
                        .at("given", first.at.clone())
                        .at("given again", instance.at.clone())
                        .hint("a role that is included twice must have the same settings; take them from attributes, or from one place"),
                );
            }
            return;
        }
        self.open.push(instance.clone());
        let mut cx = IncludeCx::new(self.host, name);
        match instance.ask(|role| role.include(&mut cx)) {
            Ok(()) => {
                if let Some(including) = self.open.last_mut() {
                    including.includes = cx.included.iter().map(|included| included.role.name()).collect();
                }
                cx.included.iter().for_each(|included| self.add(included, problems));
            }
            Err(error) => problems.extend(instance.problems(error, self.host.name())),
        }
        self.found.extend(self.open.pop());
    }
}
