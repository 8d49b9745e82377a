//! The socket under an in-process session, and who is woken when.
//!
//! libssh2 is one state machine per connection, driven by whichever operation happens to be called: a read for one
//! channel takes the packets of all the others off the socket. async-ssh2-lite's own streams let each operation wait
//! for the socket by itself, and assert which direction it waits for. With several operations in flight that goes wrong
//! in three ways: the assertion fails (one channel read and written at once), an operation that libssh2 says is blocked
//! on nothing sleeps for ever, and one whose packet was taken off the socket by another is never told.
//!
//! Here no operation waits for the socket. Each that would block leaves its waker in a list. One task, the pump, waits
//! for the socket in either direction, whatever libssh2 says about directions, and wakes the whole list; an operation
//! that got something done, or found input to take off the socket, wakes the list as well. All of this is on one
//! thread, so nothing can happen between an operation's attempt and its entry in the list.
//!
//! An input that arrives between an operation's look at the socket and its read, in the last round before the socket
//! falls silent, can still be taken off by it unnoticed. For that the pump wakes the list every [`TICK`].
//!
//! A session begins in an [`Antechamber`], a socket that leads nowhere, where it says its first words, which are passed
//! on to the server by hand. Only when the server's first words are heard, and are those of an SSH server, is the
//! connection put under the session's file number. See [`identification`](super::identification) for why, and that
//! costs no round trip.

use std::future::poll_fn;
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_ssh2_lite::{AsyncSessionStream, Error};
use async_trait::async_trait;
use rustix::io::{DupFlags, dup3};
use rustix::net::sockopt::set_tcp_quickack;
use rustix::net::{RecvFlags, Shutdown, recv, shutdown};
use ssh2::{BlockDirections, Error as Ssh2Error, ErrorCode, Session};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

/// The longest that an operation waits for a wake-up that was lost.
const TICK: Duration = Duration::from_millis(100);

/// `LIBSSH2_ERROR_EAGAIN`.
const WOULD_BLOCK: ErrorCode = ErrorCode::Session(-37);

/// The stream type of our sessions.
///
/// (Its parts are `Send` and `Sync`, with locks that are never contended, because async-ssh2-lite asks for it.)
pub(super) struct Wire {
    number: RawFd,
    handle: WireHandle,
}

/// What stays outside when a session has swallowed its [`Wire`].
#[derive(Clone)]
pub(super) struct WireHandle {
    /// Dropped before the socket: freeing a session may write to it, and the number of a closed socket may be another
    /// connection's by then.
    session: Arc<Mutex<Option<Session>>>,
    socket: Arc<Socket>,
}

/// The socket that a session has until its wire is connected. It has to be dropped after the session.
pub(super) struct Antechamber {
    inside: OwnedFd,
    outside: UnixStream,
}

#[derive(Default)]
struct Socket {
    connection: OnceLock<Connection>,
    waiting: Mutex<Vec<Waker>>,
}

struct Connection {
    stream: TcpStream,
    pump: AbortHandle,
}

impl Wire {
    /// A wire that leads nowhere yet.
    pub(super) fn new() -> io::Result<(Self, WireHandle, Antechamber)> {
        let (inside, outside) = UnixStream::pair()?;
        inside.set_nonblocking(true)?;
        outside.set_nonblocking(true)?;
        let handle = WireHandle {
            session: Arc::default(),
            socket: Arc::default(),
        };
        let wire = Self {
            number: inside.as_raw_fd(),
            handle: handle.clone(),
        };
        let inside = inside.into();
        Ok((wire, handle, Antechamber { inside, outside }))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let Some(connection) = self.handle.socket.connection.get() {
            connection.pump.abort();
        }
    }
}

impl AsRawFd for Wire {
    fn as_raw_fd(&self) -> RawFd {
        self.number
    }
}

impl Antechamber {
    /// What the session has said into it.
    pub(super) fn said(&mut self) -> io::Result<Vec<u8>> {
        let mut said = vec![0; 1024];
        let length = self.outside.read(&mut said)?;
        said.truncate(length);
        Ok(said)
    }
}

impl WireHandle {
    /// The session on this wire, once its handshake has begun. async-ssh2-lite keeps it to itself but shows it to the
    /// stream with each operation; the SSH agent's socket can only be set by way of it.
    pub(super) fn session(&self) -> Option<Session> {
        lock(&self.session).clone()
    }

