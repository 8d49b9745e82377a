use crate::cli::args::{GraphLanguage, Selection};
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
    let hosts = select(session, selection.limit.as_deref())?;
    let text = match language {
        GraphLanguage::Dot => dot(&hosts, session.verbose),
        GraphLanguage::Mermaid => mermaid(&hosts, session.verbose),
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
