use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// A version of HAProxy, as far as its configuration depends on it: `2.6`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HaProxyVersion {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

impl HaProxyVersion {
    /// The oldest one that a configuration is written for.
    pub const OLDEST: Self = Self::new(1, 4);

    /// The version with these numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// Whether it can take a part of what it compares with: converters, such as `field(1,:)`. From 1.6 on.
    pub(super) fn has_converters(self) -> bool {
        self >= Self::new(1, 6)
    }

    /// Whether it can begin with servers whose names can't be resolved: `init-addr`. From 1.7 on.
    pub(super) fn has_init_addr(self) -> bool {
        self >= Self::new(1, 7)
    }
}

impl fmt::Display for HaProxyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for HaProxyVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| -> Option<u16> {
            // A sign would be taken otherwise.
            part.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| part.parse().ok())?
        };
        let (major, rest) = text.split_once('.').unwrap_or((text, ""));
        // What comes after the second number is of no interest: 2.6.12-1.
        let minor = rest.split('.').next().unwrap_or(rest);
        match (number(major), number(minor)) {
            (Some(major), Some(minor)) => Ok(Self { major, minor }),
            _ => Err(format!(
                "{text:?} is no version of HAProxy: expected two numbers, such as `2.6`"
            )),
        }
    }
}

impl Serialize for HaProxyVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HaProxyVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let version = |text: &str| text.parse::<HaProxyVersion>().unwrap();
        assert!(version("1.10") > version("1.9"));
        assert_eq!(version("2.6.12"), HaProxyVersion::new(2, 6));
        assert_eq!(version("2.6").to_string(), "2.6");
        for wrong in ["", "2", "2.", ".6", "two.six", "+2.6", "2.x"] {
            assert!(wrong.parse::<HaProxyVersion>().is_err(), "{wrong:?}");
        }
    }
}
