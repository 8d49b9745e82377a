use super::bus_message::{Answer, Message, MethodCall, PREAMBLE, Value, decode, length_of_rest};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// The longest message that we take. A property has some dozen bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// A connection to a D-Bus peer.
#[derive(Debug)]
pub(super) struct Connection {
    stream: BufReader<UnixStream>,
    serial: u32,
}

impl Connection {
    /// Connects to a peer that is no bus, such as systemd itself.
    pub(super) fn to_peer(socket: &Path, patience: Duration) -> io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_write_timeout(Some(patience))?;
        let mut connection = Self {
            stream: BufReader::new(stream),
            serial: 0,
        };
        connection.authenticate(Instant::now() + patience)?;
        Ok(connection)
    }

    /// Connects to a bus.
    pub(super) fn to_bus(socket: &Path, patience: Duration) -> io::Result<Self> {
        let mut connection = Self::to_peer(socket, patience)?;
        let hello = MethodCall {
            destination: "org.freedesktop.DBus",
            path: "/org/freedesktop/DBus",
            interface: "org.freedesktop.DBus",
            member: "Hello",
            arguments: &[],
        };
        for answer in connection.ask(&[hello], patience)? {
            answer.map_err(|(name, text)| io::Error::other(format!("{name}: {text}")))?;
        }
        Ok(connection)
    }

    /// The kernel tells the peer who we are; we only have to say the same.
    fn authenticate(&mut self, deadline: Instant) -> io::Result<()> {
        let user = rustix::process::geteuid().as_raw().to_string();
        let hexadecimal = user.bytes().fold(String::new(), |mut text, byte| {
            // Writing to a String can't fail.
            let _infallible = write!(text, "{byte:02x}");
            text
        });
        self.stream
            .get_mut()
            .write_all(format!("\0AUTH EXTERNAL {hexadecimal}\r\n").as_bytes())?;
        self.wait_until(deadline)?;
        let mut answer = Vec::new();
        (&mut self.stream).take(512).read_until(b'\n', &mut answer)?;
        if !answer.starts_with(b"OK ") {
            let answer = String::from_utf8_lossy(&answer);
            return Err(io::Error::other(format!(
                "it refuses us: {}",
                answer.trim_end().escape_debug()
            )));
        }
        self.stream.get_mut().write_all(b"BEGIN\r\n")
    }

    /// Makes all calls at once and waits for all answers, which come in the order of the calls.
    pub(super) fn ask(
        &mut self,
        calls: &[MethodCall<'_>],
        patience: Duration,
    ) -> io::Result<Vec<Result<Value, (String, String)>>> {
        let mut bytes = Vec::new();
        let mut serials = Vec::with_capacity(calls.len());
        for call in calls {
            // No call has the number 0.
            self.serial = self.serial.checked_add(1).unwrap_or(1);
            bytes.extend(call.encode(self.serial));
            serials.push(self.serial);
        }
        self.stream.get_mut().write_all(&bytes)?;
        let deadline = Instant::now() + patience;
        let mut answers = HashMap::with_capacity(serials.len());
        while answers.len() < serials.len() {
            if let Message::Answer(Answer { to, outcome }) = self.receive(deadline)?
                && serials.contains(&to)
            {
                answers.insert(to, outcome);
            }
        }
        Ok(serials.iter().filter_map(|serial| answers.remove(serial)).collect())
    }

    fn receive(&mut self, deadline: Instant) -> io::Result<Message> {
        let nonsense = || io::Error::new(io::ErrorKind::InvalidData, "it answers in no way that we understand");
        let mut message = vec![0; PREAMBLE];
        self.fill(&mut message, 0, deadline)?;
        let rest = length_of_rest(&message)
            .filter(|length| *length <= MOST_BYTES)
            .ok_or_else(nonsense)?;
        message.resize(PREAMBLE + rest, 0);
        self.fill(&mut message, PREAMBLE, deadline)?;
        decode(&message).ok_or_else(nonsense)
    }

    fn fill(&mut self, message: &mut [u8], mut from: usize, deadline: Instant) -> io::Result<()> {
        while let Some(rest) = message.get_mut(from..).filter(|rest| !rest.is_empty()) {
            self.wait_until(deadline)?;
            match self.stream.read(rest) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => from += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What a socket's time-out is called.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(io::ErrorKind::TimedOut.into()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Lets the next read end at the deadline.
    fn wait_until(&self, deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.get_ref().set_read_timeout(Some(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::thread;

    const LONG: Duration = Duration::from_secs(30);

    /// A peer that reads what we send and answers with these bytes, step by step.
    fn peer(answers: Vec<Vec<u8>>) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for answer in answers {
                let mut said = [0; 4096];
                let _length = stream.read(&mut said).unwrap();
                stream.write_all(&answer).unwrap();
            }
            // Holds the connection open until the other side has enough.
            let _end = stream.read_to_end(&mut Vec::new());
        });
        (directory, socket)
    }

    fn call() -> MethodCall<'static> {
        MethodCall {
            destination: "a.b",
            path: "/",
            interface: "c.d",
            member: "Get",
            arguments: &[],
        }
    }

    #[test]
    fn whoever_refuses_us_or_talks_nonsense_is_no_peer() {
        let (_directory, socket) = peer(vec![b"REJECTED EXTERNAL\r\n".to_vec()]);
        let error = Connection::to_peer(&socket, LONG).unwrap_err();
        assert_eq!(error.to_string(), "it refuses us: REJECTED EXTERNAL");
        let (_directory, socket) = peer(vec![b"OK 0123\r\n".to_vec(), vec![b'x'; 64]]);
        let mut connection = Connection::to_peer(&socket, LONG).unwrap();
        let error = connection.ask(&[call()], LONG).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn whoever_doesn_t_answer_isn_t_waited_for() {
        let (_directory, socket) = peer(vec![b"OK 0123\r\n".to_vec()]);
        let mut connection = Connection::to_peer(&socket, LONG).unwrap();
        let begun = Instant::now();
        let error = connection.ask(&[call()], Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}
