use crate::cli::args::{Listed, Selection};
use crate::cli::error::CliError;
use crate::cli::selection::{matching, select};
use crate::cli::session::{Session, Terminal};
use crate::cli::table::{self, Cell, Row};
use crate::compile::CompiledHost;
use crate::model::{Cluster, Host, short_role_name};
use crate::words::fold_names;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

/// `list attributes`: which there are, for what, and where, whether or not each is set where it is read.
///
/// Not those of the role library that nothing sets, unless `all` are asked for.
pub(in super::super) fn list_attributes(
    terminal: &Terminal<'_>,
    cluster: &Cluster,
    all: bool,
    selection: &Selection,
) -> Result<ExitCode, CliError> {
    matching(cluster, selection.limit.as_deref())?;
    table::write(terminal, &attribute_rows(cluster, all))?;
    Ok(ExitCode::SUCCESS)
}

/// `list`: hosts, roles, attributes, resources or workloads, in columns or as a JSON array.
pub(in super::super) fn list(
    session: &Session<'_>,
    what: Listed,
    all: bool,
    selection: &Selection,
) -> Result<ExitCode, CliError> {
    if all && what != Listed::Attributes {
        let error = CliError::usage("failed to list: `--all` is for attributes");
        return Err(error.hinted("leave it out: all others are listed anyway"));
    }
    let hosts = select(session, selection.limit.as_deref())?;
    let rows = match what {
        Listed::Hosts => host_rows(session, &hosts),
        Listed::Roles => role_rows(&hosts),
        Listed::Attributes => attribute_rows(&session.cluster, all),
        Listed::Resources => resource_rows(&hosts),
        Listed::Workloads => workload_rows(session),
    };
    table::write(&session.terminal, &rows)?;
    Ok(ExitCode::SUCCESS)
}

fn host_rows(session: &Session<'_>, hosts: &[&CompiledHost]) -> Vec<Row> {
    let declared: BTreeMap<_, &Host> = session.cluster.hosts().iter().map(|host| (host.name(), host)).collect();
    let row = |compiled: &&CompiledHost| {
        let host = declared.get(compiled.name())?;
        let roles: Vec<String> = compiled
            .provenance
            .roles
            .iter()
            .map(|role| short_role_name(&role.role).to_owned())
            .collect();
        Some(Row(vec![
            ("host", Cell::text(host.name())),
            ("address", Cell::maybe(host.address())),
            ("appliance", Cell::maybe(host.appliance_name())),
            ("os", Cell::maybe(host.declared_os())),
            ("roles", Cell::List(roles)),
            ("resources", Cell::Number(compiled.catalog.resources().count())),
        ]))
    };
    hosts.iter().filter_map(row).collect()
}

fn role_rows(hosts: &[&CompiledHost]) -> Vec<Row> {
    let mut with = BTreeMap::<&str, (Vec<_>, BTreeSet<String>)>::new();
    for host in hosts {
        for role in &host.provenance.roles {
            let (hosts, rollouts) = with.entry(&role.role).or_default();
            hosts.push(host.name());
            // As a rule all hosts of a role have the same; ports may differ.
            rollouts.extend(role.rollout.as_ref().map(ToString::to_string));
        }
    }
    let rows = with.into_iter().map(|(role, (hosts, rollouts))| {
        let rollouts: Vec<String> = rollouts.into_iter().collect();
        Row(vec![
            ("role", Cell::text(short_role_name(role))),
            ("hosts", Cell::text(fold_names(hosts))),
            ("qualified name", Cell::text(role)),
            (
                "rollout",
                Cell::maybe((!rollouts.is_empty()).then(|| rollouts.join("; "))),
            ),
        ])
    });
    rows.collect()
}

fn workload_rows(session: &Session<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for deployment in &session.compiled.deployments {
        for workload in &deployment.workloads {
            rows.push(Row(vec![
                ("scheduler", Cell::text(&deployment.scheduler)),
                ("workload", Cell::text(&workload.name)),
                ("instances", Cell::maybe(workload.instances)),
                ("declared", Cell::text(&workload.at)),
            ]));
        }
    }
    rows
}

fn attribute_rows(cluster: &Cluster, all: bool) -> Vec<Row> {
    let prefix = |name: &str| name.rsplit_once('.').map(|(prefix, _)| prefix.to_owned());
    let attributes = cluster.attributes();
    let set: BTreeSet<_> = attributes
        .keys()
        .filter(|name| cluster.sets(name))
        .map(|name| prefix(name))
        .collect();
    // The role library's attributes are in every program. Those of one prefix belong together: who sets one may want the next.
    let shown = attributes
        .values()
        .filter(|spec| all || !spec.is_own() || set.contains(&prefix(&spec.name)));
    let rows = shown.map(|spec| {
        Row(vec![
            ("attribute", Cell::text(&spec.name)),
            ("type", Cell::text(spec.type_name())),
            ("default", Cell::maybe(spec.default.as_ref())),
            ("declared", Cell::text(&spec.at)),
            ("what for", Cell::text(spec.summary())),
        ])
    });
    rows.collect()
}

fn resource_rows(hosts: &[&CompiledHost]) -> Vec<Row> {
    let mut rows = Vec::new();
    for host in hosts {
        for entry in host.catalog.resources() {
            let declaration = host.provenance.declared.get(&entry.id);
            rows.push(Row(vec![
                ("host", Cell::text(host.name())),
                ("resource", Cell::text(&entry.id)),
                ("role", Cell::maybe(declaration.map(|declaration| &declaration.role))),
                ("declared", Cell::maybe(declaration.map(|declaration| &declaration.at))),
            ]));
        }
    }
    rows
}
