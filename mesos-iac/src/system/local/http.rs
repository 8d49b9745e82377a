//! A small HTTP/1.1 client for programs on the same host: no TLS, one connection for each question, everything bounded.

use crate::model::{HttpAnswer, HttpQuestion, MOST_HTTP_BYTES, SystemError};
use crate::words::{HumanDuration, visible};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

/// The most bytes of a status line and its headers.
const MOST_HEAD: usize = 64 * 1024;

/// The most redirects that are followed: to the leader, and once more if that changes meanwhile.
const MOST_REDIRECTS: usize = 3;

/// The most characters that are repeated of where it leads.
const MOST_SHOWN: usize = 300;

type Result<T> = std::result::Result<T, String>;

/// Asks, and follows redirects.
///
/// # Errors
/// As [`ReadSystem::http_get`](crate::model::ReadSystem::http_get).
pub(in crate::system) fn ask(
    question: &HttpQuestion,
    method: &str,
    body: Option<&[u8]>,
) -> std::result::Result<HttpAnswer, SystemError> {
    let fail = |why: String| SystemError::Http {
        address: question.address,
        target: question.target.clone(),
        why,
    };
    let deadline = Deadline {
        at: Instant::now() + question.time_out,
        given: question.time_out,
    };
    let mut place = Place {
        address: question.address,
        host: question.address.to_string(),
        target: question.target.clone(),
    };
    if place.target.bytes().any(|byte| byte <= b' ' || byte == 0x7f) || !place.target.starts_with('/') {
        return Err(fail("that is no path".into()));
    }
    for _ in 0..=MOST_REDIRECTS {
        let (answer, location) = once(&place, question, method, body, &deadline).map_err(&fail)?;
        match location.filter(|_| matches!(answer.status, 301 | 302 | 307 | 308)) {
            Some(location) => place = follow(&place, &location).map_err(&fail)?,
            None => return Ok(answer),
        }
    }
    Err(fail(format!("it was redirected more than {MOST_REDIRECTS} times")))
}

/// Where a question goes.
struct Place {
    address: SocketAddr,
    /// As the `Host` header names it.
    host: String,
    target: String,
}

struct Deadline {
    at: Instant,
    given: Duration,
}

impl Deadline {
    fn left(&self) -> Result<Duration> {
        let left = self.at.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(self.over()) } else { Ok(left) }
    }

    fn over(&self) -> String {
        format!("no answer within {}", HumanDuration(self.given))
    }

    /// An error of the socket, which may say that the time is over.
    fn error(&self, action: &str, error: &std::io::Error) -> String {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => self.over(),
            _ => format!("{action}: {error}"),
        }
    }
}

fn follow(from: &Place, location: &str) -> Result<Place> {
    if location.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return Err("it redirects to something that is no address".into());
    }
    if location.starts_with('/') && !location.starts_with("//") {
        return Ok(Place {
            address: from.address,
            host: from.host.clone(),
            target: location.to_owned(),
        });
    }
    let Some(("" | "http:", rest)) = location.split_once("//") else {
        let shown: String = location.chars().take(MOST_SHOWN).collect();
        let shown = visible(&shown);
        return Err(format!("it redirects to `{shown}`, and only http is spoken here"));
    };
    let (host, target) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let named = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let mut found = named.to_socket_addrs().map_err(|error| {
        let shown: String = host.chars().take(MOST_SHOWN).collect();
        format!("it redirects to `{}`: {error}", visible(&shown))
    })?;
    let address = found
        .next()
        .ok_or_else(|| format!("it redirects to `{host}`, which has no address"))?;
    Ok(Place {
        address,
        host: host.to_owned(),
        target: target.to_owned(),
    })
}

fn once(
    place: &Place,
    question: &HttpQuestion,
    method: &str,
    body: Option<&[u8]>,
    deadline: &Deadline,
) -> Result<(HttpAnswer, Option<String>)> {
    let connected = TcpStream::connect_timeout(&place.address, deadline.left()?);
    let stream = connected.map_err(|error| deadline.error(&format!("connect to {}", place.address), &error))?;
    let mut asked = format!(
        "{method} {} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nConnection: close\r\nUser-Agent: mesos-iac\r\n",
        place.target, place.host
    )
    .into_bytes();
    // Who is redirected elsewhere doesn't take the password along, unless it is to another port of the same machine.
    if let Some(credentials) = question
        .credentials
        .as_ref()
        .filter(|_| place.address.ip() == question.address.ip())
    {
        let encoded = BASE64.encode(credentials.expose());
        asked.extend_from_slice(format!("Authorization: Basic {encoded}\r\n").as_bytes());
    }
    if let Some(body) = body {
        let headers = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        asked.extend_from_slice(headers.as_bytes());
    }
    asked.extend_from_slice(b"\r\n");
    asked.extend_from_slice(body.unwrap_or_default());
    let mut reader = Reader {
        stream,
        deadline,
        buffer: Vec::new(),
        at: 0,
    };
    reader.send(&asked)?;
    loop {
        let head = Head::read(&mut reader)?;
        if (100..200).contains(&head.status) {
            continue;
        }
        let body = reader.body(&head)?;
        let answer = HttpAnswer {
            status: head.status,
            body,
        };
        return Ok((answer, head.location));
    }
}

