//! One command on a host, whichever way its byte streams are made.
//!
//! The halves of a [`Channel`] belong to a task of the transport, which alone talks to libssh2 or to the `ssh` process
//! and hands bytes over through bounded queues. So the three streams can be used at the same time and dropped in the
//! middle of a read or a write: no operation of libssh2 is ever left half done by that.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::sync::{mpsc, oneshot};

use super::error::TransportError;

/// How many chunks a reader may lag behind before the remote command has to wait.
const CHUNKS: usize = 4;
/// How many bytes a writer may be ahead of the connection.
const AHEAD: usize = 128 * 1024;
/// What is read at once. SSH packets hold at most 32 KiB.
pub(super) const CHUNK: usize = 32 * 1024;

/// A command that runs on a host.
///
/// Both outputs have to be read or dropped: a remote command blocks when either is full, also while the other is being
/// read. Once all four fields are dropped the command is let go: its streams are closed, which ends most programs, and
/// an `ssh` process is killed.
pub struct Channel {
    /// The command's standard input. `shutdown`, or dropping it, sends end-of-file. A write is accepted as soon as it
    /// is queued; it fails with [`io::ErrorKind::BrokenPipe`] once the command has ended.
    pub stdin: Pin<Box<dyn AsyncWrite>>,
    /// Its standard output. It ends with end-of-file, or with an error if the connection was lost.
    pub stdout: Pin<Box<dyn AsyncRead>>,
    /// Its standard error, likewise. (OpenSSH's client keeps it open until the command's end.)
    pub stderr: Pin<Box<dyn AsyncRead>>,
    /// Its end.
    pub exit: Exit,
}

/// The end of a command, to be awaited.
pub struct Exit {
    host: String,
    status: oneshot::Receiver<Result<ExitStatus, TransportError>>,
    _held: Held,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitStatus {
    /// Its exit status. `None` if a signal ended it.
    pub code: Option<u32>,
    /// The signal that ended it, without `SIG`: `KILL`.
    pub signal: Option<String>,
}

/// All that a short command said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output, up to the limit.
    pub stdout: Vec<u8>,
    /// Its standard error, up to the limit.
    pub stderr: Vec<u8>,
    /// Whether one of the two went past the limit.
    pub truncated: bool,
}

impl ExitStatus {
    /// A command that ended by itself.
    #[must_use]
    pub fn exited(code: u32) -> Self {
        Self {
            code: Some(code),
            signal: None,
        }
    }

    /// A command that a signal ended.
    #[must_use]
    pub fn signalled(signal: impl Into<String>) -> Self {
        Self {
            code: None,
            signal: Some(signal.into()),
        }
    }

    /// Whether the command ended with exit status 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.code == Some(0) && self.signal.is_none()
    }
}

/// `exit status 3`, `signal KILL`.
impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.signal, self.code) {
            (Some(signal), _) => write!(f, "signal {signal}"),
            (None, Some(code)) => write!(f, "exit status {code}"),
            (None, None) => f.write_str("an unknown status"),
        }
    }
}

impl Exit {
    /// Waits until the command has ended and both outputs were read to their ends or dropped.
    ///
    /// A server that closes a command's channel and tells neither a status nor a signal is taken to have told status 0,
    /// as libssh2 does not say which it was. OpenSSH's server always tells.
    ///
    /// # Errors
    /// [`TransportError::Lost`] if the connection broke first. With [`Method::OpenSsh`](super::Method::OpenSsh) this is
    /// also where the errors of connecting appear.
    pub async fn wait(self) -> Result<ExitStatus, TransportError> {
        match self.status.await {
            Ok(status) => status,
            Err(_) => Err(TransportError::Lost {
                host: self.host,
                why: "the SSH thread ended first".to_owned(),
            }),
        }
    }
}

impl Channel {
    /// Sends end-of-file, discards what the command still says, and waits for its end.
    ///
    /// # Errors
    /// As [`Exit::wait`].
    pub async fn wait(self) -> Result<ExitStatus, TransportError> {
        let Self {
            stdin,
            stdout,
            stderr,
            exit,
        } = self;
        drop((stdin, stdout, stderr));
        exit.wait().await
    }

    /// Feeds a short command its input, and returns all that it says, of either output the first `limit` bytes.
    ///
    /// # Errors
    /// As [`Exit::wait`]. A command that ends without reading its input is no error.
    pub async fn capture(self, input: &[u8], limit: usize) -> Result<Captured, TransportError> {
        let Self {
            mut stdin,
            stdout,
            stderr,
            exit,
        } = self;
        let feed = async {
            // The command's end says more than a broken pipe.
            if stdin.write_all(input).await.is_ok() {
                stdin.shutdown().await.ok();
            }
            drop(stdin);
        };
        let ((), captured) = tokio::join!(feed, read_all(stdout, stderr, exit, limit));
        captured
    }