    /// Puts a TCP connection in the antechamber's place, under the same number. Must run on the SSH thread, inside its
    /// `LocalSet`.
    pub(super) fn connect(&self, antechamber: Antechamber, stream: TcpStream) -> io::Result<()> {
        let Antechamber { mut inside, outside } = antechamber;
        dup3(stream.into_std()?, &mut inside, DupFlags::CLOEXEC)?;
        drop(outside);
        let stream = TcpStream::from_std(inside.into())?;
        let pump = tokio::task::spawn_local(pump(Arc::clone(&self.socket))).abort_handle();
        let connected = self.socket.connection.set(Connection { stream, pump });
        connected.map_err(|_| io::ErrorKind::AlreadyExists.into())
    }

    /// Runs an operation of the `ssh2` crate that async-ssh2-lite has none for.
    pub(super) async fn run<T>(&self, mut operation: impl FnMut() -> Result<T, Ssh2Error>) -> Result<T, Ssh2Error> {
        poll_fn(|cx| self.socket.attempt(cx, &mut operation, would_block)).await
    }

    /// Ends the connection: every operation on it fails soon.
    pub(super) fn shut_down(&self) {
        if let Some(connection) = self.socket.connection.get() {
            // It may be gone already.
            shutdown(&connection.stream, Shutdown::Both).ok();
        }
        self.socket.wake_all();
    }
}

impl Socket {
    /// One attempt at an operation. There is one place where operations are attempted, and no loop around it: libssh2
    /// recognises the packet that it could not send in full by its address, and that of an end-of-file is on the stack.
    fn attempt<T, E>(
        &self,
        cx: &Context<'_>,
        operation: &mut impl FnMut() -> Result<T, E>,
        would_block: impl Fn(&E) -> bool,
    ) -> Poll<Result<T, E>> {
        let others_wait = !lock(&self.waiting).is_empty();
        let input = others_wait && self.has_input();
        let outcome = operation();
        let blocked = matches!(&outcome, Err(error) if would_block(error));
        // An operation that waits to send leaves the input where it is: waking others for that would make two of them
        // wake each other in turn until the socket takes more.
        let took_input = input && (!blocked || !self.has_input());
        if others_wait && (took_input || !blocked) {
            self.wake_all();
        }
        if blocked {
            self.wait(cx.waker());
            Poll::Pending
        } else {
            Poll::Ready(outcome)
        }
    }

    fn has_input(&self) -> bool {
        let look = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        self.connection
            .get()
            .is_some_and(|connection| matches!(recv(&connection.stream, &mut [0; 1], look), Ok((1.., _))))
    }

