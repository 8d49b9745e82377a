//! The table of what the documents describe names tests and files that are there.

use crate::support::repository;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every row of the documents.
const ROWS: [(u32, u32); 5] = [(1, 9), (2, 12), (3, 6), (4, 9), (5, 10)];

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
    let (mut seen, mut shown, mut waiting) = (BTreeSet::new(), 0, 0);
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
            assert!(place.starts_with("waits: "), "row {row} is shown by nothing");
            waiting += 1;
            continue;
        }
        shown += 1;
        for name in names {
            assert!(
                tests.contains(&format!("fn {name}()")),
                "row {row}: there is no test {name}"
            );
        }
        for word in place
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| word.contains('/') && !word.contains(' '))
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
    println!(
        "capabilities: {shown} of {} rows are there, each with its test; {waiting} wait",
        all.len()
    );
}
