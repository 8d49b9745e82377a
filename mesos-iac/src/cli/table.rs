//! Tables: columns for people, a JSON array of objects for programs.

use super::args::Format;
use super::error::CliError;
use super::session::Terminal;
use crate::words::visible;
use serde_json::{Value, json};
use std::fmt;
use std::io::Write as _;

/// Writes the rows to standard output.
pub(super) fn write(terminal: &Terminal<'_>, rows: &[Row]) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    match terminal.format {
        Format::Json => {
            let objects: Vec<Value> = rows.iter().map(Row::to_json).collect();
            serde_json::to_writer_pretty(&mut out, &objects)?;
            writeln!(out)?;
        }
        Format::Human => {
            for line in columns(rows) {
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(())
}

/// Named cells, in the order of their columns.
pub(super) struct Row(pub(super) Vec<(&'static str, Cell)>);

/// What stands in a row: people see text, programs a value of its sort.
pub(super) enum Cell {
    Text(String),
    Number(usize),
    List(Vec<String>),
    /// There is none.
    Nothing,
}

impl Cell {
    pub(super) fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    pub(super) fn maybe(text: Option<impl ToString>) -> Self {
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