    fn wait(&self, waker: &Waker) {
        let mut waiting = lock(&self.waiting);
        if !waiting.iter().any(|other| other.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }

    fn wake_all(&self) {
        // Out of the lock: a waker may run code that comes back here.
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        for waker in waiting {
            waker.wake();
        }
    }
}

/// Waits for the socket on behalf of all operations, for as long as the [`Wire`] lives.
async fn pump(socket: Arc<Socket>) {
    // It is set before this first runs.
    while let Some(Connection { stream, .. }) = socket.connection.get() {
        let either = stream.ready(Interest::READABLE | Interest::WRITABLE);
        let closed = match tokio::time::timeout(TICK, either).await {
            Ok(Ok(ready)) => {
                // Saying that it would block clears the readiness, one direction at a time. It has to be before the
                // wake-up: what arrives from here on is an event of its own.
                for direction in [Interest::READABLE, Interest::WRITABLE] {
                    let spent = || Err::<(), io::Error>(io::ErrorKind::WouldBlock.into());
                    stream.try_io(direction, spent).ok();
                }
                // A server holds its next small packet back until the one before is acknowledged, which the kernel
                // would do 40 ms later. It forgets this wish each time. A failure costs speed only.
                set_tcp_quickack(stream, true).ok();
                ready.is_read_closed() || ready.is_write_closed()
            }
            Ok(Err(_)) => true,
            Err(_elapsed) => false,
        };
        socket.wake_all();
        if closed {
            // A closed socket stays ready. The operations find out by themselves what that means for them.
            tokio::time::sleep(TICK).await;
        } else {
            tokio::task::yield_now().await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn would_block(error: &Ssh2Error) -> bool {
    error.code() == WOULD_BLOCK
}

#[async_trait]
impl AsyncSessionStream for Wire {
    async fn x_with<R>(
        &self,
        mut operation: impl FnMut() -> Result<R, Ssh2Error> + Send,
        session: &Session,
        _expected: BlockDirections,
        _pause: Option<Duration>,
    ) -> Result<R, Error> {
        lock(&self.handle.session).get_or_insert_with(|| session.clone());
        Ok(self.handle.run(&mut operation).await?)
    }

    fn poll_x_with<R>(
        &self,
        cx: &mut Context<'_>,
        mut operation: impl FnMut() -> Result<R, io::Error> + Send,
        _session: &Session,
        _expected: BlockDirections,
        _pause: Option<Duration>,
    ) -> Poll<Result<R, io::Error>> {
        let would_block = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
        self.handle.socket.attempt(cx, &mut operation, would_block)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use tokio::task::LocalSet;

    use super::*;

    /// Runs a test on a current-thread runtime with two ends of a TCP connection: a wire's handle, and the peer.
    fn with_wire<Fut: Future<Output = ()>>(test: impl FnOnce(WireHandle, std::net::TcpStream) -> Fut) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        LocalSet::new().block_on(&runtime, async {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (theirs, _) = listener.accept().unwrap();
            let (wire, handle, antechamber) = Wire::new().unwrap();
            handle.connect(antechamber, ours).unwrap();
            assert_eq!(
                wire.as_raw_fd(),
                handle.socket.connection.get().unwrap().stream.as_raw_fd()
            );
            tokio::time::timeout(Duration::from_secs(10), test(handle, theirs))
                .await
                .unwrap();
            drop(wire);
        });
    }

    /// Reads behind the runtime's back, as libssh2 does.
    fn take(handle: &WireHandle, buffer: &mut [u8]) -> io::Result<usize> {
        let connection = handle.socket.connection.get().unwrap();
        Ok(recv(&connection.stream, buffer, RecvFlags::DONTWAIT)?.0)
    }

    async fn read(handle: WireHandle, length: usize) -> Vec<u8> {
        let mut got = vec![0; length];
        let mut operation = || take(&handle, &mut got);
        let blocked = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
        let length = poll_fn(|cx| handle.socket.attempt(cx, &mut operation, blocked))
            .await
            .unwrap();
        got.truncate(length);
        got
    }

    #[test]
    fn an_operation_is_woken_by_input() {
        with_wire(|handle, mut peer| async move {
            let reader = tokio::task::spawn_local(read(handle, 100));
            tokio::task::yield_now().await;
            let began = std::time::Instant::now();
            peer.write_all(b"hello").unwrap();
            assert_eq!(reader.await.unwrap(), b"hello");
            assert!(began.elapsed() < TICK, "it took the safety net");
        });
    }

    #[test]
    fn an_operation_is_woken_when_another_took_the_input() {
        with_wire(|handle, mut peer| async move {
            // As in libssh2: whoever reads finds the packet for the other one, and stays blocked itself.
            let packet_for_other = std::rc::Rc::new(std::cell::Cell::new(false));
            let other = {
                let (handle, arrived) = (handle.clone(), packet_for_other.clone());
                tokio::task::spawn_local(async move {
                    let mut operation = || if arrived.get() { Ok(()) } else { Err(()) };
                    poll_fn(|cx| handle.socket.attempt(cx, &mut operation, |()| true))
                        .await
                        .unwrap();
                    std::time::Instant::now()
                })
            };
            tokio::task::yield_now().await;
            peer.write_all(b"packet").unwrap();
            while !handle.socket.has_input() {}
            let mut operation = || {
                packet_for_other.set(take(&handle, &mut [0; 100]).is_ok());
                Err::<(), ()>(())
            };
            let attempt = poll_fn(|cx| Poll::Ready(handle.socket.attempt(cx, &mut operation, |()| true)));
            assert!(attempt.await.is_pending());
            let began = std::time::Instant::now();
            assert!(other.await.unwrap().duration_since(began) < TICK / 2);
        });
    }

    #[test]
    fn a_closed_connection_wakes_and_does_not_spin() {
        with_wire(|handle, peer| async move {
            let reader = tokio::task::spawn_local(read(handle.clone(), 100));
            tokio::task::yield_now().await;
            drop(peer);
            assert_eq!(reader.await.unwrap(), b"");
            // Were the pump to spin, this operation would be attempted without end.
            let attempts = std::rc::Rc::new(std::cell::Cell::new(0));
            let counter = attempts.clone();
            let blocked = tokio::task::spawn_local(async move {
                let mut operation = || {
                    counter.set(counter.get() + 1);
                    Err::<(), ()>(())
                };
                poll_fn(|cx| handle.socket.attempt(cx, &mut operation, |()| true)).await
            });
            tokio::time::sleep(TICK * 5).await;
            assert!((2..20).contains(&attempts.get()), "{}", attempts.get());
            blocked.abort();
        });
    }

    #[test]
    fn shutting_down_ends_a_blocked_operation() {
        with_wire(|handle, _peer| async move {
            let reader = tokio::task::spawn_local(read(handle.clone(), 100));
            tokio::task::yield_now().await;
            handle.shut_down();
            assert_eq!(reader.await.unwrap(), b"");
        });
    }
}
