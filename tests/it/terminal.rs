//! What is shown to people: nothing in it is obeyed by a terminal, and whoever can't read it is told.

use crate::support::{Lab, Ran};
use std::fs::File;
use std::process::Stdio;

/// An escape sequence, a C1 control, an override of the reading direction, and a carriage return.
const HOSTILE: &str = "a\u{1b}[2J\u{9b}31m\u{202e}b\rc";
const SHOWN: &str = "a\\u{1b}[2J\\u{9b}31m\\u{202e}b\\u{d}c";

#[track_caller]
fn assert_shown(ran: &Ran) {
    assert_clean(ran);
    assert!(ran.to_string().contains(SHOWN), "{ran}");
}

#[track_caller]
fn assert_clean(ran: &Ran) {
    let obeyed = |c: &char| c.is_control() && !matches!(c, '\n' | '\t') || *c == '\u{202e}';
    assert_eq!(ran.to_string().chars().find(obeyed), None, "{ran}");
}

#[test]
fn values_from_inputs_are_not_obeyed() {
    let lab = Lab::new("stacki_mesos");
    let set = format!("mesos_cluster_name={HOSTILE}");
    let run = |arguments: &[&str]| lab.run(&[arguments, &["--set", &set]].concat()).expect(0);
    assert_shown(&run(&["explain", "backend-0-0", "mesos_cluster_name"]));
    assert_shown(&run(&["render"]));
    assert_shown(&run(&["plan", "--sandbox", "{lab}/hosts"]));
    assert_shown(&run(&["apply", "-v", "--sandbox", "{lab}/hosts"]));
    // What programs read is exact.
    run(&["render", "-o", "{lab}/files"]);
    assert_eq!(
        lab.read("files/backend-0-0/etc/mesos-master/cluster"),
        format!("{HOSTILE}\n")
    );
    let json = run(&["explain", "backend-0-0", "mesos_cluster_name", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["values"][0]["value"], HOSTILE);
}

#[test]
fn names_from_the_command_line_and_from_inputs_are_not_obeyed() {
    let lab = Lab::new("stacki_mesos");
    let refused = |arguments: &[&str]| lab.run(arguments).expect(1);
    assert_shown(&refused(&["check", "--set", &format!("{HOSTILE}=1")]));
    assert_clean(&refused(&["check", HOSTILE]));
    assert_shown(&refused(&["explain", HOSTILE]));
    assert_shown(&refused(&["explain", "backend-0-0", HOSTILE]));
    let quoted = serde_json::to_string(HOSTILE)
        .unwrap()
        .replace('\u{202e}', "\\u202e")
        .replace('\u{9b}', "\\u009b");
    for inputs in [
        format!("[set]\n{quoted} = 1\n"),
        format!("{quoted} = 1\n"),
        format!("[host.backend-0-0]\n{quoted} = 1\n"),
        format!("[host.{quoted}]\nport = 1\n"),
    ] {
        std::fs::write(lab.path("lab.toml"), &inputs).unwrap();
        let ran = refused(&["check", "--inputs", "{lab}/lab.toml"]);
        assert_clean(&ran);
    }
}

#[test]
fn a_name_cannot_pretend_to_be_another_line() {
    let lab = Lab::new("stacki_mesos");
    for arguments in [
        ["check", "--set", "a\nerror: b\n  hint: c=1"],
        ["explain", "backend-0-0", "a\nerror: b\n  hint: c"],
    ] {
        let ran = lab.run(&arguments).expect(1);
        assert!(ran.stderr.contains("a\\u{a}error: b\\u{a}  hint: c"), "{ran}");
        assert_eq!(ran.stderr.lines().count(), 2, "{ran}");
    }
}

#[test]
fn what_stands_on_a_host_is_not_obeyed() {
    let lab = Lab::new("stacki_mesos");
    lab.run(&["apply", "--sandbox", "{lab}/hosts"]).expect(0);
    std::fs::write(lab.path("hosts/backend-0-0/etc/mesos/zk"), HOSTILE).unwrap();
    assert_shown(&lab.run(&["plan", "--sandbox", "{lab}/hosts"]).expect(0));
    // A line that differs in how it ends alone.
    std::fs::write(
        lab.path("hosts/backend-0-0/etc/mesos/zk"),
        "zk://10.1.255.254:2181/mesos\r\n",
    )
    .unwrap();
    let plan = lab.run(&["plan", "--sandbox", "{lab}/hosts"]).expect(0);
    assert!(plan.stdout.contains("-zk://10.1.255.254:2181/mesos\\u{d}\n"), "{plan}");
}

const COMMANDS: [&[&str]; 8] = [
    &["check"],
    &["list", "resources"],
    &["explain", "backend-0-0"],
    &["render"],
    &["graph"],
    &["plan", "--sandbox", "{lab}/hosts"],
    &["plan", "--sandbox", "{lab}/hosts", "--format", "json"],
    &["--help"],
];

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let lab = Lab::new("stacki_mesos");
    for arguments in COMMANDS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ran = lab.run_with(arguments, |command| {
            command.stdout(full);
        });
        let ran = ran.expect(4);
        assert!(
            ran.stderr
                .starts_with("error: failed to write the output: No space left on device"),
            "{arguments:?}: {ran}"
        );
        assert_eq!(ran.stderr.matches("error:").count(), 1, "{ran}");
    }
}

#[test]
fn a_run_whose_report_cannot_be_written_goes_on_to_its_end() {
    let lab = Lab::new("stacki_mesos");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ran = lab.run_with(&["apply", "--sandbox", "{lab}/hosts"], |command| {
        command.stdout(full);
    });
    let ran = ran.expect(4);
    assert!(ran.stderr.contains("hint: the run went on to its end"), "{ran}");
    let again = lab.run(&["apply", "--sandbox", "{lab}/hosts", "--detailed-exitcode"]);
    again.expect(0);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let lab = Lab::new("stacki_mesos");
    for arguments in COMMANDS {
        let (reader, writer) = std::io::pipe().unwrap();
        let ran = lab.run_with(arguments, |command| {
            command.stdout(Stdio::from(writer));
            drop(reader);
        });
        assert_eq!(ran.expect(0).stderr, "", "{arguments:?}");
    }
}
