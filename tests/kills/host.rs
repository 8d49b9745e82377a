//! A directory that stands for a host's root, and what a killed run leaves in it.

use crate::CALLS;
use crate::lab::{DAEMONS, Edition, FILES, RECOVERED, SECRET, loaded};
use mesos_iac::state::{Store, Takeover};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A host that doesn't run: its files are below a directory of memory, where nothing waits for a disk.
pub(crate) struct Host(TempDir);

/// One call of a run that changes something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) call: &'static str,
    /// How many such calls there were, with it.
    pub(crate) nth: usize,
    /// Whether it is about what a daemon has read.
    pub(crate) is_restart: bool,
}

/// A path's mode, and its content or where it points to.
type Files = BTreeMap<PathBuf, (u32, Vec<u8>)>;

impl Host {
    fn empty() -> Self {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() {
            memory.to_owned()
        } else {
            std::env::temp_dir()
        };
        Self(tempfile::tempdir_in(place).unwrap())
    }

    /// A host that nothing was done to.
    pub(crate) fn new() -> Self {
        let host = Self::empty();
        for directory in ["etc", "run"] {
            fs::create_dir(host.0.path().join(directory)).unwrap();
        }
        host
    }

    /// Another host that is as this one.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::empty();
        for (path, (mode, content)) in self.files() {
            let to = copy.0.path().join(&path);
            match mode & 0o170_000 {
                0o040_000 => fs::create_dir(&to).unwrap(),
                0o120_000 => {
                    std::os::unix::fs::symlink(String::from_utf8(content).unwrap(), &to).unwrap();
                    continue;
                }
                _ => fs::write(&to, content).unwrap(),
            }
            fs::set_permissions(&to, fs::Permissions::from_mode(mode & 0o7777)).unwrap();
        }
        copy
    }

    fn command(&self, edition: Edition, program: &str, before: &[&str]) -> Output {
        Command::new(program)
            .args(before)
            .arg(std::env::current_exe().unwrap())
            .arg("converge")
            .arg(self.0.path())
            .arg(edition.word())
            .output()
            .unwrap()
    }

    /// A run to its end. Returns how many refreshes it delivered that earlier ones came to owe.
    pub(crate) fn run(&self, edition: Edition) -> usize {
        let output = self.command(edition, "env", &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).unwrap();
        said.lines().filter(|line| line.starts_with(RECOVERED)).count()
    }

    /// The steps of a run, which changes the host, in their order.
    pub(crate) fn steps(&self, edition: Edition) -> Vec<Step> {
        let trace = tempfile::NamedTempFile::new().unwrap();
        let calls = format!("trace={}", CALLS.join(","));
        let to = trace.path().to_str().unwrap();
        let output = self.command(edition, "strace", &["-f", "-y", "-o", to, "-e", &calls]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let run = fs::canonicalize(self.0.path().join("run")).unwrap();
        let mut steps: Vec<Step> = Vec::new();
        for line in fs::read_to_string(trace.path()).unwrap().lines() {
            // `PID write(7</path>, …`; what isn't a call says that the process ended.
            let call = line
                .split_once(' ')
                .and_then(|(_, call)| call.trim_start().split_once('('));
            let Some(call) = call.and_then(|(name, _)| CALLS.iter().find(|call| **call == name)) else {
                continue;
            };
            steps.push(Step {
                call,
                nth: 1 + steps.iter().filter(|step| step.call == *call).count(),
                is_restart: line.contains(run.to_str().unwrap()),
            });
        }
        steps
    }

    /// A run that is killed when it calls the kernel so for the `nth` time. `false`: it came to its end before.
    pub(crate) fn run_killed_at(&self, edition: Edition, call: &str, nth: usize) -> bool {
        let inject = format!("inject={call}:signal=KILL:when={nth}");
        let trace = format!("trace={call}");
        let words = ["-f", "-o", "/dev/null", "-e", &trace, "-e", &inject];
        let output = self.command(edition, "strace", &words);
        if output.status.success() {
            return false;
        }
        // `strace` ends as what it traces ended.
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.signal(), Some(9), "{:?}: {said}", output.status);
        true
    }

    fn files(&self) -> Files {
        let mut files = Files::new();
        walk(self.0.path(), Path::new(""), &mut files);
        files
    }

    /// All files but the state's, of which the names alone say something.
    pub(crate) fn snapshot(&self) -> Files {
        let mut files = self.files();
        for (path, (_, content)) in &mut files {
            if path.starts_with(".state") {
                content.clear();
            }
        }
        files
    }

    /// The files are those of the edition, and every daemon has read them as they are.
    pub(crate) fn assert_well(&self, edition: Edition, when: &str) {
        for daemon in 0..DAEMONS {
            let contents = (0..FILES).map(|number| {
                let content = self.content(daemon, number).expect("a file is missing");
                assert!(
                    content == edition.content(daemon, number),
                    "{when}: file {number} of daemon {daemon}"
                );
                content
            });
            let read = loaded(contents);
            let known = fs::read_to_string(self.0.path().join(format!("run/daemon-{daemon}"))).unwrap();
            assert!(known == read, "{when}: daemon {daemon} wasn't restarted");
        }
    }

    fn content(&self, daemon: usize, number: usize) -> Option<String> {
        fs::read_to_string(self.0.path().join(format!("etc/daemon-{daemon}/{number}.conf"))).ok()
    }

    /// Nothing that a killed run leaves is half of something, or readable by whom it isn't meant for.
    pub(crate) fn assert_no_harm(&self, editions: &[Edition], when: &str) {
        for daemon in 0..DAEMONS {
            for number in 0..FILES {
                let Some(content) = self.content(daemon, number) else {
                    continue;
                };
                assert!(
                    editions
                        .iter()
                        .any(|edition| content == edition.content(daemon, number)),
                    "{when}: file {number} of daemon {daemon} is torn:\n{content}"
                );
            }
        }
        for (path, (mode, content)) in self.files() {
            let holds_secret = content.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(
                !holds_secret || matches!(mode & 0o777, 0o600 | 0o400),
                "{when}: {} of mode {mode:o} tells a secret",
                path.display()
            );
        }
    }

    /// How many refreshes the host is owed.
    pub(crate) fn owed(&self) -> usize {
        let identity = crate::lab::identity();
        let ledger = Store::look(&crate::lab::state(self.0.path()), &identity, &Takeover::default()).unwrap();
        ledger.owed.len()
    }
}

