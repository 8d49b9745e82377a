use super::HostName;
use std::collections::BTreeMap;

/// What stands before a number, what stands after it, and whether there is none.
type Stem = (String, String, bool);

/// Writes many host names as few patterns: `backend-0-[0-4]`, `zk1`. Expanding them gives the same names.
///
/// Names are folded at their last number; what doesn't fold stays as it is.
#[must_use]
pub fn fold_names<'a>(names: impl IntoIterator<Item = &'a HostName>) -> String {
    let mut groups = Vec::<Stem>::new();
    let mut numbers = BTreeMap::<Stem, Vec<(u64, usize)>>::new();
    for name in names {
        let (stem, digits, rest) = split(name.as_str());
        // A name without a number is a group of its own: `a` doesn't fold with `a1`.
        let key = (stem.to_owned(), rest.to_owned(), digits.is_empty());
        if !groups.contains(&key) {
            groups.push(key.clone());
        }
        let Ok(number) = digits.parse() else {
            numbers.entry(key).or_default();
            continue;
        };
        let width = if digits.len() > 1 && digits.starts_with('0') {
            digits.len()
        } else {
            0
        };
        numbers.entry(key).or_default().push((number, width));
    }
    let folded = groups.into_iter().map(|key| {
        let mut members = numbers.remove(&key).unwrap_or_default();
        members.sort_unstable();
        members.dedup();
        fold_group(&key, &members)
    });
    folded.collect::<Vec<_>>().join(",")
}

fn fold_group((stem, rest, _): &Stem, members: &[(u64, usize)]) -> String {
    match members {
        [] => return format!("{stem}{rest}"),
        [(number, width)] => return format!("{stem}{number:0width$}{rest}"),
        _ => {}
    }
    let mut ranges: Vec<(u64, u64, usize)> = Vec::new();
    for &(number, width) in members {
        match ranges.last_mut() {
            // A padded number continues a range of its own width; 09 is followed by 10, and 9 isn't by 010.
            Some((_, last, of))
                if *last + 1 == number && (width == *of || (*of > 0 && width == 0 && digits(number) == *of)) =>
            {
                *last = number;
            }
            _ => ranges.push((number, number, width)),
        }
    }
    let shown: Vec<String> = ranges
        .into_iter()
        .map(|(first, last, width)| match first == last {
            true => format!("{first:0width$}"),
            false => format!("{first:0width$}-{last:0width$}"),
        })
        .collect();
    format!("{stem}[{}]{rest}", shown.join(","))
}

fn digits(number: u64) -> usize {
    number.to_string().len()
}

/// Cuts a name at its last number of at most 18 digits.
fn split(name: &str) -> (&str, &str, &str) {
    let Some(end) = name.rfind(|c: char| c.is_ascii_digit()).map(|at| at + 1) else {
        return (name, "", "");
    };
    let start = name[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    if end - start > 18 {
        return (name, "", "");
    }
    (&name[..start], &name[start..end], &name[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::HostPattern;

    fn fold(names: &[&str]) -> String {
        let names: Vec<HostName> = names.iter().map(|name| HostName::new(name).unwrap()).collect();
        fold_names(&names)
    }

    #[test]
    fn consecutive_numbers_fold() {
        assert_eq!(fold(&["backend-0-0", "backend-0-1", "backend-0-2"]), "backend-0-[0-2]");
        assert_eq!(fold(&["a1", "a3", "a4"]), "a[1,3-4]");
        assert_eq!(fold(&["web08", "web09", "web10"]), "web[08-10]");
        assert_eq!(fold(&["zk1.x", "zk2.x", "frontend"]), "zk[1-2].x,frontend");
        assert_eq!(fold(&["solo"]), "solo");
        assert_eq!(fold(&["a9", "a010"]), "a[9,010]");
        assert_eq!(fold(&["a", "a1"]), "a,a1");
        assert_eq!(fold(&["a", "a1", "a2", "b"]), "a,a[1-2],b");
    }

    #[test]
    fn folding_is_undone_by_expanding() {
        for pattern in ["backend-0-[0-12]", "web[08-11]", "n[1,5,7-9].example", "x[001-120]"] {
            let names = HostPattern::new(pattern).unwrap().expand().unwrap();
            let back = HostPattern::new(&fold_names(&names)).unwrap().expand().unwrap();
            assert_eq!(names, back, "{pattern}");
        }
    }
}
