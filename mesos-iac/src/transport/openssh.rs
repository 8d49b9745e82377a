//! SSH by way of the user's own OpenSSH client: one process per command.

use std::ffi::OsString;
use std::process::{ExitStatus as ProcessStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;

use super::channel::{CHUNK, Channel, Ends, ExitStatus, OutputSender, channel};
use super::error::TransportError;
use super::known_hosts::HostRecords;
use super::openssh_arguments::arguments;
use super::openssh_failure::reason;
use super::target::{SshOptions, Target};

/// How much of what was said last is kept to find the reason of a failure in.
const TAIL: usize = 16 * 1024;

/// How long standard error may stay open after the client's end. A master that it left in the background, for
/// connections to come, may hold it for hours.
const LINGER: Duration = Duration::from_millis(500);

/// What it takes to run OpenSSH's client for one host. There is no connection yet.
///
/// Standard error carries what the client itself says as well as what the command says.
pub struct OpenSshSession {
    target: Target,
    options: SshOptions,
    arguments: Vec<OsString>,
}

impl OpenSshSession {
    /// Checks the target and makes the command line.
    ///
    /// The client enforces the same keys as the in-process transport. A pin becomes a `KnownHostsCommand`, which needs
    /// OpenSSH 8.5. Since a fingerprint does not tell its key's type, pin the key that a client prefers (Ed25519), or
    /// all, or have the pinned one in a known-hosts file too; otherwise a server may present another one and is refused.
    ///
    /// # Errors
    /// `Target`, `Options`, `KnownHosts`, or `HostKey` if every pin is revoked.
    pub async fn new(target: &Target, options: &SshOptions) -> Result<Self, TransportError> {
        target.validate()?;
        let records = HostRecords::read(target, options).await?;
        Ok(Self {
            arguments: arguments(target, options, &records)?,
            target: target.clone(),
            options: options.clone(),
        })
    }

    /// Starts the client with a command. What goes wrong with the connection appears in
    /// [`Exit::wait`](super::Exit::wait).
    ///
    /// # Errors
    /// [`TransportError::OpenSsh`] if the client cannot be started.
    pub fn exec(&self, command: &str) -> Result<Channel, TransportError> {
        let mut process = Command::new(&self.options.openssh_program);
        process
            .args(&self.arguments)
            .arg(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // What is typed at the terminal to end this program is for this program to act on.
            .process_group(0);
        if let Some(socket) = &self.options.agent_socket {
            // Not IdentityAgent, which would override what the user's ssh_config says of it.
            process.env("SSH_AUTH_SOCK", socket);
        }
        let child = process.spawn().map_err(|error| TransportError::OpenSsh {
            host: self.target.host.clone(),
            program: self.options.openssh_program.clone(),
            why: error.to_string(),
        })?;
        let (user, ends) = channel(&self.target.host, None);
        tokio::spawn(drive(child, ends, self.target.clone(), self.options.clone()));
        Ok(user)
    }

    pub(super) fn host(&self) -> &str {
        &self.target.host
    }
}

/// Works for one client until it has ended, and ends it when the user has dropped every half of its channel.
async fn drive(mut child: Child, ends: Ends, target: Target, options: SshOptions) {
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (ended, has_ended) = watch::channel(false);
    let work = async {
        let (status, (), tail, ()) = tokio::join!(
            async {
                let status = child.wait().await;
                // Every receiver is in this task.
                ended.send_replace(true);
                status
            },
            forward(output, ends.stdout),
            forward_and_keep(errors, ends.stderr, has_ended.clone()),
            feed(input, ends.input, has_ended.clone()),
        );
        let status = match status {
            Ok(status) => interpret(status, &target, &options, &tail),
            Err(error) => Err(TransportError::Lost {
                host: target.host.clone(),
                why: error.to_string(),
            }),
        };
        // The user may not care.
        ends.exit.send(status).ok();
    };
    tokio::select! {
        () = work => {}
        // An error is the news that every half is dropped. The client is killed with its handle.
        _ = ends.abandoned => {}
    }
}

fn interpret(
    status: ProcessStatus,
    target: &Target,
    options: &SshOptions,
    tail: &[u8],
) -> Result<ExitStatus, TransportError> {
    match status.code() {
        Some(255) => Err(reason(target, options, &String::from_utf8_lossy(tail))),
        Some(code) => Ok(ExitStatus::exited(code.cast_unsigned())),
        None => Err(TransportError::Lost {
            host: target.host.clone(),
            why: format!("{}: {status}", options.openssh_program.display()),
        }),
    }
}

async fn feed(client: Option<ChildStdin>, mut input: DuplexStream, mut has_ended: watch::Receiver<bool>) {
    let Some(mut client) = client else { return };
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = tokio::select! {
            length = input.read(&mut buffer) => length.unwrap_or(0),
            _ = has_ended.wait_for(|ended| *ended) => 0,
        };
        // A client that does not take it any more says why when it ends.
        if length == 0 || client.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

async fn forward(client: Option<impl AsyncRead + Unpin>, mut output: OutputSender) {
    let Some(mut client) = client else { return };
    let mut buffer = vec![0; CHUNK];
    while let Ok(length @ 1..) = client.read(&mut buffer).await {
        output.send(Ok(buffer[..length].to_vec())).await;
    }
}

async fn forward_and_keep(
    client: Option<impl AsyncRead + Unpin>,
    mut output: OutputSender,
    mut has_ended: watch::Receiver<bool>,
) -> Vec<u8> {
    let mut tail = Vec::new();
    let Some(mut client) = client else { return tail };
    let mut buffer = vec![0; CHUNK];
    loop {
        let lingering = async {
            // The sender outlives this, so there is an end to wait for.
            has_ended.wait_for(|ended| *ended).await.ok();
            tokio::time::sleep(LINGER).await;
        };
        let length = tokio::select! {
            length = client.read(&mut buffer) => length.unwrap_or(0),
            () = lingering => 0,
        };
        if length == 0 {
            return tail;
        }
        tail.extend_from_slice(&buffer[..length]);
        tail.drain(..tail.len().saturating_sub(TAIL));
        output.send(Ok(buffer[..length].to_vec())).await;
    }
}
