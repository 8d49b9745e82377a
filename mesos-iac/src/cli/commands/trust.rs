use crate::cli::args::{Connection, TrustSelection};
use crate::cli::environment::Environment;
use crate::cli::error::CliError;
use crate::cli::exit_code::{Grade, Verdict};
use crate::cli::run_over::{fleet_options, task};
use crate::cli::selection::matching;
use crate::cli::session::Terminal;
use crate::model::Cluster;
use crate::transport::{
    HostKey, KnownHosts, SshOptions, Target, TransportError, append, run_on_ssh_thread, scan_host_key,
};
use crate::words::visible;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// `trust`: shows the SSH keys that hosts present, and adds those that whoever runs it approves of.
pub(in super::super) fn trust(
    terminal: &Terminal<'_>,
    cluster: &Cluster,
    selected: &TrustSelection,
    connection: &Connection,
    yes: bool,
) -> Result<ExitCode, CliError> {
    let mut targets = Vec::new();
    for host in matching(cluster, Some(&selected.hosts))? {
        targets.push(task(host, connection).target);
    }
    let options = fleet_options(terminal.environment, connection).ssh;
    let file = options
        .known_hosts
        .first()
        .ok_or_else(|| {
            CliError::usage("there is no known-hosts file to add to: set HOME, or name one with `--known-hosts`")
        })?
        .clone();
    let keys = scan_all(&targets, &options)?;
    let mut verdict = Verdict::new();
    let mut out = std::io::stdout().lock();
    for (target, key) in targets.iter().zip(keys) {
        match key {
            Err(error) => {
                verdict.add(Grade::Unreachable);
                writeln!(out, "{}  failed to {}", target.host, visible(&error.to_string()))?;
                if let Some(hint) = error.hint() {
                    writeln!(out, "{}  hint: {}", target.host, visible(&hint))?;
                }
            }
            Ok(key) => {
                if !decide(&mut out, target, &key, &file, yes)? {
                    verdict.add(Grade::Failed);
                }
            }
        }
    }
    Ok(verdict.exit(false))
}

fn scan_all(targets: &[Target], options: &SshOptions) -> Result<Vec<Result<HostKey, TransportError>>, CliError> {
    let (targets, options) = (targets.to_vec(), options.clone());
    Ok(run_on_ssh_thread(move || async move {
        let mut keys = Vec::new();
        for target in &targets {
            keys.push(scan_host_key(target, &options).await);
        }
        keys
    })?)
}

/// Shows one key and adds it if that is wanted; whether the host is trusted in the end.
fn decide(out: &mut impl Write, target: &Target, key: &HostKey, file: &Path, yes: bool) -> Result<bool, CliError> {
    writeln!(
        out,
        "{}  {}  {} {}",
        target.host,
        target.endpoint(),
        key.key_type(),
        key.fingerprint()
    )?;
    let records = KnownHosts::read(&[file.to_owned()])
        .map_err(TransportError::from)?
        .lookup(target)
        .map_err(TransportError::from)?;
    match records.verify(target, key) {
        Ok(()) => {
            writeln!(out, "{}  known", target.host)?;
            return Ok(true);
        }
        // A key that changed or was revoked is never replaced here: that is for whoever knows why to do by hand.
        Err(error) if !records.known_types(target).is_empty() => {
            writeln!(out, "{}  failed to {}", target.host, visible(&error.to_string()))?;
            writeln!(out, "{}  hint: {}", target.host, visible(&error.hint()))?;
            return Ok(false);
        }
        Err(_) => {}
    }
    let wanted = yes || (Environment::can_ask() && ask(out, &target.host)?);
    if !wanted {
        writeln!(
            out,
            "{}  not added; compare the fingerprint with the one on the host's console, then say `--yes`",
            target.host
        )?;
        return Ok(false);
    }
    append(file, target, key)?;
    writeln!(out, "{}  added to {}", target.host, file.display())?;
    Ok(true)
}

fn ask(out: &mut impl Write, host: &str) -> Result<bool, CliError> {
    write!(out, "{host}  add this key? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(|error| CliError::failed(format!("failed to read the answer: {error}")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
