//! What hosts keep from run to run: one run at a time, and nobody works on the state of somebody else.

use crate::bed::eventually;
use crate::program::Program;
use crate::suite::{LAB, Suite};
use std::time::Duration;

const STATE: &str = "/var/lib/mesos-iac";

/// Waits until a run is in a slow step of so many seconds. What brings an agent to a host sleeps too, and shorter.
fn wait_for_sleep(suite: &Suite, host: &str, seconds: u32) {
    let asleep = format!("pgrep --full --exact 'sleep {seconds}'");
    eventually("the slow step", Duration::from_secs(20), || {
        suite.bed.is_so_on(host, &asleep)
    });
}

pub(crate) fn of_two_controllers_at_once_one_runs_and_the_other_names_it(suite: &Suite) -> String {
    let host = LAB[6];
    let lab = suite.lab().limit(&[host]);
    let slow = lab
        .clone()
        .with(["--set", "lab.pause=9", "--set", "lab.greeting=first"]);
    suite.bed.on(host, "rm -rf /etc/lab");
    let first = slow.start(&["apply"]);
    wait_for_sleep(suite, host, 9);
    let second = lab.clone().with(["--set", "lab.greeting=second"]);
    let refused = second.run(&["apply"], 6);
    refused
        .says("LOCKED")
        .says("has been at work on it for")
        .says("command[pause]");
    // A plan changes nothing, so it needs no lock.
    second.run(&["plan"], 0);
    first.wait().expect(0);
    assert_eq!(
        suite.bed.on(host, "cat /etc/lab/greeting"),
        "first\n",
        "the second run wrote in between"
    );
    second.run(&["apply"], 0);
    assert_eq!(suite.bed.on(host, "cat /etc/lab/greeting"), "second\n");
    "two controllers at once: one converged, the other exit 6 with the holder and what it does; nothing interleaved"
        .to_owned()
}

/// Asserts that a run is refused with these words, that the refusal leaves the state and the host as they are, and that the
/// run succeeds with this option.
#[track_caller]
fn assert_refused_until(suite: &Suite, program: &Program<'_>, host: &str, words: &str, mends: &[&str]) {
    let look = format!("cat {STATE}/*.json {STATE}/journal; ls -l --time-style=full-iso {STATE} /etc/lab");
    let without_lock = |text: String| text.lines().filter(|line| !line.ends_with(" lock")).collect::<String>();
    let before = without_lock(suite.bed.on(host, &look));
    program
        .run(&["apply"], 4)
        .says("REFUSED")
        .says(words)
        .says("hint:")
        .is_harmless();
    assert_eq!(
        without_lock(suite.bed.on(host, &look)),
        before,
        "{words}: something was changed"
    );
    if !mends.is_empty() {
        program.run(&[&["apply"], mends].concat(), 0);
        program.run(&["apply", "--detailed-exitcode"], 0);
    }
}

