//! What runs on a host: it reads a catalog from a byte stream, converges the machine, and writes events back.
//!
//! [`frame`](Frame) is how bytes become messages, [`Request`] and [`Answer`] are the messages, [`serve`] is the agent.

mod blobs;
mod frame;
mod guard;
mod handshake;
mod protocol;
mod serve;
mod unheard;
mod work;

pub use frame::{Frame, FrameError, MOST_JSON, decode_header, encode};
pub(crate) use guard::{guard, undo_at_boot};
#[cfg(feature = "controller")]
pub(crate) use handshake::lacking;
pub use handshake::{GREETING, PROTOCOL, kinds_digest, refuse};
pub use protocol::{
    Answer, Confirm, Hello, Mode, Refusal, Request, RunOptions, SecretValue, Welcome, decode_answer, encode_requests,
};
pub use serve::{Machinery, serve};
#[cfg(feature = "controller")]
pub(crate) use work::{Workplace, carry_out};
