//! Byte streams to hosts over SSH.
//!
//! A [`Session`] runs commands on one host; a [`Channel`] is one command's input, outputs and end. There are two ways
//! to make one: [`Method::Libssh2`], inside this process, and [`Method::OpenSsh`], the user's own client.
//!
//! **One thread.** All in-process sessions live on one thread, which [`run_on_ssh_thread`] starts: a current-thread
//! runtime with a `LocalSet`. OpenSSL fills tables on first use, and in a static program several first handshakes at
//! once on several threads can crash it; one thread is no slower. So sessions and channels are not `Send`, connecting
//! with libssh2 anywhere else is an error, and the fleet runs one local task per host there.
//!
//! **Who is spoken to.** A host's key is verified before anything about the login is sent, against the definition's
//! pins or the known-hosts files, and anything in doubt is a refusal: see [`KnownHosts`]. [`scan_host_key`] and
//! [`append`] are the two halves of `trust`.
//!
//! **What comes from where.** Nothing here reads the environment or the home directory: [`SshOptions`] has it all. Any
//! text of a host's that ends up in an error is stripped of control characters.

mod agent;
mod authentication;
mod channel;
mod error;
mod host_key;
mod identification;
mod identity;
mod known_hosts;
mod known_hosts_line;
mod libssh2;
mod libssh2_channel;
mod openssh;
mod openssh_arguments;
mod openssh_failure;
mod scan;
mod session;
mod target;
mod thread;
mod trust;
mod wire;

pub use crate::model::{Fingerprint, FingerprintError};
pub use channel::{Captured, Channel, Exit, ExitStatus};
pub use error::{Attempt, HostKeyError, Stage, TransportError};
pub use host_key::HostKey;
pub use known_hosts::{HostRecords, KnownHosts, KnownHostsError, Place, Record};
pub use libssh2::Libssh2Session;
pub use openssh::OpenSshSession;
pub use scan::scan_host_key;
pub use session::Session;
pub use target::{Method, SshOptions, Target};
pub use thread::{SshThreadError, run_on_ssh_thread};
pub use trust::{append, entry};
