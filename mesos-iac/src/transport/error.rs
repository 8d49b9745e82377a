//! Why a host was not reached.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::host_key::HostKey;
use super::known_hosts::{KnownHostsError, Place, Record};
use crate::model::Fingerprint;
use crate::words::visible;

/// Why a host was not reached, or was lost. Each message reads after "failed to"; [`hint`](Self::hint) says what to do
/// next. Whatever the variant, the host counts as unreachable.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// A part of the target would be taken for something else.
    #[error("accept {value:?} as the {what} of a host to connect to: {why}")]
    Target {
        /// The part.
        what: &'static str,
        /// What it holds.
        value: String,
        /// Why it is refused.
        why: &'static str,
    },
    /// An option cannot be used.
    #[error("use the SSH option {what}: {why}")]
    Options {
        /// The option.
        what: &'static str,
        /// Why it is refused.
        why: String,
    },
    /// The address is a name that does not resolve.
    #[error("resolve {address:?}, the address of {host}: {why}")]
    Resolve {
        /// The host's name in the definition.
        host: String,
        /// Its address.
        address: String,
        /// What the resolver says.
        why: String,
    },
    /// No TCP connection.
    #[error("connect to {host} at {endpoint}: {why}")]
    Connect {
        /// The host's name in the definition.
        host: String,
        /// Address and port.
        endpoint: String,
        /// Refused, unreachable, …
        why: String,
    },
    /// A connection, but no SSH on it.
    #[error("agree with {host} at {endpoint} on an SSH connection: {why}")]
    Handshake {
        /// The host's name in the definition.
        host: String,
        /// Address and port.
        endpoint: String,
        /// What went wrong.
        why: String,
    },
    /// The host did not prove to be the one that is meant. Nothing was sent to it.
    #[error(transparent)]
    HostKey(Box<HostKeyError>),
    /// The known-hosts files cannot be relied on.
    #[error(transparent)]
    KnownHosts(#[from] KnownHostsError),
    /// No key was accepted.
    #[error("log in to {host} at {endpoint} as {user}: {}", list(tried))]
    Authentication {
        /// The host's name in the definition.
        host: String,
        /// Address and port.
        endpoint: String,
        /// The login.
        user: String,
        /// What was tried, in order.
        tried: Vec<Attempt>,
    },
    /// A connection, but no command on it.
    #[error("start a command on {host}: {why}")]
    Exec {
        /// The host's name in the definition.
        host: String,
        /// What went wrong.
        why: String,
    },
    /// The connection broke, or a command's end was never reported.
    #[error("keep the connection to {host}: {why}")]
    Lost {
        /// The host's name in the definition.
        host: String,
        /// What went wrong.
        why: String,
    },
    /// The limit on reaching a host ran out.
    #[error("{stage} {host} at {endpoint} within {} s", after.as_secs_f64())]
    TimedOut {
        /// The host's name in the definition.
        host: String,
        /// Address and port.
        endpoint: String,
        /// What was under way.
        stage: Stage,
        /// The limit.
        after: Duration,
    },
    /// OpenSSH's client ended before there was a connection, for a reason that none of the others covers.
    #[error("reach {host} with {}: {why}", program.display())]
    OpenSsh {
        /// The host's name in the definition.
        host: String,
        /// The client.
        program: PathBuf,
        /// The last thing that it said.
        why: String,
    },
    /// An in-process session was asked for outside [`run_on_ssh_thread`](super::run_on_ssh_thread).
    #[error("open an in-process SSH session: this is not the SSH thread")]
    NotOnSshThread,
}

