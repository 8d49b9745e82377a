//! What OpenSSH's client meant when it ended with status 255.
//!
//! It has no other way to tell than English sentences. They are looked for in what it and the remote command said; so a
//! command that ends with 255 and says one of these is mistaken for a failed connection, which is a failure either way.

use std::path::PathBuf;

use super::error::{Attempt, HostKeyError, Stage, TransportError, printable};
use super::known_hosts::Place;
use super::target::{SshOptions, Target};
use crate::model::Fingerprint;

/// The reason, from the end of what was said.
pub(super) fn reason(target: &Target, options: &SshOptions, said: &str) -> TransportError {
    let (host, endpoint) = (target.host.clone(), target.endpoint());
    let line_with = |part: &str| said.lines().find(|line| line.contains(part)).map(printable);
    let any_line = |parts: &[&str]| parts.iter().find_map(|part| line_with(part));
    if let Some(error) = host_key(target, options, said) {
        return error.into();
    }
    if let Some(why) = line_with("Could not resolve hostname") {
        let address = target.address.clone();
        return TransportError::Resolve { host, address, why };
    }
    if any_line(&["Connection timed out", "Operation timed out"]).is_some() {
        let banner = said.contains("during banner exchange");
        return TransportError::TimedOut {
            host,
            endpoint,
            stage: if banner { Stage::Identification } else { Stage::Connect },
            after: options.connect_timeout,
        };
    }
    if let Some(why) = line_with("ssh: connect to host") {
        return TransportError::Connect { host, endpoint, why };
    }
    if let Some(why) = any_line(&[
        "Permission denied (",
        "Too many authentication failures",
        "No more authentication",
    ]) {
        return TransportError::Authentication {
            host,
            endpoint,
            user: target
                .user
                .clone()
                .unwrap_or_else(|| "the user that ssh_config says".to_owned()),
            tried: vec![Attempt {
                with: "all that ssh has".to_owned(),
                outcome: why,
            }],
        };
    }
    if let Some(why) = any_line(&[
        "client_loop: ",
        "Timeout, server ",
        "closed by remote host.",
        "packet_write_wait",
        "packet_write_poll",
        "mux_client_",
    ]) {
        return TransportError::Lost { host, why };
    }
    if let Some(why) = any_line(&[
        "kex_exchange_identification",
        "banner exchange",
        "Unable to negotiate",
        "Bad remote protocol version",
        "ssh_dispatch_run_fatal",
        "Connection closed by",
        "Connection reset by",
        "Received disconnect from",
    ]) {
        return TransportError::Handshake { host, endpoint, why };
    }
    match said.lines().rev().map(str::trim).find(|line| !line.is_empty()) {
        Some(last) => TransportError::OpenSsh {
            host,
            program: options.openssh_program.clone(),
            why: printable(last),
        },
        None => TransportError::Lost {
            host,
            why: format!(
                "{} ended with status 255 and without a word: the connection broke, or a signal ended the command",
                options.openssh_program.display()
            ),
        },
    }
}

fn host_key(target: &Target, options: &SshOptions, said: &str) -> Option<HostKeyError> {
    let (host, endpoint) = (target.host.clone(), target.endpoint());
    if said.contains("REVOKED HOST KEY DETECTED") || said.contains("is marked as revoked") {
        return Some(HostKeyError::Revoked {
            host,
            endpoint,
            presented: None,
            place: None,
        });
    }
    let changed = said.contains("REMOTE HOST IDENTIFICATION HAS CHANGED");
    let unknown = said.contains(" host key is known for ") || said.contains("Host key verification failed");
    if !changed && !unknown {
        return None;
    }
    if !target.host_keys.is_empty() {
        return Some(HostKeyError::NotPinned {
            host,
            endpoint,
            presented: Vec::new(),
            pinned: target.host_keys.clone(),
        });
    }
    if changed {
        return Some(HostKeyError::Changed {
            host,
            endpoint,
            presented: fingerprint(said),
            presented_type: None,
            expected: Vec::new(),
            place: offending_line(said),
        });
    }
    Some(HostKeyError::Unknown {
        host,
        endpoint,
        presented: None,
        searched: options.known_hosts.clone(),
        authority: None,
    })
}

