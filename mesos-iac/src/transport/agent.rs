//! The SSH agent, asked whether it is there.
//!
//! libssh2 talks to the agent with calls that block, and every host would wait with them. A socket that nobody answers
//! on is common (a forwarded agent whose connection hangs), so the agent has to answer once in time before libssh2 may
//! talk to it. An agent that asks its user to confirm each signature still stops all hosts meanwhile; for such keys
//! there is [`Method::OpenSsh`](super::Method::OpenSsh).

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// The longest that an agent may take to list its keys.
const PATIENCE: Duration = Duration::from_secs(3);

/// `SSH_AGENTC_REQUEST_IDENTITIES` and `SSH_AGENT_IDENTITIES_ANSWER` (draft-ietf-sshm-ssh-agent, section 3.4).
const LIST_REQUEST: [u8; 5] = [0, 0, 0, 1, 11];
const LIST_ANSWER: u8 = 12;

/// How many keys the agent says that it holds.
///
/// # Errors
/// A text that says why it is of no use.
pub(super) async fn count_keys(socket: &Path) -> Result<u32, String> {
    match tokio::time::timeout(PATIENCE, ask(socket)).await {
        Ok(Ok(count)) => Ok(count),
        Ok(Err(error)) => Err(format!("it cannot be used: {error}")),
        Err(_elapsed) => Err(format!("it did not answer within {} s", PATIENCE.as_secs())),
    }
}

async fn ask(socket: &Path) -> io::Result<u32> {
    let mut agent = UnixStream::connect(socket).await?;
    agent.write_all(&LIST_REQUEST).await?;
    let mut answer = [0; 9];
    agent.read_exact(&mut answer[..5]).await?;
    if answer[4] != LIST_ANSWER {
        return Err(io::Error::other("it refuses to list its keys"));
    }
    agent.read_exact(&mut answer[5..]).await?;
    let [.., a, b, c, d] = answer;
    Ok(u32::from_be_bytes([a, b, c, d]))
}
