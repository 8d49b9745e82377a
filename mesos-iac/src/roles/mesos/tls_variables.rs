//! The variables of TLS by release. [`Tls`](super::Tls) writes them, a lint reads what somebody wrote by hand.

use crate::roles::Version;

/// What a release makes of a variable that is meant for TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::roles) enum Reading {
    /// It reads it.
    Reads,
    /// It reads it by its old name; this is the new one.
    PutsUpWith(String),
    /// It passes over it; this is what it reads.
    PassesOver(Option<String>),
}

/// The first release that speaks TLS.
pub(super) const FIRST: Version = Version::new(0, 23, 0);

/// What follows the prefix, by the older names. In which release each was first isn't known of all, so they count for all.
const NAMES: [&str; 18] = [
    "ENABLED",
    "SUPPORT_DOWNGRADE",
    "CERT_FILE",
    "KEY_FILE",
    "VERIFY_CERT",
    "REQUIRE_CERT",
    "VERIFY_IPADD",
    "VERIFICATION_DEPTH",
    "CA_DIR",
    "CA_FILE",
    "CIPHERS",
    "ECDH_CURVES",
    "HOSTNAME_VALIDATION_SCHEME",
    "ENABLE_SSL_V3",
    "ENABLE_TLS_V1_0",
    "ENABLE_TLS_V1_1",
    "ENABLE_TLS_V1_2",
    "ENABLE_TLS_V1_3",
];

/// Names that 1.10 changed: the older and the newer.
const RENAMED: [(&str, &str); 2] = [
    ("VERIFY_CERT", "VERIFY_SERVER_CERT"),
    ("REQUIRE_CERT", "REQUIRE_CLIENT_CERT"),
];

/// A variable as the release calls it, by the newest name without its prefix.
pub(super) fn variable(name: &str, version: Version) -> String {
    let prefix = match version >= Version::new(1, 0, 0) {
        true => "LIBPROCESS_SSL_",
        false => "SSL_",
    };
    let older = RENAMED
        .iter()
        .find(|(_, newer)| *newer == name && version < Version::new(1, 10, 0));
    format!("{prefix}{}", older.map_or(name, |(older, _)| older))
}

/// What the release makes of this variable; none if it is for something else.
pub(in crate::roles) fn reading(written: &str, version: Version) -> Option<Reading> {
    let long = written.strip_prefix("LIBPROCESS_SSL_");
    let name = long.or_else(|| written.strip_prefix("SSL_"))?;
    let newest = RENAMED
        .iter()
        .find(|(older, _)| *older == name)
        .map_or(name, |(_, newer)| newer);
    let is_newer = RENAMED.iter().any(|(_, newer)| *newer == name);
    let is_known = is_newer || NAMES.contains(&name) || (name == "ENABLE_SSL_V2" && version < Version::new(1, 0, 0));
    // `SSL_CERT_FILE` and its kin are OpenSSL's own, too.
    let is_foreign = !is_known || name == "CERT_FILE";
    let is_old_prefix = long.is_none() && version >= Version::new(1, 0, 0);
    if long.is_none() && is_foreign && (is_old_prefix || !is_known || version < FIRST) {
        return None;
    }
    if version < FIRST || !is_known {
        return Some(Reading::PassesOver(None));
    }
    let right = variable(newest, version);
    Some(if right == written {
        Reading::Reads
    } else if (long.is_some() && version < Version::new(1, 0, 0)) || (is_newer && version < Version::new(1, 10, 0)) {
        Reading::PassesOver(Some(right))
    } else {
        Reading::PutsUpWith(right)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{HostnameValidation, Tls, TlsVersion};
    use super::*;
    use crate::words::AbsPath;

    #[test]
    fn a_release_reads_what_is_written_for_it() {
        let path = || AbsPath::new("/x").unwrap();
        let old = Tls::new(path(), path())
            .ca_file(path())
            .ca_dir(path())
            .support_downgrade(true)
            .verify_server_cert(true)
            .require_client_cert(true)
            .verification_depth(2)
            .ciphers(["A"])
            .version(TlsVersion::Tls1_2, true);
        let new = old
            .clone()
            .verify_ip_address(true)
            .curves("auto")
            .hostname_validation(HostnameValidation::OpenSsl)
            .version(TlsVersion::Tls1_3, true);
        for (tls, version) in [
            (&old, Version::new(0, 28, 3)),
            (&old, Version::new(1, 9, 0)),
            (&new, Version::new(1, 11, 0)),
        ] {
            for line in tls.environment(version).unwrap() {
                assert_eq!(
                    reading(&line.name, version),
                    Some(Reading::Reads),
                    "{} {version}",
                    line.name
                );
            }
        }
    }

    #[test]
    fn other_names_are_passed_over_or_put_up_with() {
        let is = |name: &str, version: &str| reading(name, version.parse().unwrap());
        let over = |right: &str| Some(Reading::PassesOver(Some(right.to_owned())));
        let old = |right: &str| Some(Reading::PutsUpWith(right.to_owned()));
        assert_eq!(is("LIBPROCESS_SSL_ENABLED", "0.28.3"), over("SSL_ENABLED"));
        assert_eq!(is("LIBPROCESS_SSL_ENABLED", "0.22.1"), Some(Reading::PassesOver(None)));
        assert_eq!(is("SSL_ENABLED", "1.11.0"), old("LIBPROCESS_SSL_ENABLED"));
        assert_eq!(
            is("LIBPROCESS_SSL_VERIFY_CERT", "1.11.0"),
            old("LIBPROCESS_SSL_VERIFY_SERVER_CERT")
        );
        assert_eq!(
            is("LIBPROCESS_SSL_REQUIRE_CLIENT_CERT", "1.9.0"),
            over("LIBPROCESS_SSL_REQUIRE_CERT")
        );
        assert_eq!(is("LIBPROCESS_SSL_ENABELD", "1.11.0"), Some(Reading::PassesOver(None)));
        for foreign in ["SSL_CERT_FILE", "SSL_CERT_DIR", "LIBPROCESS_IP", "PORT"] {
            assert_eq!(is(foreign, "1.11.0"), None, "{foreign}");
        }
        assert_eq!(is("SSL_CERT_FILE", "0.28.3"), Some(Reading::Reads));
    }
}