/// What stands above a body.
struct Head {
    status: u16,
    length: Option<u64>,
    is_chunked: bool,
    location: Option<String>,
}

impl Head {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let mut left = MOST_HEAD;
        let line = reader.line(&mut left)?;
        let mut words = line.split(' ');
        let version = words.next().unwrap_or_default();
        let status = words.next().and_then(|word| word.parse::<u16>().ok());
        let (true, Some(status)) = (
            version.starts_with("HTTP/1."),
            status.filter(|status| (100..600).contains(status)),
        ) else {
            return Err("something else than HTTP answered".into());
        };
        let mut head = Self {
            status,
            length: None,
            is_chunked: false,
            location: None,
        };
        loop {
            let line = reader.line(&mut left)?;
            if line.is_empty() {
                return Ok(head);
            }
            let (name, value) = line.split_once(':').ok_or("a header of the answer has no colon")?;
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => {
                    head.length = Some(
                        value
                            .parse()
                            .map_err(|_| format!("the answer has the length {value:?}"))?,
                    );
                }
                "transfer-encoding" => head.is_chunked = value.eq_ignore_ascii_case("chunked"),
                "location" => head.location = Some(value.to_owned()),
                _ => {}
            }
        }
    }
}

/// A connection that is read piece by piece, until the time is over.
struct Reader<'d> {
    stream: TcpStream,
    deadline: &'d Deadline,
    buffer: Vec<u8>,
    at: usize,
}

impl Reader<'_> {
    fn send(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let set = self.stream.set_write_timeout(Some(self.deadline.left()?));
            set.map_err(|error| error.to_string())?;
            match self.stream.write(bytes) {
                Ok(0) => return Err("the connection was closed before the question was over".into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // It may have answered before it read everything, and said why.
                Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                    return Ok(());
                }
                Err(error) => return Err(self.deadline.error("send the question", &error)),
            }
        }
        Ok(())
    }

    /// Reads more. `false`: there is no more.
    fn more(&mut self) -> Result<bool> {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        let mut piece = [0; 16 * 1024];
        loop {
            let set = self.stream.set_read_timeout(Some(self.deadline.left()?));
            set.map_err(|error| error.to_string())?;
            match self.stream.read(&mut piece) {
                Ok(read) => {
                    self.buffer.extend_from_slice(&piece[..read]);
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.deadline.error("read the answer", &error)),
            }
        }
    }

    /// One line without its end; `left` is how many bytes lines may still have.
    fn line(&mut self, left: &mut usize) -> Result<String> {
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.at..];
            if let Some(end) = unread[searched..].iter().position(|byte| *byte == b'\n') {
                let end = searched + end;
                *left = left.checked_sub(end + 1).ok_or("the answer's headers are too long")?;
                let line = String::from_utf8_lossy(&unread[..end])
                    .trim_end_matches('\r')
                    .to_owned();
                self.at += end + 1;
                return Ok(line);
            }
            searched = unread.len();
            if searched > *left {
                return Err("the answer's headers are too long".into());
            }
            if !self.more()? {
                return Err(match searched {
                    0 => "the connection was closed without an answer".into(),
                    _ => "the answer was cut off".to_owned(),
                });
            }
        }
    }

    fn body(&mut self, head: &Head) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        if matches!(head.status, 204 | 304) {
            return Ok(body);
        }
        if head.is_chunked {
            self.chunks(&mut body)?;
        } else if let Some(length) = head.length {
            self.take(length, &mut body)?;
        } else {
            // Its end is that of the connection.
            loop {
                body.extend_from_slice(&self.buffer[self.at..]);
                self.at = self.buffer.len();
                room(&body, 0)?;
                if !self.more()? {
                    break;
                }
            }
        }
        Ok(body)
    }

    fn take(&mut self, length: u64, body: &mut Vec<u8>) -> Result<()> {
        room(body, length)?;
        let mut left = usize::try_from(length).map_err(|error| error.to_string())?;
        while left > 0 {
            if self.at == self.buffer.len() && !self.more()? {
                return Err("the answer was cut off".into());
            }
            let taken = left.min(self.buffer.len() - self.at);
            body.extend_from_slice(&self.buffer[self.at..self.at + taken]);
            self.at += taken;
            left -= taken;
        }
        Ok(())
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> Result<()> {
        loop {
            let line = self.line(&mut MOST_HEAD.clone())?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size =
                u64::from_str_radix(size, 16).map_err(|_| format!("the answer has a chunk of {size:?} bytes"))?;
            if size == 0 {
                return Ok(());
            }
            self.take(size, body)?;
            if !self.line(&mut MOST_HEAD.clone())?.is_empty() {
                return Err("a chunk of the answer is longer than it says".into());
            }
        }
    }
}

/// Whether so many bytes more may come.
fn room(body: &[u8], more: u64) -> Result<()> {
    if (body.len() as u64).saturating_add(more) > MOST_HTTP_BYTES {
        return Err(format!("the answer has more than {MOST_HTTP_BYTES} bytes"));
    }
    Ok(())
}
