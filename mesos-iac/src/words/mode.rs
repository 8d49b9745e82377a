use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// The permission bits of a file or directory: 0 to 0o7777.
///
/// Written as four octal digits (`0644`), in catalogs too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mode(u32);

/// Why a mode was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeError(String);

impl fmt::Display for ModeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no file mode: expected octal digits, such as `0o644`, or text for more than permissions, such as `\"1777\"`",
            self.0
        )
    }
}

impl std::error::Error for ModeError {}

impl Mode {
    /// `rw-r--r--`, what a file gets unless told otherwise.
    pub const FILE: Self = Self(0o644);
    /// `rwxr-xr-x`, what a directory gets unless told otherwise.
    pub const DIRECTORY: Self = Self(0o755);
    /// `rw-------`, what a file with secret content gets unless told otherwise.
    pub const SECRET: Self = Self(0o600);

    /// The mode with these bits.
    ///
    /// # Errors
    /// More than the twelve permission bits are set.
    pub fn new(bits: u32) -> Result<Self, ModeError> {
        if bits > 0o7777 {
            return Err(ModeError(format!("{bits:o}")));
        }
        Ok(Self(bits))
    }

    /// The bits, as `chmod(2)` takes them.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Mode {
    type Error = ModeError;

    /// Refuses what is above 0o777: a decimal `644` is 0o1204. Set-id and sticky bits are given as text, `"1777"`.
    fn try_from(bits: u32) -> Result<Self, ModeError> {
        if bits > 0o777 {
            Err(ModeError(bits.to_string()))
        } else {
            Self::new(bits)
        }
    }
}

impl TryFrom<&str> for Mode {
    type Error = ModeError;

    fn try_from(text: &str) -> Result<Self, ModeError> {
        text.parse()
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        let wrong = || ModeError(text.to_owned());
        if text.len() < 3 || text.len() > 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        Self::new(u32::from_str_radix(text, 8).map_err(|_| wrong())?)
    }
}

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_text_round_trips() {
        for text in ["0644", "0600", "4755", "0000", "7777"] {
            assert_eq!(text.parse::<Mode>().unwrap().to_string(), text);
        }
        assert_eq!("644".parse::<Mode>().unwrap(), Mode::FILE);
    }

    #[test]
    fn decimal_and_long_modes_are_refused() {
        assert!(Mode::new(0o10000).is_err());
        for decimal in [600_u32, 640, 644, 700, 755, 777, 6440] {
            assert!(Mode::try_from(decimal).is_err(), "{decimal}");
        }
        for text in ["", "9", "0o644", "rw-r--r--", "07777777", "888"] {
            assert!(text.parse::<Mode>().is_err(), "{text}");
        }
    }
}
