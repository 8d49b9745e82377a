//! SSH inside this process: connecting to a host with libssh2.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use async_ssh2_lite::AsyncSession;
use ssh2::MethodType;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, oneshot, watch};
use tokio::time::timeout;

use super::authentication::{authenticate, message};
use super::channel::Channel;
use super::error::{HostKeyError, Stage, TransportError};
use super::host_key::HostKey;
use super::identification::identification;
use super::known_hosts::HostRecords;
use super::libssh2_channel;
use super::target::{SshOptions, Target};
use super::thread::ensure_ssh_thread;
use super::wire::{Wire, WireHandle};

/// The longest that a polite goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// The algorithms to ask for, best first, and the type of key that each uses. No host certificates, which nothing here
/// could verify, and no SHA-1.
const HOST_KEY_ALGORITHMS: [(&str, &str); 6] = [
    ("ssh-ed25519", "ssh-ed25519"),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
    ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"),
    ("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "ssh-rsa"),
    ("rsa-sha2-256", "ssh-rsa"),
];

/// A connection that is logged in. Dropping it ends the connection as soon as its last channel is dropped.
pub struct Libssh2Session {
    pub(super) session: AsyncSession<Wire>,
    pub(super) wire: WireHandle,
    pub(super) host: String,
    /// Held while a channel is opened and its command started. libssh2 takes the first answer that arrives for its own:
    /// two commands started at once on one connection fail now and then.
    pub(super) gate: Rc<Mutex<()>>,
    /// Gone when neither this session nor one of its channels is in use.
    pub(super) in_use: Rc<watch::Sender<()>>,
}

impl Libssh2Session {
    /// Connects, verifies the host's key, and logs in, all within `options.connect_timeout`. Nothing about the login is
    /// sent before the key is verified.
    ///
    /// # Errors
    /// Any [`TransportError`] but `Exec` and `Lost`.
    pub async fn connect(target: &Target, options: &SshOptions) -> Result<Self, TransportError> {
        ensure_ssh_thread()?;
        target.validate()?;
        within(target, options, async |stage| {
            let records = HostRecords::read(target, options).await?;
            let addresses = resolve(target).await?;
            let (session, wire) = verified(target, &records, &addresses, options, stage).await?;
            stage.set(Stage::Authentication);
            authenticate(&session, &wire, target, options).await?;
            Ok(Self {
                session,
                wire,
                host: target.host.clone(),
                gate: Rc::default(),
                in_use: Rc::new(watch::channel(()).0),
            })
        })
        .await
    }

    /// Starts a command. Several may run at once, as many as the server allows (OpenSSH: `MaxSessions`, 10 by default).
    ///
    /// # Errors
    /// [`TransportError::Exec`] if the server refuses, [`TransportError::Lost`] if the connection is gone.
    pub async fn exec(&self, command: &str) -> Result<Channel, TransportError> {
        let (reply, opened) = oneshot::channel();
        // In a task, so that a caller who gives up does not leave libssh2 in the middle of something.
        tokio::task::spawn_local(libssh2_channel::run(self, command, reply));
        opened.await.unwrap_or_else(|_| {
            Err(TransportError::Lost {
                host: self.host.clone(),
                why: "the SSH thread is ending".to_owned(),
            })
        })
    }

    /// Says goodbye to the server, for at most a second. Channels that are still open end with an error.
    pub async fn close(self) {
        let goodbye = self.session.disconnect(None, "done", None);
        // A server that does not listen any more is as good as one that was told.
        timeout(GOODBYE, goodbye).await.ok();
        self.wire.shut_down();
    }
}

/// The key that a host presents. No known-hosts file is read, and nothing about a login is sent.
pub(super) async fn presented_key(target: &Target, options: &SshOptions) -> Result<HostKey, TransportError> {
    ensure_ssh_thread()?;
    target.validate()?;
    within(target, options, async |stage| {
        let addresses = resolve(target).await?;
        let algorithms = algorithms(&[], &BTreeSet::new());
        let stream = dial(target, &addresses, options, stage).await?;
        let (session, wire) = handshake(target, stream, &algorithms, stage).await?;
        let key = host_key(target, &session);
        drop(session);
        wire.shut_down();
        key
    })
    .await
}

/// Runs the steps towards a connection within the time limit.
async fn within<T>(
    target: &Target,
    options: &SshOptions,
    steps: impl AsyncFnOnce(&Cell<Stage>) -> Result<T, TransportError>,
) -> Result<T, TransportError> {
    let stage = Cell::new(Stage::Resolve);
    let after = options.connect_timeout;
    match timeout(after, steps(&stage)).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err(TransportError::TimedOut {
            host: target.host.clone(),
            endpoint: target.endpoint(),
            stage: stage.get(),
            after,
        }),
    }
}

