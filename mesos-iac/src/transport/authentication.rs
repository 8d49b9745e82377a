//! Logging in over libssh2: with the agent's keys, and with identity files.
//!
//! A server ends the connection after a few keys that it does not like (six, by default), so the order matters: first
//! the identity files' keys that the agent holds, then the identity files that can be used by themselves, then whatever
//! else the agent holds. OpenSSH tries the agent's other keys before the files, which is how "Too many authentication
//! failures" comes about.

use std::path::Path;

use async_ssh2_lite::AsyncSession;
use ssh2::{Agent, PublicKey};

use super::agent::count_keys;
use super::error::{Attempt, TransportError, printable};
use super::host_key::HostKey;
use super::identity::{self, Identity};
use super::target::{SshOptions, Target};
use super::wire::{Wire, WireHandle};

/// Logs in.
///
/// # Errors
/// [`TransportError::Authentication`], with all that was tried.
pub(super) async fn authenticate(
    session: &AsyncSession<Wire>,
    wire: &WireHandle,
    target: &Target,
    options: &SshOptions,
) -> Result<(), TransportError> {
    let paths = options.identities.clone();
    // A read that panicked would be a fault of ours; there are no identities then.
    let identities = tokio::task::spawn_blocking(move || identity::read(&paths))
        .await
        .unwrap_or_default();
    let mut login = Login {
        session,
        wire,
        user: target.login(),
        tried: Vec::new(),
    };
    if login.with_any(&identities, options.agent_socket.as_deref()).await {
        return Ok(());
    }
    Err(TransportError::Authentication {
        host: target.host.clone(),
        endpoint: target.endpoint(),
        user: target.login().to_owned(),
        tried: login.tried,
    })
}

struct Login<'a> {
    session: &'a AsyncSession<Wire>,
    wire: &'a WireHandle,
    user: &'a str,
    tried: Vec<Attempt>,
}

impl Login<'_> {
    async fn with_any(&mut self, identities: &[Identity], agent_socket: Option<&Path>) -> bool {
        let (agent, keys) = match agent_socket {
            Some(socket) => self.open_agent(socket).await,
            None => (None, Vec::new()),
        };
        let held = |identity: &Identity| {
            let public = identity.public.as_deref();
            keys.iter().find(|key| Some(key.blob()) == public)
        };
        let named = |key: &PublicKey| {
            identities
                .iter()
                .any(|identity| identity.public.as_deref() == Some(key.blob()))
        };
        if let Some(agent) = &agent {
            for key in identities.iter().filter_map(held) {
                if self.with_agent(agent, key).await {
                    return true;
                }
            }
        }
        for identity in identities.iter().filter(|identity| held(identity).is_none()) {
            if self.with_file(identity).await {
                return true;
            }
        }
        if let Some(agent) = &agent {
            for key in keys.iter().filter(|key| !named(key)) {
                if self.with_agent(agent, key).await {
                    return true;
                }
            }
        }
        false
    }

    /// The agent and its keys.
    async fn open_agent(&mut self, socket: &Path) -> (Option<Agent>, Vec<PublicKey>) {
        match count_keys(socket).await {
            Ok(0) => {
                self.note(format!("the agent at {}", socket.display()), "it holds no key");
                return (None, Vec::new());
            }
            Ok(_) => {}
            Err(why) => {
                self.note(format!("the agent at {}", socket.display()), &why);
                return (None, Vec::new());
            }
        }
        match self.connect_agent(socket).await {
            Ok((agent, keys)) => (Some(agent), keys),
            Err(why) => {
                self.note(format!("the agent at {}", socket.display()), &why);
                (None, Vec::new())
            }
        }
    }

    async fn connect_agent(&self, socket: &Path) -> Result<(Agent, Vec<PublicKey>), String> {
        let told = |error: ssh2::Error| error.message().to_owned();
        let session = self.wire.session().ok_or("the session has not begun")?;
        let mut agent = session.agent().map_err(told)?;
        agent.set_identity_path(socket).map_err(told)?;
        self.wire.run(|| agent.connect()).await.map_err(told)?;
        self.wire.run(|| agent.list_identities()).await.map_err(told)?;
        let keys = agent.identities().map_err(told)?;
        Ok((agent, keys))
    }

    async fn with_agent(&mut self, agent: &Agent, key: &PublicKey) -> bool {
        let outcome = self.wire.run(|| agent.userauth(self.user, key)).await;
        let described = HostKey::from_blob(key.blob()).map_or_else(String::new, |key| format!(" {key}"));
        let with = format!("the agent's key{described} {:?}", printable(key.comment()));
        self.settle(with, outcome.map_err(|error| error.message().to_owned()))
    }

    async fn with_file(&mut self, identity: &Identity) -> bool {
        let with = identity.path.display().to_string();
        let outcome = match &identity.private {
            Ok(private) => self
                .session
                .userauth_pubkey_memory(self.user, None, private, None)
                .await
                .map_err(|error| message(&error)),
            Err(why) => Err(why.clone()),
        };
        self.settle(with, outcome)
    }

    fn settle(&mut self, with: String, outcome: Result<(), String>) -> bool {
        match outcome {
            Ok(()) if self.session.authenticated() => return true,
            Ok(()) => self.note(with, "accepted, but the server wants more than a key"),
            Err(why) => self.note(with, &why),
        }
        false
    }

    fn note(&mut self, with: String, outcome: &str) {
        self.tried.push(Attempt {
            with,
            outcome: printable(outcome),
        });
    }
}

/// async-ssh2-lite's own text is a `Debug` form.
pub(super) fn message(error: &async_ssh2_lite::Error) -> String {
    match error {
        async_ssh2_lite::Error::Ssh2(error) => printable(error.message()),
        async_ssh2_lite::Error::Io(error) => printable(&error.to_string()),
        async_ssh2_lite::Error::Other(error) => printable(&error.to_string()),
    }
}
