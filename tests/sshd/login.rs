//! Logging in: with files, with the agent, in vain.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mesos_iac::transport::{Attempt, Method, Session, SshOptions, Target, TransportError};

use crate::sshd::{METHODS, Sshd, generate_key, generate_key_with, on_ssh_thread, reach, user};

/// An SSH agent of a test's own.
struct Agent {
    socket: PathBuf,
    process: Child,
}

impl Agent {
    fn start(directory: &Path) -> Self {
        let socket = directory.join("agent");
        let process = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while !socket.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { socket, process }
    }

    fn add(&self, key: &Path) {
        let status = Command::new("ssh-add")
            .arg("-q")
            .arg(key)
            .env("SSH_AUTH_SOCK", &self.socket)
            .status()
            .unwrap();
        assert!(status.success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn attempts(error: TransportError) -> Vec<Attempt> {
    match error {
        TransportError::Authentication { tried, .. } => tried,
        other => panic!("{other}"),
    }
}

#[test]
fn keys_of_all_kinds_and_formats_are_used() {
    let sshd = Sshd::start();
    sshd.trust("ed25519");
    for (kind, arguments) in [
        ("ed25519", &["-N", ""][..]),
        ("ecdsa", &["-N", ""]),
        ("rsa", &["-N", ""]),
        ("rsa", &["-N", "", "-m", "PEM"]),
        ("rsa", &["-N", "", "-m", "PKCS8"]),
        ("ecdsa", &["-N", "", "-m", "PEM"]),
    ] {
        let path = sshd.path("key");
        fs::remove_file(&path).ok();
        fs::remove_file(sshd.path("key.pub")).ok();
        generate_key_with(kind, &path, arguments);
        fs::copy(sshd.path("key.pub"), sshd.path("authorized_keys")).unwrap();
        // The public half is not needed.
        fs::remove_file(sshd.path("key.pub")).unwrap();
        let options = SshOptions {
            identities: vec![sshd.path("missing"), path],
            ..sshd.options()
        };
        on_ssh_thread(async || {
            for method in METHODS {
                let outcome = reach(method, &sshd.target(), &options).await;
                assert!(
                    outcome.is_ok(),
                    "{kind} {arguments:?} {method:?}: {}",
                    outcome.unwrap_err()
                );
            }
        });
    }
}

#[test]
fn a_wrong_key_is_a_refusal_that_names_it() {
    let sshd = Sshd::start();
    sshd.trust("ed25519");
    generate_key("ed25519", &sshd.path("wrong"));
    let options = SshOptions {
        identities: vec![sshd.path("wrong"), sshd.path("missing"), sshd.path("known_hosts")],
        ..sshd.options()
    };
    on_ssh_thread(async || {
        for method in METHODS {
            let error = reach(method, &sshd.target(), &options).await.unwrap_err();
            assert!(
                error.to_string().starts_with("log in to testhost at 127.0.0.1:"),
                "{error}"
            );
            let tried = attempts(error);
            if method == Method::Libssh2 {
                let tried: Vec<String> = tried.iter().map(ToString::to_string).collect();
                assert_eq!(tried.len(), 3, "{tried:?}");
                assert!(tried[1].contains("No such file"), "{tried:?}");
                assert!(tried[2].contains("it is no private key"), "{tried:?}");
            }
        }
    });
}

#[test]
fn an_encrypted_key_is_for_the_agent() {
    let sshd = Sshd::start();
    sshd.trust("ed25519");
    let key = sshd.path("encrypted");
    generate_key("ed25519", &key);
    fs::copy(sshd.path("encrypted.pub"), sshd.path("authorized_keys")).unwrap();
    let agent = Agent::start(sshd.path(".").as_path());
    agent.add(&key);
    let status = Command::new("ssh-keygen")
        .args(["-q", "-p", "-P", "", "-N", "a passphrase", "-f"])
        .arg(&key)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    on_ssh_thread(async || {
        let alone = SshOptions {
            identities: vec![key.clone()],
            ..sshd.options()
        };
        let error = reach(Method::Libssh2, &sshd.target(), &alone).await.unwrap_err();
        assert!(error.to_string().contains("it is encrypted"), "{error}");
        assert!(error.hint().unwrap().contains("ssh-add"));
        let with_agent = SshOptions {
            agent_socket: Some(agent.socket.clone()),
            ..alone
        };
        for method in METHODS {
            reach(method, &sshd.target(), &with_agent).await.unwrap();
        }
    });
}

#[test]
fn the_agent_alone_is_enough() {
    let sshd = Sshd::start();
    sshd.trust("ed25519");
    let agent = Agent::start(sshd.path(".").as_path());
    for kind in ["ed25519", "ecdsa", "rsa"] {
        generate_key(kind, &sshd.path(kind));
        agent.add(&sshd.path(kind));
    }
    let options = SshOptions {
        identities: Vec::new(),
        agent_socket: Some(agent.socket.clone()),
        ..sshd.options()
    };
    for kind in ["ed25519", "ecdsa", "rsa"] {
        fs::copy(sshd.path(&format!("{kind}.pub")), sshd.path("authorized_keys")).unwrap();
        on_ssh_thread(async || {
            for method in METHODS {
                reach(method, &sshd.target(), &options).await.unwrap();
            }
        });
    }
}

#[test]
fn an_agent_full_of_other_keys_does_not_use_up_the_attempts() {
    let sshd = Sshd::with("MaxAuthTries 3");
    sshd.trust("ed25519");
    let agent = Agent::start(sshd.path(".").as_path());
    for number in 0..8 {
        let key = sshd.path(&format!("other{number}"));
        generate_key("ed25519", &key);
        agent.add(&key);
    }
    let options = SshOptions {
        agent_socket: Some(agent.socket.clone()),
        ..sshd.options()
    };
    on_ssh_thread(async || reach(Method::Libssh2, &sshd.target(), &options).await).unwrap();
    agent.add(&sshd.path("id_ed25519"));
    on_ssh_thread(async || reach(Method::Libssh2, &sshd.target(), &options).await).unwrap();
}

#[test]
fn an_agent_that_is_of_no_use_is_told_of_and_not_waited_for() {
    let sshd = Sshd::start();
    sshd.trust("ed25519");
    let silent = sshd.path("silent");
    let _listener = UnixListener::bind(&silent).unwrap();
    for socket in [silent, sshd.path("missing"), sshd.path("known_hosts")] {
        let options = SshOptions {
            agent_socket: Some(socket.clone()),
            ..sshd.options()
        };
        let began = Instant::now();
        on_ssh_thread(async || reach(Method::Libssh2, &sshd.target(), &options).await).unwrap();
        assert!(began.elapsed() < Duration::from_secs(6));
        let without_files = SshOptions {
            identities: Vec::new(),
            ..options
        };
        let error = on_ssh_thread(async || reach(Method::Libssh2, &sshd.target(), &without_files).await).unwrap_err();
        assert!(error.to_string().contains(&socket.display().to_string()), "{error}");
    }
}

#[test]
fn what_the_definition_leaves_open_is_for_ssh_config_to_say() {
    let sshd = Sshd::start();
    sshd.trust("ed25519");
    let (port, user) = (sshd.address().port(), user());
    fs::write(
        sshd.path("ssh_config"),
        format!("Host 127.0.0.1\n  Port {port}\n  User {user}\n"),
    )
    .unwrap();
    let open = Target {
        port: None,
        user: None,
        ..sshd.target()
    };
    let said = Target {
        user: Some("nobody-of-this-name".to_owned()),
        ..open.clone()
    };
    on_ssh_thread(async || {
        let session = Session::connect(Method::OpenSsh, &open, &sshd.options()).await.unwrap();
        assert!(session.exec("true").await.unwrap().wait().await.unwrap().success());
        // What the definition does say counts for more.
        let session = Session::connect(Method::OpenSsh, &said, &sshd.options()).await.unwrap();
        let refused = session.exec("true").await.unwrap().wait().await.unwrap_err();
        assert!(refused.to_string().contains("as nobody-of-this-name"), "{refused}");
    });
}