    /// As [`Channel::capture`] without input, for a command that ends once its input does: that is kept open for
    /// `time_out`, and the command has `grace` after that. Also tells whether the command was done before its input ended.
    ///
    /// # Errors
    /// As [`Exit::wait`]. `None`: the command hasn't ended.
    pub async fn capture_within(
        self,
        time_out: Duration,
        grace: Duration,
        limit: usize,
    ) -> Result<Option<(Captured, bool)>, TransportError> {
        let Self {
            stdin,
            stdout,
            stderr,
            exit,
        } = self;
        let mut reading = std::pin::pin!(read_all(stdout, stderr, exit, limit));
        if let Ok(captured) = tokio::time::timeout(time_out, &mut reading).await {
            return Ok(Some((captured?, true)));
        }
        drop(stdin);
        match tokio::time::timeout(grace, reading).await {
            Ok(captured) => Ok(Some((captured?, false))),
            Err(_) => Ok(None),
        }
    }
}

async fn read_all(
    stdout: Pin<Box<dyn AsyncRead>>,
    stderr: Pin<Box<dyn AsyncRead>>,
    exit: Exit,
    limit: usize,
) -> Result<Captured, TransportError> {
    let ((stdout, more), (stderr, more_errors)) = tokio::join!(read_up_to(stdout, limit), read_up_to(stderr, limit));
    Ok(Captured {
        status: exit.wait().await?,
        stdout,
        stderr,
        truncated: more || more_errors,
    })
}

/// Reads to the end and keeps the first `limit` bytes. A lost connection ends the text; [`Exit::wait`] tells of it.
async fn read_up_to(mut from: Pin<Box<dyn AsyncRead>>, limit: usize) -> (Vec<u8>, bool) {
    let (mut kept, mut buffer, mut more) = (Vec::new(), vec![0; CHUNK], false);
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let room = limit.saturating_sub(kept.len());
        more |= length > room;
        kept.extend_from_slice(&buffer[..length.min(room)]);
    }
    (kept, more)
}

/// Held by each half of a channel. When the last one is dropped, the task behind it is told.
#[derive(Clone)]
pub(super) struct Held {
    _told_on_drop: Rc<HeldInner>,
}

struct HeldInner {
    _abandoned: oneshot::Sender<()>,
    /// Whatever else has to live as long as somebody uses the channel.
    _with: Option<Rc<dyn std::any::Any>>,
}

/// The other side of a [`Channel`]: what its task works on.
pub(super) struct Ends {
    /// What the user writes.
    pub(super) input: tokio::io::DuplexStream,
    /// What the user reads.
    pub(super) stdout: OutputSender,
    /// What the user reads as standard error.
    pub(super) stderr: OutputSender,
    /// How the command ended.
    pub(super) exit: oneshot::Sender<Result<ExitStatus, TransportError>>,
    /// Resolves when the user has dropped every half.
    pub(super) abandoned: oneshot::Receiver<()>,
}

/// A channel and its other side. `with` is dropped with the last half.
pub(super) fn channel(host: &str, with: Option<Rc<dyn std::any::Any>>) -> (Channel, Ends) {
    let (told, abandoned) = oneshot::channel();
    let held = Held {
        _told_on_drop: Rc::new(HeldInner {
            _abandoned: told,
            _with: with,
        }),
    };
    let (stdin, input) = tokio::io::duplex(AHEAD);
    let (stdout_sender, stdout) = output(held.clone());
    let (stderr_sender, stderr) = output(held.clone());
    let (exit, status) = oneshot::channel();
    let channel = Channel {
        stdin: Box::pin(Input {
            queue: Some(stdin),
            _held: held.clone(),
        }),
        stdout: Box::pin(stdout),
        stderr: Box::pin(stderr),
        exit: Exit {
            host: host.to_owned(),
            status,
            _held: held,
        },
    };
    let ends = Ends {
        input,
        stdout: stdout_sender,
        stderr: stderr_sender,
        exit,
        abandoned,
    };
    (channel, ends)
}

/// The user's half of standard input.
struct Input {
    /// `None` after `shutdown`.
    queue: Option<tokio::io::DuplexStream>,
    _held: Held,
}

