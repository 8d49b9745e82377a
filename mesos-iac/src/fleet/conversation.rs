//! One run on one host: what is said to the agent, and what it answers.

use super::bootstrap::MISSING;
use super::error::HostError;
use super::event::HostResult;
use crate::agent::{Answer, FrameError, GREETING, decode_answer, decode_header};
use crate::converge::Event;
use crate::model::{Arch, Facts};
use crate::transport::Channel;
use crate::words::HumanDuration;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

/// The most that a login may print before the agent speaks.
const MOST_NOISE: usize = 64 * 1024;

/// The most of a host's own words that an error repeats.
const MOST_QUOTED: usize = 200;

/// How the conversation began.
pub(super) enum Opening {
    /// An agent greeted.
    Agent,
    /// There is no such agent on this host, which is of this architecture.
    Missing(Arch),
    /// Standard output ended before either.
    Ended(HostError),
}

/// What an agent tells of.
pub(super) trait Listener {
    fn welcomed(&mut self, facts: Facts);
    fn happened(&mut self, event: Event);
    fn is_alive(&mut self);
}

/// The answers of a host, read with a limit on its silence.
pub(super) struct Answers {
    stdout: Pin<Box<dyn AsyncRead>>,
    buffer: Vec<u8>,
    silence: Duration,
}

impl Answers {
    pub(super) const fn new(stdout: Pin<Box<dyn AsyncRead>>, silence: Duration) -> Self {
        Self {
            stdout,
            buffer: Vec::new(),
            silence,
        }
    }

    /// Reads until an agent greets or the host says that it has none, behind whatever the login prints.
    pub(super) async fn opening(&mut self) -> Result<Opening, HostError> {
        loop {
            if let Some(at) = find(&self.buffer, GREETING) {
                self.buffer.drain(..at + GREETING.len());
                return Ok(Opening::Agent);
            }
            if let Some(at) = find(&self.buffer, MISSING) {
                let rest = &self.buffer[at + MISSING.len()..];
                if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                    let machine = String::from_utf8_lossy(&rest[..end]).into_owned();
                    return Ok(Opening::Missing(known_arch(machine.trim())?));
                }
            }
            if self.buffer.len() > MOST_NOISE {
                return Err(HostError::Garbage(format!(
                    "it prints more than {MOST_NOISE} bytes at login: {}",
                    quoted(&self.buffer)
                )));
            }
            match self.more().await {
                Ok(1..) => {}
                Ok(0) if self.buffer.is_empty() => {
                    let why = "it closed the connection without a word".into();
                    return Ok(Opening::Ended(HostError::Garbage(why)));
                }
                Ok(0) => {
                    let why = format!("no agent answers; it says {}", quoted(&self.buffer));
                    return Ok(Opening::Ended(HostError::Garbage(why)));
                }
                Err(lost @ HostError::Lost(_)) => return Ok(Opening::Ended(lost)),
                Err(error) => return Err(error),
            }
        }
    }

    /// Follows a run to its end.
    pub(super) async fn follow(&mut self, listener: &mut dyn Listener) -> Result<HostResult, HostError> {
        while let Some(json) = self.frame().await? {
            match decode_answer(&json)
                .map_err(|why| HostError::Garbage(format!("an answer that is none ({why}): {}", quoted(&json))))?
            {
                Answer::Welcome(welcome) => listener.welcomed(welcome.facts),
                Answer::Refused(refusal) => return Err(HostError::Refused(refusal)),
                Answer::Heartbeat => listener.is_alive(),
                // The agent ends by itself after either of these; there is nothing more to wait for.
                Answer::Event(Event::Planned(plan)) => return Ok(HostResult::Planned(plan)),
                Answer::Event(event) => {
                    let finished = match &event {
                        Event::RunFinished(summary) => Some(*summary),
                        _ => None,
                    };
                    listener.happened(event);
                    if let Some(summary) = finished {
                        return Ok(HostResult::Converged(summary));
                    }
                }
            }
        }
        Err(HostError::Lost("the agent ended before the run did".into()))
    }

    /// Waits until the agent has ended, this long at the most: then it has read all that was said to it.
    pub(super) async fn await_end(&mut self, most: Duration) {
        let end = async { while matches!(self.more().await, Ok(1..)) {} };
        // Whether it came to its end in time is of no consequence any more.
        let _ended = tokio::time::timeout(most, end).await;
    }

    /// The next JSON frame; `None` at the end of the stream.
    async fn frame(&mut self) -> Result<Option<Vec<u8>>, HostError> {
        const HEADER: usize = 5;
        loop {
            if let Some(header) = self.buffer.first_chunk::<HEADER>() {
                let (json, length) = decode_header(*header).map_err(|error| self.garbage(&error))?;
                if self.buffer.len() >= HEADER + length {
                    let frame = self.buffer[HEADER..HEADER + length].to_vec();
                    self.buffer.drain(..HEADER + length);
                    return if json {
                        Ok(Some(frame))
                    } else {
                        Err(HostError::Garbage("it sends a blob".into()))
                    };
                }
            }
            if self.more().await? == 0 {
                return match self.buffer.is_empty() {
                    true => Ok(None),
                    false => Err(HostError::Lost(
                        "the connection ended in the middle of an answer".into(),
                    )),
                };
            }
        }
    }

    fn garbage(&self, error: &FrameError) -> HostError {
        HostError::Garbage(format!("{error}; it says {}", quoted(&self.buffer)))
    }

    /// Reads more; 0 at the end of the stream.
    async fn more(&mut self) -> Result<usize, HostError> {
        let mut chunk = [0; 32 * 1024];
        let read = tokio::time::timeout(self.silence, self.stdout.read(&mut chunk)).await;
        let length = read
            .map_err(|_| HostError::Silent(HumanDuration(self.silence)))?
            .map_err(|error| HostError::Lost(error.to_string()))?;
        self.buffer.extend_from_slice(&chunk[..length]);
        Ok(length)
    }
}

