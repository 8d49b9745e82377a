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

/// How long a command that was told to end may take to do so: five seconds until it is killed, and a slow connection.
const GRACE: Duration = Duration::from_secs(15);

/// What a command said on one host.
#[derive(Debug)]
pub struct CommandResult {
    /// The host.
    pub host: HostName,
    /// What it said and how it ended.
    pub result: Result<Captured, HostError>,
    /// Whether it was ended because its time was over.
    pub timed_out: bool,
}

/// Runs one command on all hosts at once, at most `parallel` of them, and returns what each said, in the order of the
/// tasks. The command is a vector: no shell reads its words. It has `time_out` on each host, once the host is reached;
/// then it is ended, with all processes of its group. So it is if the controller is lost.
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
                one(&task, &line, &options, time_out).await
            });
            running.push((host, work));
        }
        let mut results = Vec::new();
        for (host, work) in running {
            let said = work
                .await
                .unwrap_or_else(|error| Err(HostError::Panicked(error.to_string())));
            let (result, timed_out) = match said {
                Ok((captured, in_time)) => (Ok(captured), !in_time),
                Err(error) => (Err(error), false),
            };
            results.push(CommandResult {
                host,
                result,
                timed_out,
            });
        }
        results
    })
}

async fn one(
    task: &HostTask,
    line: &str,
    options: &FleetOptions,
    time_out: Duration,
) -> Result<(Captured, bool), HostError> {
    let session = Session::connect(options.method, &task.target, &options.ssh).await?;
    let channel = session.exec(&as_root(&ended_with_input(line))).await?;
    let captured = channel.capture_within(time_out, GRACE, MOST_OUTPUT).await?;
    captured.ok_or(HostError::NotEnded(HumanDuration(time_out)))
}

/// A script that runs a command in a process group of its own, without input, and ends that group when the script's own
/// input ends: because the controller closes it, or is lost. Who doesn't heed the first signal is killed.
///
/// Shells agree on `kill -s SIGNAL -- -GROUP`, and not on `kill -SIGNAL -- -GROUP`.
fn ended_with_input(line: &str) -> String {
    format!(
        "exec 3<&0; setsid {line} </dev/null 3<&- & p=$!; \
         {{ read -r _ <&3; trap '' TERM; kill -s TERM -- -$p || kill $p; \
         for i in 1 2 3 4 5; do kill -s 0 -- -$p || exit; sleep 1; done; kill -s KILL -- -$p; }} >/dev/null 2>&1 & w=$!; \
         exec 3<&- 2>/dev/null; wait $p; s=$?; kill $w; wait $w; exit $s"
    )
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

    fn started(words: &[&str]) -> std::process::Child {
        use std::process::Stdio;
        let script = ended_with_input(&command_line(&CommandLine::new(words.to_vec()).unwrap()));
        std::process::Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    #[test]
    fn a_command_that_ends_by_itself_is_told_as_it_is() {
        let mut child = started(&["sh", "-c", "cat; echo out; echo err >&2; exit 3"]);
        let stdin = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(stdin);
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(
            (output.stdout.as_slice(), output.stderr.as_slice()),
            (&b"out\n"[..], &b"err\n"[..])
        );
    }

    #[test]
    fn a_command_ends_with_its_input_and_so_does_what_it_started() {
        use std::io::BufRead as _;
        // The second of them doesn't heed the first signal.
        for script in ["sleep 60 & echo $!; wait", "trap '' TERM; sleep 60 & echo $!; wait"] {
            let mut child = started(&["sh", "-c", script]);
            let mut line = String::new();
            let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
            stdout.read_line(&mut line).unwrap();
            let started = std::time::Instant::now();
            drop(child.stdin.take());
            assert!(!child.wait().unwrap().success(), "{script}");
            assert!(started.elapsed() < Duration::from_secs(30), "{script}");
            let process = std::path::Path::new("/proc").join(line.trim());
            let state = || std::fs::read_to_string(process.join("stat")).unwrap_or_default();
            // Nobody may be there to reap it, and a signal that was sent takes a moment to arrive.
            let is_gone = |state: String| state.is_empty() || state.contains(") Z ");
            while !is_gone(state()) {
                assert!(started.elapsed() < Duration::from_secs(30), "{script}: {}", state());
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}
