//! `run -- CMD`.

use crate::suite::{LAB, Suite, WAYS};
use serde_json::Value;

/// Words that a shell would make something else of.
const HOSTILE: [&str; 12] = [
    "",
    " ",
    "a  b",
    "it's",
    "\"",
    "$(touch /run/owned)",
    "`touch /run/owned`",
    "; touch /run/owned",
    "*",
    "~",
    "-n",
    "two\nlines \\ \u{e4}",
];

pub(crate) fn commands_run_everywhere_and_no_word_is_read_by_a_shell(suite: &Suite) -> String {
    let hosts = &LAB[1..4];
    for way in WAYS {
        let lab = suite.lab().limit(hosts).by(way);
        let ran = lab.run(
            &[
                "run",
                "--",
                "sh",
                "-c",
                "echo said by $(id -un); echo complained >&2; exit 3",
            ],
            4,
        );
        for host in hosts {
            for said in ["said by root", "complained", "exit status 3"] {
                ran.says(&format!("{host}  {said}\n"));
            }
        }
        lab.run(&["run", "--", "true"], 0);
        // One host that fails is enough.
        lab.run(&["run", "--", "sh", "-c", "test $(hostname) != lab-0-2"], 4)
            .says("lab-0-2  exit status 1");
        lab.run(&["run", "--", "no-such-command"], 4).says("no-such-command");

        let printed = [&["run", "--format", "json", "--", "printf", "<%s>"], &HOSTILE[..]].concat();
        let expected: String = HOSTILE.iter().flat_map(|word| ["<", word, ">"]).collect();
        let ran = lab.run(&printed, 0);
        let results: Vec<Value> = ran
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(results.len(), hosts.len());
        for (result, host) in results.iter().zip(hosts) {
            assert_eq!(
                (result["host"].as_str(), result["exit_status"].as_u64()),
                (Some(*host), Some(0))
            );
            assert_eq!(result["stdout"], expected);
            assert!(suite.bed.is_so_on(host, "test ! -e /run/owned"));
        }
        let ran = lab.run(
            &["run", "--time-out", "5s", "--", "sh", "-c", "echo begun; sleep 4711"],
            4,
        );
        for host in hosts {
            ran.says(&format!("{host}  begun\n"))
                .says(&format!("{host}  not done after 5s, so it was ended"));
            assert!(suite.bed.is_so_on(host, "! pgrep -f 'sleep 471[1]'"), "{host}");
        }
    }
    format!(
        "{} hostile words arrive unread by a shell on {} hosts over both transports; exit 0, 4 and 5 as told",
        HOSTILE.len(),
        hosts.len()
    )
}

pub(crate) fn facts_are_told_whatever_the_definition_declares(suite: &Suite) -> String {
    // It is declared to be an Ubuntu, and is a host of the testbed.
    let inputs = format!("[host.foreign]\naddress = \"{}\"\n", suite.bed.address(LAB[3]));
    let inputs = suite.bed.write("facts.toml", inputs);
    let (known, foreign) = (LAB[2], "foreign");
    let lab = suite.lab().with(["--inputs", &inputs]).limit(&[known, foreign]);
    suite.bed.on(known, "rm -rf /var/lib/mesos-iac/*.json");
    for way in WAYS {
        let ran = lab.clone().by(way).run(&["facts"], 0);
        ran.says("HOST")
            .says("debian 12")
            .says(suite.bed.address(known))
            .says("systemd");
        let ran = lab.clone().by(way).run(&["facts", "--format", "json"], 0);
        let facts: Value = serde_json::from_str(&ran.stdout).expect("facts are JSON");
        let of = |row: usize, name: &str| facts[row][name].as_str().unwrap_or_default().to_owned();
        assert_eq!((of(0, "host"), of(0, "hostname")), (known.to_owned(), known.to_owned()));
        assert_eq!(
            (of(1, "host"), of(1, "hostname")),
            (foreign.to_owned(), LAB[3].to_owned())
        );
        assert!(facts[1]["addresses"].as_array().is_some_and(|all| !all.is_empty()));
    }
    assert!(
        !suite.bed.is_so_on(known, "ls /var/lib/mesos-iac/*.json"),
        "a look left a state"
    );
    let dead = suite.bed.without("cut", "mend", LAB[3]);
    let ran = lab.run(&["facts", "--connect-timeout", "2s"], 5);
    ran.says("foreign  UNREACHABLE").says(known);
    drop(dead);
    "facts of 2 hosts, one of them not what is declared, as a table and as JSON, both ways; of a dead one: exit 5"
        .to_owned()
}
