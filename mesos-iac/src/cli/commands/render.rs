use crate::cli::args::{Format, Selection};
use crate::cli::error::CliError;
use crate::cli::selection::select;
use crate::cli::session::Session;
use crate::kinds::File;
use crate::model::{Content, DeployedWorkload};
use crate::words::{HostName, visible_lines};
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A file as it would be written; a secret stands by its name.
struct Rendered<'s> {
    host: &'s HostName,
    file: &'s File,
    text: String,
}

/// What a scheduler would be sent; a secret stands by its source.
struct Sent<'s> {
    scheduler: &'s str,
    workload: &'s DeployedWorkload,
}

impl Sent<'_> {
    fn text(&self) -> Result<String, CliError> {
        Ok(serde_json::to_string_pretty(&self.workload.json)? + "\n")
    }

    /// Below `workloads`, by names that climb nowhere.
    fn path(&self) -> PathBuf {
        let name = self.workload.name.trim_start_matches('/');
        let parts = name.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
        let mut path = Path::new("workloads").join(self.scheduler);
        path.extend(parts);
        path.as_mut_os_string().push(".json");
        path
    }
}

/// `render`: every file of every host and what schedulers would be sent, shown or written below a directory. No host is
/// asked, no secret is read.
pub(in super::super) fn render(
    session: &Session<'_>,
    output: Option<&Path>,
    selection: &Selection,
) -> Result<ExitCode, CliError> {
    let mut files = Vec::new();
    for host in select(session, selection.limit.as_deref())? {
        let with_content = host
            .catalog
            .all::<File>()
            .filter_map(|(_, file)| Some((file, file.content()?.to_string())));
        files.extend(with_content.map(|(file, text)| Rendered {
            host: host.name(),
            file,
            text,
        }));
    }
    let mut sent = Vec::new();
    // With a limit it is about hosts.
    for deployment in session
        .compiled
        .deployments
        .iter()
        .filter(|_| selection.limit.is_none())
    {
        sent.extend(deployment.workloads.iter().map(|workload| Sent {
            scheduler: &deployment.scheduler,
            workload,
        }));
    }
    match (output, session.terminal.format) {
        (Some(directory), _) => write_below(directory, &files, &sent)?,
        (None, Format::Json) => {
            let mut all: Vec<_> = files
                .iter()
                .map(|rendered| json!({ "host": rendered.host, "path": rendered.file.path(), "content": rendered.text, "attributes": rendered.file.attributes() }))
                .collect();
            all.extend(sent.iter().map(
                |sent| json!({ "scheduler": sent.scheduler, "workload": sent.workload.name, "json": sent.workload.json }),
            ));
            let mut out = std::io::stdout().lock();
            serde_json::to_writer_pretty(&mut out, &all)?;
            writeln!(out)?;
        }
        (None, Format::Human) => show(session, &files, &sent)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn show(session: &Session<'_>, files: &[Rendered<'_>], sent: &[Sent<'_>]) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    for rendered in files {
        let mode = rendered
            .file
            .attributes()
            .mode
            .map(|mode| format!(" {mode}"))
            .unwrap_or_default();
        let heading = format!("==> {}:{}{mode}", rendered.host, rendered.file.path());
        writeln!(out, "{}", session.terminal.paint().bold(&heading))?;
        out.write_all(visible_lines(&rendered.text).as_bytes())?;
        if !rendered.text.ends_with('\n') && !rendered.text.is_empty() {
            writeln!(out, "\n(no newline at the end)")?;
        }
    }
    for sent in sent {
        let heading = format!("==> {}:{}", sent.scheduler, sent.workload.name);
        writeln!(out, "{}", session.terminal.paint().bold(&heading))?;
        out.write_all(visible_lines(&sent.text()?).as_bytes())?;
    }
    Ok(())
}

fn write_below(directory: &Path, files: &[Rendered<'_>], sent: &[Sent<'_>]) -> Result<(), CliError> {
    for rendered in files {
        // Both parts are checked names: neither a host's name nor an absolute path can climb out of the directory.
        let relative = rendered.file.path().as_str().trim_start_matches('/');
        let path = directory.join(rendered.host.as_str()).join(relative);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| failed("make the directory", parent, &error))?;
        }
        // Bytes that are no text hold no secret, so they can be written as they are.
        let bytes = rendered.file.content().and_then(Content::plain_bytes);
        let bytes = bytes.unwrap_or_else(|| rendered.text.clone().into_bytes());
        std::fs::write(&path, bytes).map_err(|error| failed("write", &path, &error))?;
    }
    for sent in sent {
        let path = directory.join(sent.path());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| failed("make the directory", parent, &error))?;
        }
        std::fs::write(&path, sent.text()?).map_err(|error| failed("write", &path, &error))?;
    }
    let mut out = std::io::stdout().lock();
    let count = files.len() + sent.len();
    writeln!(out, "render: {count} files below {}", directory.display())?;
    Ok(())
}

fn failed(action: &str, path: &Path, error: &std::io::Error) -> CliError {
    CliError::failed(format!("failed to {action} {}: {error}", path.display()))
}
