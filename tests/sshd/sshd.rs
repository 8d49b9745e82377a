//! An OpenSSH server of a test's own: its keys, its port, its directory, gone with the test.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mesos_iac::transport::{
    Fingerprint, HostKey, Method, Session, SshOptions, Target, TransportError, append, run_on_ssh_thread,
};
use tempfile::TempDir;

/// Both ways to reach a host.
pub(crate) const METHODS: [Method; 2] = [Method::Libssh2, Method::OpenSsh];

/// A running server that lets this user in with the key `id_ed25519` of its directory.
pub(crate) struct Sshd {
    directory: TempDir,
    port: u16,
    server: Child,
}

impl Sshd {
    /// Starts a server with an Ed25519, an ECDSA and an RSA host key.
    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// Starts one with more lines of `sshd_config`.
    pub(crate) fn with(configuration: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let path = |name: &str| directory.path().join(name);
        for (kind, name) in [
            ("ed25519", "host_ed25519"),
            ("ecdsa", "host_ecdsa"),
            ("rsa", "host_rsa"),
        ] {
            generate_key(kind, &path(name));
        }
        generate_key("ed25519", &path("id_ed25519"));
        fs::copy(path("id_ed25519.pub"), path("authorized_keys")).unwrap();
        fs::write(path("ssh_config"), "").unwrap();
        // Where sshd runs as root it insists on this directory, which packages leave to the init system.
        fs::create_dir_all("/run/sshd").ok();
        // HOME is set to a directory without a ~/.bashrc, which bash would read for each command that sshd starts.
        let port = free_port();
        let here = directory.path().display();
        let text = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {here}/host_ed25519\nHostKey {here}/host_ecdsa\nHostKey \
             {here}/host_rsa\nAuthorizedKeysFile {here}/authorized_keys\nStrictModes no\nUsePAM no\nPidFile none\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nLogLevel DEBUG1\n\
             SetEnv HOME={here}\n\
             {configuration}\nMaxSessions 100\nMaxStartups 300\n"
        );
        fs::write(path("sshd_config"), text).unwrap();
        let server = Command::new("/usr/sbin/sshd")
            .args(["-D", "-f"])
            .arg(path("sshd_config"))
            .arg("-E")
            .arg(path("log"))
            .stdin(Stdio::null())
            .spawn()
            .expect("these tests need OpenSSH's server (Debian: openssh-server)");
        let sshd = Self {
            directory,
            port,
            server,
        };
        let began = Instant::now();
        while TcpStream::connect(sshd.address()).is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "sshd: {}", sshd.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        sshd
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What the server has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The server as a target. No key of it is known yet.
    pub(crate) fn target(&self) -> Target {
        Target {
            host: "testhost".to_owned(),
            address: "127.0.0.1".to_owned(),
            port: Some(self.port),
            user: Some(user()),
            host_keys: Vec::new(),
        }
    }

    /// Options with which it can be logged in to. Nothing of the user's own is read.
    pub(crate) fn options(&self) -> SshOptions {
        SshOptions {
            known_hosts: vec![self.path("known_hosts")],
            identities: vec![self.path("id_ed25519")],
            agent_socket: None,
            connect_timeout: Duration::from_secs(10),
            openssh_program: PathBuf::from("ssh"),
            openssh_config: Some(self.path("ssh_config")),
            fresh_connection: false,
        }
    }

    /// One of its host keys: `ed25519`, `ecdsa` or `rsa`.
    pub(crate) fn host_key(&self, kind: &str) -> HostKey {
        public_key(&self.path(&format!("host_{kind}.pub")))
    }

    pub(crate) fn fingerprint(&self, kind: &str) -> Fingerprint {
        self.host_key(kind).fingerprint()
    }

    /// Makes one of its host keys known.
    pub(crate) fn trust(&self, kind: &str) {
        append(&self.path("known_hosts"), &self.target(), &self.host_key(kind)).unwrap();
    }

    /// A session with the server, whose Ed25519 key is made known.
    pub(crate) async fn session(&self, method: Method) -> Session {
        self.trust("ed25519");
        Session::connect(method, &self.target(), &self.options()).await.unwrap()
    }

    /// Ends the server and every connection to it, as a crash of the host would.
    pub(crate) fn crash(&mut self) {
        // OpenSSH's server has a process for each connection, below the listener. The commands are not killed.
        let listener = self.server.id();
        let mut doomed = vec![listener];
        let mut next = 0;
        while let Some(parent) = doomed.get(next) {
            doomed.extend(children(*parent));
            next += 1;
        }
        for process in doomed.iter().skip(1) {
            let kill = format!("kill -9 {process} 2>/dev/null");
            Command::new("sh").args(["-c", &kill]).status().ok();
        }
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.crash();
    }
}

fn children(parent: u32) -> Vec<u32> {
    fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|process| process.parse().ok())
        .filter(|process: &u32| {
            fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.starts_with("sshd"))
        })
        .collect()
}

/// Runs a test on the SSH thread, for at most two minutes.
pub(crate) fn on_ssh_thread<T: Send>(test: impl AsyncFnOnce() -> T + Send) -> T {
    let limited = async || tokio::time::timeout(Duration::from_secs(120), test()).await;
    run_on_ssh_thread(limited).unwrap().expect("the test hangs")
}

/// Connects and runs `true`: with OpenSSH's client a failure to connect appears only then.
pub(crate) async fn reach(method: Method, target: &Target, options: &SshOptions) -> Result<(), TransportError> {
    let session = Session::connect(method, target, options).await?;
    let status = session.exec("true").await?.wait().await?;
    assert!(status.success());
    session.close().await;
    Ok(())
}

/// Makes a key pair without a passphrase.
pub(crate) fn generate_key(kind: &str, path: &Path) {
    // Short RSA keys are quicker to make.
    let bits: &[&str] = if kind == "rsa" { &["-b", "2048"] } else { &[] };
    generate_key_with(kind, path, &[&["-N", ""], bits].concat());
}

/// Makes a key pair with more arguments for `ssh-keygen`.
pub(crate) fn generate_key_with(kind: &str, path: &Path, arguments: &[&str]) {
    let status = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-C", "test", "-f"])
        .arg(path)
        .args(arguments)
        .status()
        .unwrap();
    assert!(status.success());
}

/// Reads a public key's file.
pub(crate) fn public_key(path: &Path) -> HostKey {
    let text = fs::read_to_string(path).unwrap();
    let base64 = text.split(' ').nth(1).unwrap();
    let blob = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, base64).unwrap();
    HostKey::from_blob(&blob).unwrap()
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

pub(crate) fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
