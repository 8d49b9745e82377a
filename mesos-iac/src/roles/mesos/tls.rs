use super::{GrammarError, tls_variables};
use crate::model::Content;
use crate::roles::Version;
use crate::roles::flags::EnvironmentLine;
use crate::words::AbsPath;

/// How Mesos speaks TLS: the environment of masters, agents and all that libprocess is in. Mesos has it from 0.23 on, in builds
/// with TLS alone.
///
/// The private key is a file on the host that only whoever runs the daemons can read; the environment has its path.
///
/// ```
/// use mesos_iac::AbsPath;
/// use mesos_iac::roles::Version;
/// use mesos_iac::roles::mesos::Tls;
///
/// let path = |name: &str| AbsPath::new(format!("/etc/mesos/tls/{name}")).unwrap();
/// let tls = Tls::new(path("cert.pem"), path("key.pem")).ca_file(path("ca.pem")).require_client_cert(true);
/// let names = |version| -> Vec<String> {
///     tls.environment(version).unwrap().into_iter().map(|line| line.name).collect()
/// };
/// assert!(names(Version::new(1, 11, 0)).contains(&"LIBPROCESS_SSL_REQUIRE_CLIENT_CERT".to_owned()));
/// assert!(names(Version::new(1, 9, 0)).contains(&"LIBPROCESS_SSL_REQUIRE_CERT".to_owned()));
/// assert!(names(Version::new(0, 28, 3)).contains(&"SSL_REQUIRE_CERT".to_owned()));
/// ```
#[expect(clippy::struct_excessive_bools, reason = "each is a variable of its own")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    cert_file: AbsPath,
    key_file: AbsPath,
    ca_file: Option<AbsPath>,
    ca_dir: Option<AbsPath>,
    support_downgrade: bool,
    verify_server_cert: bool,
    require_client_cert: bool,
    verify_ip_address: bool,
    verification_depth: Option<u32>,
    ciphers: Vec<String>,
    curves: Option<String>,
    hostname_validation: Option<HostnameValidation>,
    versions: Vec<(TlsVersion, bool)>,
}

/// How the name in a certificate is compared with that of the peer; from 1.10 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostnameValidation {
    /// By libprocess, as before 1.10.
    Legacy,
    /// By OpenSSL.
    OpenSsl,
}

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// SSL 3, which is broken.
    Ssl3,
    /// TLS 1.0, which is obsolete.
    Tls1_0,
    /// TLS 1.1, which is obsolete.
    Tls1_1,
    /// TLS 1.2, the only one that is on unless told otherwise.
    Tls1_2,
    /// TLS 1.3, from Mesos 1.10 on.
    Tls1_3,
}

impl TlsVersion {
    const fn variable(self) -> &'static str {
        match self {
            Self::Ssl3 => "ENABLE_SSL_V3",
            Self::Tls1_0 => "ENABLE_TLS_V1_0",
            Self::Tls1_1 => "ENABLE_TLS_V1_1",
            Self::Tls1_2 => "ENABLE_TLS_V1_2",
            Self::Tls1_3 => "ENABLE_TLS_V1_3",
        }
    }
}

impl Tls {
    /// TLS with this certificate and its private key.
    #[must_use]
    pub const fn new(cert_file: AbsPath, key_file: AbsPath) -> Self {
        Self {
            cert_file,
            key_file,
            ca_file: None,
            ca_dir: None,
            support_downgrade: false,
            verify_server_cert: false,
            require_client_cert: false,
            verify_ip_address: false,
            verification_depth: None,
            ciphers: Vec::new(),
            curves: None,
            hostname_validation: None,
            versions: Vec::new(),
        }
    }

    /// Trusts the authorities of this file.
    #[must_use]
    pub fn ca_file(mut self, path: AbsPath) -> Self {
        self.ca_file = Some(path);
        self
    }

    /// Trusts the authorities of this directory.
    #[must_use]
    pub fn ca_dir(mut self, path: AbsPath) -> Self {
        self.ca_dir = Some(path);
        self
    }