async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, TransportError> {
    let failed = |why: String| TransportError::Resolve {
        host: target.host.clone(),
        address: target.address.clone(),
        why,
    };
    let found = tokio::net::lookup_host((target.address.as_str(), target.ssh_port())).await;
    let addresses: Vec<SocketAddr> = found.map_err(|error| failed(error.to_string()))?.collect();
    if addresses.is_empty() {
        return Err(failed("it has no address".to_owned()));
    }
    Ok(addresses)
}

/// A connection whose host key is verified.
///
/// A server that has several keys presents the first one that we ask for. Known-hosts entries tell which to ask for. A
/// pin is a fingerprint and does not tell its type, so if the key is not the pinned one, the other types are asked for
/// in turn, each over a new connection.
async fn verified(
    target: &Target,
    records: &HostRecords,
    addresses: &[SocketAddr],
    options: &SshOptions,
    stage: &Cell<Stage>,
) -> Result<(AsyncSession<Wire>, WireHandle), TransportError> {
    let mut seen: Vec<HostKey> = Vec::new();
    loop {
        let rejected: BTreeSet<&str> = seen.iter().map(HostKey::key_type).collect();
        let algorithms = algorithms(&records.known_types(target), &rejected);
        let stream = dial(target, addresses, options, stage).await?;
        let (session, wire) = match handshake(target, stream, &algorithms, stage).await {
            Ok(connected) => connected,
            // The server has no key of the types that are left.
            Err(TransportError::Handshake { .. }) if !seen.is_empty() => return Err(not_pinned(target, seen)),
            Err(error) => return Err(error),
        };
        let key = host_key(target, &session)?;
        match records.verify(target, &key) {
            Ok(()) => return Ok((session, wire)),
            Err(HostKeyError::NotPinned { .. }) => {
                let repeated = rejected.contains(key.key_type());
                seen.push(key);
                if repeated
                    || HOST_KEY_ALGORITHMS
                        .iter()
                        .all(|(_, of)| seen.iter().any(|key| key.key_type() == *of))
                {
                    return Err(not_pinned(target, seen));
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn not_pinned(target: &Target, presented: Vec<HostKey>) -> TransportError {
    let pinned = target.host_keys.clone();
    HostKeyError::NotPinned {
        host: target.host.clone(),
        endpoint: target.endpoint(),
        presented,
        pinned,
    }
    .into()
}

/// The preference list for a handshake: known types first, then the others, without the rejected ones.
fn algorithms(known_types: &[&str], rejected: &BTreeSet<&str>) -> String {
    let known = |of: &str| known_types.iter().position(|known| *known == of);
    let mut list: Vec<(&str, &str)> = HOST_KEY_ALGORITHMS
        .into_iter()
        .filter(|(_, of)| !rejected.contains(of))
        .collect();
    list.sort_by_key(|(_, of)| known(of).unwrap_or(usize::MAX));
    let names: Vec<&str> = list.into_iter().map(|(name, _)| name).collect();
    names.join(",")
}

/// A TCP connection to the first address that answers. Each but the last gets its share of the time only, so that one
/// that swallows packets does not use it up.
async fn dial(
    target: &Target,
    addresses: &[SocketAddr],
    options: &SshOptions,
    stage: &Cell<Stage>,
) -> Result<TcpStream, TransportError> {
    stage.set(Stage::Connect);
    let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let share = options.connect_timeout / count;
    let mut failures = Vec::new();
    for (index, address) in addresses.iter().enumerate() {
        let limit = if index + 1 == addresses.len() {
            options.connect_timeout
        } else {
            share
        };
        match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Without it a small packet waits for the answer to the one before. A failure costs speed only.
                stream.set_nodelay(true).ok();
                return Ok(stream);
            }
            Ok(Err(error)) => failures.push((address, error.to_string())),
            Err(_elapsed) => failures.push((address, "no answer".to_owned())),
        }
    }
    let why = match failures.as_slice() {
        [(_, why)] => why.clone(),
        several => several
            .iter()
            .map(|(address, why)| format!("{}: {why}", address.ip()))
            .collect::<Vec<_>>()
            .join("; "),
    };
    Err(TransportError::Connect {
        host: target.host.clone(),
        endpoint: target.endpoint(),
        why,
    })
}

async fn handshake(
    target: &Target,
    mut stream: TcpStream,
    algorithms: &str,
    stage: &Cell<Stage>,
) -> Result<(AsyncSession<Wire>, WireHandle), TransportError> {
    let failed = |why: String| TransportError::Handshake {
        host: target.host.clone(),
        endpoint: target.endpoint(),
        why,
    };
    let io = |error: std::io::Error| failed(error.to_string());
    let ssh = |error: async_ssh2_lite::Error| failed(message(&error));
    stage.set(Stage::Identification);
    let (wire, handle, mut antechamber) = Wire::new().map_err(io)?;
    let mut session = AsyncSession::new(wire, None).map_err(ssh)?;
    session
        .method_pref(MethodType::HostKey, algorithms)
        .await
        .map_err(ssh)?;
    // The session says who it is, and hears nothing: it cannot be done yet.
    let first = poll_fn(|cx| Poll::Ready(pin!(session.handshake()).poll(cx))).await;
    if let Poll::Ready(Err(error)) = first {
        return Err(ssh(error));
    }
    stream.write_all(&antechamber.said().map_err(io)?).await.map_err(io)?;
    identification(&stream).await.map_err(failed)?;
    handle.connect(antechamber, stream).map_err(io)?;
    stage.set(Stage::Handshake);
    session.handshake().await.map_err(ssh)?;
    Ok((session, handle))
}

fn host_key(target: &Target, session: &AsyncSession<Wire>) -> Result<HostKey, TransportError> {
    session
        .host_key()
        .and_then(|(blob, _)| HostKey::from_blob(blob))
        .ok_or_else(|| TransportError::Handshake {
            host: target.host.clone(),
            endpoint: target.endpoint(),
            why: "it presents no host key that can be read".to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_types_are_asked_for_first() {
        let none = BTreeSet::new();
        assert!(algorithms(&[], &none).starts_with("ssh-ed25519,ecdsa-sha2-nistp256,"));
        assert!(algorithms(&["ssh-rsa"], &none).starts_with("rsa-sha2-512,rsa-sha2-256,ssh-ed25519,"));
        assert!(
            algorithms(&["ecdsa-sha2-nistp384", "ssh-ed25519"], &none)
                .starts_with("ecdsa-sha2-nistp384,ssh-ed25519,ecdsa-sha2-nistp256,")
        );
        assert!(algorithms(&["ssh-dss", "x@y"], &none).starts_with("ssh-ed25519,"));
    }

    #[test]
    fn rejected_types_certificates_and_sha_1_are_not_asked_for() {
        let list = algorithms(&["ssh-rsa"], &BTreeSet::from(["ssh-rsa", "ssh-ed25519"]));
        assert_eq!(list, "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521");
        let all = algorithms(&[], &BTreeSet::new());
        assert!(!all.contains("cert") && !all.contains("dss") && all.split(',').all(|name| name != "ssh-rsa"));
    }
}
