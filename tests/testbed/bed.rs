//! The hosts of the suite: `testbed.sh` makes them, and takes them away whatever becomes of the suite.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `testbed.sh`.
struct Script(PathBuf);

impl Script {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.0);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// What it says on standard output.
    ///
    /// # Errors
    /// The last line that it says on standard error, if it fails.
    fn say(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self
            .command(arguments)
            .output()
            .map_err(|error| format!("{} doesn't start: {error}", self.0.display()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        let last = complaint.lines().last().unwrap_or("it doesn't say why");
        Err(format!("`testbed.sh {}` fails: {last}", arguments.join(" ")))
    }
}

/// The hosts, and where the suite keeps its own files.
pub(crate) struct Bed {
    script: Script,
    scratch: TempDir,
    key: String,
    known_hosts: String,
    addresses: BTreeMap<String, String>,
    _keeper: Keeper,
}

impl Bed {
    /// Makes hosts of these names.
    ///
    /// # Errors
    /// One line: what the script says, or that there are such hosts already.
    pub(crate) fn raise(names: &[&str]) -> Result<Self, String> {
        let script = Script(repository().join("tests/testbed/testbed.sh"));
        for line in script.say(&["list"])?.lines() {
            let name = line.split('\t').next().unwrap_or_default();
            if names.contains(&name) {
                return Err(format!(
                    "there is a host {name} already: run `testbed.sh down`, or set MESOS_IAC_TESTBED_DIR"
                ));
            }
        }
        let keeper = Keeper::start(&script, names)?;
        script.say(&[&["up"], names].concat())?;
        let environment = script.say(&["env"])?;
        let value = |name: &str| {
            let found = environment
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            found
                .map(ToOwned::to_owned)
                .ok_or_else(|| format!("`testbed.sh env` doesn't tell {name}"))
        };
        let addresses = script
            .say(&["list"])?
            .lines()
            .filter_map(|line| {
                let mut fields = line.split('\t').map(ToOwned::to_owned);
                Some((fields.next()?, fields.next()?))
            })
            .collect();
        Ok(Self {
            script,
            scratch: tempfile::tempdir().map_err(|error| format!("there is no temporary directory: {error}"))?,
            key: value("MESOS_IAC_TESTBED_KEY")?,
            known_hosts: value("MESOS_IAC_TESTBED_KNOWN_HOSTS")?,
            addresses,
            _keeper: keeper,
        })
    }

    /// A path of the suite's own.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// The private key that every host accepts.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The file with the present keys of all hosts.
    pub(crate) fn known_hosts(&self) -> &Path {
        Path::new(&self.known_hosts)
    }

    pub(crate) fn address(&self, host: &str) -> &str {
        &self.addresses[host]
    }

    /// Writes an inputs file with the addresses of these hosts.
    pub(crate) fn inputs(&self, name: &str, hosts: &[&str]) -> String {
        let of_host = |host: &&str| format!("[host.{host}]\naddress = \"{}\"\n", self.address(host));
        self.write(&format!("{name}.toml"), hosts.iter().map(of_host).collect::<String>())
    }

    /// Writes a file of the suite's own, and returns its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().expect("a plain path").to_owned()
    }

    /// Runs `testbed.sh`, which must succeed.
    #[track_caller]
    pub(crate) fn testbed(&self, arguments: &[&str]) {
        self.script.say(arguments).unwrap_or_else(|why| panic!("{why}"));
    }

    /// Makes hosts pristine again, also while a promise ends by a panic: then nothing more can be asked of it than to tell.
    pub(crate) fn reset(&self, hosts: &[&str]) {
        if let Err(why) = self.script.say(&[&["reset"], hosts].concat()) {
            println!("  {why}");
        }
    }

    /// Takes something from a host, such as its power, with one subcommand of `testbed.sh`; what is returned gives it back
    /// with another one.
    #[track_caller]
    pub(crate) fn without<'b>(&'b self, take: &str, give: &'b str, host: &'b str) -> Without<'b> {
        self.testbed(&[take, host]);
        Without { bed: self, give, host }
    }

    /// The process on this machine that is a host's first one.
    #[track_caller]
    pub(crate) fn init_of(&self, host: &str) -> String {
        let list = self.script.say(&["list"]).unwrap_or_else(|why| panic!("{why}"));
        let line = list.lines().find(|line| line.split('\t').next() == Some(host));
        let process = line.and_then(|line| line.split('\t').nth(3));
        process.unwrap_or_else(|| panic!("{host} doesn't run")).to_owned()
    }

    /// Whether a host's SSH server accepts connections from where the programs run.
    fn reaches(&self, host: &str) -> bool {
        let connect = format!("exec 3<>/dev/tcp/{}/22", self.address(host));
        let mut command = self.controller(Path::new("timeout"));
        command
            .args(["1", "bash", "-c", &connect])
            .output()
            .is_ok_and(|output| output.status.success())
    }

    /// What a command in a host says, which must succeed. A shell of the host reads it; ssh has no part in it.
    #[track_caller]
    pub(crate) fn on(&self, host: &str, script: &str) -> String {
        let output = self.try_on(host, script, b"");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "on {host}: {script}: {}\n{said}{complaint}",
            output.status
        );
        said
    }

    /// Whether a command in a host succeeds.
    pub(crate) fn is_so_on(&self, host: &str, script: &str) -> bool {
        self.try_on(host, script, b"").status.success()
    }

    /// Takes a mount away once nobody uses it, which must be so soon: a run that is told is over, and its agent about to be.
    #[track_caller]
    pub(crate) fn unmount(&self, host: &str, path: &str) {
        eventually("the end of who uses the mount", Duration::from_secs(5), || {
            self.is_so_on(host, &format!("umount {path}"))
        });
    }

    /// Puts a file into a host.
    #[track_caller]
    pub(crate) fn put(&self, host: &str, path: &str, mode: &str, content: &[u8]) {
        let output = self.try_on(host, &format!("cat >{path} && chmod {mode} {path}"), content);
        assert!(output.status.success(), "{path} can't be put on {host}");
    }

    fn try_on(&self, host: &str, script: &str, input: &[u8]) -> Output {
        let mut command = self.script.command(&["exec", host, "--", "sh", "-c", script]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        // A command that doesn't read its input may end first.
        child.stdin.take().unwrap().write_all(input).ok();
        child.wait_with_output().unwrap()
    }

    /// The command that runs a program where the hosts can be reached, in an environment without anything of the
    /// machine's.
    pub(crate) fn controller(&self, program: &Path) -> Command {
        // A suite that runs in the background ignores Ctrl-C, and so would all that it starts.
        let mut command = self.script.command(&["controller", "env", "--default-signal=INT"]);
        command
            .arg(program)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
            .env("HOME", self.scratch.path())
            .current_dir(self.scratch.path());
        if let Some(directory) = std::env::var_os("MESOS_IAC_TESTBED_DIR") {
            command.env("MESOS_IAC_TESTBED_DIR", directory);
        }
        command
    }
}

