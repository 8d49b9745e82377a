//! Running programs: an argument vector, a minimal environment, a process group of its own, and an end in bounded time.

use super::cores;
use super::tail::Tail;
use crate::model::{Ended, Output, SystemError};
use crate::words::{AbsPath, CommandLine, HumanDuration};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, Mode};
use rustix::io::{Errno, FdFlags};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek as _, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, SystemError>;

/// Where programs are looked for, whatever the controlling machine's own search path.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How much of each of its outputs a program may leave us.
const KEPT: usize = 64 * 1024;

/// How long a program that was asked to end has before it is killed.
const MERCY: Duration = Duration::from_secs(5);

/// How long we listen after a program's end to what it may have left running in the background.
const GRACE: Duration = Duration::from_millis(250);

/// How often we look whether the program has ended, on a kernel that can't tell us.
const TICK: Duration = Duration::from_millis(10);

/// Held alone while a program is started, so that a descriptor which one of them is to inherit reaches no other.
static STARTING: RwLock<()> = RwLock::new(());

/// While this is held no program is started.
///
/// One that is starting has a copy of each of our descriptors for a moment, and nothing can be run that somebody has open
/// for writing ("text file busy"): whoever writes a file that others may run holds this for as long as it is open.
pub(super) fn without_starts() -> RwLockReadGuard<'static, ()> {
    STARTING.read().unwrap_or_else(PoisonError::into_inner)
}

/// Who runs a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login {
    /// The user's name.
    pub name: String,
    /// The user's number.
    pub uid: u32,
    /// The number of the primary group.
    pub gid: u32,
    /// The home directory.
    pub home: String,
}

/// A program to run, with all that it is given.
#[derive(Debug, Clone)]
pub(super) struct Call<'a> {
    /// The program and its arguments.
    pub command: &'a CommandLine,
    /// The directory it starts in; none: the root directory.
    pub directory: Option<&'a AbsPath>,
    /// Who runs it; none: whoever we are.
    pub login: Option<&'a Login>,
    /// Variables added to the minimal environment.
    pub environment: Vec<(&'a str, &'a str)>,
    /// How long it may take.
    pub time_out: Duration,
    /// A descriptor that it inherits.
    pub inherited: Option<BorrowedFd<'a>>,
    /// Whether it goes on if we are killed. It writes to memory then: a pipe that nobody reads any more would end it.
    pub outlives_us: bool,
    /// How much of the end of each output is kept.
    pub kept: usize,
}

