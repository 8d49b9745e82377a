//! Ctrl-C, and the other signals by which people and machines ask a program to end.

use super::environment::Environment;
use super::exit_code;
use crate::fleet::Stop;
use std::io;
use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What is said at the first signal.
const FIRST: &str =
    "\nstopping: each host goes on to the next boundary between resources; once more to leave at once\n";

/// What is said at the second.
const SECOND: &str = "\nleft; the hosts stop by themselves, and the next run tells what they did\n";

/// The first signal asks the run to stop, the second ends the program.
///
/// # Errors
/// There is no thread to listen on. Then a signal ends the program, as it does by default.
pub(super) fn stop_on_signals(stop: &Stop) -> io::Result<()> {
    let stop = stop.clone();
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let entered = runtime.enter();
    let ignored = Environment::ignored_signals();
    // What whoever started us has us ignore, such as `nohup` the end of the terminal, stays ignored.
    let listen_to = |kind: SignalKind| match ignored.contains(&kind.as_raw_value()) {
        true => Ok(None),
        false => signal(kind).map(Some),
    };
    let mut interrupted = listen_to(SignalKind::interrupt())?;
    let mut terminated = listen_to(SignalKind::terminate())?;
    let mut hung_up = listen_to(SignalKind::hangup())?;
    drop(entered);
    let listen = async move {
        for said in [FIRST, SECOND] {
            tokio::select! {
                () = received(&mut interrupted) => {}
                () = received(&mut terminated) => {}
                () = received(&mut hung_up) => {}
            }
            stop.request();
            Environment::complain(said);
        }
        #[expect(
            clippy::exit,
            reason = "whoever asks twice doesn't wait, and hosts need no more than the end of the stream"
        )]
        std::process::exit(i32::from(exit_code::STOPPED));
    };
    // It ends with the program.
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || runtime.block_on(listen))
        .map(drop)
}

/// Returns once it was received; never, if it isn't listened to.
async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
