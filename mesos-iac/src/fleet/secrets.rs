use crate::words::{SecretSource, SecretText};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::process::{Command, Stdio};

/// The most bytes of a secret; all of a host's travel in one frame.
const MOST_SECRET: u64 = 16 * 1024 * 1024;

/// Why a secret's value can't be had. The value is never part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the secret {secret}: {why}")]
pub struct SecretError {
    /// Which secret.
    pub secret: SecretSource,
    /// Why not.
    pub why: String,
}

/// Reads the values of secrets from where they come from, each once.
///
/// `variable` looks up the environment, which is the caller's to read.
///
/// # Errors
/// A source that doesn't yield a value; the first one in order.
pub fn resolve_secrets(
    sources: &BTreeSet<SecretSource>,
    variable: impl Fn(&str) -> Option<Vec<u8>>,
) -> Result<BTreeMap<SecretSource, SecretText>, SecretError> {
    sources
        .iter()
        .map(|source| Ok((source.clone(), resolve(source, &variable)?)))
        .collect()
}

fn resolve(source: &SecretSource, variable: &impl Fn(&str) -> Option<Vec<u8>>) -> Result<SecretText, SecretError> {
    let fail = |why: String| SecretError {
        secret: source.clone(),
        why,
    };
    let mut value = match source {
        SecretSource::Environment(name) => {
            variable(name).ok_or_else(|| fail("the environment variable isn't set".into()))?
        }
        SecretSource::File(path) => without_newline(read(path).map_err(|error| fail(error.to_string()))?),
        SecretSource::Command(command) => {
            let output = Command::new(command.program())
                .args(command.arguments())
                .stdin(Stdio::null())
                // A password manager may have to say something to whoever runs the program.
                .stderr(Stdio::inherit())
                .output()
                .map_err(|error| fail(error.to_string()))?;
            if !output.status.success() {
                return Err(fail(format!("the command ended with {}", output.status)));
            }
            without_newline(output.stdout)
        }
    };
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

/// The file's content; no more of it than it takes to see that it is too long.
fn read(path: &str) -> std::io::Result<Vec<u8>> {
    let mut value = Vec::new();
    // A newline at the end doesn't count.
    File::open(path)?.take(MOST_SECRET + 3).read_to_end(&mut value)?;
    Ok(value)
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
    use crate::words::CommandLine;

    fn one(source: SecretSource) -> Result<Vec<u8>, String> {
        let variable = |name: &str| (name == "TOKEN").then(|| b"hunter2".to_vec());
        let found = resolve_secrets(&BTreeSet::from([source.clone()]), variable).map_err(|error| error.to_string())?;
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