pub(crate) fn the_state_of_others_is_refused_each_in_its_own_words(suite: &Suite) -> String {
    let (host, other) = (LAB[6], LAB[7]);
    let lab = suite.lab().limit(&[host]);
    suite.lab().limit(&[host, other]).run(&["apply"], 0);
    let on = |script: &str| drop(suite.bed.on(host, script));

    // Another machine: it was installed anew, or is an image that was made of another host.
    on("cp /etc/machine-id /run/machine-id && tr 0-9a-f 1-9a-f0 </run/machine-id >/etc/machine-id");
    assert_refused_until(suite, &lab, host, "it was made on another machine", &["--reimaged"]);
    on("cp /run/machine-id /etc/machine-id");
    assert_refused_until(suite, &lab, host, "it was made on another machine", &["--reimaged"]);
    let golden = suite
        .bed
        .on(other, &format!("tar -C {STATE} --exclude agents -cf - . | base64"));
    suite.bed.put(host, "/run/golden", "600", golden.as_bytes());
    on(&format!("base64 -d /run/golden | tar -C {STATE} -xf -"));
    assert_refused_until(suite, &lab, host, "it was made on another machine", &["--reimaged"]);

    // Another cluster.
    let kills = Program::new(&suite.bed, &suite.builds.kills)
        .with(["--inputs", &suite.bed.inputs("kills", &LAB)])
        .agent(&suite.builds.agent)
        .limit(&[host]);
    assert_refused_until(suite, &kills, host, "it belongs to the cluster \"lab\"", &["--adopt"]);
    assert_refused_until(suite, &lab, host, "it belongs to the cluster \"kills\"", &["--adopt"]);

    // Another host of the cluster: two have changed their addresses, or their names.
    let inputs = format!(
        "[host.{other}]\naddress = \"{}\"\n[host.{host}]\naddress = \"{}\"\n",
        suite.bed.address(host),
        suite.bed.address(other)
    );
    let renamed = suite
        .lab()
        .limit(&[other])
        .with(["--inputs", &suite.bed.write("renamed.toml", inputs)]);
    assert_refused_until(
        suite,
        &renamed,
        host,
        "it belongs to the host",
        &["--renamed-from", host],
    );
    assert_refused_until(suite, &lab, host, "it belongs to the host", &["--renamed-from", other]);

    // Another release, and damage.
    on(&format!(
        "cp -a {STATE} /run/state && sed -i 's/\"format\":1/\"format\":2/' {STATE}/ledger.json"
    ));
    assert_refused_until(suite, &lab, host, "has format 2", &[]);
    on(&format!(
        "rm -rf {STATE} && cp -a /run/state {STATE} && rm -rf /run/state"
    ));
    lab.run(&["apply", "--detailed-exitcode"], 0);
    // What can't be read is told once, set aside, and stops nothing.
    on(&format!("truncate -s 40 {STATE}/ledger.json"));
    lab.run(&["plan"], 4).says("ledger.json: all of it is lost");
    lab.run(&["apply"], 4)
        .says("ledger.json: all of it is lost")
        .says("nothing is removed until a run has put the state in order");
    on(&format!("test $(stat -c %s {STATE}/ledger.json.damaged) = 40"));
    lab.run(&["apply", "--detailed-exitcode"], 0);
    "8 refusals, each in its own words (re-imaged, golden image, foreign cluster, other host, newer ledger): exit 4, 0 files \
     touched; each option that says it is meant takes over; a cut ledger is told, set aside and mended by the next run"
        .to_owned()
}

pub(crate) fn a_truncated_journal_is_read_as_far_as_it_is_whole(suite: &Suite) -> String {
    let host = LAB[6];
    let lab = suite.lab().limit(&[host]);
    lab.run(&["apply"], 0);
    // A run that is killed in its slow step has a journal; its last bytes never reached the disk.
    let slow = lab.clone().with(["--set", "lab.pause=20", "--set", "lab.greeting=cut"]);
    let run = slow.start(&["apply"]);
    wait_for_sleep(suite, host, 20);
    assert!(suite.bed.is_so_on(host, "pkill -KILL --full '[/]mesos-iac/agents/'"));
    run.wait();
    suite.bed.on(
        host,
        &format!("test -s {STATE}/journal && truncate -s -7 {STATE}/journal; pkill -KILL --exact sleep; true"),
    );
    lab.with(["--set", "lab.greeting=cut"]).run(&["apply"], 0);
    assert_eq!(suite.bed.on(host, "cat /etc/lab/greeting"), "cut\n");
    "a journal without its last 7 bytes: read as far as it is whole, exit 0".to_owned()
}

pub(crate) fn a_full_disk_for_the_state_changes_nothing(suite: &Suite) -> String {
    let host = LAB[6];
    let lab = suite.lab().limit(&[host]);
    lab.run(&["apply"], 0);
    suite.bed.on(
        host,
        &format!(
            "cp -a {STATE} /run/state && mount -t tmpfs -o size=8m none {STATE} && cp -a /run/state/. {STATE}/ && \
             {{ dd if=/dev/zero of={STATE}/filler bs=4k 2>/dev/null; true; }}"
        ),
    );
    let full = lab.clone().with(["--set", "lab.greeting=no room"]);
    let ran = full.run(&["apply"], 4);
    ran.says("No space left").is_harmless();
    assert!(
        !suite.bed.is_so_on(host, "grep -q 'no room' /etc/lab/greeting"),
        "a change was made that isn't in the journal"
    );
    suite.bed.unmount(host, STATE);
    suite.bed.on(host, "rm -rf /run/state");
    full.run(&["apply"], 0);
    assert_eq!(suite.bed.on(host, "cat /etc/lab/greeting"), "no room\n");
    "a full disk below the state: exit 4, \"no space\", 0 resources changed; with room again exit 0".to_owned()
}