    /// Also answers those who don't speak TLS: for the time of a roll-out.
    #[must_use]
    pub const fn support_downgrade(mut self, on: bool) -> Self {
        self.support_downgrade = on;
        self
    }

    /// Verifies the certificates of servers.
    #[must_use]
    pub const fn verify_server_cert(mut self, on: bool) -> Self {
        self.verify_server_cert = on;
        self
    }

    /// Requires certificates of clients.
    #[must_use]
    pub const fn require_client_cert(mut self, on: bool) -> Self {
        self.require_client_cert = on;
        self
    }

    /// Compares the peer's address with the certificate, too; from 1.0 on.
    #[must_use]
    pub const fn verify_ip_address(mut self, on: bool) -> Self {
        self.verify_ip_address = on;
        self
    }

    /// How long a chain of certificates may be.
    #[must_use]
    pub const fn verification_depth(mut self, depth: u32) -> Self {
        self.verification_depth = Some(depth);
        self
    }

    /// The ciphers, by OpenSSL's names.
    #[must_use]
    pub fn ciphers<N: Into<String>>(mut self, ciphers: impl IntoIterator<Item = N>) -> Self {
        self.ciphers = ciphers.into_iter().map(Into::into).collect();
        self
    }

    /// The curves, as OpenSSL reads them; from 1.4 on.
    #[must_use]
    pub fn curves(mut self, curves: impl Into<String>) -> Self {
        self.curves = Some(curves.into());
        self
    }

    /// How names are compared; from 1.10 on.
    #[must_use]
    pub const fn hostname_validation(mut self, scheme: HostnameValidation) -> Self {
        self.hostname_validation = Some(scheme);
        self
    }

    /// Switches a version of the protocol on or off.
    #[must_use]
    pub fn version(mut self, version: TlsVersion, on: bool) -> Self {
        self.versions.retain(|(known, _)| *known != version);
        self.versions.push((version, on));
        self
    }

    /// The variables as this version of Mesos reads them, in the order of their names. Before 1.0 they begin with `SSL_`.
    ///
    /// # Errors
    /// Mesos before 0.23 speaks no TLS; or something is asked for that this version doesn't have: it would read no such
    /// variable, and say nothing; or a cipher or the curves are no names.
    pub fn environment(&self, version: Version) -> Result<Vec<EnvironmentLine>, GrammarError> {
        if version < tls_variables::FIRST {
            return Err(GrammarError::new(format!(
                "Mesos {version} speaks no TLS, which came with 0.23"
            )));
        }
        let since = |asked: bool, what: &str, since: Version| match asked && version < since {
            true => Err(GrammarError::new(format!(
                "Mesos {version} has no {what}, which came with {since} at the latest"
            ))),
            false => Ok(()),
        };
        since(
            self.verify_ip_address,
            "check of addresses in certificates",
            Version::new(1, 0, 0),
        )?;
        since(self.curves.is_some(), "choice of curves", Version::new(1, 4, 0))?;
        since(
            self.hostname_validation.is_some(),
            "choice of how names are compared",
            Version::new(1, 10, 0),
        )?;
        let tls_1_3 = self.versions.iter().any(|(known, _)| *known == TlsVersion::Tls1_3);
        since(tls_1_3, "TLS 1.3", Version::new(1, 10, 0))?;

        let is_name = |name: &str| !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control());
        for (what, name) in self
            .ciphers
            .iter()
            .map(|name| ("cipher", name))
            .chain(self.curves.iter().map(|name| ("curve", name)))
        {
            if !is_name(name) {
                return Err(GrammarError::new(format!(
                    "{name:?} is no {what}: OpenSSL's names have neither white space nor control characters"
                )));
            }
        }

