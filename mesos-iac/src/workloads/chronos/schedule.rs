use std::fmt;
use std::str::FromStr;

/// When a job runs: how often, from when on, and at what distance, as `R[n]/start/period` of ISO 8601.
///
/// ```
/// use mesos_iac::workloads::chronos::Schedule;
///
/// let nightly: Schedule = "R/2026-01-01T03:00:00Z/P1D".parse().unwrap();
/// assert_eq!(nightly.to_string(), "R/2026-01-01T03:00:00Z/P1D");
/// // At once, three times, every ten minutes.
/// assert!("R3//PT10M".parse::<Schedule>().is_ok());
/// assert!("every day".parse::<Schedule>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// How many times. `None`: for ever.
    pub count: Option<u32>,
    /// From when on. `None`: at once.
    pub start: Option<String>,
    /// At what distance.
    pub period: String,
}

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// It hasn't got three parts.
    #[error("read {0:?} as a schedule: expected `R[n]/start/period`, such as `R/2026-01-01T03:00:00Z/P1D`")]
    Parts(String),
    /// The first part doesn't say how often.
    #[error("read {0:?} as a schedule: {1:?} doesn't say how often; `R` is for ever, `R3` three times")]
    Count(String, String),
    /// The second part is no point in time.
    #[error(
        "read {0:?} as a schedule: {1:?} is no point in time; such is `2026-01-01T03:00:00Z`, and nothing is at once"
    )]
    Start(String, String),
    /// The third part is no period.
    #[error("read {0:?} as a schedule: {1:?} is no period; a day is `P1D`, ten minutes are `PT10M`")]
    Period(String, String),
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let all = || text.to_owned();
        let parts: Vec<&str> = text.split('/').collect();
        let [count, start, period] = parts[..] else {
            return Err(ScheduleError::Parts(all()));
        };
        let bad_count = || ScheduleError::Count(all(), count.to_owned());
        let count = match count.strip_prefix('R').ok_or_else(bad_count)? {
            "" => None,
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| bad_count())?)
            }
            _ => return Err(bad_count()),
        };
        if !start.is_empty() && !is_time(start) {
            return Err(ScheduleError::Start(all(), start.to_owned()));
        }
        if !is_period(period) {
            return Err(ScheduleError::Period(all(), period.to_owned()));
        }
        Ok(Self {
            count,
            start: (!start.is_empty()).then(|| start.to_owned()),
            period: period.to_owned(),
        })
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("R")?;
        if let Some(count) = self.count {
            write!(f, "{count}")?;
        }
        write!(f, "/{}/{}", self.start.as_deref().unwrap_or_default(), self.period)
    }
}

/// Whether it is `YYYY-MM-DDThh:mm[:ss[.fff]]` with `Z`, an offset or nothing after it, of a day and an hour that there are.
fn is_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else {
        return false;
    };
    let numbers: Option<Vec<u32>> = date.split('-').map(digits).collect();
    let Some([year, month, day]) = numbers.as_deref() else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if date.len() != 10 || !(1..=12).contains(month) || !(1..=days).contains(day) {
        return false;
    }
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone);
    let is_zone = match zone.as_bytes() {
        b"" | b"Z" => true,
        [b'+' | b'-', ..] => is_clock(&zone[1..], 5) || (zone.len() == 5 && digits(&zone[1..]).is_some()),
        _ => false,
    };
    let whole = time.split_once('.').map_or(time, |(whole, _)| whole);
    let fraction = time.split_once('.').map(|(_, fraction)| fraction);
    let is_fraction = fraction.is_none_or(|fraction| whole.len() == 8 && digits(fraction).is_some());
    is_zone && is_fraction && (is_clock(whole, 8) || is_clock(whole, 5))
}

fn is_clock(text: &str, length: usize) -> bool {
    let numbers: Option<Vec<u32>> = text.split(':').map(digits).collect();
    let in_bounds = |numbers: &[u32]| numbers.iter().zip([23, 59, 59]).all(|(number, most)| *number <= most);
    text.len() == length && numbers.is_some_and(|numbers| (2..=3).contains(&numbers.len()) && in_bounds(&numbers))
}

fn digits(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Whether it is `P[nY][nM][nW][nD][T[nH][nM][nS]]`, with something in it that isn't 0.
pub(super) fn is_period(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else {
        return false;
    };
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return false,
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    let mut sum = 0u64;
    for (part, units) in [(date, "YMWD"), (time, "HMS")] {
        let mut left = units;
        let mut number = String::new();
        for c in part.chars() {
            if c.is_ascii_digit() {
                number.push(c);
                continue;
            }
            let (Some(at), Ok(value)) = (left.find(c), number.parse::<u32>()) else {
                return false;
            };
            left = &left[at + 1..];
            sum += u64::from(value);
            number.clear();
        }
        if !number.is_empty() {
            return false;
        }
    }
    sum > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_and_others_refused() {
        for text in [
            "R/2026-01-01T03:00:00Z/P1D",
            "R5//PT10M",
            "R/2026-02-28T03:00:00.000+01:00/P1Y2M3W4DT5H6M7S",
            "R1/2024-02-29T23:59/PT1S",
            "R/2026-01-01T03:00:00-0500/P1D",
        ] {
            assert_eq!(text.parse::<Schedule>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "R/P1D",
            "/2026-01-01T03:00:00Z/P1D",
            "r//P1D",
            "R-1//P1D",
            "R+1//P1D",
            "R//P",
            "R//PT",
            "R//1D",
            "R//P0D",
            "R//P1H",
            "R//PT1D",
            "R//P1D1M",
            "R/2026-02-29T00:00:00Z/P1D",
            "R/2026-13-01T00:00:00Z/P1D",
            "R/2026-01-01T24:00:00Z/P1D",
            "R/2026-01-01/P1D",
            "R/tomorrow/P1D",
            "R/2026-01-01T03:00:00Z/P1D/x",
            "R//PD",
            "R//P-1D",
        ] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }
}
