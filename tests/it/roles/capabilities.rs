//! The table of what the documents describe names tests and files that are there, and waits for no more than it may.

use crate::support::repository;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every row of the documents.
const ROWS: [(u32, u32); 5] = [(1, 9), (2, 12), (3, 6), (4, 9), (5, 10)];

/// The rows of which nothing is there yet.
const WAIT: [&str; 7] = ["1.1", "1.2", "3.1", "3.2", "3.3", "3.5", "4.1"];

/// The rows of which a part isn't. They name it, and what is there is shown.
const WAIT_IN_PART: [&str; 5] = ["1.7", "2.4", "3.4", "5.1", "5.4"];

/// How a cell begins that waits, or its part that does.
const WAITS: &str = "waits: ";

fn sources(directory: &Path, text: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_row_names_a_test_that_is_there_or_says_that_it_waits() {
    let table = fs::read_to_string(repository().join("mesos-iac/src/roles/capabilities.md")).unwrap();
    let mut tests = String::new();
    sources(&repository().join("tests/it"), &mut tests);
    // Unit tests count too.
    sources(&repository().join("mesos-iac/src"), &mut tests);
    // So do the promises of the suite on real hosts.
    sources(&repository().join("tests/testbed"), &mut tests);
    let is_a_test = |name: &str| {
        ["()", "(suite: &Suite) -> String"]
            .iter()
            .any(|form| tests.contains(&format!("fn {name}{form}")))
    };
    let (mut seen, mut shown, mut waiting, mut in_part) = (BTreeSet::new(), 0, Vec::new(), Vec::new());
    for line in table
        .lines()
        .filter(|line| line.starts_with('|') && line.contains(|c: char| c.is_ascii_digit()))
    {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let (row, place, test) = (cells[1], cells[3], cells[4]);
        assert!(seen.insert(row.to_owned()), "row {row} stands twice");
        let names: Vec<&str> = test
            .split(", ")
            .map(|name| name.trim_matches('`'))
            .filter(|name| !name.is_empty())
            .collect();
        if names.is_empty() {
            assert!(place.starts_with(WAITS), "row {row} is shown by nothing");
            waiting.push(row.to_owned());
            continue;
        }
        shown += 1;
        if let Some((there, part)) = place.split_once(WAITS) {
            let is_told = there.contains('`') && part.contains(", for ");
            assert!(is_told, "row {row} says not what is there and what waits");
            in_part.push(row.to_owned());
        }
        assert!(
            !place.ends_with(" wait"),
            "row {row} waits in other words than {WAITS:?}"
        );
        for name in names {
            assert!(is_a_test(name), "row {row}: there is no test {name}");
        }
        for word in place
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| word.contains('/') && !word.starts_with('/') && !word.contains(' '))
        {
            let known = ["", "mesos-iac/src"]
                .iter()
                .any(|above| repository().join(above).join(word).exists());
            assert!(known, "row {row}: there is no {word}");
        }
    }
    let all: BTreeSet<String> = ROWS
        .iter()
        .flat_map(|(of, last)| (1..=*last).map(move |row| format!("{of}.{row}")))
        .collect();
    assert_eq!(seen, all);
    assert_eq!(waiting, WAIT);
    assert_eq!(in_part, WAIT_IN_PART);
    println!(
        "capabilities: {shown} of {} rows are there, each with its test, {} of them but for a part that they name; {} wait",
        all.len(),
        in_part.len(),
        waiting.len()
    );
}
