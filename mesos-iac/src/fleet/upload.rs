//! An agent's way to a host. What arrives there counts as a sign of life, and nothing else does.

use super::bootstrap::{RECEIVED, UPLOADED};
use super::error::HostError;
use crate::transport::Channel;
use crate::words::HumanDuration;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};

/// The most of a host's own words that is kept, of either output.
const MOST_WORDS: usize = 4096;

/// Feeds the host's side of an upload, and waits until the agent is in place.
///
/// # Errors
/// [`HostError::Stalled`] if the file doesn't grow for longer than `silence`; [`HostError::Upload`] with what the host
/// says if it can't put the agent in place; [`HostError::Transport`] if the connection broke.
pub(super) async fn upload(channel: Channel, compressed: &[u8], silence: Duration) -> Result<(), HostError> {
    let Channel {
        mut stdin,
        stdout,
        stderr,
        exit,
    } = channel;
    let stalled = || HostError::Stalled(HumanDuration(silence));
    let feed = async {
        // What the host has to say counts for more than that it didn't read.
        if stdin.write_all(compressed).await.is_ok() {
            stdin.shutdown().await.ok();
        }
        drop(stdin);
    };
    let watch = async {
        // The script's end decides, which may come before it has read all of its input.
        tokio::select! {
            words = watch(stdout, silence) => words.ok_or_else(stalled),
            never = async { feed.await; std::future::pending().await } => never,
        }
    };
    let (words, complaints) = tokio::try_join!(watch, async { Ok(read_words(stderr, silence).await) })?;
    timeout(silence, exit.wait()).await.map_err(|_| stalled())??;
    if words.windows(UPLOADED.len()).any(|window| window == UPLOADED) {
        return Ok(());
    }
    let said = [words, complaints].concat();
    Err(HostError::Upload(crate::words::visible(
        String::from_utf8_lossy(&said).trim(),
    )))
}

/// Reads the script's words to their end. `None` if the file stops growing.
async fn watch(mut stdout: impl AsyncRead + Unpin, silence: Duration) -> Option<Vec<u8>> {
    let (mut words, mut line, mut chunk) = (Vec::new(), Vec::new(), [0; 1024]);
    let (mut most, mut alive) = (0, Instant::now());
    loop {
        let read = timeout_at(alive + silence, stdout.read(&mut chunk)).await.ok()?;
        // A lost connection ends the text; the command's exit tells of it.
        let Ok(length @ 1..) = read else {
            words.extend_from_slice(&line);
            return Some(words);
        };
        for byte in &chunk[..length] {
            line.push(*byte);
            if *byte != b'\n' && line.len() < MOST_WORDS {
                continue;
            }
            match received(&line) {
                Some(bytes) if bytes > most => (most, alive) = (bytes, Instant::now()),
                Some(_) => {}
                None => words.extend_from_slice(&line),
            }
            line.clear();
            words.truncate(MOST_WORDS);
        }
    }
}

/// How many bytes a line says that the file has.
fn received(line: &[u8]) -> Option<u64> {
    let number = line.strip_prefix(RECEIVED)?;
    std::str::from_utf8(number).ok()?.trim().parse().ok()
}

/// Reads the beginning of an output, and the rest into nothing.
async fn read_words(mut from: impl AsyncRead + Unpin, silence: Duration) -> Vec<u8> {
    let (mut words, mut chunk) = (Vec::new(), [0; 1024]);
    while let Ok(Ok(length @ 1..)) = timeout(silence, from.read(&mut chunk)).await {
        words.extend_from_slice(&chunk[..length]);
        words.truncate(MOST_WORDS);
    }
    words
}
