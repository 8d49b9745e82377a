use crate::report::Paint;
use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;

/// All that the program takes from its surroundings, read in this one place; only clap reads a
/// variable of its own for an option. Nothing else in the crate reads
/// the environment or the home directory.
#[derive(Debug)]
pub(super) struct Environment {
    home: Option<PathBuf>,
    no_color: bool,
    agent_socket: Option<PathBuf>,
    user: Option<OsString>,
}

impl Environment {
    pub(super) fn read() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            home: set("HOME").map(PathBuf::from),
            no_color: set("NO_COLOR").is_some() || set("TERM").is_some_and(|term| term == "dumb"),
            agent_socket: set("SSH_AUTH_SOCK").map(PathBuf::from),
            user: set("USER").or_else(|| set("LOGNAME")),
        }
    }

    /// The value of a variable, for the secrets that are kept in one.
    pub(super) fn variable(name: &str) -> Option<Vec<u8>> {
        std::env::var_os(name).map(OsString::into_vec)
    }

    /// Who runs the program, and where: `anna@workstation`.
    pub(super) fn who(&self) -> String {
        let user = self
            .user
            .as_ref()
            .map_or_else(|| "somebody".into(), |user| user.to_string_lossy());
        let machine = rustix::system::uname();
        format!("{user}@{}", machine.nodename().to_string_lossy())
    }

    /// The socket of the SSH agent.
    pub(super) fn agent_socket(&self) -> Option<PathBuf> {
        self.agent_socket.clone()
    }

    /// The private keys that `ssh` would try, as far as there are any.
    pub(super) fn usual_identities(&self) -> Vec<PathBuf> {
        let names = ["id_ed25519", "id_ecdsa", "id_rsa"];
        let keys = self
            .ssh_directory()
            .into_iter()
            .flat_map(|directory| names.map(|name| directory.join(name)));
        keys.filter(|key| key.exists()).collect()
    }

    /// The known-hosts files that `ssh` would read; the first is the user's own.
    pub(super) fn usual_known_hosts(&self) -> Vec<PathBuf> {
        let own = self.ssh_directory().map(|directory| directory.join("known_hosts"));
        own.into_iter()
            .chain([PathBuf::from("/etc/ssh/ssh_known_hosts")])
            .collect()
    }

    fn ssh_directory(&self) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(".ssh"))
    }

    /// Colours for standard output, if a person looks at it.
    pub(super) fn paint_output(&self) -> Paint {
        Paint::new(!self.no_color && std::io::stdout().is_terminal())
    }

    /// Colours for standard error, if a person looks at it.
    pub(super) fn paint_errors(&self) -> Paint {
        Paint::new(!self.no_color && std::io::stderr().is_terminal())
    }

    /// Whether to show progress: only to a person, who sees both streams.
    pub(super) fn shows_progress() -> bool {
        std::io::stderr().is_terminal() && std::io::stdout().is_terminal()
    }

    /// Whether somebody can be asked.
    pub(super) fn can_ask() -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Has the program's own log go to standard error.
    pub(super) fn start_log(&self, verbose: u8) {
        let level = match verbose {
            0 | 1 => "warn",
            2 => "mesos_iac=debug",
            _ => "mesos_iac=trace",
        };
        let filter = EnvFilter::try_from_env("MESOS_IAC_LOG").unwrap_or_else(|_| EnvFilter::new(level));
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(!self.no_color);
        // A test of a user's may have started a log already; that one is as good.
        let _already = log.without_time().try_init();
    }

    /// The numbers of the signals that the program was started to ignore.
    pub(super) fn ignored_signals() -> Vec<i32> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask
            .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
            .unwrap_or_default();
        (1..=64).filter(|number| mask >> (number - 1) & 1 == 1).collect()
    }

    /// Says something on standard error.
    pub(super) fn complain(text: &str) {
        // If standard error is closed there is nobody to tell.
        let _unheard = std::io::stderr().write_all(text.as_bytes());
    }
}
