//! The first words of a server, heard before libssh2 hears them.
//!
//! libssh2 reads byte by byte until a line starts with `SSH-`, in a loop that does not return while there is input. A
//! host that sends anything else without end would hold the one thread that all hosts share. So the bytes are looked at
//! first, without taking them off the socket, and are given to libssh2 only when such a line is among the first few.

use std::io;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::TcpStream;

use super::error::printable;

/// Servers may greet before they identify themselves (RFC 4253, section 4.2). None is known to say more than this.
const FURTHEST: usize = 8 * 1024;

/// Waits until the server identifies itself.
///
/// # Errors
/// A text that says what came instead.
pub(super) async fn identification(stream: &TcpStream) -> Result<(), String> {
    let mut heard = vec![0; FURTHEST];
    let mut before = 0;
    loop {
        let told = |error: io::Error| error.to_string();
        let ready = stream.ready(Interest::READABLE).await.map_err(told)?;
        let length = stream.peek(&mut heard).await.map_err(told)?;
        match judge(&heard[..length]) {
            Verdict::Ssh => return Ok(()),
            Verdict::NoSsh(why) => return Err(why),
            Verdict::Unfinished if length == 0 || (length == before && ready.is_read_closed()) => {
                return Err(ended(&heard[..length]));
            }
            // What was looked at stays in the socket, which therefore stays readable: nothing tells of more.
            Verdict::Unfinished => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        before = length;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Ssh,
    NoSsh(String),
    Unfinished,
}

fn judge(heard: &[u8]) -> Verdict {
    for line in heard.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b"SSH-") && line.ends_with(b"\n") {
            if line.starts_with(b"SSH-2.0-") || line.starts_with(b"SSH-1.99-") {
                return Verdict::Ssh;
            }
            let line = printable(&String::from_utf8_lossy(line));
            return Verdict::NoSsh(format!("it speaks another version of SSH: {line:?}"));
        }
    }
    if heard.len() < FURTHEST {
        return Verdict::Unfinished;
    }
    Verdict::NoSsh(format!(
        "it does not speak SSH; it says {:?}",
        printable(&String::from_utf8_lossy(heard))
    ))
}

fn ended(heard: &[u8]) -> String {
    if heard.is_empty() {
        "it closed the connection at once, without a word".to_owned()
    } else {
        format!(
            "it closed the connection and does not speak SSH; it said {:?}",
            printable(&String::from_utf8_lossy(heard))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_identify_themselves_at_once_or_after_a_greeting() {
        for heard in [
            "SSH-2.0-OpenSSH_9.2\r\n",
            "SSH-1.99-Cisco-1.25\n",
            "Welcome.\r\nAuthorised use only.\r\nSSH-2.0-x\r\n\x00\x01",
        ] {
            assert_eq!(judge(heard.as_bytes()), Verdict::Ssh, "{heard:?}");
        }
    }

    #[test]
    fn an_unfinished_line_is_waited_for() {
        for heard in ["", "S", "SSH-2.0-OpenSSH", "Welcome.\r\nSSH-", "\n\n\n"] {
            assert_eq!(judge(heard.as_bytes()), Verdict::Unfinished, "{heard:?}");
        }
    }

    #[test]
    fn anything_else_is_no_ssh_server() {
        for heard in [
            "SSH-1.5-old\n".to_owned(),
            "\n".repeat(FURTHEST),
            "x".repeat(FURTHEST),
            format!("SSH-2.0-{}", "x".repeat(FURTHEST - 8)),
            format!("no SSH-2.0-here\n{}", "\0".repeat(FURTHEST)),
        ] {
            let heard = &heard.as_bytes()[..heard.len().min(FURTHEST)];
            assert!(matches!(judge(heard), Verdict::NoSsh(_)));
        }
    }

    #[test]
    fn what_is_shown_of_it_cannot_move_the_cursor() {
        let Verdict::NoSsh(why) = judge(b"\x1b[2J\x07".repeat(FURTHEST / 5 + 1)[..FURTHEST].as_ref()) else {
            panic!("that is no SSH");
        };
        assert!(!why.contains('\u{1b}') && !why.contains('\u{7}'));
    }
}
