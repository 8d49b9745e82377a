use std::fmt;
use std::str::FromStr;

/// The version of Mesos, Marathon or Chronos: three numbers, which order as numbers do.
///
/// ```
/// use mesos_iac::roles::Version;
///
/// let old: Version = "0.22.1".parse()?;
/// assert!(old < Version::new(0, 23, 0));
/// assert_eq!(old.to_string(), "0.22.1");
/// # Ok::<(), mesos_iac::roles::VersionError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u16,
    minor: u16,
    patch: u16,
}

/// Why a version was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no version: expected two or three numbers with dots between them, such as `0.22.1`")]
pub struct VersionError(String);

impl Version {
    /// Version `major.minor.patch`.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }

    /// The first number.
    #[must_use]
    pub const fn major(self) -> u16 {
        self.major
    }

    /// The second number.
    #[must_use]
    pub const fn minor(self) -> u16 {
        self.minor
    }

    /// The third number.
    #[must_use]
    pub const fn patch(self) -> u16 {
        self.patch
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    /// Reads `0.22.1`, and `0.22` as `0.22.0`.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let wrong = || VersionError(text.to_owned());
        let number = |part: &str| match part.bytes().all(|byte| byte.is_ascii_digit()) {
            true => part.parse::<u16>().map_err(|_| wrong()),
            false => Err(wrong()),
        };
        let parts: Vec<u16> = text.split('.').map(number).collect::<Result<_, _>>()?;
        match parts[..] {
            [major, minor] => Ok(Self::new(major, minor, 0)),
            [major, minor, patch] => Ok(Self::new(major, minor, patch)),
            _ => Err(wrong()),
        }
    }
}

/// The numbers that a package's version has of its release, three at the most: 3, 8 and 0 of `1:3.8.0-11`, 1 and 4 of `1.4.*`.
pub(super) fn numbers(version: &str) -> Vec<u32> {
    let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
    let mut numbers = Vec::new();
    for part in upstream.split('.').take(3) {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let Ok(number) = part[..digits].parse() else { break };
        numbers.push(number);
        if digits < part.len() {
            break;
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_as_numbers() {
        let read = |text: &str| text.parse::<Version>().unwrap();
        assert!(read("0.9.1") < read("0.10.0"));
        assert!(read("0.28.3") < read("1.0"));
        assert_eq!(read("1.8.244"), Version::new(1, 8, 244));
        assert_eq!(read("1.4").to_string(), "1.4.0");
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in [
            "",
            "1",
            "1.2.3.4",
            "1.x.0",
            "+1.2",
            "1..2",
            "v1.2.3",
            "1.2.3-rc1",
            "99999.1",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text:?}");
        }
    }
}
