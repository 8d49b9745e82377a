//! The one thread on which all in-process SSH runs.

use std::any::Any;
use std::cell::Cell;
use std::thread;

use tokio::runtime::Builder;
use tokio::task::LocalSet;

use super::error::TransportError;

thread_local! {
    static IS_SSH_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Why work on the SSH thread has no result.
#[derive(Debug, thiserror::Error)]
pub enum SshThreadError {
    /// The thread or its runtime could not be made.
    #[error("start the SSH thread: {0}")]
    Start(#[from] std::io::Error),
    /// The work panicked.
    #[error("finish the work on the SSH thread: it panicked: {0}")]
    Panicked(String),
}

/// Runs a future on a thread of its own, named `ssh`, with a current-thread runtime and a `LocalSet`, and returns its
/// value. Blocks until then; sessions and tasks that are left over at that point are dropped.
///
/// `make` is called on that thread, so the future need not be `Send`, and both may borrow. Inside,
/// [`tokio::task::spawn_local`] runs one task per host. Name resolution and files are the runtime's blocking threads'
/// business; nothing else there may block, as every host waits meanwhile.
///
/// # Errors
/// [`SshThreadError::Start`] if there can be no thread or runtime, [`SshThreadError::Panicked`] if the future panicked.
/// (A panic of a task that it spawned is that task's `JoinError`.)
pub fn run_on_ssh_thread<F, Fut, T>(make: F) -> Result<T, SshThreadError>
where
    F: FnOnce() -> Fut + Send,
    Fut: Future<Output = T>,
    T: Send,
{
    thread::scope(|scope| {
        let ssh =
            thread::Builder::new()
                .name("ssh".to_owned())
                .spawn_scoped(scope, || -> Result<T, SshThreadError> {
                    IS_SSH_THREAD.set(true);
                    let runtime = Builder::new_current_thread().enable_all().build()?;
                    let value = LocalSet::new().block_on(&runtime, make());
                    // A resolver that hangs on one of the blocking threads is not waited for.
                    runtime.shutdown_background();
                    Ok(value)
                })?;
        ssh.join()
            .unwrap_or_else(|panic| Err(SshThreadError::Panicked(message(&*panic))))
    })
}

/// Refuses work that would bring libssh2 onto a second thread.
pub(super) fn ensure_ssh_thread() -> Result<(), TransportError> {
    if IS_SSH_THREAD.get() {
        Ok(())
    } else {
        Err(TransportError::NotOnSshThread)
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn values_come_back_from_a_thread_of_that_name() {
        let input = String::from("borrowed");
        let (name, length) = run_on_ssh_thread(async || {
            let shared = Rc::new(input.len());
            let task = tokio::task::spawn_local(async move { *shared });
            let name = thread::current().name().map(str::to_owned);
            (name, task.await.unwrap())
        })
        .unwrap();
        assert_eq!(name.as_deref(), Some("ssh"));
        assert_eq!(length, 8);
    }

    #[test]
    fn a_panic_becomes_an_error() {
        let error = run_on_ssh_thread(async || panic!("on purpose")).unwrap_err();
        assert!(matches!(error, SshThreadError::Panicked(text) if text == "on purpose"));
        let error = run_on_ssh_thread(async || panic!("number {}", 7)).unwrap_err();
        assert!(matches!(error, SshThreadError::Panicked(text) if text == "number 7"));
    }

    #[test]
    fn a_hanging_blocking_task_does_not_hold_up_the_result() {
        let began = std::time::Instant::now();
        run_on_ssh_thread(async || {
            let hang = || thread::sleep(std::time::Duration::from_secs(20));
            drop(tokio::task::spawn_blocking(hang));
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        })
        .unwrap();
        assert!(began.elapsed() < std::time::Duration::from_secs(10));
    }

    #[test]
    fn other_threads_are_told_apart() {
        assert!(matches!(ensure_ssh_thread(), Err(TransportError::NotOnSshThread)));
        run_on_ssh_thread(async || ensure_ssh_thread()).unwrap().unwrap();
    }
}