/// Something that a host lacks until this is dropped, so that a promise that doesn't hold leaves hosts for the others.
#[must_use]
pub(crate) struct Without<'b> {
    bed: &'b Bed,
    give: &'b str,
    host: &'b str,
}

impl Drop for Without<'_> {
    fn drop(&mut self) {
        if let Err(why) = self.bed.script.say(&[self.give, self.host]) {
            println!("  {why}");
        }
        // For some seconds the machine remembers that nobody had the address.
        for _ in 0..100 {
            if self.bed.reaches(self.host) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        println!("  {} can't be reached any more", self.host);
    }
}

/// Waits for something to become so.
#[track_caller]
pub(crate) fn eventually(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < limit, "{what}: not within {} s", limit.as_secs());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A process that takes the hosts away once the suite is gone, however it went: it waits for its input to end, in a
/// process group of its own, which an interrupt from the terminal doesn't reach.
struct Keeper(Child);

impl Keeper {
    fn start(script: &Script, names: &[&str]) -> Result<Self, String> {
        let child = Command::new("sh")
            .args(["-c", "cat; exec \"$0\" down \"$@\""])
            .arg(&script.0)
            .args(names)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("sh doesn't start: {error}"))?;
        Ok(Self(child))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // There is nobody left to tell.
        self.0.wait().ok();
    }
}
