//! One command over libssh2: the task that owns its channel.
//!
//! An operation of libssh2 that would block has to be repeated with the same arguments until it is done. If it is given
//! up instead, a packet may be left half sent, and every other operation on the connection waits for it for ever; if it
//! is repeated with a shorter buffer, libssh2 sends what lies behind that buffer. So no operation is tied to a future
//! or to a buffer of the user's: this task runs each to its end, from buffers of its own, and goes on doing so when the
//! user has lost interest. Only if nobody uses the connection any more, and the server leaves us waiting, is the
//! connection ended instead.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::rc::{Rc, Weak};
use std::task::Poll;
use std::time::Duration;

use async_ssh2_lite::{AsyncChannel, AsyncSession, AsyncStream};
use tokio::io::{AsyncReadExt as _, AsyncWrite as _, DuplexStream};
use tokio::sync::{Mutex, Notify, oneshot, watch};

use super::authentication::message;
use super::channel::{CHUNK, Channel, Ends, ExitStatus, OutputSender, channel};
use super::error::{TransportError, printable};
use super::libssh2::Libssh2Session;
use super::wire::Wire;

/// How long a server may take to close what nobody uses any more.
const GRACE: Duration = Duration::from_secs(5);

/// Opens a channel, starts `command` on it, replies with the channel's user side, and works for it until it is closed.
pub(super) fn run(
    session: &Libssh2Session,
    command: &str,
    reply: oneshot::Sender<Result<Channel, TransportError>>,
) -> impl Future<Output = ()> + use<> {
    let mut in_use = session.in_use.subscribe();
    let wire = session.wire.clone();
    let opening = Opening {
        connection: session.session.clone(),
        gate: session.gate.clone(),
        host: session.host.clone(),
        // Not counted as a use of its own, or a server that never answers would keep everything here for ever.
        in_use: Rc::downgrade(&session.in_use),
        command: command.to_owned(),
        reply,
    };
    async move {
        let unused = async {
            // Nothing is ever sent: this ends when the last user is gone.
            while in_use.changed().await.is_ok() {}
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            () = opening.work() => {}
            () = unused => wire.shut_down(),
        }
    }
}

struct Opening {
    connection: AsyncSession<Wire>,
    gate: Rc<Mutex<()>>,
    host: String,
    in_use: Weak<watch::Sender<()>>,
    command: String,
    reply: oneshot::Sender<Result<Channel, TransportError>>,
}

impl Opening {
    async fn work(self) {
        let opened = {
            let _gate = self.gate.lock().await;
            if self.reply.is_closed() {
                return;
            }
            open(&self.connection, &self.command).await
        };
        match opened {
            Ok(opened) => {
                let in_use = self.in_use.upgrade().map(|in_use| in_use as Rc<dyn Any>);
                let (user, ends) = channel(&self.host, in_use);
                // If nobody waits for it any more, its halves are dropped right here, and it is closed.
                self.reply.send(Ok(user)).ok();
                Driver::new(self.host, opened).drive(ends).await;
            }
            Err(error) => {
                let (host, why) = (self.host, message(&error));
                let lost = matches!(&error, async_ssh2_lite::Error::Ssh2(error) if is_lost(error));
                let error = if lost {
                    TransportError::Lost { host, why }
                } else {
                    TransportError::Exec { host, why }
                };
                self.reply.send(Err(error)).ok();
            }
        }
    }
}

async fn open(connection: &AsyncSession<Wire>, command: &str) -> Result<AsyncChannel<Wire>, async_ssh2_lite::Error> {
    let mut channel = connection.channel_session().await?;
    match channel.exec(command).await {
        Ok(()) => Ok(channel),
        Err(error) => {
            // An open channel must not be dropped. The first error is the one to tell.
            channel.close().await.ok();
            Err(error)
        }
    }
}

/// `LIBSSH2_ERROR_SOCKET_SEND`, `…_SOCKET_DISCONNECT`, `…_SOCKET_RECV`, `…_BAD_SOCKET`.
fn is_lost(error: &ssh2::Error) -> bool {
    matches!(error.code(), ssh2::ErrorCode::Session(-7 | -13 | -43 | -45))
}

struct Driver {
    host: String,
    /// Borrowed for one attempt at an operation at a time.
    channel: RefCell<AsyncChannel<Wire>>,
    /// Held by whoever has a packet to send on the channel, until it is sent.
    sending: Mutex<()>,
    /// No more is to be sent but the close.
    closing: Cell<bool>,
    ended: Notify,
}

impl Driver {
    fn new(host: String, channel: AsyncChannel<Wire>) -> Self {
        Self {
            host,
            channel: RefCell::new(channel),
            sending: Mutex::new(()),
            closing: Cell::new(false),
            ended: Notify::new(),
        }
    }

