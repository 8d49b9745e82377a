use super::bootstrap::{as_root, quote};
use super::error::HostError;
use super::hosts::{FleetOptions, HostTask};
use crate::transport::{Captured, Session, SshThreadError, run_on_ssh_thread};
use crate::words::{CommandLine, HostName, HumanDuration};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The most of either output that is kept.
const MOST_OUTPUT: usize = 1024 * 1024;

/// What a command said on one host.
#[derive(Debug)]
pub struct CommandResult {
    /// The host.
    pub host: HostName,
    /// What it said and how it ended.
    pub result: Result<Captured, HostError>,
}

/// Runs one command on all hosts at once, at most `parallel` of them, and returns what each said, in the order of the
/// tasks. The command is a vector: no shell reads its words.
///
/// # Errors
/// The thread on which SSH runs can't be started. No host was touched.
pub fn run_command(
    tasks: Vec<HostTask>,
    command: &CommandLine,
    options: &FleetOptions,
    time_out: Duration,
) -> Result<Vec<CommandResult>, SshThreadError> {
    let (options, line) = (options.clone(), command_line(command));
    run_on_ssh_thread(move || async move {
        let permits = Rc::new(Semaphore::new(options.parallel.max(1)));
        let options = Rc::new(options);
        let mut running = Vec::new();
        for task in tasks {
            let (options, permits, line) = (Rc::clone(&options), Rc::clone(&permits), line.clone());
            let host = task.host.clone();
            let work = tokio::task::spawn_local(async move {
                let _permit = permits.acquire().await;
                let limited = tokio::time::timeout(time_out, one(&task, &line, &options)).await;
                limited.unwrap_or(Err(HostError::Silent(HumanDuration(time_out))))
            });
            running.push((host, work));
        }
        let mut results = Vec::new();
        for (host, work) in running {
            let result = work
                .await
                .unwrap_or_else(|error| Err(HostError::Panicked(error.to_string())));
            results.push(CommandResult { host, result });
        }
        results
    })
}

async fn one(task: &HostTask, line: &str, options: &FleetOptions) -> Result<Captured, HostError> {
    let session = Session::connect(options.method, &task.target, &options.ssh).await?;
    Ok(session.exec(&as_root(line)).await?.capture(&[], MOST_OUTPUT).await?)
}

/// The command with each word quoted, since what a login runs is read by its shell.
fn command_line(command: &CommandLine) -> String {
    let words = std::iter::once(command.program()).chain(command.arguments().iter().map(String::as_str));
    words.map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_means_anything_to_a_shell() {
        let words = ["echo", "a b", "$(reboot)", "it's", "; rm -rf /", "`x`", "*"];
        let line = command_line(&CommandLine::new(words).unwrap());
        let output = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap().trim_end(),
            words[1..].join(" ")
        );
    }
}
