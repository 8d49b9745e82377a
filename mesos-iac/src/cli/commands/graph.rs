use crate::cli::args::{Format, GraphLanguage, Selection};
use crate::cli::error::CliError;
use crate::cli::selection::select;
use crate::cli::session::Session;
use crate::report::{dot, mermaid};
use std::io::Write as _;
use std::process::ExitCode;

/// `graph`: draws the resource graphs; `-v` adds the automatic edges that were dropped, and why.
pub(in super::super) fn graph(
    session: &Session<'_>,
    language: GraphLanguage,
    selection: &Selection,
) -> Result<ExitCode, CliError> {
    if session.terminal.format == Format::Json {
        let error = CliError::usage("failed to draw: a graph is no JSON");
        return Err(error.hinted("`--as dot` and `--as mermaid` are what it can be"));
    }
    let hosts = select(session, selection.limit.as_deref())?;
    let text = match language {
        GraphLanguage::Dot => dot(&hosts, session.terminal.verbose),
        GraphLanguage::Mermaid => mermaid(&hosts, session.terminal.verbose),
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