impl AsyncWrite for Input {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.queue {
            Some(queue) => Pin::new(queue).poll_write(cx, data),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.queue {
            Some(queue) => Pin::new(queue).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What is queued is still delivered: a pipe's reader sees its end after its last byte.
        self.queue = None;
        Poll::Ready(Ok(()))
    }
}

/// The sending side of an output.
pub(super) struct OutputSender {
    chunks: Option<mpsc::Sender<io::Result<Vec<u8>>>>,
}

impl OutputSender {
    /// Hands over a chunk as soon as there is room. Without a reader it is discarded: the command goes on, as the
    /// window that both of its outputs share must not fill up.
    pub(super) async fn send(&mut self, chunk: io::Result<Vec<u8>>) {
        if let Some(chunks) = &self.chunks
            && chunks.send(chunk).await.is_err()
        {
            self.chunks = None;
        }
    }
}

/// The user's half of an output.
struct OutputReader {
    chunks: mpsc::Receiver<io::Result<Vec<u8>>>,
    current: Vec<u8>,
    taken: usize,
    _held: Held,
}

fn output(held: Held) -> (OutputSender, OutputReader) {
    let (sender, chunks) = mpsc::channel(CHUNKS);
    let reader = OutputReader {
        chunks,
        current: Vec::new(),
        taken: 0,
        _held: held,
    };
    (OutputSender { chunks: Some(sender) }, reader)
}

impl AsyncRead for OutputReader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.taken == self.current.len() {
            match ready!(self.chunks.poll_recv(cx)) {
                Some(chunk) => {
                    self.current = chunk?;
                    self.taken = 0;
                }
                None => return Poll::Ready(Ok(())),
            }
        }
        let rest = &self.current[self.taken..];
        let length = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..length]);
        self.taken += length;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(future)
    }

    #[test]
    fn what_was_written_before_the_shutdown_is_delivered() {
        block_on(async {
            let (mut user, mut ends) = channel("host", None);
            user.stdin.write_all(b"input").await.unwrap();
            user.stdin.shutdown().await.unwrap();
            assert_eq!(
                user.stdin.write(b"x").await.unwrap_err().kind(),
                io::ErrorKind::BrokenPipe
            );
            let mut text = String::new();
            ends.input.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "input");
        });
    }

    #[test]
    fn outputs_end_with_end_of_file_or_with_an_error() {
        block_on(async {
            let (mut user, mut ends) = channel("host", None);
            ends.stdout.send(Ok(b"one ".to_vec())).await;
            ends.stdout.send(Ok(Vec::new())).await;
            ends.stdout.send(Ok(b"two".to_vec())).await;
            drop(ends.stdout);
            ends.stderr.send(Err(io::ErrorKind::ConnectionReset.into())).await;
            let mut text = String::new();
            user.stdout.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "one two");
            assert!(user.stderr.read_to_string(&mut text).await.is_err());
        });
    }

    #[test]
    fn a_dropped_reader_does_not_stop_the_command() {
        block_on(async {
            let (user, mut ends) = channel("host", None);
            drop(user.stdout);
            for _ in 0..100 {
                ends.stdout.send(Ok(vec![0; CHUNK])).await;
            }
        });
    }

    #[test]
    fn the_task_is_told_when_the_last_half_is_gone() {
        block_on(async {
            let (user, mut ends) = channel("host", Some(Rc::new(())));
            let Channel {
                stdin,
                stdout,
                stderr,
                exit,
            } = user;
            drop((stdin, stdout, stderr));
            assert!(ends.abandoned.try_recv() == Err(oneshot::error::TryRecvError::Empty));
            drop(exit);
            assert!(ends.abandoned.await.is_err());
        });
    }

    #[test]
    fn a_task_that_vanishes_is_an_error() {
        block_on(async {
            let (user, ends) = channel("host", None);
            drop(ends);
            assert!(matches!(user.wait().await, Err(TransportError::Lost { .. })));
        });
    }

    #[test]
    fn captured_output_is_bounded() {
        block_on(async {
            let (user, mut ends) = channel("host", None);
            let task = async {
                ends.stdout.send(Ok(b"0123456789".to_vec())).await;
                ends.stdout.send(Ok(b"0123456789".to_vec())).await;
                drop((ends.stdout, ends.stderr, ends.input));
                ends.exit.send(Ok(ExitStatus::exited(3))).unwrap();
            };
            let (captured, ()) = tokio::join!(user.capture(b"ignored", 12), task);
            let captured = captured.unwrap();
            assert_eq!(captured.stdout, b"012345678901");
            assert!(captured.truncated && captured.stderr.is_empty());
            assert_eq!(captured.status.to_string(), "exit status 3");
        });
    }
}
