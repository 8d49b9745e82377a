//! Hosts that are not there, or not what they should be. None may keep the SSH thread busy.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mesos_iac::transport::{Method, Session, SshOptions, Stage, Target, TransportError, scan_host_key};

use crate::impostor::listen;
use crate::sshd::{METHODS, Sshd, free_port, on_ssh_thread, reach};

fn options() -> SshOptions {
    SshOptions {
        known_hosts: Vec::new(),
        identities: Vec::new(),
        agent_socket: None,
        connect_timeout: Duration::from_secs(2),
        openssh_program: PathBuf::from("ssh"),
        openssh_config: Some(PathBuf::from("/dev/null")),
        fresh_connection: false,
    }
}

fn target_at(address: SocketAddr) -> Target {
    Target {
        host: "testhost".to_owned(),
        address: address.ip().to_string(),
        port: Some(address.port()),
        user: Some("nobody".to_owned()),
        host_keys: Vec::new(),
    }
}

/// Fails to reach an address, within a time in which another host is reached too.
fn failure(method: Method, address: SocketAddr) -> TransportError {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        let other = tokio::task::spawn_local({
            sshd.trust("ed25519");
            let (target, options) = (sshd.target(), sshd.options());
            async move {
                let began = Instant::now();
                reach(method, &target, &options).await.unwrap();
                began.elapsed()
            }
        });
        let began = Instant::now();
        let error = reach(method, &target_at(address), &options()).await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert!(other.await.unwrap() < Duration::from_secs(2));
        error
    })
}

#[test]
fn nobody_listens() {
    for method in METHODS {
        let error = failure(method, ([127, 0, 0, 1], free_port()).into());
        assert_eq!(error.kind(), "connect", "{error}");
        assert!(error.to_string().contains("Connection refused"), "{error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn somebody_listens_and_says_nothing() {
    let address = listen(|connection| {
        thread::sleep(Duration::from_secs(60));
        drop(connection);
        Ok(())
    });
    for method in METHODS {
        let error = failure(method, address);
        let silent = matches!(
            error,
            TransportError::TimedOut {
                stage: Stage::Identification,
                ..
            }
        );
        assert!(silent, "{method:?}: {error:?}");
    }
}

#[test]
fn somebody_listens_and_hangs_up() {
    for word in ["", "bye\n", "SSH-2.0-x\r\n", "SSH-2.0"] {
        let address = listen(move |mut connection| connection.write_all(word.as_bytes()));
        for method in METHODS {
            let error = failure(method, address);
            assert_eq!(error.kind(), "handshake", "{method:?}, {word:?}: {error}");
        }
    }
}

#[test]
fn somebody_listens_and_talks_of_something_else() {
    for word in [
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "\n",
        "\0\u{1}\u{2}",
        "SSH-1.5-x\n",
        "SSH-2.0-x\r\ngarbage",
    ] {
        for repeated in [false, true] {
            let address = listen(move |mut connection| {
                connection.write_all(word.as_bytes())?;
                if !repeated {
                    return connection.read_exact(&mut vec![0; 100_000]);
                }
                loop {
                    connection.write_all(&word.as_bytes().repeat(1000))?;
                }
            });
            let error = failure(Method::Libssh2, address);
            let kind = error.kind();
            assert!(["handshake", "timed-out"].contains(&kind), "{word:?}: {error}");
            assert!(!error.to_string().contains(char::is_control), "{error:?}");
        }
    }
}

#[test]
fn a_name_without_an_address() {
    on_ssh_thread(async || {
        for method in METHODS {
            let target = Target {
                // No label is that long, so that no server of names is asked.
                address: format!("{}.example", "x".repeat(64)),
                ..target_at(([127, 0, 0, 1], 22).into())
            };
            let error = reach(method, &target, &options()).await.unwrap_err();
            assert_eq!(error.kind(), "resolve", "{method:?}: {error}");
        }
    });
}

#[test]
fn a_client_that_is_not_there() {
    on_ssh_thread(async || {
        let options = SshOptions {
            openssh_program: PathBuf::from("/nonexistent/ssh"),
            ..options()
        };
        let error = reach(Method::OpenSsh, &target_at(([127, 0, 0, 1], 22).into()), &options)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), "openssh", "{error}");
    });
}

#[test]
fn a_target_that_could_be_an_option_is_not_spawned() {
    on_ssh_thread(async || {
        for method in METHODS {
            let target = Target {
                address: "-oProxyCommand=touch /tmp/owned".to_owned(),
                ..target_at(([127, 0, 0, 1], 22).into())
            };
            let error = reach(method, &target, &options()).await.unwrap_err();
            assert!(matches!(error, TransportError::Target { .. }), "{error}");
        }
    });
}

#[test]
fn the_in_process_transport_keeps_to_its_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let target = target_at(([127, 0, 0, 1], 22).into());
        let refused = Session::connect(Method::Libssh2, &target, &options())
            .await
            .err()
            .unwrap();
        assert!(matches!(refused, TransportError::NotOnSshThread));
        let refused = scan_host_key(&target, &options()).await.unwrap_err();
        assert!(matches!(refused, TransportError::NotOnSshThread));
    });
}

#[test]
fn a_session_whose_server_stops_answering_is_given_up_once_nobody_uses_it() {
    let sshd = Sshd::start();
    let server = sshd.address();
    let is_closed = Arc::new(AtomicBool::new(false));
    let closed = Arc::clone(&is_closed);
    // Lets the login through, and then nothing more in either direction.
    let address = listen(move |near| {
        let far = std::net::TcpStream::connect(server)?;
        let (mut near_again, mut far_again) = (near.try_clone()?, far.try_clone()?);
        let open_until = Instant::now() + Duration::from_secs(2);
        thread::spawn(move || carry_until(&mut near_again, &mut far_again, open_until));
        let (mut near, mut far) = (near, far);
        carry_until(&mut far, &mut near, open_until);
        // The socket stays open until the other side closes it.
        near.set_read_timeout(None)?;
        while near.read(&mut [0; 4096])? > 0 {}
        closed.store(true, Ordering::SeqCst);
        Ok(())
    });
    let target = Target {
        host_keys: vec![sshd.fingerprint("ed25519")],
        port: Some(address.port()),
        ..sshd.target()
    };
    on_ssh_thread(async || {
        let session = Session::connect(Method::Libssh2, &target, &sshd.options())
            .await
            .unwrap();
        let channel = session.exec("cat").await.unwrap();
        tokio::time::sleep(Duration::from_millis(2500)).await;
        drop((channel, session));
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(!is_closed.load(Ordering::SeqCst), "the server was given no time");
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(is_closed.load(Ordering::SeqCst), "the connection is still open");
    });
}

fn carry_until(from: &mut std::net::TcpStream, to: &mut std::net::TcpStream, end: Instant) {
    let mut buffer = [0; 4096];
    from.set_read_timeout(Some(Duration::from_millis(50))).ok();
    while Instant::now() < end {
        if let Ok(length @ 1..) = from.read(&mut buffer) {
            to.write_all(&buffer[..length]).ok();
        }
    }
}
