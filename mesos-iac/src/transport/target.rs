//! Where a host is reached, as whom, and with what.

use std::path::PathBuf;
use std::time::Duration;

use super::error::TransportError;
use crate::model::Fingerprint;
use crate::words::{NOT_IN_ADDRESSES, NOT_IN_LOGINS, check_command_line_word};

/// Where and as whom one host is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The host's name in the definition. A known-hosts entry may be filed under it.
    pub host: String,
    /// An IP address (IPv6 without brackets) or a DNS name.
    pub address: String,
    /// The port of its SSH server. `None` is what the transport takes then: 22, or what `ssh_config` says.
    pub port: Option<u16>,
    /// The login. `None` is what the transport takes then: `root`, or what `ssh_config` says.
    pub user: Option<String>,
    /// The host keys that the definition pins. When there are any, one of them must be presented, whatever the
    /// known-hosts files say; only a revocation still counts.
    pub host_keys: Vec<Fingerprint>,
}

/// All that the controller's environment contributes to a connection. The library reads no environment and no home
/// directory, so the command line fills this in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshOptions {
    /// The known-hosts files. The first is the one that `trust` appends to; one that does not exist is empty.
    pub known_hosts: Vec<PathBuf>,
    /// Files with private keys, tried in this order.
    pub identities: Vec<PathBuf>,
    /// The socket of the SSH agent.
    pub agent_socket: Option<PathBuf>,
    /// The limit on reaching a host: resolving, connecting, the handshake and logging in, all together.
    pub connect_timeout: Duration,
    /// OpenSSH's client, for [`Method::OpenSsh`].
    pub openssh_program: PathBuf,
    /// The `ssh_config` that it reads in place of the user's and the system's.
    pub openssh_config: Option<PathBuf>,
    /// Whether a connection that is there already, which OpenSSH may share, doesn't do.
    pub fresh_connection: bool,
}

/// How a byte stream to a host is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Method {
    /// libssh2 inside this process: the fastest.
    #[default]
    Libssh2,
    /// The user's own OpenSSH client, one process per command: all that `ssh_config` can do (jump hosts, `Match`,
    /// hardware keys, Kerberos, shared connections).
    OpenSsh,
}

impl Target {
    /// Ensures that host, address and login can be put on a command line and into a file of lines, and are not taken
    /// for options.
    ///
    /// # Errors
    /// [`TransportError::Target`] for an empty text, a leading `-`, white space, control characters, characters
    /// outside ASCII, shell characters, brackets, and port 0.
    pub fn validate(&self) -> Result<(), TransportError> {
        for (what, value, foreign) in [
            ("host name", self.host.as_str(), &[':', '%', '@'][..]),
            ("address", &self.address, NOT_IN_ADDRESSES),
            ("login", self.login(), NOT_IN_LOGINS),
        ] {
            check_command_line_word(value, foreign).map_err(|why| refuse(what, value, why))?;
        }
        if self.port == Some(0) {
            return Err(refuse("port", "0", "a server has a port from 1 on"));
        }
        Ok(())
    }

    /// The login, as far as the definition says it or no `ssh_config` is read: `root` unless told otherwise.
    #[must_use]
    pub fn login(&self) -> &str {
        self.user.as_deref().unwrap_or("root")
    }

    /// The port, likewise: 22 unless told otherwise.
    #[must_use]
    pub fn ssh_port(&self) -> u16 {
        self.port.unwrap_or(22)
    }

    /// Address and port as one text, for messages: `192.0.2.1:22`, `[2001:db8::1]:22`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        if self.address.contains(':') {
            format!("[{}]:{}", self.address, self.ssh_port())
        } else {
            format!("{}:{}", self.address, self.ssh_port())
        }
    }
}

fn refuse(what: &'static str, value: &str, why: &'static str) -> TransportError {
    TransportError::Target {
        what,
        value: value.to_owned(),
        why,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn target(host: &str, address: &str, port: u16) -> Target {
        Target {
            host: host.to_owned(),
            address: address.to_owned(),
            port: Some(port),
            user: None,
            host_keys: Vec::new(),
        }
    }

    #[test]
    fn ordinary_targets_pass() {
        for (host, address) in [
            ("backend-0-0", "10.1.255.254"),
            ("zk1.example.org", "zk1.example.org"),
            ("a_b", "2001:db8::1"),
            ("link-local", "fe80::1%eth0"),
        ] {
            target(host, address, 22).validate().unwrap();
        }
    }

    #[test]
    fn what_could_be_an_option_or_a_command_is_refused() {
        for bad in [
            "",
            "-oProxyCommand=touch",
            "a b",
            "a\tb",
            "a\nb",
            "a\u{7f}",
            "a\u{1b}[2J",
            "$(reboot)",
            "`reboot`",
            "a;b",
            "a|b",
            "a'b",
            "a\"b",
            "a\\b",
            "[::1]",
            "*",
            "a,b",
            "#a",
            "a/b",
            "ho\u{202e}st",
            "b\u{fc}cher",
            &"a".repeat(256),
        ] {
            assert!(target("host", bad, 22).validate().is_err(), "address {bad:?}");
            assert!(target(bad, "192.0.2.1", 22).validate().is_err(), "host {bad:?}");
            let mut login = target("host", "192.0.2.1", 22);
            login.user = Some(bad.to_owned());
            assert!(login.validate().is_err(), "login {bad:?}");
        }
        assert!(target("host", "192.0.2.1", 0).validate().is_err());
        assert!(target("a:b", "192.0.2.1", 22).validate().is_err());
        assert!(target("a", "root@192.0.2.1", 22).validate().is_err());
    }

    #[test]
    fn endpoints_put_ipv6_addresses_into_brackets() {
        assert_eq!(target("h", "192.0.2.1", 22).endpoint(), "192.0.2.1:22");
        assert_eq!(target("h", "::1", 2222).endpoint(), "[::1]:2222");
    }
}
