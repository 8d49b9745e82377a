use crate::cli::args::{Format, Listed, Selection};
use crate::cli::error::CliError;
use crate::cli::selection::select;
use crate::cli::session::Session;
use crate::compile::CompiledHost;
use crate::model::{Host, short_role_name};
use crate::words::{fold_names, visible};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
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
struct Row(Vec<(&'static str, Cell)>);

/// What stands in a row: people see text, programs a value of its sort.
enum Cell {
    Text(String),
    Number(usize),
    List(Vec<String>),
    /// There is none.
    Nothing,
}

impl Cell {
    fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    fn maybe(text: Option<impl ToString>) -> Self {
        text.map_or(Self::Nothing, Self::text)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::List(items) => f.write_str(&items.join(",")),
            Self::Nothing => f.write_str("-"),
        }
    }
}

impl Row {
    fn to_json(&self) -> Value {
        let value = |cell: &Cell| match cell {
            Cell::Text(text) => json!(text),
            Cell::Number(number) => json!(number),
            Cell::List(items) => json!(items),
            Cell::Nothing => Value::Null,
        };
        let fields = self.0.iter().map(|(name, cell)| (name.replace(' ', "_"), value(cell)));
        fields.collect::<serde_json::Map<_, _>>().into()
    }
}

fn columns(rows: &[Row]) -> Vec<String> {
    let Some(first) = rows.first() else {
        return Vec::new();
    };
    let names: Vec<String> = first.0.iter().map(|(name, _)| name.to_uppercase()).collect();
    let cells = |row: &Row| row.0.iter().map(|(_, cell)| visible(&cell.to_string())).collect();
    let lines: Vec<Vec<String>> = std::iter::once(names).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..first.0.len()).map(width).collect();
    let padded = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(padded).collect()
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
    let mut with = BTreeMap::<&str, Vec<_>>::new();
    for host in hosts {
        for role in &host.provenance.roles {
            with.entry(&role.role).or_default().push(host.name());
        }
    }
    let rows = with.into_iter().map(|(role, hosts)| {
        Row(vec![
            ("role", Cell::text(short_role_name(role))),
            ("hosts", Cell::text(fold_names(hosts))),
            ("qualified name", Cell::text(role)),
        ])
    });
    rows.collect()
}

fn attribute_rows(session: &Session<'_>) -> Vec<Row> {
    let rows = session.cluster.attributes().values().map(|spec| {
        Row(vec![
            ("attribute", Cell::text(&spec.name)),
            ("type", Cell::text(spec.type_name())),
            ("default", Cell::maybe(spec.default.as_ref())),
            ("declared", Cell::text(&spec.at)),
            (
                "what for",
                Cell::text(spec.doc.lines().next().unwrap_or_default().trim()),
            ),
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