        let mut lines = Vec::new();
        let mut add = |name: &str, value: String| {
            lines.push(EnvironmentLine {
                name: tls_variables::variable(name, version),
                value: Content::text(value),
            });
        };
        add("ENABLED", "true".to_owned());
        add("CERT_FILE", self.cert_file.to_string());
        add("KEY_FILE", self.key_file.to_string());
        let switches = [
            ("SUPPORT_DOWNGRADE", self.support_downgrade),
            ("VERIFY_SERVER_CERT", self.verify_server_cert),
            ("REQUIRE_CLIENT_CERT", self.require_client_cert),
            ("VERIFY_IPADD", self.verify_ip_address),
        ];
        for (name, on) in switches.into_iter().filter(|(_, on)| *on) {
            add(name, on.to_string());
        }
        let scheme = self.hostname_validation.map(|scheme| match scheme {
            HostnameValidation::Legacy => "legacy",
            HostnameValidation::OpenSsl => "openssl",
        });
        let values = [
            ("CA_FILE", self.ca_file.as_ref().map(ToString::to_string)),
            ("CA_DIR", self.ca_dir.as_ref().map(ToString::to_string)),
            (
                "VERIFICATION_DEPTH",
                self.verification_depth.map(|depth| depth.to_string()),
            ),
            ("CIPHERS", (!self.ciphers.is_empty()).then(|| self.ciphers.join(":"))),
            ("ECDH_CURVES", self.curves.clone()),
            ("HOSTNAME_VALIDATION_SCHEME", scheme.map(ToOwned::to_owned)),
        ];
        for (name, value) in values {
            value.into_iter().for_each(|value| add(name, value));
        }
        for (known, on) in &self.versions {
            add(known.variable(), on.to_string());
        }
        lines.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls() -> Tls {
        Tls::new(AbsPath::new("/c").unwrap(), AbsPath::new("/k").unwrap())
    }

    fn lines(tls: &Tls, version: Version) -> Vec<String> {
        let lines = tls.environment(version).unwrap();
        lines
            .iter()
            .map(|line| line.line().to_string().trim_end().to_owned())
            .collect()
    }

    #[test]
    fn what_is_no_name_of_a_cipher_or_a_curve_is_refused() {
        for name in ["", "A\nB", "A\0", "A B"] {
            assert!(
                tls().ciphers(["A", name]).environment(Version::new(1, 11, 0)).is_err(),
                "{name:?}"
            );
            assert!(
                tls().curves(name).environment(Version::new(1, 11, 0)).is_err(),
                "{name:?}"
            );
        }
    }

    #[test]
    fn each_version_has_its_names() {
        let all = tls()
            .verify_server_cert(true)
            .ciphers(["A", "B"])
            .version(TlsVersion::Tls1_2, false)
            .verification_depth(2);
        assert_eq!(
            lines(&all, Version::new(1, 10, 0)),
            [
                "LIBPROCESS_SSL_CERT_FILE=/c",
                "LIBPROCESS_SSL_CIPHERS=A:B",
                "LIBPROCESS_SSL_ENABLED=true",
                "LIBPROCESS_SSL_ENABLE_TLS_V1_2=false",
                "LIBPROCESS_SSL_KEY_FILE=/k",
                "LIBPROCESS_SSL_VERIFICATION_DEPTH=2",
                "LIBPROCESS_SSL_VERIFY_SERVER_CERT=true",
            ]
        );
        assert!(lines(&all, Version::new(1, 0, 0)).contains(&"LIBPROCESS_SSL_VERIFY_CERT=true".to_owned()));
        assert!(lines(&all, Version::new(0, 23, 0)).contains(&"SSL_VERIFY_CERT=true".to_owned()));
    }

    #[test]
    fn what_a_version_does_not_have_is_refused() {
        assert!(tls().environment(Version::new(0, 22, 2)).is_err());
        assert!(
            tls()
                .verify_ip_address(true)
                .environment(Version::new(0, 28, 3))
                .is_err()
        );
        assert!(tls().curves("auto").environment(Version::new(1, 3, 2)).is_err());
        assert!(
            tls()
                .version(TlsVersion::Tls1_3, true)
                .environment(Version::new(1, 9, 0))
                .is_err()
        );
        let scheme = tls().hostname_validation(HostnameValidation::OpenSsl);
        assert!(scheme.environment(Version::new(1, 9, 0)).is_err());
        assert!(scheme.environment(Version::new(1, 11, 0)).is_ok());
    }
}
