//! A session, whichever way it is made.

use super::channel::Channel;
use super::error::TransportError;
use super::libssh2::Libssh2Session;
use super::openssh::OpenSshSession;
use super::target::{Method, SshOptions, Target};

/// A host that commands can be run on.
pub enum Session {
    /// A connection inside this process.
    Libssh2(Libssh2Session),
    /// What it takes to run the user's own client.
    OpenSsh(OpenSshSession),
}

impl Session {
    /// Reaches a host.
    ///
    /// With [`Method::Libssh2`] it is connected, verified and logged in to afterwards. With [`Method::OpenSsh`] only
    /// the arguments are checked; each command makes its connection, or shares one as `ssh_config` says.
    ///
    /// # Errors
    /// [`TransportError`], which says how far it got.
    pub async fn connect(method: Method, target: &Target, options: &SshOptions) -> Result<Self, TransportError> {
        Ok(match method {
            Method::Libssh2 => Self::Libssh2(Libssh2Session::connect(target, options).await?),
            Method::OpenSsh => Self::OpenSsh(OpenSshSession::new(target, options).await?),
        })
    }

    /// Starts a command line, which the login's shell on the host reads. It must be made of constants and of values
    /// that cannot mean anything to a shell, such as hexadecimal digests. Several commands may run at once.
    ///
    /// # Errors
    /// [`TransportError::Exec`] for a command that cannot be started and [`TransportError::Lost`] if the connection is
    /// gone. With [`Method::OpenSsh`] a failure to connect appears in [`Exit::wait`](super::Exit::wait) instead.
    pub async fn exec(&self, command: &str) -> Result<Channel, TransportError> {
        let refuse = |host: &str, why: &str| TransportError::Exec {
            host: host.to_owned(),
            why: why.to_owned(),
        };
        let host = match self {
            Self::Libssh2(session) => &session.host,
            Self::OpenSsh(session) => session.host(),
        };
        if command.is_empty() || command.contains('\0') {
            return Err(refuse(host, "a command is not empty and has no NUL byte"));
        }
        match self {
            Self::Libssh2(session) => session.exec(command).await,
            Self::OpenSsh(session) => session.exec(command),
        }
    }

    /// Ends the session in an orderly way. Dropping it does too, a little less politely.
    pub async fn close(self) {
        match self {
            Self::Libssh2(session) => session.close().await,
            Self::OpenSsh(_) => {}
        }
    }
}
