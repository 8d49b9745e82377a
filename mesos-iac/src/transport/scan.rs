//! Asking a host for its key.

use super::error::TransportError;
use super::host_key::HostKey;
use super::libssh2;
use super::target::{SshOptions, Target};

/// The key that a host presents now, for somebody to compare and [`append`](super::append) to record.
///
/// Nothing is verified and nobody logs in: until its fingerprint is compared the key may be an impostor's. A server with
/// several keys presents the one that the in-process transport prefers, Ed25519 first. Goes to the address directly,
/// without jump hosts, whatever the method.
///
/// # Errors
/// `Resolve`, `Connect`, `Handshake` or `TimedOut`, and `NotOnSshThread` outside
/// [`run_on_ssh_thread`](super::run_on_ssh_thread).
pub async fn scan_host_key(target: &Target, options: &SshOptions) -> Result<HostKey, TransportError> {
    libssh2::presented_key(target, options).await
}
