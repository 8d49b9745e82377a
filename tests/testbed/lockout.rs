//! Runs that lock their operator out are undone by the hosts themselves.

use crate::bed::{Bed, eventually};
use crate::program::{Program, Ran};
use crate::suite::{LAB, Suite};
use std::thread;
use std::time::{Duration, Instant};

/// How long a host waits for the confirmation.
const WITHIN: Duration = Duration::from_secs(6);

const ARMED: &str = "test -e /var/lib/mesos-iac/undo/armed.json";

/// What is left of an undone run.
const LEFT: &str = "
test -e /var/lib/mesos-iac/undo/armed.json && echo 'it is armed'
test -s /var/lib/mesos-iac/undo/steps && echo 'it remembers how the host was'
ls /etc/systemd/system/*undo* /etc/systemd/system/*/*undo* 2>/dev/null
systemctl list-units --plain --no-legend 'mesos-iac-undo*'
grep -q drop /etc/nftables.conf && echo 'the firewall is in place'
nft list ruleset | grep drop
grep -v 'Port 22$' /etc/ssh/sshd_config.d/lockout.conf
true
";

/// A host that is as it should be, behind whatever other promises left there.
fn settled<'b>(suite: &'b Suite, host: &str) -> Program<'b> {
    suite.bed.on(host, "rm -rf /var/lib/mesos-iac /opt/mesos-iac");
    let program = Program::new(&suite.bed, &suite.builds.lockout)
        .with([
            "--inputs",
            &suite.bed.inputs("lockout", &LAB),
            "--connect-timeout",
            "2s",
        ])
        .agent(&suite.builds.agent)
        .limit(&[host]);
    program.run(&["apply"], 0);
    program
}

/// Locks the operator out.
fn lock_out(program: &Program<'_>, by: &str, within: Duration) -> Ran {
    let within = format!("{}s", within.as_secs());
    let run = program
        .clone()
        .with(["--set", by])
        .start(&["apply", "--confirm", &within]);
    run.wait()
}

/// The host has healed: nothing is left of the run, nothing differs from before it, and the next run tells of it.
#[track_caller]
fn assert_healed(bed: &Bed, program: &Program<'_>, host: &str) {
    assert_eq!(bed.on(host, LEFT), "", "{host}");
    let next = program.run(&["apply", "--detailed-exitcode"], 0);
    next.says("nobody confirmed the run over a new connection, so it was undone");
    let again = program.run(&["apply", "--detailed-exitcode"], 0);
    assert!(!again.stdout.contains("nobody confirmed"), "{}", again.stdout);
}

pub(crate) fn a_host_that_locks_its_operator_out_heals(suite: &Suite) -> String {
    let bed = &suite.bed;
    let cases = [(LAB[6], "lockout.firewall=true"), (LAB[7], "lockout.port=2222")];
    let cases = cases.map(|(host, by)| (host, by, settled(suite, host)));
    let took = thread::scope(|scope| {
        let running = cases.map(|(host, by, program)| {
            scope.spawn(move || {
                let ran = lock_out(&program, by, WITHIN).expect(5);
                ran.says("undone unless it is confirmed within 6s")
                    .says("failed to confirm the run");
                let began = Instant::now();
                eventually("the undoing", Duration::from_secs(30), || !bed.is_so_on(host, ARMED));
                assert_healed(bed, &program, host);
                began.elapsed()
            })
        });
        running.map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let slowest = took.into_iter().max().unwrap_or_default();
    format!(
        "a firewall rule and an sshd_config that cut SSH off: exit 5, undone by the hosts {} s after the run, 0 changes \
         left, at the most {:.0} s after the controller gave up",
        WITHIN.as_secs(),
        slowest.as_secs_f64()
    )
}

pub(crate) fn it_heals_across_a_reboot_too(suite: &Suite) -> String {
    let host = LAB[8];
    let program = settled(suite, host);
    let cases = [
        ("lockout.firewall=true", "nft list ruleset | grep -q drop"),
        // sshd doesn't start with this, so nothing but the boot can help.
        (
            "lockout.sshd_line=NoSuchOption yes",
            "grep -q NoSuchOption /etc/ssh/sshd_config.d/lockout.conf && ! systemctl is-active --quiet ssh",
        ),
    ];
    for (by, is_shut) in cases {
        // Longer than the test lasts: nothing but the boot undoes it.
        let run = program
            .clone()
            .with(["--set", by])
            .start(&["apply", "--confirm", "10m"]);
        eventually(by, Duration::from_secs(60), || suite.bed.is_so_on(host, is_shut));
        // The run is over when its controller tries to confirm it, and nobody holds the lock.
        eventually("the run's end", Duration::from_secs(60), || {
            suite
                .bed
                .is_so_on(host, "flock --nonblock /var/lib/mesos-iac/lock true")
        });
        drop(run);
        assert!(suite.bed.is_so_on(host, ARMED), "{by}: it isn't armed any more");
        suite.bed.testbed(&["reboot", host]);
        assert_healed(&suite.bed, &program, host);
    }
    "a firewall rule that cuts SSH off, an sshd_config that sshd doesn't start with, and a reboot while the host waits: it is \
     reached again each time, 0 changes left"
        .to_owned()
}

pub(crate) fn a_run_that_is_confirmed_stays(suite: &Suite) -> String {
    let host = LAB[8];
    let program = settled(suite, host);
    let greeted = program.with(["--set", "lockout.greeting=hi"]);
    let within = format!("{}s", WITHIN.as_secs());
    greeted
        .run(&["apply", "--confirm", &within], 0)
        .says("over a new connection");
    assert!(!suite.bed.is_so_on(host, ARMED));
    let waits = "systemctl list-units --plain --no-legend 'mesos-iac-undo*' | grep -q .";
    eventually("the end of the waiting", Duration::from_secs(5), || {
        !suite.bed.is_so_on(host, waits)
    });
    thread::sleep(WITHIN + Duration::from_secs(1));
    assert_eq!(suite.bed.on(host, "cat /etc/lockout-greeting"), "hi");
    greeted.run(&["apply", "--detailed-exitcode"], 0);
    // What changes nothing needs no confirmation.
    greeted.run(&["apply", "--confirm", &within, "--detailed-exitcode"], 0);
    format!(
        "a harmless run is confirmed over a new connection, and stays when the {} s are over",
        WITHIN.as_secs()
    )
}

pub(crate) fn a_run_that_is_killed_is_undone_too(suite: &Suite) -> String {
    let host = LAB[7];
    let program = settled(suite, host);
    let agent = "/var/lib/mesos-iac/agents/[0-9a-f]* agent$";
    let run = program
        .clone()
        .with(["--set", "lockout.greeting=hi", "--set", "lockout.firewall=true"])
        .start(&["apply", "--confirm", "5s"]);
    eventually("the first change", Duration::from_secs(30), || {
        suite.bed.is_so_on(host, ARMED)
    });
    // Whether this comes before the end of the run or behind it: nobody confirms.
    suite.bed.on(host, &format!("pkill -KILL --full '{agent}' || true"));
    run.wait();
    eventually("the undoing", Duration::from_secs(30), || {
        !suite.bed.is_so_on(host, ARMED)
    });
    assert_eq!(suite.bed.on(host, LEFT), "");
    assert_eq!(suite.bed.on(host, "cat /etc/lockout-greeting"), "hello");
    program.run(&["apply"], 0).says("nobody confirmed the run");
    program.run(&["apply", "--detailed-exitcode"], 0);
    "an agent that is killed in a run that waits to be confirmed: undone all the same".to_owned()
}
