//! Whether the host is the one that is meant.

use std::fs;

use mesos_iac::transport::{HostKeyError, Method, SshOptions, Target, TransportError, append, entry, scan_host_key};

use crate::sshd::{METHODS, Sshd, on_ssh_thread, reach};

/// What a host key's refusal is called.
fn refusal(outcome: Result<(), TransportError>) -> &'static str {
    match outcome {
        Ok(()) => "accepted",
        Err(TransportError::HostKey(error)) => match *error {
            HostKeyError::Unknown { .. } => "unknown",
            HostKeyError::Changed { .. } => "changed",
            HostKeyError::Revoked { .. } => "revoked",
            HostKeyError::NotPinned { .. } => "not pinned",
        },
        Err(other) => panic!("{other}"),
    }
}

/// The outcome with each method, which must be the same, and must not have sent the login if it is a refusal.
fn outcome(sshd: &Sshd, target: &Target, options: &SshOptions) -> &'static str {
    let [one, other] = METHODS.map(|method| {
        let before = sshd.log().matches("userauth-request").count();
        let outcome = refusal(on_ssh_thread(async || reach(method, target, options).await));
        let after = sshd.log().matches("userauth-request").count();
        assert_eq!(outcome == "accepted", after > before, "{method:?}: {outcome}");
        outcome
    });
    assert_eq!(one, other);
    one
}

fn known_hosts(sshd: &Sshd, text: &str) {
    fs::write(sshd.path("known_hosts"), text).unwrap();
}

#[test]
fn known_hosts_decide() {
    let sshd = Sshd::start();
    let port = sshd.address().port();
    let key = |kind: &str| {
        let key = sshd.host_key(kind);
        format!("{} {}", key.key_type(), key.base64())
    };
    let other = {
        let path = sshd.path("other");
        crate::sshd::generate_key("ed25519", &path);
        let key = crate::sshd::public_key(&sshd.path("other.pub"));
        format!("{} {}", key.key_type(), key.base64())
    };
    for (text, expected) in [
        (String::new(), "unknown"),
        (format!("[127.0.0.1]:{port} {}\n", key("ed25519")), "accepted"),
        (format!("[testhost]:{port} {}\n", key("ed25519")), "accepted"),
        (format!("testhost {}\n", key("ed25519")), "accepted"),
        (format!("127.0.0.* {}\n", key("ed25519")), "accepted"),
        // A server with several keys has to be asked for the known one.
        (format!("[127.0.0.1]:{port} {}\n", key("rsa")), "accepted"),
        (format!("[127.0.0.1]:{port} {}\n", key("ecdsa")), "accepted"),
        (format!("[127.0.0.1]:{port} {other}\n"), "changed"),
        (format!("[otherhost]:{port} {}\n", key("ed25519")), "unknown"),
        (format!("*,!*127.0.0.1* {}\n", key("ed25519")), "unknown"),
        (
            format!("@revoked * {}\n[127.0.0.1]:{port} {0}\n", key("ed25519")),
            "revoked",
        ),
        (
            format!("@revoked testhost {}\n[127.0.0.1]:{port} {0}\n", key("ed25519")),
            "revoked",
        ),
        (
            format!("@revoked 127.0.0.1 {}\ntesthost {0}\n", key("ed25519")),
            "revoked",
        ),
        (format!("@cert-authority * {}\n", key("ed25519")), "unknown"),
    ] {
        known_hosts(&sshd, &text);
        assert_eq!(outcome(&sshd, &sshd.target(), &sshd.options()), expected, "{text}");
    }
}

#[test]
fn hashed_names_are_known() {
    let sshd = Sshd::start();
    sshd.trust("ed25519");
    let status = std::process::Command::new("ssh-keygen")
        .args(["-q", "-H", "-f"])
        .arg(sshd.path("known_hosts"))
        .status()
        .unwrap();
    assert!(status.success());
    assert!(fs::read_to_string(sshd.path("known_hosts")).unwrap().starts_with("|1|"));
    assert_eq!(outcome(&sshd, &sshd.target(), &sshd.options()), "accepted");
}

#[test]
fn pins_decide_whatever_is_known() {
    let sshd = Sshd::start();
    let other = Sshd::start();
    let pinned = |pins: &[(&Sshd, &str)]| Target {
        host_keys: pins.iter().map(|(of, kind)| of.fingerprint(kind)).collect(),
        ..sshd.target()
    };
    for known in [false, true] {
        if known {
            sshd.trust("ed25519");
        }
        let decide = |pins: &[(&Sshd, &str)]| outcome(&sshd, &pinned(pins), &sshd.options());
        assert_eq!(decide(&[(&sshd, "ed25519")]), "accepted");
        assert_eq!(decide(&[(&other, "ed25519"), (&sshd, "ed25519")]), "accepted");
        assert_eq!(decide(&[(&other, "ed25519")]), "not pinned");
        assert_eq!(decide(&[(&other, "rsa"), (&other, "ecdsa")]), "not pinned");
    }
    let key = sshd.host_key("ed25519");
    known_hosts(&sshd, &format!("@revoked * {} {}\n", key.key_type(), key.base64()));
    assert_eq!(
        refusal(on_ssh_thread(async || {
            reach(Method::Libssh2, &pinned(&[(&sshd, "ed25519")]), &sshd.options()).await
        })),
        "revoked"
    );
}

