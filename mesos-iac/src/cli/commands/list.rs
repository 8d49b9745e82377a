use crate::cli::args::{Format, Listed, Selection};
use crate::cli::error::CliError;
use crate::cli::selection::select;
use crate::cli::session::Session;
use crate::compile::CompiledHost;
use crate::model::{Host, short_role_name};
use crate::words::{fold_names, visible};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;

/// `list`: hosts, roles, attributes or resources, in columns or as a JSON array.
pub(in super::super) fn list(session: &Session<'_>, what: Listed, selection: &Selection) -> Result<ExitCode, CliError> {
    let hosts = select(session, selection.limit.as_deref())?;
    let rows = match what {
        Listed::Hosts => host_rows(session, &hosts),
        Listed::Roles => role_rows(&hosts),
        Listed::Attributes => attribute_rows(session),
        Listed::Resources => resource_rows(&hosts),
    };
    let mut out = std::io::stdout().lock();
    match session.format {
        Format::Json => {
            let objects: Vec<Value> = rows.iter().map(Row::to_json).collect();
            serde_json::to_writer_pretty(&mut out, &objects)?;
            writeln!(out)?;
        }
        Format::Human => {
            for line in columns(&rows) {
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Named cells, in the order of their columns.
struct Row(Vec<(&'static str, String)>);

impl Row {
    fn to_json(&self) -> Value {
        self.0
            .iter()
            .map(|(name, cell)| ((*name).to_owned(), json!(cell)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

fn columns(rows: &[Row]) -> Vec<String> {
    let shown = |row: &Row| Row(row.0.iter().map(|(name, cell)| (*name, visible(cell))).collect());
    let rows: Vec<Row> = rows.iter().map(shown).collect();
    let Some(first) = rows.first() else {
        return Vec::new();
    };
    let width = |column: usize| {
        rows.iter()
            .map(|row| row.0[column].1.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..first.0.len()).map(|c| width(c).max(first.0[c].0.len())).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let heading = line(&mut first.0.iter().map(|(name, _)| *name)).to_uppercase();
    let body = rows
        .iter()
        .map(|row| line(&mut row.0.iter().map(|(_, cell)| cell.as_str())));
    std::iter::once(heading).chain(body).collect()
}

fn host_rows(session: &Session<'_>, hosts: &[&CompiledHost]) -> Vec<Row> {
    let declared: BTreeMap<_, &Host> = session.cluster.hosts().iter().map(|host| (host.name(), host)).collect();
    let row = |compiled: &&CompiledHost| {
        let host = declared.get(compiled.name())?;
        let roles: Vec<&str> = compiled
            .provenance
            .roles
            .iter()
            .map(|role| short_role_name(&role.role))
            .collect();
        Some(Row(vec![
            ("host", host.name().to_string()),
            ("address", host.address().unwrap_or("-").to_owned()),
            ("appliance", host.appliance_name().unwrap_or("-").to_owned()),
            (
                "os",
                host.declared_os().map_or_else(|| "-".to_owned(), ToString::to_string),
            ),
            ("roles", roles.join(",")),
            ("resources", compiled.catalog.entries.len().to_string()),
        ]))
    };
    hosts.iter().filter_map(row).collect()
}

fn role_rows(hosts: &[&CompiledHost]) -> Vec<Row> {
    let mut with = BTreeMap::<&str, Vec<_>>::new();
    for host in hosts {
        for role in &host.provenance.roles {
            with.entry(&role.role).or_default().push(host.name());
        }
    }
    let rows = with.into_iter().map(|(role, hosts)| {
        Row(vec![
            ("role", short_role_name(role).to_owned()),
            ("hosts", fold_names(hosts)),
            ("qualified name", role.to_owned()),
        ])
    });
    rows.collect()
}

fn attribute_rows(session: &Session<'_>) -> Vec<Row> {
    let rows = session.cluster.attributes().values().map(|spec| {
        Row(vec![
            ("attribute", spec.name.clone()),
            ("type", spec.type_name()),
            (
                "default",
                spec.default
                    .as_ref()
                    .map_or_else(|| "-".to_owned(), ToString::to_string),
            ),
            ("declared", spec.at.to_string()),
            (
                "what for",
                spec.doc.lines().next().unwrap_or_default().trim().to_owned(),
            ),
        ])
    });
    rows.collect()
}

fn resource_rows(hosts: &[&CompiledHost]) -> Vec<Row> {
    let mut rows = Vec::new();
    for host in hosts {
        for entry in &host.catalog.entries {
            let declaration = host.provenance.declared.get(&entry.id);
            rows.push(Row(vec![
                ("host", host.name().to_string()),
                ("resource", entry.id.to_string()),
                (
                    "role",
                    declaration.map_or_else(String::new, |declaration| declaration.role.clone()),
                ),
                (
                    "declared",
                    declaration.map_or_else(String::new, |declaration| declaration.at.to_string()),
                ),
            ]));
        }
    }
    rows
}
