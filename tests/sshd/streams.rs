//! Bulk: down, up, both at once, on a slow way, and across new session keys.

use std::net::SocketAddr;
use std::rc::Rc;

use mesos_iac::transport::{Channel, Method, Session, Target};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::impostor::slow_way_to;
use crate::sshd::{METHODS, Sshd, on_ssh_thread};

const MEGABYTE: usize = 1 << 20;

/// Bytes that repeat late enough to show a lost or doubled packet.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

/// Sends `data` through `cat` and compares what comes back while it is still being sent.
async fn echo(session: &Session, data: &[u8]) {
    let Channel {
        mut stdin,
        mut stdout,
        stderr,
        exit,
    } = session.exec("cat").await.unwrap();
    drop(stderr);
    let mut back = Vec::new();
    let up = async {
        stdin.write_all(data).await.unwrap();
        stdin.shutdown().await.unwrap();
    };
    let ((), down) = tokio::join!(up, stdout.read_to_end(&mut back));
    down.unwrap();
    assert!(exit.wait().await.unwrap().success());
    assert!(back == data, "{} bytes sent, {} came back", data.len(), back.len());
}

async fn session_at(sshd: &Sshd, address: SocketAddr) -> Session {
    let target = Target {
        port: Some(address.port()),
        host_keys: vec![sshd.fingerprint("ed25519")],
        ..sshd.target()
    };
    Session::connect(Method::Libssh2, &target, &sshd.options())
        .await
        .unwrap()
}

#[test]
fn twenty_megabytes_down_up_and_both_at_once() {
    let sshd = Sshd::start();
    let data = noise(20 * MEGABYTE, 1);
    std::fs::write(sshd.path("data"), &data).unwrap();
    on_ssh_thread(async || {
        for method in METHODS {
            let session = sshd.session(method).await;
            let down = session
                .exec(&format!("cat {}", sshd.path("data").display()))
                .await
                .unwrap();
            let captured = down.capture(b"", 30 * MEGABYTE).await.unwrap();
            assert!(captured.stdout == data && !captured.truncated, "{method:?}");
            let up = session
                .exec("sha256sum")
                .await
                .unwrap()
                .capture(&data, 100)
                .await
                .unwrap();
            let sum: Vec<String> = Sha256::digest(&data).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(up.stdout, format!("{}  -\n", sum.concat()).into_bytes(), "{method:?}");
            echo(&session, &data).await;
            session.close().await;
        }
    });
}

#[test]
fn both_outputs_may_be_large() {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        for method in METHODS {
            let session = sshd.session(method).await;
            let command = "head -c 8000000 /dev/zero & head -c 9000000 /dev/zero >&2; wait";
            let captured = session
                .exec(command)
                .await
                .unwrap()
                .capture(b"", 10 * MEGABYTE)
                .await
                .unwrap();
            assert_eq!(
                (captured.stdout.len(), captured.stderr.len()),
                (8_000_000, 9_000_000),
                "{method:?}"
            );
        }
    });
}

#[test]
fn eight_echoes_at_once_on_one_session() {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        let session = Rc::new(sshd.session(Method::Libssh2).await);
        let tasks: Vec<_> = (0..8)
            .map(|seed| {
                let session = session.clone();
                tokio::task::spawn_local(async move { echo(&session, &noise(3 * MEGABYTE, seed)).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn new_session_keys_in_the_middle_lose_nothing() {
    let sshd = Sshd::with("RekeyLimit 1M");
    on_ssh_thread(async || {
        let session = Rc::new(sshd.session(Method::Libssh2).await);
        let tasks: Vec<_> = (0..4)
            .map(|seed| {
                let session = session.clone();
                tokio::task::spawn_local(async move { echo(&session, &noise(4 * MEGABYTE, seed)).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert!(sshd.log().matches("rekey").count() > 3, "there were no new keys");
    });
}

#[test]
fn a_slow_way_fills_the_socket_and_loses_nothing() {
    let sshd = Sshd::start();
    let way = slow_way_to(sshd.address(), 16 * 1024);
    on_ssh_thread(async || {
        let session = Rc::new(session_at(&sshd, way).await);
        let tasks: Vec<_> = (0..6)
            .map(|seed| {
                let session = session.clone();
                tokio::task::spawn_local(async move {
                    for round in 0..3 {
                        // Ends of input at all lengths, while others fill the socket.
                        let length = 3 * MEGABYTE + usize::try_from(seed * 79_193 + round).unwrap();
                        echo(&session, &noise(length, seed)).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn giving_up_in_the_middle_harms_no_other_channel() {
    let sshd = Sshd::start();
    let way = slow_way_to(sshd.address(), 32 * 1024);
    on_ssh_thread(async || {
        let session = Rc::new(session_at(&sshd, way).await);
        let quitters = {
            let session = session.clone();
            tokio::task::spawn_local(async move {
                for round in 0..40_u64 {
                    let mut channel = session.exec("cat").await.unwrap();
                    let data = noise(MEGABYTE, round);
                    let pause = std::time::Duration::from_millis(round * 7 % 60);
                    tokio::time::timeout(pause, channel.stdin.write_all(&data)).await.ok();
                    tokio::time::timeout(pause, channel.stdout.read_exact(&mut [0; 5000]))
                        .await
                        .ok();
                    // A different buffer for the write that was given up.
                    tokio::time::timeout(pause, channel.stdin.write_all(b"short"))
                        .await
                        .ok();
                }
            })
        };
        for seed in 0..4 {
            echo(&session, &noise(8 * MEGABYTE, seed)).await;
        }
        quitters.await.unwrap();
        echo(&session, &noise(100_000, 9)).await;
    });
}