/// Sends the requests. A host that doesn't read them has something to say instead, which counts for more.
pub(super) async fn send(channel_stdin: &mut (impl tokio::io::AsyncWrite + Unpin), bytes: &[u8]) {
    if channel_stdin.write_all(bytes).await.is_ok() {
        channel_stdin.flush().await.ok();
    }
}

/// What a command that failed to start has to say for itself.
pub(super) async fn last_words(channel: Channel) -> (String, Option<u32>, Option<crate::transport::TransportError>) {
    const WAIT: Duration = Duration::from_secs(10);
    let captured = tokio::time::timeout(WAIT, channel.capture(&[], 4096)).await;
    match captured {
        Ok(Ok(captured)) => (quoted_text(&captured.stderr), captured.status.code, None),
        Ok(Err(error)) => (String::new(), None, Some(error)),
        Err(_) => (String::new(), None, None),
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// `uname -m`, as far as it is one word. It comes from the host, so it isn't taken for anything else.
fn known_arch(machine: &str) -> Result<Arch, HostError> {
    let plain =
        !machine.is_empty() && machine.len() <= 16 && machine.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain {
        Ok(Arch(machine.to_owned()))
    } else {
        Err(HostError::Garbage(format!(
            "its architecture is {}",
            quoted(machine.as_bytes())
        )))
    }
}

/// The beginning of what a host says, with nothing in it that a terminal would obey.
fn quoted(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let shown: String = text.chars().filter(|c| *c != '\0').take(MOST_QUOTED).collect();
    let more = if text.chars().count() > MOST_QUOTED { " …" } else { "" };
    format!("{shown:?}{more}")
}

fn quoted_text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let last: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let joined = last[last.len().saturating_sub(3)..].join("; ");
    crate::words::visible(&joined.chars().take(400).collect::<String>())
}
