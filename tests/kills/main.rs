//! Kills a run at every single step and looks at what is left: `cargo test --test kills`, with `strace` on the machine.
//!
//! A run on a directory that stands for a host's root is killed at its first system call that changes anything, then at
//! its second, and so on, until one gets to its end. What each leaves behind is looked at, and then the run is repeated:
//! it must come to the same files as a run that nobody disturbed, and every daemon must have read the files as they are.
//! A definition that is taken back is killed twice, since what a daemon has read may be what no file says any more.
//! `strace` does the killing, so nothing in the program knows of it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and this one reports by itself"
)]

mod host;
mod lab;

use host::{Count, Host, Step};
use lab::Edition;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The calls that change something on a disk, or make a change durable. Opening isn't among them: an empty file that was
/// made and not written yet is what a kill at the first write leaves.
pub(crate) const CALLS: [&str; 18] = [
    "write",
    "pwrite64",
    "writev",
    "renameat",
    "renameat2",
    "rename",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "symlinkat",
    "fchmod",
    "fchown",
    "fchmodat",
    "fsync",
    "fdatasync",
    "syncfs",
    "ftruncate",
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["converge", root, edition] => lab::converge_at(root.as_ref(), edition.parse().unwrap()),
        // Cargo's own options for test programs mean nothing here.
        _ => show_all(),
    }
}

fn show_all() -> ExitCode {
    let strace = Command::new("strace").arg("-V").stdout(Stdio::null()).status();
    if !strace.is_ok_and(|status| status.success()) {
        println!("kills: nothing was shown: `strace` isn't there (Debian: strace)");
        return ExitCode::FAILURE;
    }
    let first = Host::new();
    first.run(Edition::First);
    let broken_off = first.copy();
    // Half of the new files are in their places.
    assert!(
        broken_off.run_killed_at(Edition::Second, "renameat", 15),
        "the run ended before"
    );
    let mut total = Count::default();
    for (name, start, edition) in [
        ("a first run", &Host::new(), Edition::First),
        ("a run with an edited definition", &first, Edition::Second),
        ("the run after one that was killed", &broken_off, Edition::Second),
    ] {
        let count = kill_everywhere(start, edition);
        println!("kills: {name}: {count}");
        total.add(&count);
    }
    total.add(&kill_twice(&first));
    println!("kills: {total}");
    if total.survived == total.kill_points {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Kills a run at each of its steps: at the first call of a kind, at the second, and so on for every kind.
fn kill_everywhere(start: &Host, edition: Edition) -> Count {
    let expected = start.copy();
    expected.run(edition);
    expected.assert_well(edition, "undisturbed");
    in_parallel(&CALLS, |_, call| {
        let mut total = Count::default();
        for nth in 1.. {
            let Some(count) = kill(start, &expected, edition, call, nth) else {
                break;
            };
            total.add(&count);
        }
        total
    })
}

/// Counts what is counted of each of these, and where it stands among them, on as many threads as there are processors.
fn in_parallel<T: Sync>(items: &[T], count: impl Fn(usize, &T) -> Count + Sync) -> Count {
    let total = Mutex::new(Count::default());
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    let counted = count(at, item);
                    total.lock().unwrap().add(&counted);
                }
            });
        }
    });
    total.into_inner().unwrap()
}

/// Of the steps of the second run to be killed, every this many-th is tried for each step of the first one.
const STRIDE: usize = 32;

/// A definition that is taken back: a run with the second edition is killed at each step of its tail, where daemons are
/// restarted and it is taken down that they were; then a run with the first edition, which puts the old files back, is
/// killed too. Which of its steps differs from each step of the tail to the next, so that all of them are tried.
fn kill_twice(first: &Host) -> Count {
    let expected = first.copy();
    let steps = expected.steps(Edition::Second);
    expected.run(Edition::First);
    expected.assert_well(Edition::First, "taken back, undisturbed");
    let restarts = steps
        .iter()
        .position(|step| step.is_restart)
        .expect("a daemon is restarted");
    // The two before make durable that daemons are about to be.
    let tail = &steps[restarts - 2..];
    let count = in_parallel(tail, |at, step| {
        let mut total = Count::default();
        let taken_back = first.copy();
        assert!(
            taken_back.run_killed_at(Edition::Second, step.call, step.nth),
            "{step:?}"
        );
        let steps = taken_back.copy().steps(Edition::First);
        for Step { call, nth, .. } in steps.iter().skip(at % STRIDE).step_by(STRIDE) {
            let count = kill(&taken_back, &expected, Edition::First, call, *nth);
            total.add(&count.expect("each step that was traced is there"));
        }
        total
    });
    let tail = tail.len();
    println!(
        "kills: a definition that is taken back, one run killed at each of the {tail} steps of its tail and the next at \
         one in {STRIDE} of its steps: {count}"
    );
    count
}

/// Kills a run at one step, looks at what it leaves, and repeats the run. `None`: there is no such step.
fn kill(start: &Host, expected: &Host, edition: Edition, call: &str, nth: usize) -> Option<Count> {
    let when = format!("killed at the call {nth} of {call}");
    let host = start.copy();
    if !host.run_killed_at(edition, call, nth) {
        return None;
    }
    let owed = host.owed();
    // What is wrong was printed as it panicked; the other steps are still worth being tried.
    let delivered = catch_unwind(AssertUnwindSafe(|| {
        host.assert_no_harm(&[Edition::First, Edition::Second], &when);
        let delivered = host.run(edition);
        host.assert_well(edition, &when);
        let (files, wanted) = (host.snapshot(), expected.snapshot());
        assert_eq!(
            files.keys().collect::<Vec<_>>(),
            wanted.keys().collect::<Vec<_>>(),
            "{when}"
        );
        assert!(
            files == wanted,
            "{when}: the files differ from those of an undisturbed run"
        );
        assert_eq!(host.run(edition), 0, "{when}: a refresh was delivered and stayed owed");
        assert!(
            files == host.snapshot(),
            "{when}: the run after the repeated one changed something"
        );
        delivered
    }));
    Some(Count {
        kill_points: 1,
        survived: usize::from(delivered.is_ok()),
        owed,
        delivered: delivered.unwrap_or_default(),
    })
}
