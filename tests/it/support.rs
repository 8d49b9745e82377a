//! What the tests share: running example programs in a hermetic environment, and snapshots in `snapshots/`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A built example program. The first call of a test run builds all of them, so that no test runs an old one.
pub(crate) fn example(name: &str) -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--examples"])
            .current_dir(repository())
            .status()
            .expect("cargo runs");
        assert!(built.success(), "the examples don't build");
        // The test runs from target/PROFILE/deps.
        let test = std::env::current_exe().expect("the test knows where it is");
        test.ancestors().nth(2).expect("two directories up").join("examples")
    });
    directory.join(name)
}

/// A place of its own for one test, and a program that sees nothing else of the machine.
pub(crate) struct Lab {
    pub(crate) directory: TempDir,
    program: PathBuf,
}

impl Lab {
    pub(crate) fn new(program: &str) -> Self {
        Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
            program: example(program),
        }
    }

    /// From now on the program is another file, as if it had been built anew from the same sources.
    pub(crate) fn rebuild(&mut self) {
        let rebuilt = self.path("rebuilt");
        let mut program = std::fs::read(&self.program).expect("the program can be read");
        program.extend(b"another build");
        write_program(&rebuilt, &program);
        self.program = rebuilt;
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    /// Runs the program, with `{lab}` in its arguments replaced by the test's directory.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, |_| {})
    }

    /// As [`Lab::run`], with the program's surroundings changed first.
    pub(crate) fn run_with(&self, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Ran {
        let lab = self.directory.path().to_str().expect("a plain path");
        let mut command = Command::new(&self.program);
        command
            .args(arguments.iter().map(|argument| argument.replace("{lab}", lab)))
            .env_clear()
            .env("HOME", self.directory.path())
            .env("PATH", "/usr/bin:/bin")
            .current_dir(self.directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        change(&mut command);
        let output = command
            .spawn()
            .and_then(Child::wait_with_output)
            .expect("the program runs");
        Ran::new(&output, lab)
    }

    pub(crate) fn read(&self, relative: &str) -> String {
        std::fs::read_to_string(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    pub(crate) fn exists(&self, relative: &str) -> bool {
        self.path(relative).exists()
    }
}

/// Writes a program that can be run at once.
///
/// Another process writes it: a descriptor of ours would be copied into whatever the other tests start at that moment, and
/// what somebody has open for writing can't be run.
pub(crate) fn write_program(path: &Path, content: &[u8]) {
    let mut install = Command::new("install")
        .args(["-m", "755", "/dev/stdin"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .expect("`install` is one of the essential programs");
    let mut stdin = install.stdin.take().expect("a pipe");
    stdin.write_all(content).expect("it reads to the end");
    drop(stdin);
    assert!(install.wait().expect("it ends").success(), "{}", path.display());
}

/// What a program said, with the test's directory called `{lab}` and times left out.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn new(output: &Output, lab: &str) -> Self {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).replace(lab, "{lab}");
            without_seconds(&text)
        };
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Asserts the exit status, and shows everything if it is another one.
    #[track_caller]
    pub(crate) fn expect(self, status: i32) -> Self {
        assert_eq!(
            self.status, status,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }
}

impl std::fmt::Display for Ran {
    /// As snapshots hold it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit {}\n--- stdout\n{}--- stderr\n{}",
            self.status, self.stdout, self.stderr
        )
    }
}

/// The last line of a run ends in how long it took.
fn without_seconds(text: &str) -> String {
    let mut lines: Vec<String> = text.split('\n').map(ToOwned::to_owned).collect();
    for line in &mut lines {
        let commands = [
            "apply: ",
            "plan: ",
            "status: ",
            "pending: ",
            "orphans: ",
            "forget: ",
            "deploy: ",
        ];
        let numbered = commands.iter().any(|command| line.starts_with(command));
        if numbered && let Some(cut) = line.rfind("; ") {
            line.replace_range(cut.., "; {time}");
        }
    }
    lines.join("\n")
}

/// Compares with the file of this name in `snapshots/`.
#[track_caller]
pub(crate) fn assert_snapshot(name: &str, text: impl std::fmt::Display) {
    settings().bind(|| insta::assert_snapshot!(name, text.to_string()));
}

/// Every snapshot stands in `snapshots/`, under a name that says what it is of.
pub(crate) fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(repository().join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
