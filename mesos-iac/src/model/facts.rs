use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// An operating system, in the words of `/etc/os-release`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Os {
    /// `ID`, such as `debian`.
    pub id: String,
    /// `VERSION_ID`, such as `12`; none means any version.
    pub version: Option<String>,
}

impl Os {
    /// The operating system with this `ID`, in any version.
    #[must_use]
    pub fn any(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            version: None,
        }
    }

    /// The operating system with this `ID` and `VERSION_ID`.
    #[must_use]
    pub fn new(id: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            version: Some(version.into()),
        }
    }

    /// Debian, such as `Os::debian("12")`.
    #[must_use]
    pub fn debian(version: impl Into<String>) -> Self {
        Self::new("debian", version)
    }

    /// Ubuntu, such as `Os::ubuntu("24.04")`.
    #[must_use]
    pub fn ubuntu(version: impl Into<String>) -> Self {
        Self::new("ubuntu", version)
    }

    /// Whether a host with `actual` is what was declared: the same `ID`, and the same version or a point release of it.
    #[must_use]
    pub fn admits(&self, actual: &Self) -> bool {
        let same_version = match (&self.version, &actual.version) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(declared), Some(actual)) => {
                actual == declared || actual.strip_prefix(declared).is_some_and(|rest| rest.starts_with('.'))
            }
        };
        self.id == actual.id && same_version
    }
}

impl fmt::Display for Os {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{} {version}", self.id),
            None => f.write_str(&self.id),
        }
    }
}

/// A processor architecture, in the words of `uname -m`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Arch(pub String);

impl Arch {
    /// 64-bit x86.
    #[must_use]
    pub fn x86_64() -> Self {
        Self("x86_64".into())
    }

    /// 64-bit ARM.
    #[must_use]
    pub fn aarch64() -> Self {
        Self("aarch64".into())
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the definition says about a host whatever we do to it. Verified on contact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredFacts {
    /// The operating system, if declared.
    pub os: Option<Os>,
    /// The architecture, if declared.
    pub arch: Option<Arch>,
    /// The host's own address, if declared as an IP address.
    pub address: Option<IpAddr>,
}

/// What is true of a host, observed on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The name that the host gives itself.
    pub hostname: String,
    /// The operating system.
    pub os: Os,
    /// The architecture.
    pub arch: Arch,
    /// Every address of every interface.
    pub addresses: Vec<IpAddr>,
    /// Process 1, such as `systemd`.
    pub init: String,
}

/// A declared fact that isn't so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum FactMismatch {
    /// Another operating system.
    #[error("the definition declares the operating system {declared}, the host runs {actual}")]
    Os {
        /// What the definition says.
        declared: Os,
        /// What the host says.
        actual: Os,
    },
    /// Another architecture.
    #[error("the definition declares the architecture {declared}, the host is {actual}")]
    Arch {
        /// What the definition says.
        declared: Arch,
        /// What the host says.
        actual: Arch,
    },
    /// The address belongs to no interface of the host.
    #[error("the definition declares the address {declared}, which no interface of the host has")]
    Address {
        /// What the definition says.
        declared: IpAddr,
    },
}

impl DeclaredFacts {
    /// Compares what was declared with what is so.
    ///
    /// # Errors
    /// The first declared fact that isn't so.
    pub fn verify(&self, facts: &Facts) -> Result<(), FactMismatch> {
        match &self.os {
            Some(declared) if !declared.admits(&facts.os) => {
                return Err(FactMismatch::Os {
                    declared: declared.clone(),
                    actual: facts.os.clone(),
                });
            }
            _ => {}
        }
        match &self.arch {
            Some(declared) if *declared != facts.arch => {
                return Err(FactMismatch::Arch {
                    declared: declared.clone(),
                    actual: facts.arch.clone(),
                });
            }
            _ => {}
        }
        match self.address {
            Some(declared) if !facts.addresses.contains(&declared) => Err(FactMismatch::Address { declared }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_version_admits_its_point_releases() {
        let actual = |version: &str| Os::new("debian", version);
        assert!(Os::debian("12").admits(&actual("12")));
        assert!(Os::debian("12").admits(&actual("12.5")));
        assert!(!Os::debian("12").admits(&actual("121")));
        assert!(!Os::debian("12").admits(&actual("13")));
        assert!(!Os::debian("12").admits(&Os::any("debian")));
        assert!(Os::any("debian").admits(&actual("13")));
        assert!(!Os::ubuntu("12").admits(&actual("12")));
    }
}
