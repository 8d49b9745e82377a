//! Commands: their outputs, their ends, many at once.

use std::time::Duration;

use mesos_iac::transport::{Channel, ExitStatus, Method, Session, TransportError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::sshd::{METHODS, Sshd, on_ssh_thread};

const PLENTY: usize = 1 << 20;

async fn run(session: &Session, command: &str) -> (String, String, ExitStatus) {
    let captured = session.exec(command).await.unwrap().capture(b"", PLENTY).await.unwrap();
    (
        String::from_utf8(captured.stdout).unwrap(),
        String::from_utf8(captured.stderr).unwrap(),
        captured.status,
    )
}

#[test]
fn a_command_has_two_outputs_and_a_status() {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        for method in METHODS {
            let session = sshd.session(method).await;
            let (stdout, stderr, status) = run(&session, "echo out; echo err >&2; exit 3").await;
            assert_eq!((stdout.as_str(), stderr.as_str()), ("out\n", "err\n"), "{method:?}");
            assert_eq!(status, ExitStatus::exited(3), "{method:?}");
            assert_eq!(run(&session, "exit 254").await.2.code, Some(254), "{method:?}");
            assert!(!run(&session, "-V").await.2.success(), "{method:?}");
            session.close().await;
        }
    });
}

#[test]
fn a_signal_is_told() {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        let session = sshd.session(Method::Libssh2).await;
        let (_, _, status) = run(&session, "kill -KILL $$").await;
        assert_eq!(status, ExitStatus::signalled("KILL"));
        assert!(!status.success());
        // OpenSSH's client does not tell it from a lost connection.
        let session = sshd.session(Method::OpenSsh).await;
        let channel = session.exec("kill -KILL $$").await.unwrap();
        assert!(matches!(channel.wait().await, Err(TransportError::Lost { .. })));
    });
}

#[test]
fn end_of_file_is_sent_by_shutdown_and_by_drop() {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        for method in METHODS {
            let session = sshd.session(method).await;
            let mut channel = session.exec("cat; echo end").await.unwrap();
            channel.stdin.write_all(b"in ").await.unwrap();
            channel.stdin.shutdown().await.unwrap();
            let mut text = String::new();
            channel.stdout.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "in end\n", "{method:?}");
            assert!(channel.wait().await.unwrap().success());

            let Channel {
                stdin,
                mut stdout,
                stderr,
                exit,
            } = session.exec("cat; echo end").await.unwrap();
            drop((stdin, stderr));
            text.clear();
            stdout.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "end\n", "{method:?}");
            assert!(exit.wait().await.unwrap().success());
        }
    });
}

#[test]
fn end_of_file_reaches_a_command_that_has_closed_its_outputs() {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        for method in METHODS {
            let session = sshd.session(method).await;
            let file = sshd.path(&format!("{method:?}"));
            let command = format!("exec >&- 2>&-; cat > {}; exit 4", file.display());
            let Channel {
                mut stdin,
                mut stdout,
                mut stderr,
                exit,
            } = session.exec(&command).await.unwrap();
            let mut nothing = Vec::new();
            stdout.read_to_end(&mut nothing).await.unwrap();
            // OpenSSH's client keeps standard error open for itself.
            if method == Method::Libssh2 {
                stderr.read_to_end(&mut nothing).await.unwrap();
            }
            let waiting = tokio::task::spawn_local(exit.wait());
            tokio::time::sleep(Duration::from_millis(100)).await;
            stdin.write_all(b"late").await.unwrap();
            stdin.shutdown().await.unwrap();
            assert_eq!(waiting.await.unwrap().unwrap().code, Some(4), "{method:?}");
            assert_eq!(std::fs::read(&file).unwrap(), b"late", "{method:?}");
        }
    });
}

#[test]
fn a_command_need_not_read_its_input() {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        let input = vec![b'x'; 20 << 20];
        for method in METHODS {
            let session = sshd.session(method).await;
            let channel = session.exec("echo done").await.unwrap();
            let captured = channel.capture(&input, PLENTY).await.unwrap();
            assert_eq!(captured.stdout, b"done\n", "{method:?}");
            assert!(captured.status.success(), "{method:?}");
            // Nor need it be alone on the connection afterwards.
            assert_eq!(run(&session, "echo more").await.0, "more\n", "{method:?}");
        }
    });
}

#[test]
fn sixteen_commands_at_once_in_twelve_rounds() {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        for method in METHODS {
            let session = std::rc::Rc::new(sshd.session(method).await);
            let rounds = if method == Method::Libssh2 { 12 } else { 1 };
            for round in 0..rounds {
                let tasks: Vec<_> = (0..16)
                    .map(|number| {
                        let session = session.clone();
                        tokio::task::spawn_local(async move {
                            let command = format!("head -c {number}00000 /dev/zero; cat >&2; exit {number}");
                            let channel = session.exec(&command).await?;
                            channel.capture(number.to_string().as_bytes(), 2 * PLENTY).await
                        })
                    })
                    .collect();
                for (number, task) in (0..16).zip(tasks) {
                    let captured = task.await.unwrap().unwrap();
                    assert_eq!(captured.status.code, Some(number), "{method:?}, round {round}");
                    assert_eq!(captured.stdout.len(), usize::try_from(number).unwrap() * 100_000);
                    assert_eq!(captured.stderr, number.to_string().into_bytes());
                }
            }
        }
    });
}

