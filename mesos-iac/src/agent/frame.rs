use crate::model::MOST_BYTES;
use std::fmt;
use std::io::Read;

/// The most bytes of a JSON frame. A catalog of thousands of resources has a few of them; large content travels as blobs.
pub const MOST_JSON: usize = 32 * 1024 * 1024;

/// The most bytes of a blob: the largest file that can be declared, in base64.
#[expect(clippy::cast_possible_truncation, reason = "64 MiB fit into every usize")]
const MOST_BLOB: usize = (MOST_BYTES as usize).div_ceil(3) * 4;

/// Length, then the sort of frame.
const HEADER: usize = 5;

/// A message's bytes: four bytes of length (big-endian, of what follows the header), one byte that says the sort, then
/// the bytes themselves.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame {
    /// An externally tagged JSON message.
    Json(Vec<u8>),
    /// Large content, known by its SHA-256 digest.
    Blob(Vec<u8>),
}

// A frame may hold secrets, so only its length is shown.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(bytes) => write!(f, "Json({} bytes)", bytes.len()),
            Self::Blob(bytes) => write!(f, "Blob({} bytes)", bytes.len()),
        }
    }
}

/// Why bytes are no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It has more bytes than a frame may have, or its header says so.
    #[error("take a frame of {length} bytes: {most} are the most")]
    TooLong {
        /// What it says.
        length: usize,
        /// What it may say.
        most: usize,
    },
    /// The header names no sort of frame.
    #[error("read a frame: {0:#04x} is no sort of frame")]
    Sort(u8),
    /// The stream ended in the middle of a frame.
    #[error("read a frame: the stream ended in the middle of one")]
    Truncated,
    /// The stream failed.
    #[error("read a frame: {0}")]
    Io(String),
}

/// The frame as bytes.
///
/// # Errors
/// It is too long.
pub fn encode(frame: &Frame) -> Result<Vec<u8>, FrameError> {
    let (sort, bytes, most) = match frame {
        Frame::Json(bytes) => (b'J', bytes, MOST_JSON),
        Frame::Blob(bytes) => (b'B', bytes, MOST_BLOB),
    };
    let too_long = FrameError::TooLong {
        length: bytes.len(),
        most,
    };
    if bytes.len() > most {
        return Err(too_long);
    }
    let length = u32::try_from(bytes.len()).map_err(|_| too_long)?;
    let mut encoded = Vec::with_capacity(HEADER + bytes.len());
    encoded.extend_from_slice(&length.to_be_bytes());
    encoded.push(sort);
    encoded.extend_from_slice(bytes);
    Ok(encoded)
}

/// What a header says: whether JSON follows (else a blob), and how many bytes.
///
/// # Errors
/// It says too many, or names no sort of frame. Checked before any memory is set aside.
pub fn decode_header(header: [u8; HEADER]) -> Result<(bool, usize), FrameError> {
    let [a, b, c, d, sort] = header;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    let most = match sort {
        b'J' => MOST_JSON,
        b'B' => MOST_BLOB,
        other => return Err(FrameError::Sort(other)),
    };
    if length > most {
        return Err(FrameError::TooLong { length, most });
    }
    Ok((sort == b'J', length))
}

impl Frame {
    /// Reads the next frame; `None` at the end of the stream.
    ///
    /// # Errors
    /// The bytes are no frame, or the stream fails or ends within one.
    pub fn read(stream: &mut impl Read) -> Result<Option<Self>, FrameError> {
        let mut header = [0; HEADER];
        if read_fully(stream, &mut header)? == 0 {
            return Ok(None);
        }
        let (json, length) = decode_header(header)?;
        // Grows as bytes arrive: a header alone makes nobody set aside what it claims.
        let mut bytes = Vec::new();
        stream
            .take(length as u64)
            .read_to_end(&mut bytes)
            .map_err(|e| FrameError::Io(e.to_string()))?;
        if bytes.len() < length {
            return Err(FrameError::Truncated);
        }
        Ok(Some(if json { Self::Json(bytes) } else { Self::Blob(bytes) }))
    }
}

/// Fills the buffer; 0 if the stream was at its end before the first byte.
fn read_fully(stream: &mut impl Read, buffer: &mut [u8]) -> Result<usize, FrameError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) if filled == 0 => return Ok(0),
            Ok(0) => return Err(FrameError::Truncated),
            Ok(more) => filled += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(FrameError::Io(error.to_string())),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_round_trip_and_end_cleanly() {
        let frames = [
            Frame::Json(b"{}".to_vec()),
            Frame::Blob(vec![0; 70_000]),
            Frame::Json(Vec::new()),
        ];
        let bytes: Vec<u8> = frames.iter().flat_map(|frame| encode(frame).unwrap()).collect();
        let mut stream = bytes.as_slice();
        for frame in frames {
            assert_eq!(Frame::read(&mut stream).unwrap(), Some(frame));
        }
        assert_eq!(Frame::read(&mut stream).unwrap(), None);
    }

    #[test]
    fn the_largest_file_fits() {
        let bytes = vec![0xff; usize::try_from(MOST_BYTES).unwrap()];
        let json = serde_json::to_value(crate::model::Content::bytes(&bytes)).unwrap();
        let base64 = json[0]["base64"].as_str().unwrap().to_owned();
        assert!(encode(&Frame::Blob(base64.into_bytes())).is_ok());
    }

    #[test]
    fn hostile_headers_are_refused() {
        assert!(matches!(
            Frame::read(&mut &b"\xff\xff\xff\xffJ"[..]),
            Err(FrameError::TooLong { .. })
        ));
        assert_eq!(Frame::read(&mut &b"Linux zk1 6.1"[..]), Err(FrameError::Sort(b'x')));
        assert_eq!(Frame::read(&mut &b"\0\0\0"[..]), Err(FrameError::Truncated));
        assert_eq!(Frame::read(&mut &b"\0\0\0\x09J{}"[..]), Err(FrameError::Truncated));
    }
}