/// A host that did not prove to be the one that is meant. A `presented` that is `None` was not told by OpenSSH.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostKeyError {
    /// No known-hosts file has a key for it, and the definition pins none.
    #[error("verify {host} at {endpoint}: its host key{} is not known", shown(presented.as_ref()))]
    Unknown {
        /// The host's name in the definition.
        host: String,
        /// Address and port.
        endpoint: String,
        /// The key.
        presented: Option<HostKey>,
        /// The files that were searched.
        searched: Vec<PathBuf>,
        /// A line that trusts certificates for it, which this transport does not use.
        authority: Option<Place>,
    },
    /// Other keys are recorded for it.
    #[error(
        "verify {host} at {endpoint}: its host key{} is not the one that is recorded{}",
        shown_parts(presented_type.as_ref(), presented.as_ref()),
        recorded(expected, place.as_ref())
    )]
    Changed {
        /// The host's name in the definition.
        host: String,
        /// Address and port.
        endpoint: String,
        /// The fingerprint of the key that it has now.
        presented: Option<Fingerprint>,
        /// The type of that key.
        presented_type: Option<String>,
        /// The keys that are recorded.
        expected: Vec<Record>,
        /// The line to look at first.
        place: Option<Place>,
    },
    /// A known-hosts file revokes the key.
    #[error("verify {host} at {endpoint}: its host key{} is revoked{}", shown(presented.as_ref()), at(place.as_ref()))]
    Revoked {
        /// The host's name in the definition.
        host: String,
        /// Address and port.
        endpoint: String,
        /// The key.
        presented: Option<HostKey>,
        /// The line that revokes it.
        place: Option<Place>,
    },
    /// The definition pins other keys.
    #[error(
        "verify {host} at {endpoint}: the definition pins {}{}",
        list(pinned),
        but(presented)
    )]
    NotPinned {
        /// The host's name in the definition.
        host: String,
        /// Address and port.
        endpoint: String,
        /// Its keys, as far as they were seen.
        presented: Vec<HostKey>,
        /// The pinned ones.
        pinned: Vec<Fingerprint>,
    },
}

/// A way to log in that was tried, or could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The credential: a file, or a key of the agent.
    pub with: String,
    /// What came of it.
    pub outcome: String,
}

/// `CREDENTIAL (OUTCOME)`.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.with, self.outcome)
    }
}

/// What is under way while a host is being reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The name is being resolved.
    Resolve,
    /// TCP.
    Connect,
    /// The server is to say that it speaks SSH.
    Identification,
    /// Keys are being exchanged, the host's key among them.
    Handshake,
    /// Logging in.
    Authentication,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolve the address of",
            Self::Connect => "connect to",
            Self::Identification => "hear a word of SSH from",
            Self::Handshake => "exchange keys with",
            Self::Authentication => "log in to",
        })
    }
}

impl From<HostKeyError> for TransportError {
    fn from(error: HostKeyError) -> Self {
        Self::HostKey(Box::new(error))
    }
}

impl TransportError {
    /// A word for the kind of failure, for machine-readable reports. These words are stable.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Target { .. } | Self::Options { .. } | Self::NotOnSshThread => "usage",
            Self::Resolve { .. } => "resolve",
            Self::Connect { .. } => "connect",
            Self::Handshake { .. } => "handshake",
            Self::HostKey(_) => "host-key",
            Self::KnownHosts(_) => "known-hosts",
            Self::Authentication { .. } => "authentication",
            Self::Exec { .. } => "exec",
            Self::Lost { .. } => "lost",
            Self::TimedOut { .. } => "timed-out",
            Self::OpenSsh { .. } => "openssh",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Target { .. } => "correct it in the definition".to_owned(),
            Self::Options { .. } => "correct it on the command line".to_owned(),
            Self::Resolve { host, .. } => {
                format!("give {host} an IP address in the definition, or add the name to the resolver")
            }
            Self::Connect { endpoint, .. } => {
                format!("check that the host is up and that an SSH server listens on {endpoint}")
            }
            Self::Handshake { .. } => "check that the port is that of an SSH server; `--transport openssh` may \
                 know what the server asks for"
                .to_owned(),
            Self::HostKey(error) => error.hint(),
            Self::KnownHosts(KnownHostsError::Line { place, .. }) => format!("correct or remove {place}"),
            Self::KnownHosts(KnownHostsError::Unreadable { file, .. } | KnownHostsError::Unwritable { file, .. }) => {
                format!("make {} a file that you can read and write", file.display())
            }
            Self::Authentication { user, tried, .. } => return Some(authentication_hint(user, tried)),
            Self::Exec { .. } => "the server refuses more sessions or this command: see its MaxSessions and \
                 ForceCommand"
                .to_owned(),
            Self::Lost { .. } => "run it again: what was done is recorded on the host".to_owned(),
            Self::TimedOut {
                stage: Stage::Identification,
                ..
            } => "something listens there that does not speak SSH, or is too busy to".to_owned(),
            Self::TimedOut { .. } => "check the network, or raise the connection time-out".to_owned(),
            Self::OpenSsh { host, .. } => format!("run `ssh {host}` by hand to see more"),
            Self::NotOnSshThread => return None,
        })
    }
}