#[test]
fn a_pin_of_a_type_that_the_server_does_not_prefer_is_found() {
    let sshd = Sshd::start();
    for kind in ["rsa", "ecdsa"] {
        let target = Target {
            host_keys: vec![sshd.fingerprint(kind)],
            ..sshd.target()
        };
        let reach = |method| on_ssh_thread(async || reach(method, &target, &sshd.options()).await);
        assert_eq!(refusal(reach(Method::Libssh2)), "accepted", "{kind}");
        // OpenSSH's client has to be told of the type, by a known-hosts file.
        assert_eq!(refusal(reach(Method::OpenSsh)), "not pinned", "{kind}");
        sshd.trust(kind);
        assert_eq!(refusal(reach(Method::OpenSsh)), "accepted", "{kind}");
    }
}

#[test]
fn a_refusal_names_keys_and_places() {
    let sshd = Sshd::start();
    let port = sshd.address().port();
    let known = sshd.host_key("ed25519");
    on_ssh_thread(async || {
        let refused = reach(Method::Libssh2, &sshd.target(), &sshd.options())
            .await
            .unwrap_err();
        let text = refused.to_string();
        assert!(text.contains(&known.fingerprint().to_string()), "{text}");
        assert!(refused.hint().unwrap().contains("trust testhost"));
        let stranger = Sshd::start();
        let line = entry(&sshd.target(), &stranger.host_key("ed25519"));
        known_hosts(&sshd, &format!("# a comment\n{line}\n"));
        let place = format!("{}:2", sshd.path("known_hosts").display());
        for method in METHODS {
            let refused = reach(method, &sshd.target(), &sshd.options()).await.unwrap_err();
            let text = refused.to_string();
            assert!(text.contains(&known.fingerprint().to_string()), "{text}");
            assert!(text.contains(&place), "{text}");
            assert!(
                text.starts_with(&format!("verify testhost at 127.0.0.1:{port}: ")),
                "{text}"
            );
        }
    });
}

#[test]
fn known_hosts_that_cannot_be_relied_on_are_an_error() {
    let sshd = Sshd::start();
    sshd.trust("ed25519");
    on_ssh_thread(async || {
        for method in METHODS {
            let options = SshOptions {
                known_hosts: vec![sshd.path("known_hosts"), "/".into()],
                ..sshd.options()
            };
            let error = reach(method, &sshd.target(), &options).await.unwrap_err();
            assert_eq!(error.kind(), "known-hosts", "{error}");
        }
        let text = fs::read_to_string(sshd.path("known_hosts")).unwrap();
        known_hosts(&sshd, &format!("{text}@revoked * junk\n"));
        for method in METHODS {
            let error = reach(method, &sshd.target(), &sshd.options()).await.unwrap_err();
            assert_eq!(error.kind(), "known-hosts", "{error}");
        }
    });
}

#[test]
fn trust_makes_a_host_known() {
    let sshd = Sshd::start();
    on_ssh_thread(async || {
        let key = scan_host_key(&sshd.target(), &sshd.options()).await.unwrap();
        assert_eq!(key, sshd.host_key("ed25519"));
        assert!(!sshd.log().contains("userauth-request"));
        assert!(append(&sshd.path("known_hosts"), &sshd.target(), &key).unwrap());
        for method in METHODS {
            reach(method, &sshd.target(), &sshd.options()).await.unwrap();
        }
    });
}

#[test]
fn a_host_certificate_is_not_asked_for() {
    // The key alone is presented where the certificate is on offer too.
    let sshd = Sshd::start();
    crate::sshd::generate_key("ed25519", &sshd.path("ca"));
    let status = std::process::Command::new("ssh-keygen")
        .args(["-q", "-h", "-I", "testhost", "-n", "127.0.0.1,testhost", "-s"])
        .arg(sshd.path("ca"))
        .arg(sshd.path("host_ed25519.pub"))
        .status()
        .unwrap();
    assert!(status.success());
    let with_certificate = Sshd::with(&format!(
        "HostKey {0}\nHostCertificate {0}-cert.pub",
        sshd.path("host_ed25519").display()
    ));
    let target = Target {
        host_keys: vec![sshd.fingerprint("ed25519"), with_certificate.fingerprint("ed25519")],
        ..with_certificate.target()
    };
    on_ssh_thread(async || reach(Method::Libssh2, &target, &with_certificate.options()).await).unwrap();
}
