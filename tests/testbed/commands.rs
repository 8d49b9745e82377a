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
            &["run", "--time-out", "2s", "--", "sh", "-c", "echo begun; sleep 4711"],
            4,
        );
        for host in hosts {
            ran.says(&format!("{host}  begun\n"))
                .says(&format!("{host}  not done after 2s, so it was ended"));
            assert!(suite.bed.is_so_on(host, "! pgrep -f 'sleep 471[1]'"), "{host}");
        }
    }
    format!(
        "{} hostile words arrive unread by a shell on {} hosts over both transports; exit 0, 4 and 5 as told",
        HOSTILE.len(),
        hosts.len()
    )
}