#[test]
fn an_abandoned_command_is_let_go_and_the_session_goes_on() {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        for method in METHODS {
            let session = sshd.session(method).await;
            for command in ["yes", "cat", "sleep 30", "yes >&2", "cat /dev/zero | tee /dev/stderr"] {
                let mut channel = session.exec(command).await.unwrap();
                // In the middle of a write and of a read.
                let (much, mut room) = (vec![b'x'; PLENTY], vec![0; PLENTY]);
                let busy = async { tokio::join!(channel.stdin.write_all(&much), channel.stdout.read_exact(&mut room)) };
                tokio::time::timeout(Duration::from_millis(30), busy).await.ok();
                drop(channel);
                assert_eq!(run(&session, "echo next").await.0, "next\n", "{method:?}: {command}");
            }
        }
    });
}

#[test]
fn a_server_that_allows_no_more_sessions_says_so() {
    let sshd = Sshd::with("MaxSessions 2");
    on_ssh_thread(async || {
        let session = sshd.session(Method::Libssh2).await;
        let first = session.exec("cat").await.unwrap();
        let second = session.exec("cat").await.unwrap();
        let refused = session.exec("cat").await.err().unwrap();
        assert!(matches!(refused, TransportError::Exec { .. }), "{refused}");
        assert!(refused.hint().unwrap().contains("MaxSessions"));
        assert!(first.wait().await.unwrap().success());
        assert!(second.wait().await.unwrap().success());
        assert_eq!(run(&session, "echo again").await.0, "again\n");
    });
}

#[test]
fn a_channel_outlives_its_session() {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        for method in METHODS {
            let session = sshd.session(method).await;
            let mut channel = session.exec("cat").await.unwrap();
            drop(session);
            tokio::time::sleep(Duration::from_millis(200)).await;
            channel.stdin.write_all(b"still here").await.unwrap();
            let mut text = [0; 10];
            channel.stdout.read_exact(&mut text).await.unwrap();
            assert_eq!(&text, b"still here", "{method:?}");
            assert!(channel.wait().await.unwrap().success(), "{method:?}");
        }
    });
}

#[test]
fn a_host_that_crashes_is_a_lost_connection() {
    for method in METHODS {
        let mut sshd = Sshd::start();
        on_ssh_thread(async || {
            let session = sshd.session(method).await;
            let mut reading = session.exec("echo ready; cat").await.unwrap();
            let mut writing = session.exec("echo ready; cat > /dev/null").await.unwrap();
            reading.stdout.read_exact(&mut [0; 6]).await.unwrap();
            writing.stdout.read_exact(&mut [0; 6]).await.unwrap();
            sshd.crash();
            let lost = |error: TransportError| assert!(matches!(error, TransportError::Lost { .. }), "{error:?}");
            lost(reading.wait().await.unwrap_err());
            lost(writing.capture(&vec![0; 20 << 20], 0).await.unwrap_err());
            if method == Method::Libssh2 {
                lost(session.exec("true").await.err().unwrap());
            }
        });
    }
}

#[test]
fn commands_that_are_none_are_refused() {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        for method in METHODS {
            let session = sshd.session(method).await;
            for command in ["", "a\0b"] {
                let refused = session.exec(command).await.err().unwrap();
                assert!(matches!(refused, TransportError::Exec { .. }), "{method:?}");
            }
        }
    });
}

#[test]
fn a_command_whose_time_is_over_sees_the_end_of_its_input() {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        let second = Duration::from_secs(1);
        for method in METHODS {
            let session = sshd.session(method).await;
            let run = async |command: &str, time_out, grace| {
                let channel = session.exec(command).await.unwrap();
                channel.capture_within(time_out, grace, PLENTY).await.unwrap()
            };
            let (captured, in_time) = run("echo out; exit 3", 60 * second, second).await.unwrap();
            assert_eq!(
                (captured.stdout.as_slice(), in_time),
                (&b"out\n"[..], true),
                "{method:?}"
            );
            assert_eq!(captured.status, ExitStatus::exited(3), "{method:?}");
            let (captured, in_time) = run("echo out; cat; exit 4", second, 60 * second).await.unwrap();
            assert_eq!(
                (captured.stdout.as_slice(), in_time),
                (&b"out\n"[..], false),
                "{method:?}"
            );
            assert_eq!(captured.status, ExitStatus::exited(4), "{method:?}");
            assert_eq!(run("sleep 30", second, second).await, None, "{method:?}");
        }
    });
}
