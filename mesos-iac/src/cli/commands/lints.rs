use crate::cli::args::Format;
use crate::cli::error::CliError;
use crate::cli::session::Terminal;
use crate::cli::table::{self, Cell, Row};
use crate::lint;
use crate::model::nearest;
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;

/// `lints`: every lint of the program, or the page of one. Needs no definition.
pub(in super::super) fn lints(terminal: &Terminal<'_>, name: Option<&str>) -> Result<ExitCode, CliError> {
    let all = lint::all();
    let Some(name) = name else {
        let row = |lint: &&lint::Lint| {
            Row(vec![
                ("name", Cell::text(lint.name)),
                ("level", Cell::text(lint.level)),
                ("summary", Cell::text(lint.summary)),
            ])
        };
        table::write(terminal, &all.iter().map(row).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    };
    let Some(lint) = all.iter().find(|lint| lint.name == name) else {
        let names = all.iter().map(|lint| lint.name);
        return Err(CliError::usage(format!("there is no lint `{name}`")).hinted(nearest(
            name,
            names,
            "`lints` lists them",
        )));
    };
    let mut out = std::io::stdout().lock();
    match terminal.format {
        Format::Json => writeln!(
            out,
            "{}",
            json!({ "name": lint.name, "level": lint.level, "summary": lint.summary, "page": lint.page })
        )?,
        Format::Human => {
            writeln!(out, "{} ({}): {}\n", lint.name, lint.level, lint.summary)?;
            writeln!(out, "{}", lint.page.trim_end())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
