//! What a resource asks of a program that answers on HTTP.

use crate::words::SecretText;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// The most bytes of an answer's body.
pub const MOST_HTTP_BYTES: u64 = 32 * 1024 * 1024;

/// What is asked, of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpQuestion {
    /// Where the program answers, as seen from the host.
    pub address: SocketAddr,
    /// The path, with what follows it: `/v2/apps/web?force=true`.
    pub target: String,
    /// Name and password with a colon between them, if it wants to know who asks.
    pub credentials: Option<SecretText>,
    /// How long connection, question and answer may take in all.
    pub time_out: Duration,
}

/// What is to be done with what the target names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HttpChange {
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
}

impl HttpChange {
    /// The method's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for HttpChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was answered; any status is an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status, such as 200.
    pub status: u16,
    /// The body, as it was before it was cut into chunks.
    pub body: Vec<u8>,
}
