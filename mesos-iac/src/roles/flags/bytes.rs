use super::duration::{number_and_unit, scaled};
use super::{FlagValue, Form, FormError, Written};
use std::fmt;
use std::str::FromStr;

/// An amount of data as Mesos reads it: a whole number and one of `B`, `KB`, `MB`, `GB`, `TB`, each 1024 times the one before.
///
/// It prints as a whole number of the largest unit that fits.
///
/// ```
/// use mesos_iac::roles::flags::Bytes;
///
/// assert_eq!(Bytes::megabytes(2048).to_string(), "2GB");
/// assert_eq!("1.5GB".parse::<Bytes>().unwrap_err().right(), Some("1536MB"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(u64);

const UNITS: [(&str, u64); 5] = [
    ("B", 1),
    ("KB", 1 << 10),
    ("MB", 1 << 20),
    ("GB", 1 << 30),
    ("TB", 1 << 40),
];

impl Bytes {
    /// So many bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// So many times 1024 × 1024 bytes; no more than there can be.
    #[must_use]
    pub const fn megabytes(megabytes: u64) -> Self {
        Self(megabytes.saturating_mul(1 << 20))
    }

    /// So many times 1024 × 1024 × 1024 bytes; no more than there can be.
    #[must_use]
    pub const fn gigabytes(gigabytes: u64) -> Self {
        Self(gigabytes.saturating_mul(1 << 30))
    }

    /// How many bytes.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = UNITS
            .iter()
            .rev()
            .find(|(_, unit)| self.0 != 0 && self.0.is_multiple_of(*unit));
        let (name, unit) = largest.copied().unwrap_or(UNITS[0]);
        write!(f, "{}{name}", self.0 / unit)
    }
}

impl FromStr for Bytes {
    type Err = FormError;

    /// Reads a whole number and a unit in letters of either case, with nothing between them.
    fn from_str(text: &str) -> Result<Self, FormError> {
        let wrong = || {
            FormError::new(format!(
                "`{text}` is no amount of data, which is a whole number and one of B, KB, MB, GB, TB"
            ))
        };
        let size = |unit: &str| {
            UNITS
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(unit))
                .map(|(_, size)| *size)
        };
        let (number, unit) = number_and_unit(text);
        if let (Some(size), true) = (size(unit), number.bytes().all(|byte| byte.is_ascii_digit())) {
            let number: u64 = number.parse().map_err(|_| wrong())?;
            let bytes = number.checked_mul(size);
            return bytes
                .map(Self)
                .ok_or_else(|| FormError::new(format!("`{text}` is more than 64 bits can count")));
        }
        // What was meant: fractions, a unit with a space before it, `GiB` or a bare letter.
        let (number, unit) = number_and_unit(text.trim());
        let unit = unit.trim().to_ascii_uppercase().replace('I', "");
        let unit = if unit.ends_with('B') { unit } else { format!("{unit}B") };
        let meant = size(&unit).and_then(|size| scaled(number, size.into()));
        match meant.and_then(|bytes| u64::try_from(bytes).ok()) {
            Some(bytes) => Err(wrong().or(Self(bytes).to_string())),
            None => Err(wrong()),
        }
    }
}

impl FlagValue for Bytes {
    const FORM: Form = Form::Bytes;

    fn written(&self) -> Written {
        Written::Text(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_what_they_print() {
        for text in ["0B", "1B", "4KB", "10MB", "2GB", "3TB", "1025KB"] {
            assert_eq!(text.parse::<Bytes>().unwrap().to_string(), text);
        }
        assert_eq!("4kb".parse::<Bytes>().unwrap().get(), 4096);
        assert_eq!("1024MB".parse::<Bytes>().unwrap().to_string(), "1GB");
    }

    #[test]
    fn slips_are_told_with_the_right_spelling() {
        for (slip, right) in [
            ("2G", "2GB"),
            ("2GiB", "2GB"),
            ("512", "512B"),
            ("10 MB", "10MB"),
            ("0.5GB", "512MB"),
        ] {
            assert_eq!(slip.parse::<Bytes>().unwrap_err().right(), Some(right), "{slip}");
        }
        for text in ["", "MB", "-1MB", "1PB", "1.0000001B", "99999999999TB", "many"] {
            let error = text.parse::<Bytes>().unwrap_err();
            assert_eq!(error.right(), None, "{text:?}");
        }
    }
}