impl HostKeyError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown {
                host, authority: None, ..
            } => {
                format!("run `trust {host}` and compare the fingerprint with the one on the host's console")
            }
            Self::Unknown {
                host,
                authority: Some(place),
                ..
            } => format!(
                "{place} trusts host certificates, which only `--transport openssh` verifies; else run `trust {host}`"
            ),
            Self::Changed { host, place, .. } => format!(
                "find out why the key changed, as somebody may be in between; if the host was reinstalled, remove {} \
                 and run `trust {host}`",
                place
                    .as_ref()
                    .map_or_else(|| "the old line".to_owned(), ToString::to_string)
            ),
            Self::Revoked { .. } => {
                "do not log in there: whoever revoked the key says that others may have it".to_owned()
            }
            Self::NotPinned { host, .. } => format!(
                "find out why the key changed, as somebody may be in between; if the host was reinstalled, correct \
                 the pin of {host} in the definition"
            ),
        }
    }
}

fn authentication_hint(user: &str, tried: &[Attempt]) -> String {
    if tried.iter().any(|attempt| attempt.outcome.contains("passphrase")) {
        "add the encrypted key to the SSH agent with `ssh-add`".to_owned()
    } else if tried.is_empty() {
        "start an SSH agent, or name a private key".to_owned()
    } else {
        format!("add one of the public keys to ~/.ssh/authorized_keys of {user} on the host")
    }
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    if items.is_empty() {
        return "there was no key to try".to_owned();
    }
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

fn shown(key: Option<&HostKey>) -> String {
    key.map_or_else(String::new, |key| format!(" {key}"))
}

fn shown_parts(key_type: Option<&String>, fingerprint: Option<&Fingerprint>) -> String {
    let key_type = key_type.map_or_else(String::new, |text| format!(" {text}"));
    let fingerprint = fingerprint.map_or_else(String::new, |print| format!(" {print}"));
    key_type + &fingerprint
}

fn recorded(expected: &[Record], place: Option<&Place>) -> String {
    if expected.is_empty() {
        return at(place);
    }
    let records: Vec<String> = expected
        .iter()
        .map(|record| format!("{} at {}", record.key, record.place))
        .collect();
    format!(": {}", records.join(", "))
}

fn at(place: Option<&Place>) -> String {
    place.map_or_else(String::new, |place| format!(" at {place}"))
}

fn but(presented: &[HostKey]) -> String {
    if presented.is_empty() {
        ", which the host does not present".to_owned()
    } else {
        format!(", and the host presents {}", list(presented))
    }
}

/// A text from outside as one line that is safe to show: control characters escaped, and no longer than a message.
pub(super) fn printable(text: &str) -> String {
    const LONGEST: usize = 300;
    let text = text.trim();
    let mut line = visible(&text.chars().take(LONGEST).collect::<String>());
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::host_key::tests::key;
    use super::*;

    #[test]
    fn messages_read_after_failed_to() {
        let (host, endpoint) = ("zk1".to_owned(), "192.0.2.1:22".to_owned());
        let attempt = |with: &str, outcome: &str| Attempt {
            with: with.to_owned(),
            outcome: outcome.to_owned(),
        };
        let errors = [
            TransportError::Authentication {
                host: host.clone(),
                endpoint: endpoint.clone(),
                user: "root".to_owned(),
                tried: vec![attempt("/id", "refused"), attempt("/id2", "it is encrypted")],
            },
            TransportError::Authentication {
                host: host.clone(),
                endpoint: endpoint.clone(),
                user: "root".to_owned(),
                tried: Vec::new(),
            },
            TransportError::TimedOut {
                host: host.clone(),
                endpoint: endpoint.clone(),
                stage: Stage::Identification,
                after: Duration::from_millis(1500),
            },
            HostKeyError::Unknown {
                host,
                endpoint,
                presented: Some(key("ssh-ed25519", 1)),
                searched: Vec::new(),
                authority: None,
            }
            .into(),
        ];
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let fingerprint = key("ssh-ed25519", 1).fingerprint();
        assert_eq!(
            texts,
            [
                "log in to zk1 at 192.0.2.1:22 as root: /id (refused), /id2 (it is encrypted)".to_owned(),
                "log in to zk1 at 192.0.2.1:22 as root: there was no key to try".to_owned(),
                "hear a word of SSH from zk1 at 192.0.2.1:22 within 1.5 s".to_owned(),
                format!("verify zk1 at 192.0.2.1:22: its host key ssh-ed25519 {fingerprint} is not known"),
            ]
        );
        assert!(errors.iter().all(|error| error.hint().is_some()));
    }

    #[test]
    fn texts_from_outside_are_made_harmless() {
        assert_eq!(printable(" a\u{1b}[31mb\r\nc "), "a\\u{1b}[31mb\\u{d}\\u{a}c");
        assert_eq!(printable("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(printable(&"x".repeat(1000)).chars().count(), 301);
    }
}