    async fn drive(self, ends: Ends) {
        let Ends {
            input,
            stdout,
            stderr,
            exit,
            abandoned,
        } = ends;
        let (stdin_stream, stdout_stream, stderr_stream) = {
            let channel = self.channel.borrow();
            (channel.stream(0), channel.stream(0), channel.stderr())
        };
        let outputs = async {
            let (first, second) = tokio::join!(drain(stdout_stream, stdout), drain(stderr_stream, stderr));
            let status = match first.and(second) {
                Ok(()) => self.status().await,
                Err(error) => Err(self.lost(&error.to_string())),
            };
            exit.send(status).ok();
            // The command reads no more input.
            self.ended.notify_one();
            self.close().await;
        };
        let work = async { tokio::join!(self.feed(stdin_stream, input), outputs) };
        let close_early = async {
            // An error is the news that the user has dropped every half.
            abandoned.await.ok();
            self.close().await;
        };
        tokio::pin!(work);
        tokio::select! {
            _ = &mut work => {}
            () = close_early => {
                work.await;
            }
        }
    }

    /// Runs an operation on the channel to its end. The channel is free between two attempts, so that end-of-file can
    /// be sent while the end is awaited; what an operation remembers from one attempt to the next is inside libssh2.
    async fn run<T>(
        &self,
        mut operation: impl AsyncFnMut(&mut AsyncChannel<Wire>) -> Result<T, async_ssh2_lite::Error>,
    ) -> Result<T, async_ssh2_lite::Error> {
        poll_fn(|cx| {
            let mut channel = self.channel.borrow_mut();
            pin!(operation(&mut channel)).poll(cx)
        })
        .await
    }

    /// Sends what the user writes, and then end-of-file.
    async fn feed(&self, mut stream: AsyncStream<Wire>, mut input: DuplexStream) {
        let mut buffer = vec![0; CHUNK];
        loop {
            let length = tokio::select! {
                length = input.read(&mut buffer) => length.unwrap_or(0),
                () = self.ended.notified() => return,
            };
            if length == 0 {
                break;
            }
            if !self.send(&mut stream, &buffer[..length]).await {
                return;
            }
        }
        let _sending = self.sending.lock().await;
        if !self.closing.get() {
            // If it fails the connection is lost, which the outputs tell.
            self.run(async |channel| channel.send_eof().await).await.ok();
        }
    }

    /// Sends one chunk. `false` if there is no use in sending more.
    async fn send(&self, stream: &mut AsyncStream<Wire>, mut chunk: &[u8]) -> bool {
        while !chunk.is_empty() {
            let _sending = self.sending.lock().await;
            if self.closing.get() {
                return false;
            }
            let sent = poll_fn(|cx| match Pin::new(&mut *stream).poll_write(cx, chunk) {
                // Without room in the server's window libssh2 has not made a packet yet: this may be given up.
                Poll::Pending if self.closing.get() && self.channel.borrow().write_window().remaining == 0 => {
                    Poll::Ready(None)
                }
                Poll::Pending => Poll::Pending,
                Poll::Ready(sent) => Poll::Ready(sent.ok()),
            });
            match sent.await {
                Some(length) => chunk = &chunk[length.min(chunk.len())..],
                None => return false,
            }
        }
        true
    }

    async fn status(&self) -> Result<ExitStatus, TransportError> {
        let told = |error: async_ssh2_lite::Error| self.lost(&message(&error));
        self.run(async |channel| channel.wait_eof().await).await.map_err(told)?;
        // The status comes before the server's close. Were we to close first, the server would not send it.
        self.run(async |channel| channel.wait_close().await)
            .await
            .map_err(told)?;
        let signal = self.run(async |channel| channel.exit_signal().await).await;
        if let Some(signal) = signal.map_err(told)?.exit_signal {
            return Ok(ExitStatus::signalled(printable(&signal)));
        }
        let code = self.channel.borrow().exit_status().map_err(told)?;
        // libssh2 keeps the unsigned status in an int.
        Ok(ExitStatus::exited(code.cast_unsigned()))
    }

    /// Closes the channel, once. Nothing may follow on it: data for a closed channel makes a server end the connection.
    async fn close(&self) {
        let first = !self.closing.replace(true);
        // The chunk that is being sent has to see that.
        tokio::task::yield_now().await;
        let _sending = self.sending.lock().await;
        if first {
            self.run(async |channel| channel.close().await).await.ok();
        }
    }

    fn lost(&self, why: &str) -> TransportError {
        TransportError::Lost {
            host: self.host.clone(),
            why: printable(why),
        }
    }
}

/// Hands over what arrives on a stream.
async fn drain(mut stream: AsyncStream<Wire>, mut output: OutputSender) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) => return Ok(()),
            Ok(length) => output.send(Ok(buffer[..length].to_vec())).await,
            Err(error) => {
                let told = io::Error::new(io::ErrorKind::ConnectionReset, error.to_string());
                output.send(Err(told)).await;
                return Err(error);
            }
        }
    }
}