impl<'a> Call<'a> {
    pub(super) const fn new(command: &'a CommandLine, time_out: Duration) -> Self {
        Self {
            command,
            directory: None,
            login: None,
            environment: Vec::new(),
            time_out,
            inherited: None,
            outlives_us: false,
            kept: KEPT,
        }
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// It can't be started, or takes too long and was ended with its whole process group.
    pub(super) fn run(&self) -> Result<Output> {
        let memory = if self.outlives_us { Some(self.memory()?) } else { None };
        let mut child = self.start(memory.as_ref())?;
        let mut watch = match Watch::new(&mut child, self.kept) {
            Ok(watch) => watch,
            Err(error) => {
                let _ended = child.kill().and_then(|()| child.wait());
                return Err(self.not_started(&error.to_string()));
            }
        };
        let in_time = watch.until_end(self.time_out);
        let (stdout, stderr) = match memory {
            None => (watch.stdout.kept.finish(), watch.stderr.kept.finish()),
            Some([stdout, stderr]) => (self.end_of(stdout)?, self.end_of(stderr)?),
        };
        if !watch.has_ended {
            // It can't even be killed: it waits for a device. Somebody must take note of its end.
            std::thread::spawn(move || child.wait());
            return Err(self.timed_out());
        }
        let status = child.wait().map_err(|error| self.not_started(&error.to_string()))?;
        if !in_time {
            return Err(self.timed_out());
        }
        let output = Output {
            ended: ended(status),
            stdout,
            stderr,
        };
        match self.refusal_by_setpriv(&output) {
            Some(why) => Err(self.not_started(&why)),
            None => Ok(output),
        }
    }

    /// Runs it to its end, which must be exit status 0.
    ///
    /// # Errors
    /// As [`Call::run`], and any other end.
    pub(super) fn run_checked(&self) -> Result<Output> {
        let output = self.run()?;
        if output.ended == Ended::Exit(0) {
            Ok(output)
        } else {
            Err(self.failed(&output))
        }
    }

    /// The error that it ended so.
    pub(super) fn failed(&self, output: &Output) -> SystemError {
        SystemError::Tool {
            command: self.command.clone(),
            ended: output.ended,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn not_started(&self, why: &str) -> SystemError {
        SystemError::Start {
            command: self.command.clone(),
            why: why.to_owned(),
        }
    }

    fn timed_out(&self) -> SystemError {
        SystemError::TimedOut {
            command: self.command.clone(),
            after: HumanDuration(self.time_out),
        }
    }

    /// Two files that are nowhere but in memory.
    fn memory(&self) -> Result<[File; 2]> {
        let make = |name| {
            let made = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC);
            made.map(File::from)
                .map_err(|error| self.not_started(&error.to_string()))
        };
        Ok([make("standard output")?, make("standard error")?])
    }

    /// What was written last.
    fn end_of(&self, mut file: File) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = file.metadata().and_then(|found| {
            let surplus = found.len().saturating_sub(self.kept as u64);
            file.seek(SeekFrom::Start(surplus))?;
            file.take(self.kept as u64).read_to_end(&mut bytes)
        });
        read.map(|_| bytes)
            .map_err(|error| self.not_started(&error.to_string()))
    }

    fn start(&self, memory: Option<&[File; 2]>) -> Result<Child> {
        let mut command = self.words();
        let directory = self.directory.map_or("/", AbsPath::as_str);
        if !std::fs::metadata(directory).is_ok_and(|found| found.is_dir()) {
            return Err(self.not_started(&format!("there is no directory {directory} to start it in")));
        }
        command
            .current_dir(directory)
            .env_clear()
            .env("PATH", SEARCH_PATH)
            .env("LANG", "C.UTF-8");
        match self.login {
            Some(login) => {
                command
                    .env("HOME", &login.home)
                    .env("USER", &login.name)
                    .env("LOGNAME", &login.name);
            }
            None => {
                command.env("HOME", "/root");
            }
        }
        for (name, value) in &self.environment {
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err(self.not_started(&format!("{name:?} is no variable's name")));
            }
            command.env(name, value);
        }
        command.stdin(Stdio::null()).process_group(0);
        match memory {
            None => command.stdout(Stdio::piped()).stderr(Stdio::piped()),
            Some([stdout, stderr]) => {
                let shared = |file: &File| file.try_clone().map_err(|error| self.not_started(&error.to_string()));
                command.stdout(shared(stdout)?).stderr(shared(stderr)?)
            }
        };
        let starting = STARTING.write().unwrap_or_else(PoisonError::into_inner);
        let share = |flags| match self.inherited {
            Some(fd) => rustix::io::fcntl_setfd(fd, flags).map_err(|error| self.not_started(&error.to_string())),
            None => Ok(()),
        };
        share(FdFlags::empty())?;
        // Whoever started us may have a stricter one. What we make ourselves has its mode given, whatever the mask.
        let ours = rustix::process::umask(Mode::WGRP | Mode::WOTH);
        let child = cores::with_limit_as_found(|| command.spawn());
        rustix::process::umask(ours);
        share(FdFlags::CLOEXEC)?;
        drop(starting);
        child.map_err(|error| self.not_started(&super::refusal::reason(&error)))
    }

    /// The program, preceded by `setpriv` where somebody else is to run it.
    ///
    /// `setpriv` (util-linux, essential on Debian) sets the user, the group and all supplementary groups and becomes the
    /// program. `runuser` would stay as its parent and open a PAM session, with limits, logs and time-outs of its own.
    fn words(&self) -> Command {
        let Some(login) = self.login else {
            let mut command = Command::new(self.command.program());
            command.args(self.command.arguments());
            return command;
        };
        let mut command = Command::new("setpriv");
        command
            .arg(format!("--reuid={}", login.uid))
            .arg(format!("--regid={}", login.gid));
        command
            .args(["--init-groups", "--"])
            .arg(self.command.program())
            .args(self.command.arguments());
        command
    }

    /// What `setpriv` says if the program wasn't started at all.
    fn refusal_by_setpriv(&self, output: &Output) -> Option<String> {
        self.login?;
        let says = String::from_utf8_lossy(&output.stderr);
        let line = says.lines().last()?.strip_prefix("setpriv: ")?;
        matches!(output.ended, Ended::Exit(1 | 126 | 127)).then(|| line.to_owned())
    }
}

fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exit(code),
        (None, signal) => Ended::Signal(signal.unwrap_or_default()),
    }
}

/// One of the two outputs of a program.
struct Stream {
    from: Option<Box<dyn Pipe>>,
    kept: Tail,
}

trait Pipe: Read + AsFd {}
impl<T: Read + AsFd> Pipe for T {}

impl Stream {
    fn new(from: Option<impl Pipe + 'static>, most: usize) -> std::result::Result<Self, Errno> {
        if let Some(pipe) = &from {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        Ok(Self {
            from: from.map(|pipe| -> Box<dyn Pipe> { Box::new(pipe) }),
            kept: Tail::new(most),
        })
    }

    /// Takes what is there, without waiting.
    fn take(&mut self) {
        let Some(pipe) = &mut self.from else { return };
        let mut buffer = [0; 16 * 1024];
        match pipe.read(&mut buffer) {
            Ok(0) => self.from = None,
            Ok(length) => self.kept.push(buffer.get(..length).unwrap_or_default()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => self.from = None,
        }
    }
}

/// What we know of a running program.
struct Watch {
    id: Pid,
    /// Tells of the end; none: the kernel is older than 5.3.
    bell: Option<OwnedFd>,
    stdout: Stream,
    stderr: Stream,
    /// Whether its outputs come to us.
    can_hear: bool,
    /// Whether it has ended. It isn't reaped before we are done, so that its number, which is also its group's, stays its.
    has_ended: bool,
}

impl Watch {
    fn new(child: &mut Child, most: usize) -> std::result::Result<Self, Errno> {
        let id = i32::try_from(child.id())
            .ok()
            .and_then(Pid::from_raw)
            .ok_or(Errno::SRCH)?;
        Ok(Self {
            id,
            bell: rustix::process::pidfd_open(id, PidfdFlags::empty()).ok(),
            can_hear: child.stdout.is_some(),
            stdout: Stream::new(child.stdout.take(), most)?,
            stderr: Stream::new(child.stderr.take(), most)?,
            has_ended: false,
        })
    }

    const fn is_silent(&self) -> bool {
        self.stdout.from.is_none() && self.stderr.from.is_none()
    }

    /// Listens until the end; whether it came in time. If not, the whole group was ended.
    fn until_end(&mut self, time_out: Duration) -> bool {
        let now = Instant::now();
        // Some hundred years stand for ever.
        let deadline = now
            .checked_add(time_out)
            .unwrap_or_else(|| now + Duration::from_secs(u64::from(u32::MAX)));
        self.listen(deadline, |watch| watch.has_ended);
        if self.has_ended {
            self.listen(Instant::now() + GRACE, Self::is_silent);
            return true;
        }
        // Who doesn't belong to us any more, or is gone already, needn't be told.
        let _told = rustix::process::kill_process_group(self.id, Signal::TERM);
        // Its children may need the time too; that they still run, we only know from what they could write to.
        self.listen(Instant::now() + MERCY, |watch| {
            watch.has_ended && watch.can_hear && watch.is_silent()
        });
        let _killed = rustix::process::kill_process_group(self.id, Signal::KILL);
        self.listen(Instant::now() + MERCY, |watch| watch.has_ended);
        false
    }

    fn listen(&mut self, deadline: Instant, is_enough: fn(&Self) -> bool) {
        while !is_enough(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            self.wait(left);
            self.stdout.take();
            self.stderr.take();
            self.has_ended = self.has_ended || self.look_for_end();
        }
    }

    /// Waits until something happens, `most` at the longest.
    fn wait(&self, most: Duration) {
        let bell = self.bell.as_ref().filter(|_| !self.has_ended);
        let has_bell = bell.is_some() || self.has_ended;
        let sources = [
            bell.map(AsFd::as_fd),
            self.stdout.from.as_ref().map(|pipe| pipe.as_fd()),
            self.stderr.from.as_ref().map(|pipe| pipe.as_fd()),
        ];
        let mut sources: Vec<PollFd<'_>> = sources
            .into_iter()
            .flatten()
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        let most = if has_bell { most } else { most.min(TICK) };
        let time_out = Timespec::try_from(most).ok();
        // An interruption is one of the things that may happen.
        let _ready = poll(&mut sources, time_out.as_ref());
    }

    /// Whether it has ended, which leaves it to be reaped.
    fn look_for_end(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match rustix::process::waitid(WaitId::Pid(self.id), options) {
            Ok(status) => status.is_some(),
            Err(Errno::INTR) => false,
            // Somebody else reaped it.
            Err(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::local::convert::command;

    const LONG: Duration = Duration::from_secs(60);

    fn shell(script: &str, time_out: Duration) -> Result<Output> {
        Call::new(&command(["sh", "-c", script]).unwrap(), time_out).run()
    }

    #[test]
    fn the_end_and_the_outputs_are_told() {
        let output = shell("echo out; echo err >&2; exit 3", LONG).unwrap();
        assert_eq!(output.ended, Ended::Exit(3));
        assert_eq!(
            (output.stdout.as_slice(), output.stderr.as_slice()),
            (&b"out\n"[..], &b"err\n"[..])
        );
        assert_eq!(shell("kill -9 $$", LONG).unwrap().ended, Ended::Signal(9));
        assert_eq!(
            shell("exec >&- 2>&-; sleep 0.1; exit 4", LONG).unwrap().ended,
            Ended::Exit(4)
        );
    }

    #[test]
    fn of_a_long_output_the_end_is_kept() {
        let output = shell("yes | head -c 1000000; echo end", LONG).unwrap();
        assert_eq!(output.stdout.len(), KEPT);
        assert!(output.stdout.ends_with(b"y\nend\n"));
    }

    #[test]
    fn what_outlives_us_is_heard_too() {
        let command = command(["sh", "-c", "seq 100000; echo err >&2; exit 5"]).unwrap();
        let mut call = Call::new(&command, LONG);
        call.outlives_us = true;
        let output = call.run().unwrap();
        assert_eq!(
            (output.ended, output.stdout.len(), output.stderr.as_slice()),
            (Ended::Exit(5), KEPT, &b"err\n"[..])
        );
        assert!(output.stdout.ends_with(b"\n99999\n100000\n"));
    }

    #[test]
    fn the_environment_is_minimal() {
        let command = command(["env"]).unwrap();
        let mut call = Call::new(&command, LONG);
        call.environment.push(("A", "b c"));
        let mut names: Vec<String> = String::from_utf8(call.run().unwrap().stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["A=b c", "HOME=/root", "LANG=C.UTF-8", &format!("PATH={SEARCH_PATH}")]
        );
        call.environment.push(("A=B", ""));
        assert!(call.run().is_err());
        assert_eq!(shell("umask", LONG).unwrap().stdout, b"0022\n");
    }

    #[test]
    fn what_takes_too_long_is_ended_with_its_children() {
        let directory = tempfile::tempdir().unwrap();
        let mark = directory.path().join("mark");
        let script = format!("(sleep 1; touch {}) & sleep 30", mark.display());
        let begun = Instant::now();
        let error = shell(&script, Duration::from_millis(200)).unwrap_err();
        assert!(error.to_string().ends_with("not done after 200ms, ended"), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        std::thread::sleep(Duration::from_millis(1200));
        assert!(!mark.exists());
    }

    #[test]
    fn what_it_leaves_running_is_not_waited_for() {
        let begun = Instant::now();
        let output = shell("sleep 7 & echo started", LONG).unwrap();
        assert_eq!(output.stdout, b"started\n");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[test]
    fn what_can_t_be_started_is_told() {
        let missing = command(["no-such-program", "x"]).unwrap();
        let error = Call::new(&missing, LONG).run().unwrap_err();
        assert_eq!(
            error.to_string(),
            "start `no-such-program x`: no such file or directory"
        );
        let present = command(["true"]).unwrap();
        let directory = AbsPath::new("/no/such/directory").unwrap();
        let mut call = Call::new(&present, LONG);
        call.directory = Some(&directory);
        let error = call.run().unwrap_err();
        assert_eq!(
            error.to_string(),
            "start `true`: there is no directory /no/such/directory to start it in"
        );
    }

    #[test]
    fn an_inherited_descriptor_reaches_only_the_one_it_is_for() {
        let file = tempfile::tempfile().unwrap();
        let list = command(["ls", "/proc/self/fd"]).unwrap();
        let number = |call: &Call<'_>| String::from_utf8(call.run().unwrap().stdout).unwrap().lines().count();
        let mut call = Call::new(&list, LONG);
        let without = number(&call);
        call.inherited = Some(file.as_fd());
        assert_eq!(number(&call), without + 1);
        call.inherited = None;
        assert_eq!(number(&call), without);
    }
}
