use super::{FlagValue, Form, FormError, Written};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time as Mesos reads it: a decimal number and one of `ns`, `us`, `ms`, `secs`, `mins`, `hrs`, `days`, `weeks`.
///
/// It prints as a whole number of the largest unit that fits.
///
/// ```
/// use mesos_iac::roles::flags::MesosDuration;
/// use std::time::Duration;
///
/// assert_eq!(MesosDuration::from(Duration::from_secs(120)).to_string(), "2mins");
/// assert_eq!("0.5mins".parse::<MesosDuration>()?.to_string(), "30secs");
/// let error = "5m".parse::<MesosDuration>().unwrap_err();
/// assert_eq!(error.right(), Some("5mins"));
/// # Ok::<(), mesos_iac::roles::flags::FormError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MesosDuration(Duration);

/// Nanoseconds of each unit, from the smallest to the largest.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("secs", 1_000_000_000),
    ("mins", 60_000_000_000),
    ("hrs", 3_600_000_000_000),
    ("days", 86_400_000_000_000),
    ("weeks", 604_800_000_000_000),
];

/// What people write for a unit that Mesos spells otherwise.
const SLIPS: [(&str, &str); 22] = [
    ("s", "secs"),
    ("sec", "secs"),
    ("second", "secs"),
    ("seconds", "secs"),
    ("m", "mins"),
    ("min", "mins"),
    ("minute", "mins"),
    ("minutes", "mins"),
    ("h", "hrs"),
    ("hr", "hrs"),
    ("hour", "hrs"),
    ("hours", "hrs"),
    ("d", "days"),
    ("day", "days"),
    ("w", "weeks"),
    ("week", "weeks"),
    ("msec", "ms"),
    ("msecs", "ms"),
    ("millis", "ms"),
    ("usec", "us"),
    ("usecs", "us"),
    ("nsecs", "ns"),
];

impl MesosDuration {
    /// The length of time.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl From<Duration> for MesosDuration {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl fmt::Display for MesosDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.0.as_nanos();
        let largest = UNITS
            .iter()
            .rev()
            .find(|(_, unit)| nanoseconds != 0 && nanoseconds.is_multiple_of(*unit));
        let (name, unit) = largest.copied().unwrap_or(UNITS[0]);
        write!(f, "{}{name}", nanoseconds / unit)
    }
}

/// Splits `12.5mins` into `12.5` and `mins`.
pub(super) fn number_and_unit(text: &str) -> (&str, &str) {
    let digits = text
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .count();
    text.split_at(digits)
}

/// A decimal number without a sign, times `unit`; none where it is no such number or the product isn't whole or too large.
pub(super) fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 18 {
        return None;
    }
    let parts = fraction.parse::<u128>().ok()?.checked_mul(unit)?;
    let denominator = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let whole = whole.parse::<u128>().ok()?.checked_mul(unit)?;
    parts
        .is_multiple_of(denominator)
        .then(|| whole.checked_add(parts / denominator))?
}

impl FromStr for MesosDuration {
    type Err = FormError;

    /// Reads a decimal number and a unit, with nothing between them.
    fn from_str(text: &str) -> Result<Self, FormError> {
        let wrong = || {
            FormError::new(format!(
                "`{text}` is no length of time, which is a number and one of ns, us, ms, secs, mins, hrs, days, weeks"
            ))
        };
        let (number, unit) = number_and_unit(text);
        let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let (number, unit) = number_and_unit(text.trim());
            let meant = unit.trim().to_ascii_lowercase();
            let slip = SLIPS.iter().chain(&[("", "secs")]).find(|(slip, _)| *slip == meant);
            let right = slip
                .map(|(_, right)| *right)
                .or_else(|| UNITS.iter().map(|(name, _)| *name).find(|name| *name == meant));
            return Err(match right {
                Some(right) if scaled(number, 1_000_000_000).is_some() => wrong().or(format!("{number}{right}")),
                _ => wrong(),
            });
        };
        let nanoseconds = scaled(number, *size).ok_or_else(wrong)?;
        // What Mesos counts in are nanoseconds in 64 bits with a sign.
        let nanoseconds = i64::try_from(nanoseconds).map_err(|_| FormError::new(format!("`{text}` is too long")))?;
        Ok(Self(Duration::from_nanos(nanoseconds.unsigned_abs())))
    }
}

impl FlagValue for MesosDuration {
    const FORM: Form = Form::Duration;

    fn written(&self) -> Written {
        Written::Text(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_the_largest_unit_that_fits() {
        let cases = [
            (0, "0ns"),
            (1, "1ns"),
            (250_000_000, "250ms"),
            (90_000_000_000, "90secs"),
            (60_000_000_000, "1mins"),
            (21_600_000_000_000, "6hrs"),
            (86_400_000_000_000, "1days"),
            (1_209_600_000_000_000, "2weeks"),
        ];
        for (nanoseconds, text) in cases {
            let duration = MesosDuration(Duration::from_nanos(nanoseconds));
            assert_eq!(duration.to_string(), text);
            assert_eq!(text.parse::<MesosDuration>().unwrap(), duration);
        }
    }

    #[test]
    fn fractions_are_read() {
        assert_eq!("0.5mins".parse::<MesosDuration>().unwrap().to_string(), "30secs");
        assert_eq!("1.25hrs".parse::<MesosDuration>().unwrap().to_string(), "75mins");
    }

    #[test]
    fn slips_are_told_with_the_right_spelling() {
        for (slip, right) in [
            ("5m", "5mins"),
            ("20s", "20secs"),
            ("1hour", "1hrs"),
            ("1 mins", "1mins"),
            ("10", "10secs"),
            ("2MINS", "2mins"),
            ("1week", "1weeks"),
        ] {
            assert_eq!(
                slip.parse::<MesosDuration>().unwrap_err().right(),
                Some(right),
                "{slip}"
            );
        }
        for text in [
            "",
            "secs",
            "-5secs",
            "1.secs",
            ".5secs",
            "five",
            "1.5.5secs",
            "100000000weeks",
            "1e3secs",
        ] {
            assert!(text.parse::<MesosDuration>().is_err(), "{text:?}");
        }
    }
}
