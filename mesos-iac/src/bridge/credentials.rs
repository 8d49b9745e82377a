//! How the bridge logs in to Marathons that ask for a name and a password.

use super::BridgeError;
use super::config::BridgeConfig;
use crate::words::{AbsPath, SecretText};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Name and password for a Marathon, and the file that they stand in.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) file: AbsPath,
    /// With a colon between them.
    pub(super) name_and_password: SecretText,
}

/// What each Marathon is shown that asks for it.
pub(super) type Logins = BTreeMap<SocketAddr, Login>;

/// Reads the files that the configuration names.
///
/// # Errors
/// [`BridgeError::Credentials`]: one can't be read, or what it holds is no name and password.
pub(super) fn read(config: &BridgeConfig) -> Result<Logins, BridgeError> {
    let login = |(address, file): (&SocketAddr, &AbsPath)| {
        let wrong = |why: String| BridgeError::Credentials {
            path: file.as_path().to_owned(),
            why,
        };
        let bytes = std::fs::read(file.as_path())
            .map_err(|error| wrong(format!("{error}; applying the definition writes the file anew")))?;
        let name_and_password = parse(&bytes).map_err(|why| wrong(why.to_owned()))?;
        let file = file.clone();
        Ok((
            *address,
            Login {
                file,
                name_and_password,
            },
        ))
    };
    config.credentials.iter().map(login).collect()
}

/// What a file holds. No error repeats any of it.
fn parse(bytes: &[u8]) -> Result<SecretText, &'static str> {
    // Whoever writes the file by hand ends its line.
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if text.iter().any(u8::is_ascii_control) {
        return Err(
            "it has a line end or another control character in it, which no name and no password can have; correct \
             the secret that `.credentials(…)` of the role names, and apply the definition",
        );
    }
    match text.iter().position(|byte| *byte == b':') {
        Some(1..) => Ok(SecretText::new(text.to_vec())),
        _ => Err(
            "expected a name and a password with a colon between them; correct the secret that `.credentials(…)` of \
             the role names, and apply the definition",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_password_are_read_and_nothing_else_is() {
        for (file, held) in [
            ("anna:hunter2", "anna:hunter2"),
            ("anna:hun:ter 2\n", "anna:hun:ter 2"),
            ("änne:", "änne:"),
        ] {
            assert_eq!(parse(file.as_bytes()).unwrap().expose(), held.as_bytes());
        }
        for (file, told) in [
            ("", "expected a name and a password"),
            ("hunter2", "expected a name and a password"),
            (":hunter2", "expected a name and a password"),
            ("anna:hunter2\n\n", "control character"),
            ("anna:hunter2\r\n", "control character"),
            ("anna:\0hunter2", "control character"),
        ] {
            let why = parse(file.as_bytes()).unwrap_err();
            assert!(why.contains(told) && !why.contains("hunter2"), "{file:?}: {why}");
        }
    }
}
