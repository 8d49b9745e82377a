use super::duration::scaled;
use super::{FlagValue, Form, FormError, MesosDuration, Written};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// So many of something in a length of time: `1/10mins`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    count: u32,
    per: MesosDuration,
}

impl Rate {
    /// `count` in each `per`.
    #[must_use]
    pub fn new(count: u32, per: Duration) -> Self {
        Self { count, per: per.into() }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, self.per)
    }
}

impl FromStr for Rate {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        let wrong = || {
            FormError::new(format!(
                "`{text}` is no rate, which is a whole number, `/` and a length of time, such as `1/10mins`"
            ))
        };
        let (count, per) = text.split_once('/').ok_or_else(wrong)?;
        if count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let number = count.parse().map_err(|_| wrong())?;
        match per.parse::<MesosDuration>() {
            Ok(per) if per.get().is_zero() => Err(wrong()),
            Ok(per) => Ok(Self { count: number, per }),
            Err(error) => Err(match error.right() {
                Some(right) => wrong().or(format!("{count}/{right}")),
                None => wrong(),
            }),
        }
    }
}

impl FlagValue for Rate {
    const FORM: Form = Form::Rate;

    fn written(&self) -> Written {
        match self.per.get().is_zero() {
            true => Written::Wrong("a rate needs a length of time that isn't zero".into()),
            false => Written::Text(self.to_string()),
        }
    }
}

/// A part of a whole, from `0%` to `100%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u8);

impl From<u8> for Percent {
    /// More than 100 is told when the flags are checked.
    fn from(percent: u8) -> Self {
        Self(percent)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// Refuses a text that is no percentage. Fractions of a per cent are allowed in texts.
pub(super) fn check_percent(text: &str) -> Result<(), FormError> {
    let wrong = || {
        FormError::new(format!(
            "`{text}` is no percentage, which is a number and `%`, from `0%` to `100%`"
        ))
    };
    let bare = text.trim().trim_end_matches('%').trim();
    let hundred = 100 * 1_000_000;
    match scaled(bare, 1_000_000) {
        Some(parts) if parts <= hundred && text == format!("{bare}%") => Ok(()),
        Some(parts) if parts <= hundred => Err(wrong().or(format!("{bare}%"))),
        _ => Err(wrong()),
    }
}

impl FlagValue for Percent {
    const FORM: Form = Form::Percent;

    fn written(&self) -> Written {
        Written::Text(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_what_they_print() {
        let rate = Rate::new(1, Duration::from_secs(600));
        assert_eq!(rate.to_string(), "1/10mins");
        assert_eq!("1/10mins".parse::<Rate>().unwrap(), rate);
        assert_eq!("1/10m".parse::<Rate>().unwrap_err().right(), Some("1/10mins"));
        for text in ["", "1", "1/", "/1mins", "1.5/1mins", "-1/1mins", "1/0secs"] {
            assert!(text.parse::<Rate>().is_err(), "{text:?}");
        }
        assert!(matches!(Rate::new(1, Duration::ZERO).written(), Written::Wrong(_)));
    }

    #[test]
    fn percentages_stay_within_the_whole() {
        for text in ["0%", "50%", "100%", "12.5%"] {
            assert!(check_percent(text).is_ok(), "{text}");
        }
        assert_eq!(check_percent("50").unwrap_err().right(), Some("50%"));
        assert_eq!(check_percent("50 %").unwrap_err().right(), Some("50%"));
        for text in ["", "%", "101%", "-1%", "half"] {
            assert!(check_percent(text).is_err(), "{text:?}");
        }
    }
}
