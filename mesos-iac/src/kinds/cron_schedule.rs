//! The five fields of a line of cron, checked: cron passes over a file with a line that it doesn't understand, and says so
//! in its log only.

use crate::model::{Error, Result};

/// A field: what it is called, its least and greatest number, and the names of its numbers from the least one on.
struct Field {
    name: &'static str,
    least: u8,
    most: u8,
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field::numbers("minute", 0, 59),
    Field::numbers("hour", 0, 23),
    Field::numbers("day of the month", 1, 31),
    Field {
        name: "month",
        least: 1,
        most: 12,
        names: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    Field {
        name: "day of the week",
        least: 0,
        most: 7,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

/// What cron has words for.
const WORDS: [&str; 8] = [
    "@reboot",
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@midnight",
    "@hourly",
];

/// How many days the months have at the most.
const DAYS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

impl Field {
    const fn numbers(name: &'static str, least: u8, most: u8) -> Self {
        Self {
            name,
            least,
            most,
            names: &[],
        }
    }

    /// The numbers that it stands for.
    fn read(&self, text: &str) -> std::result::Result<Vec<u8>, String> {
        let mut numbers = Vec::new();
        for part in text.split(',') {
            numbers.extend(
                self.read_part(part)
                    .map_err(|why| format!("the {} {text:?}: {why}", self.name))?,
            );
        }
        Ok(numbers)
    }

    fn read_part(&self, part: &str) -> std::result::Result<Vec<u8>, String> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => match step.parse::<u8>() {
                Ok(step) if step > 0 => (range, Some(step)),
                _ => return Err(format!("{step:?} is no step: expected a number from 1 on")),
            },
            None => (part, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (self.least, self.most),
            Some((first, last)) => (self.number(first)?, self.number(last)?),
            None if step.is_some() => return Err("a step goes with `*` or with a range, such as `0-30/5`".to_owned()),
            None => match self.named(range) {
                Some(number) => (number, number),
                None => self.number(range).map(|number| (number, number))?,
            },
        };
        if first > last {
            return Err(format!("{first}-{last} runs backwards"));
        }
        Ok((first..=last).step_by(usize::from(step.unwrap_or(1))).collect())
    }

    /// cron takes names by themselves only, not in ranges.
    fn named(&self, text: &str) -> Option<u8> {
        let place = self.names.iter().position(|name| text.eq_ignore_ascii_case(name))?;
        u8::try_from(place).ok().map(|place| place + self.least)
    }

    fn number(&self, text: &str) -> std::result::Result<u8, String> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse::<u8>().ok().filter(|_| is_number);
        number
            .filter(|number| (self.least..=self.most).contains(number))
            .ok_or_else(|| format!("{text:?} is none: expected {} to {}", self.least, self.most))
    }
}

/// The schedule as it stands in the file, one space between its fields.
///
/// # Errors
/// It is none, or its time never comes.
pub(super) fn check_schedule(text: &str) -> Result<String> {
    let refuse = |why: String| Error::message(format!("declare the cron schedule {text:?}: {why}"));
    let fields: Vec<&str> = text.split_whitespace().collect();
    if let [word] = fields[..]
        && word.starts_with('@')
    {
        return match WORDS.contains(&word) {
            true => Ok(word.to_owned()),
            false => Err(refuse(format!("cron has no such word; it has {}", WORDS.join(", ")))),
        };
    }
    if fields.len() != FIELDS.len() {
        return Err(refuse(format!(
            "it has {} fields; expected minute, hour, day of the month, month and day of the week, or a word such as `@daily`",
            fields.len()
        )));
    }
    let mut read = Vec::with_capacity(FIELDS.len());
    for (field, text) in FIELDS.iter().zip(&fields) {
        read.push(field.read(text).map_err(refuse)?);
    }
    // Where the day of the week is limited too, either of the two is enough.
    let comes = |(month, days): (usize, &u8)| {
        let is_in = read[3].iter().any(|wanted| usize::from(*wanted) == month + 1);
        is_in && read[2].iter().any(|day| day <= days)
    };
    if fields[4].starts_with('*') && !DAYS.iter().enumerate().any(comes) {
        return Err(refuse("that day never comes".to_owned()));
    }
    Ok(fields.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_those_of_cron() {
        for good in [
            "* * * * *",
            "*/5 0-6/2 1,15 jan Mon",
            "0 4 29 2 *",
            "0 0 31 2 mon",
            "59 23 31 12 7",
            "@reboot",
            "@daily",
        ] {
            assert_eq!(check_schedule(good).unwrap(), good);
        }
        assert_eq!(check_schedule(" 0  4 * *\t* ").unwrap(), "0 4 * * *");
    }

    #[test]
    fn what_cron_passes_over_is_refused_with_the_reason() {
        for (text, why) in [
            ("* * * *", "it has 4 fields"),
            ("", "it has 0 fields"),
            ("60 * * * *", "the minute \"60\": \"60\" is none: expected 0 to 59"),
            ("* 24 * * *", "the hour \"24\""),
            ("* * 0 * *", "the day of the month \"0\""),
            ("* * * 13 *", "the month \"13\""),
            ("* * * * 8", "the day of the week \"8\""),
            ("*/0 * * * *", "\"0\" is no step"),
            ("5/10 * * * *", "a step goes with `*` or with a range"),
            ("30-10 * * * *", "30-10 runs backwards"),
            ("* * * jan-mar *", "\"jan\" is none: expected 1 to 12"),
            ("1,,2 * * * *", "\"\" is none"),
            ("+1 * * * *", "\"+1\" is none"),
            ("0 0 30 2 *", "that day never comes"),
            ("0 0 31 4,6,9,11 *", "that day never comes"),
            ("@sometimes", "cron has no such word"),
        ] {
            let error = check_schedule(text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
