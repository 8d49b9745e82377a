//! Schedules that Chronos moved on: `R5/2026-01-01T03:00:00Z/P1D` is `R3/2026-01-03T03:00:00.000Z/P1D` two runs later.

/// Whether the schedule that is shown is the wanted one, perhaps some runs later.
pub(super) fn is_same_schedule(wanted: &str, shown: &str) -> bool {
    if wanted == shown {
        return true;
    }
    let (Some(wanted), Some(shown)) = (parts(wanted), parts(shown)) else {
        return false;
    };
    let is_count = match (wanted.count, shown.count) {
        (None, None) => true,
        (Some(wanted), Some(shown)) => shown <= wanted,
        _ => false,
    };
    if !is_count || wanted.period != shown.period {
        return false;
    }
    match (wanted.start, shown.start) {
        // Without a beginning it began when it was sent.
        ("", _) => true,
        (wanted_start, shown_start) => match (seconds(wanted_start), seconds(shown_start), length(wanted.period)) {
            (Some(from), Some(to), Some(length)) => to >= from && (to - from) % length == 0,
            // Months and years have no length: their runs keep the clock.
            (Some(from), Some(to), None) => to >= from && (to - from) % DAY == 0,
            _ => false,
        },
    }
}

const DAY: i64 = 24 * 3600;

struct Parts<'a> {
    count: Option<u32>,
    start: &'a str,
    period: &'a str,
}

fn parts(schedule: &str) -> Option<Parts<'_>> {
    let mut parts = schedule.strip_prefix('R')?.split('/');
    let (count, start, period) = (parts.next()?, parts.next()?, parts.next()?);
    let count = match count {
        "" => None,
        digits => Some(digits.parse().ok()?),
    };
    parts.next().is_none().then_some(Parts { count, start, period })
}

/// The seconds since 1970 of a point in time; without a zone it counts as UTC, and fractions are left out.
fn seconds(time: &str) -> Option<i64> {
    let number = |from: usize, to: usize| time.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute) = (number(11, 13)?, number(14, 16)?);
    let mut rest = time.get(16..)?;
    let mut second = 0;
    if let Some(seconds) = rest.strip_prefix(':') {
        second = seconds.get(..2)?.parse::<i64>().ok()?;
        rest = seconds.get(2..)?;
        if let Some(fraction) = rest.strip_prefix('.') {
            rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    let offset = match rest.as_bytes() {
        [] | [b'Z'] => 0,
        [sign @ (b'+' | b'-'), ..] => {
            let digits: String = rest[1..].chars().filter(char::is_ascii_digit).collect();
            let at = digits.parse::<i64>().ok().filter(|_| digits.len() == 4)?;
            let seconds = (at / 100) * 3600 + (at % 100) * 60;
            if *sign == b'+' { seconds } else { -seconds }
        }
        _ => return None,
    };
    // Days from the civil calendar, with years that begin in March.
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468;
    Some(days * DAY + hour * 3600 + minute * 60 + second - offset)
}

/// The seconds of a period; none where months or years are in it.
fn length(period: &str) -> Option<i64> {
    let (date, time) = period
        .strip_prefix('P')?
        .split_once('T')
        .unwrap_or((period.strip_prefix('P')?, ""));
    let mut sum = 0i64;
    for (part, units) in [
        (date, &[('W', 7 * DAY), ('D', DAY)][..]),
        (time, &[('H', 3600), ('M', 60), ('S', 1)]),
    ] {
        let mut number = 0i64;
        for c in part.chars() {
            match c.to_digit(10) {
                Some(digit) => number = number.checked_mul(10)?.checked_add(i64::from(digit))?,
                None => {
                    let (_, unit) = units.iter().find(|(name, _)| *name == c)?;
                    sum = sum.checked_add(number.checked_mul(*unit)?)?;
                    number = 0;
                }
            }
        }
    }
    (sum > 0).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_that_moved_on_is_the_same() {
        for (wanted, shown, same) in [
            ("R/2026-01-01T03:00:00Z/P1D", "R/2026-03-01T03:00:00.000Z/P1D", true),
            ("R/2026-01-01T03:00:00Z/P1D", "R/2026-03-01T04:00:00.000Z/P1D", false),
            ("R/2026-01-01T03:00:00Z/P1D", "R/2025-12-31T03:00:00.000Z/P1D", false),
            (
                "R/2026-01-01T03:00:00+01:00/P1D",
                "R/2026-01-09T02:00:00.000Z/P1D",
                true,
            ),
            (
                "R5/2026-01-01T03:00:00Z/PT10M",
                "R3/2026-01-01T03:20:00.000Z/PT10M",
                true,
            ),
            (
                "R5/2026-01-01T03:00:00Z/PT10M",
                "R6/2026-01-01T03:20:00.000Z/PT10M",
                false,
            ),
            (
                "R5/2026-01-01T03:00:00Z/PT10M",
                "R/2026-01-01T03:20:00.000Z/PT10M",
                false,
            ),
            ("R//PT10M", "R/2026-01-01T03:21:07.123Z/PT10M", true),
            ("R//PT10M", "R/2026-01-01T03:21:07.123Z/PT20M", false),
            ("R/2026-01-31T03:00:00Z/P1M", "R/2026-02-28T03:00:00.000Z/P1M", true),
            ("R/2024-02-28T00:00:00Z/P2D", "R/2024-03-01T00:00:00.000Z/P2D", true),
            ("R/2026-01-01T03:00:00Z/P1D", "nonsense", false),
        ] {
            assert_eq!(is_same_schedule(wanted, shown), same, "{wanted} {shown}");
        }
    }

    #[test]
    fn seconds_are_those_since_1970() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2026-01-01T00:00:00Z"), Some(1_767_225_600));
        assert_eq!(seconds("2024-02-29T12:30:15.5+02:00"), Some(1_709_202_615));
    }
}