/// `The fingerprint for the ED25519 key sent by the remote host is` and then `SHA256:….`.
fn fingerprint(said: &str) -> Option<Fingerprint> {
    said.lines()
        .find_map(|line| line.trim().strip_suffix('.')?.parse().ok())
}

/// `Offending ED25519 key in FILE:LINE`.
fn offending_line(said: &str) -> Option<Place> {
    said.lines().find_map(|line| {
        let (_, place) = line.trim().strip_prefix("Offending ")?.split_once(" key in ")?;
        let (file, line) = place.rsplit_once(':')?;
        Some(Place {
            file: PathBuf::from(file),
            line: line.parse().ok()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::target::tests::target;
    use super::*;

    fn options() -> SshOptions {
        SshOptions {
            known_hosts: vec!["/known_hosts".into()],
            identities: Vec::new(),
            agent_socket: None,
            connect_timeout: Duration::from_secs(5),
            openssh_program: "ssh".into(),
            openssh_config: None,
            fresh_connection: false,
        }
    }

    fn reason_of(said: &str) -> TransportError {
        reason(&target("zk1", "192.0.2.1", 22), &options(), said)
    }

    #[test]
    fn sentences_are_understood() {
        for (said, kind) in [
            (
                "ssh: Could not resolve hostname nowhere: Name or service not known\r\n",
                "resolve",
            ),
            (
                "ssh: connect to host 192.0.2.1 port 22: Connection refused\r\n",
                "connect",
            ),
            ("ssh: connect to host 192.0.2.1 port 22: No route to host", "connect"),
            (
                "ssh: connect to host 192.0.2.1 port 22: Connection timed out",
                "timed-out",
            ),
            (
                "Connection timed out during banner exchange\r\nConnection to 1 port 2 timed out",
                "timed-out",
            ),
            (
                "No ED25519 host key is known for a and you have requested strict checking.",
                "host-key",
            ),
            ("root@192.0.2.1: Permission denied (publickey).", "authentication"),
            (
                "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures",
                "authentication",
            ),
            (
                "kex_exchange_identification: Connection closed by remote host",
                "handshake",
            ),
            ("Connection reset by 192.0.2.1 port 22", "handshake"),
            (
                "Unable to negotiate with 192.0.2.1 port 22: no matching cipher found.",
                "handshake",
            ),
            ("Connection to 192.0.2.1 closed by remote host.", "lost"),
            ("client_loop: send disconnect: Broken pipe", "lost"),
            ("/tmp/config: line 1: Bad configuration option: frobnicate", "openssh"),
            ("", "lost"),
            (" \r\n", "lost"),
        ] {
            assert_eq!(reason_of(said).kind(), kind, "{said:?}");
        }
    }

    #[test]
    fn a_changed_key_names_fingerprint_and_line() {
        let said = "\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
The fingerprint for the ED25519 key sent by the remote host is\r
SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU.\r
Please contact your system administrator.\r
Offending ED25519 key in /home/me/.ssh/known_hosts:7\r
Host key verification failed.\r
";
        let error = reason_of(said);
        assert_eq!(
            error.to_string(),
            "verify zk1 at 192.0.2.1:22: its host key SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU is not the \
             one that is recorded at /home/me/.ssh/known_hosts:7"
        );
        assert!(error.hint().unwrap().contains("/home/me/.ssh/known_hosts:7"));
    }

    #[test]
    fn with_pins_a_refused_key_is_one_that_is_not_pinned() {
        let mut target = target("zk1", "192.0.2.1", 22);
        let pin = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";
        target.host_keys = vec![pin.parse().unwrap()];
        let said = "No ED25519 host key is known for 192.0.2.1 and you have requested strict checking.";
        let error = reason(&target, &options(), said);
        assert!(error.to_string().contains(pin), "{error}");
    }

    #[test]
    fn what_a_host_says_cannot_move_the_cursor() {
        let error = reason_of("something \u{1b}[2J new");
        assert!(!error.to_string().contains('\u{1b}'));
    }
}
