use crate::words::{CommandLine, SecretSource, SecretText};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// The most bytes of a secret; all of a host's travel in one frame.
const MOST_SECRET: u64 = 16 * 1024 * 1024;

/// How long a file may take: a pipe that nobody writes to would be waited for for ever.
const FILE_TIME_OUT: Duration = Duration::from_secs(10);

/// How long a command may take: somebody may have to unlock a password manager.
const COMMAND_TIME_OUT: Duration = Duration::from_secs(120);

/// Why a secret's value can't be had. The value is never part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the secret {secret}: {why}")]
pub struct SecretError {
    /// Which secret.
    pub secret: SecretSource,
    /// Why not.
    pub why: String,
}

/// Reads the values of secrets from where they come from, each once. One newline at a value's end isn't part of it.
///
/// `variable` looks up the environment, which is the caller's to read.
///
/// # Errors
/// All sources that don't yield a value.
pub fn resolve_secrets(
    sources: &BTreeSet<SecretSource>,
    variable: impl Fn(&str) -> Option<Vec<u8>>,
) -> Result<BTreeMap<SecretSource, SecretText>, Vec<SecretError>> {
    let (mut values, mut errors) = (BTreeMap::new(), Vec::new());
    for source in sources {
        match resolve(source, &variable) {
            Ok(value) => drop(values.insert(source.clone(), value)),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

fn resolve(source: &SecretSource, variable: &impl Fn(&str) -> Option<Vec<u8>>) -> Result<SecretText, SecretError> {
    let fail = |why: String| SecretError {
        secret: source.clone(),
        why,
    };
    let value = match source {
        SecretSource::Environment(name) => {
            variable(name).ok_or_else(|| fail("the environment variable isn't set".into()))?
        }
        SecretSource::File(path) => {
            let path = path.clone();
            let read = within(FILE_TIME_OUT, move || read(&path)).unwrap_or_else(|| {
                let seconds = FILE_TIME_OUT.as_secs();
                Err(io::Error::other(format!("reading it isn't done after {seconds} s")))
            });
            read.map_err(|error| fail(error.to_string()))?
        }
        SecretSource::Command(command) => printed(command).map_err(fail)?,
    };
    let mut value = without_newline(value);
    if value.is_empty() {
        return Err(fail("it is empty".into()));
    }
    if value.len() as u64 > MOST_SECRET {
        return Err(fail(format!(
            "it has more than {MOST_SECRET} bytes (16 MiB), the most of a secret"
        )));
    }
    value.shrink_to_fit();
    Ok(SecretText::new(value))
}

/// Does something that may never end, and waits for it no longer than that.
fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, done) = channel();
    // One that never ends goes away with the program.
    std::thread::spawn(move || sender.send(work()));
    done.recv_timeout(limit).ok()
}

/// The file's content; no more of it than it takes to see that it is too long.
fn read(path: &str) -> io::Result<Vec<u8>> {
    bounded(File::open(path)?)
}

fn bounded(from: impl Read) -> io::Result<Vec<u8>> {
    let mut value = Vec::new();
    // A newline at the end doesn't count.
    from.take(MOST_SECRET + 3).read_to_end(&mut value)?;
    Ok(value)
}

/// What a command prints.
fn printed(command: &CommandLine) -> Result<Vec<u8>, String> {
    let mut child = Command::new(command.program())
        .args(command.arguments())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // A password manager may have to say something to whoever runs the program.
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| error.to_string())?;
    let output = child.stdout.take();
    let printed = within(COMMAND_TIME_OUT, move || output.map_or_else(|| Ok(Vec::new()), bounded));
    let Some(printed) = printed else {
        // It may have ended by itself by now.
        child.kill().and_then(|()| child.wait()).ok();
        return Err(format!(
            "the command isn't done after {} s, and was ended",
            COMMAND_TIME_OUT.as_secs()
        ));
    };
    // What has closed its output has nothing more to say.
    let deadline = Instant::now() + COMMAND_TIME_OUT;
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            None => {
                child.kill().and_then(|()| child.wait()).ok();
                return Err("the command closed its output and didn't end".to_owned());
            }
        }
    };
    if !status.success() {
        return Err(format!("the command ended with {status}"));
    }
    printed.map_err(|error| error.to_string())
}

/// Editors and `echo` end a file with a newline that nobody means to be part of a password.
fn without_newline(mut value: Vec<u8>) -> Vec<u8> {
    if value.last() == Some(&b'\n') {
        value.pop();
        if value.last() == Some(&b'\r') {
            value.pop();
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(source: SecretSource) -> Result<Vec<u8>, String> {
        let variable = |name: &str| (name == "TOKEN").then(|| b"hunter2\n".to_vec());
        let found =
            resolve_secrets(&BTreeSet::from([source.clone()]), variable).map_err(|errors| errors[0].to_string())?;
        Ok(found[&source].expose().to_vec())
    }

    #[test]
    fn every_source_yields_its_value_without_the_last_newline() {
        assert_eq!(one(SecretSource::Environment("TOKEN".into())).unwrap(), b"hunter2");
        let command = CommandLine::new(["printf", "a\\nb\\n"]).unwrap();
        assert_eq!(one(SecretSource::Command(command)).unwrap(), b"a\nb");
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, "x\r\n").unwrap();
        assert_eq!(one(SecretSource::File(path.to_string_lossy().into())).unwrap(), b"x");
    }

    #[test]
    fn a_pipe_that_nobody_writes_to_isn_t_waited_for_for_ever() {
        let waited = within(Duration::from_millis(20), || {
            std::thread::sleep(Duration::from_secs(60));
        });
        assert_eq!(waited, None);
    }

    #[test]
    fn all_that_have_no_value_are_told_at_once() {
        let sources = ["ONE", "TOKEN", "TWO"].map(|name| SecretSource::Environment(name.into()));
        let variable = |name: &str| (name == "TOKEN").then(|| b"hunter2".to_vec());
        let errors = resolve_secrets(&sources.clone().into(), variable).unwrap_err();
        let told: Vec<_> = errors.into_iter().map(|error| error.secret).collect();
        assert_eq!(told, [sources[0].clone(), sources[2].clone()]);
    }

    #[test]
    fn a_source_without_a_value_is_an_error_that_names_it() {
        assert!(
            one(SecretSource::Environment("NONE".into()))
                .unwrap_err()
                .contains("env:NONE")
        );
        assert!(
            one(SecretSource::File("/nonexistent".into()))
                .unwrap_err()
                .contains("/nonexistent")
        );
        assert!(
            one(SecretSource::File("/dev/zero".into()))
                .unwrap_err()
                .contains("more than 16777216 bytes")
        );
        let empty = CommandLine::new(["true"]).unwrap();
        assert!(one(SecretSource::Command(empty)).unwrap_err().contains("empty"));
        let failing = CommandLine::new(["false"]).unwrap();
        assert!(one(SecretSource::Command(failing)).is_err());
    }
}
