//! What a definition or an input says of how a host is reached, checked where it is said.

use super::Fingerprint;
use crate::words::{HostName, NOT_IN_ADDRESSES, NOT_IN_LOGINS, check_command_line_word};
use std::net::{Ipv4Addr, Ipv6Addr};

/// What is wrong with a value, and what to do next.
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) hint: &'static str,
}

/// Refuses what is neither an IP address nor could be a DNS name. What looks like an IPv4 address must be one.
pub(crate) fn check_address(text: &str) -> Result<(), Wrong> {
    let is_valid = if text.contains(':') {
        let address = text.split('%').next().unwrap_or_default();
        address.parse::<Ipv6Addr>().is_ok() && check_command_line_word(text, NOT_IN_ADDRESSES).is_ok()
    } else if text.chars().all(|c| c.is_ascii_digit() || c == '.') {
        text.parse::<Ipv4Addr>().is_ok()
    } else {
        HostName::new(text).is_ok()
    };
    if is_valid {
        return Ok(());
    }
    Err(Wrong {
        message: format!("{text:?} is no address: expected an IP address or a DNS name, without a port"),
        hint: "the port of its SSH server is given with `.port(…)`",
    })
}

/// Refuses what can't be the name of who logs in.
pub(crate) fn check_login(text: &str) -> Result<(), Wrong> {
    check_command_line_word(text, NOT_IN_LOGINS).map_err(|why| Wrong {
        message: format!("{text:?} is no login: {why}"),
        hint: "give the name of a user of the host, and nothing else",
    })
}

/// Refuses port 0.
pub(crate) fn check_port(port: u16) -> Result<(), Wrong> {
    if port > 0 {
        return Ok(());
    }
    Err(Wrong {
        message: "0 is no port: a server has one from 1 on".to_owned(),
        hint: "leave it out if the host's SSH server has the usual one, 22",
    })
}

/// The fingerprint of a host's key, read.
pub(crate) fn read_host_key(text: &str) -> Result<Fingerprint, Wrong> {
    text.parse().map_err(|_| Wrong {
        message: format!("{text:?} is no fingerprint of a host key: expected `SHA256:` and 43 characters of base64"),
        hint: "`ssh-keygen -l -f FILE` and `trust HOST` print it",
    })
}
