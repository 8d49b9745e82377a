//! As much of HTTP as asking a Marathon takes: one GET over one connection to an address, with a deadline and a limit.

use crate::words::SecretText;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The most bytes of an answer, head and body: ten thousand tasks take one megabyte.
pub(super) const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The most bytes of an answer's head.
const MOST_HEAD: usize = 64 * 1024;

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Asks for a path and reads the whole answer; `login` is a name and a password with a colon between them, which are shown
/// unasked.
///
/// # Errors
/// Nobody answers before the deadline, or what comes is no whole answer; says which.
pub(super) fn get(
    address: SocketAddr,
    path: &str,
    accept: &str,
    login: Option<&SecretText>,
    deadline: Instant,
) -> Result<Answer, String> {
    let left = || -> Result<Duration, String> {
        let left = deadline.saturating_duration_since(Instant::now());
        match left.is_zero() {
            true => Err("it took too long".to_owned()),
            false => Ok(left),
        }
    };
    let told = |error: std::io::Error| match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => "it took too long".to_owned(),
        _ => error.to_string(),
    };
    let mut stream = TcpStream::connect_timeout(&address, left()?).map_err(told)?;
    stream.set_write_timeout(Some(left()?)).map_err(told)?;
    let authorization = login.map_or_else(String::new, |login| {
        format!("Authorization: Basic {}\r\n", BASE64.encode(login.expose()))
    });
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\nUser-Agent: mesos-iac-agent\r\n\
         {authorization}Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).map_err(told)?;
    let (mut bytes, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    loop {
        stream.set_read_timeout(Some(left()?)).map_err(told)?;
        let length = match stream.read(&mut chunk) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(told(error)),
        };
        bytes.extend_from_slice(&chunk[..length]);
        if bytes.len() > MOST_BYTES {
            return Err(format!("its answer has more than {MOST_BYTES} bytes"));
        }
        // Some keep the connection open although they are told not to.
        let is_all = length == 0;
        if (is_all || may_be_whole(&bytes))
            && let Some(answer) = parse(&bytes, is_all)?
        {
            return Ok(answer);
        }
    }
}

/// Whether reading it is worth the while before the connection ends.
fn may_be_whole(bytes: &[u8]) -> bool {
    let Some(head) = head(bytes) else {
        return bytes.len() > MOST_HEAD;
    };
    match field(&head.0, "content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => head.1.len() >= length,
        None => bytes.ends_with(b"0\r\n\r\n"),
    }
}

/// The head as text, and what follows it.
fn head(bytes: &[u8]) -> Option<(String, &[u8])> {
    let end = bytes
        .get(..MOST_HEAD.min(bytes.len()))?
        .windows(4)
        .position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
    Some((head, bytes.get(end + 4..)?))
}

/// The value of a field of a head.
fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.split("\r\n").skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Reads an answer; none if more has to come. `is_all`: nothing more comes.
fn parse(bytes: &[u8], is_all: bool) -> Result<Option<Answer>, String> {
    let cut = || match is_all {
        true => Err("its answer was cut short".to_owned()),
        false => Ok(None),
    };
    let Some((head, body)) = head(bytes) else {
        if bytes.len() > MOST_HEAD {
            return Err("what it says is no HTTP".to_owned());
        }
        return cut();
    };
    let mut words = head.split("\r\n").next().unwrap_or_default().split(' ');
    let (version, status) = (words.next(), words.next().and_then(|word| word.parse().ok()));
    let (Some("HTTP/1.0" | "HTTP/1.1"), Some(status)) = (version, status) else {
        return Err("what it says is no HTTP".to_owned());
    };
    let is_chunked = field(&head, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    let body = match field(&head, "content-length") {
        _ if is_chunked => match unchunk(body)? {
            Some(body) => body,
            None => return cut(),
        },
        Some(length) => {
            let length: usize = length.parse().map_err(|_| "what it says is no HTTP".to_owned())?;
            match body.get(..length) {
                Some(body) => body.to_vec(),
                None => return cut(),
            }
        }
        // The end of the connection is the end of the answer.
        None if is_all => body.to_vec(),
        None => return Ok(None),
    };
    let body = String::from_utf8(body).map_err(|_| "its answer is no text".to_owned())?;
    Ok(Some(Answer { status, body }))
}

/// A body that is sent in chunks, each behind its length; none if it isn't whole.
fn unchunk(mut bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let wrong = || "its chunks make no sense".to_owned();
    let mut body = Vec::new();
    loop {
        let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") else {
            return Ok(None);
        };
        let (line, rest) = bytes.split_at(end);
        let line = std::str::from_utf8(line).map_err(|_| wrong())?;
        // What stands behind a semicolon is an extension.
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = usize::from_str_radix(digits, 16).map_err(|_| wrong())?;
        let rest = rest.get(2..).unwrap_or_default();
        if length == 0 {
            return Ok(Some(body));
        }
        let end = length.checked_add(2).ok_or_else(wrong)?;
        let (Some(chunk), Some(after)) = (rest.get(..length), rest.get(end..)) else {
            return Ok(None);
        };
        if rest.get(length..end) != Some(b"\r\n".as_slice()) {
            return Err(wrong());
        }
        body.extend_from_slice(chunk);
        bytes = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn whole(text: &str) -> Answer {
        parse(text.as_bytes(), true).unwrap().unwrap()
    }

    #[test]
    fn bodies_are_read_in_each_of_their_three_shapes() {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
            "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello",
        ] {
            assert_eq!(
                (whole(text).status, whole(text).body.as_str()),
                (200, "hello"),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_was_cut_short_is_no_answer() {
        for text in [
            "",
            "HTTP/1.1 200 OK\r\nContent-Len",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        ] {
            assert_eq!(
                parse(text.as_bytes(), true),
                Err("its answer was cut short".to_owned()),
                "{text:?}"
            );
            assert_eq!(parse(text.as_bytes(), false), Ok(None), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_http_is_told() {
        let long = "x".repeat(MOST_HEAD + 1);
        for text in [
            long.as_str(),
            "SSH-2.0-x\r\n\r\n",
            "HTTP/2 200\r\n\r\n",
            "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ] {
            assert!(parse(text.as_bytes(), true).is_err(), "{text:.80}");
        }
    }

    #[test]
    fn a_server_that_trickles_is_not_waited_for_longer_than_the_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // Each byte comes in time, the answer doesn't.
            while stream.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let began = Instant::now();
        let answer = get(address, "/", "*/*", None, began + Duration::from_millis(300));
        assert_eq!(answer, Err("it took too long".to_owned()));
        assert!(began.elapsed() < Duration::from_secs(5));
        server.join().unwrap();
    }

    #[test]
    fn a_server_that_keeps_the_connection_open_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .unwrap();
            // Until the other side is gone.
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).ok();
        });
        let answer = get(address, "/", "*/*", None, Instant::now() + Duration::from_secs(30)).unwrap();
        assert_eq!(answer.body, "ok");
        server.join().unwrap();
    }
}