fn walk(root: &Path, below: &Path, files: &mut Files) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let path = below.join(entry.unwrap().file_name());
        let full = root.join(&path);
        let metadata = fs::symlink_metadata(&full).unwrap();
        let content = if metadata.is_symlink() {
            fs::read_link(&full).unwrap().into_os_string().into_encoded_bytes()
        } else if metadata.is_dir() {
            Vec::new()
        } else {
            fs::read(&full).unwrap()
        };
        files.insert(path.clone(), (metadata.permissions().mode(), content));
        if metadata.is_dir() {
            walk(root, &path, files);
        }
    }
}

/// What was counted.
#[derive(Default)]
pub(crate) struct Count {
    pub(crate) kill_points: usize,
    pub(crate) survived: usize,
    pub(crate) owed: usize,
    pub(crate) delivered: usize,
}

impl Count {
    pub(crate) fn add(&mut self, other: &Self) {
        self.kill_points += other.kill_points;
        self.survived += other.survived;
        self.owed += other.owed;
        self.delivered += other.delivered;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kill_points,
            survived,
            owed,
            delivered,
        } = self;
        let needless = owed - delivered;
        write!(
            f,
            "{kill_points} kill points, {survived} survived, {owed} refreshes owed, {delivered} delivered, \
             {needless} needless since their cause was not changed yet"
        )
    }
}
