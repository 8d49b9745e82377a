//! The transport against real SSH servers on the loopback interface, and against what only pretends to be one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod exec;
mod failures;
mod host_keys;
mod impostor;
mod login;
mod sshd;
mod streams;
