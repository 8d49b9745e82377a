//! Hosts die, hang and vanish. The others don't notice, and every host has its line in the report.

use crate::bed::eventually;
use crate::suite::{LAB, Suite, WAYS};
use std::time::{Duration, Instant};

/// Asserts that a host was converged to this greeting.
#[track_caller]
fn assert_greeting(suite: &Suite, host: &str, greeting: &str) {
    assert_eq!(
        suite.bed.on(host, "cat /etc/lab/greeting"),
        format!("{greeting}\n"),
        "{host}"
    );
}

/// Waits until the agent of a host is in the slow step of its run.
fn wait_for_pause(suite: &Suite, host: &str) {
    eventually("the slow step", Duration::from_secs(20), || {
        suite.bed.is_so_on(host, "pgrep --full '^sleep ([3-9]|[0-9]{2,})$'")
    });
}

pub(crate) fn a_dead_host_does_not_stop_the_others(suite: &Suite) -> String {
    let (hosts, dead) = (&LAB[1..5], LAB[3]);
    let powerless = suite.bed.without("poweroff", "start", dead);
    for way in WAYS {
        let greeting = format!("without {dead} over {}", way.0);
        let set = format!("lab.greeting={greeting}");
        let lab = suite
            .lab()
            .limit(hosts)
            .by(way)
            .with(["--connect-timeout", "5s", "--set", &set]);
        let report = lab.report(&["apply", "--detailed-exitcode"], 5);
        assert_eq!(report.hosts().len(), hosts.len());
        assert_eq!(
            (report.number("hosts"), report.number("hosts_unreachable")),
            (hosts.len() as u64, 1)
        );
        for host in hosts {
            if *host == dead {
                assert_eq!(report.result(host), "unreachable");
            } else {
                assert_eq!(report.result(host), "converged");
                assert_greeting(suite, host, &greeting);
            }
        }
        lab.run(&["apply"], 5).says(dead).says("1 unreachable").is_harmless();
    }
    drop(powerless);
    suite.lab().limit(hosts).run(&["apply"], 0);
    format!(
        "1 dead host of {}: {} results, the others converged, exit 5; once it is up again exit 0",
        hosts.len(),
        hosts.len()
    )
}

pub(crate) fn a_host_that_falls_silent_is_reported_as_lost(suite: &Suite) -> String {
    const SILENCE: Duration = Duration::from_secs(12);
    let (hosts, lost) = (&LAB[1..5], LAB[4]);
    hosts
        .iter()
        .for_each(|host| drop(suite.bed.on(host, "rm -f /etc/lab/after-the-pause")));
    let lab = suite
        .lab()
        .limit(hosts)
        .with(["--silence", "12s", "--set", "lab.pause=8", "--format", "json"]);
    let running = lab.start(&["apply"]);
    wait_for_pause(suite, lost);
    let cable = suite.bed.without("cut", "mend", lost);
    let cut = Instant::now();
    // A heartbeat may have come just before the cable went.
    let ran = running.wait_at_most(SILENCE + Duration::from_secs(5)).expect(5);
    let told = cut.elapsed();
    drop(cable);
    let report = ran.report();
    assert_eq!(
        (report.hosts().len(), report.result(lost)),
        (hosts.len(), "unreachable")
    );
    ran.says("it said nothing for 12s");
    for host in hosts.iter().filter(|host| **host != lost) {
        assert_eq!(report.result(host), "converged");
        assert_eq!(suite.bed.on(host, "cat /etc/lab/after-the-pause"), "awake\n");
    }
    format!(
        "a cable cut in the middle of a run: told {:.0} s later, {} results, the others converged, exit 5",
        told.as_secs_f64(),
        hosts.len()
    )
}

pub(crate) fn a_host_that_hangs_while_it_gets_the_agent_is_reported(suite: &Suite) -> String {
    let (hanging, other) = (LAB[5], LAB[1]);
    suite.bed.on(hanging, "rm -rf /var/lib/mesos-iac /opt/mesos-iac");
    // What unpacks the agent never ends.
    suite
        .bed
        .put(hanging, "/usr/local/bin/gzip", "755", b"#!/bin/sh\nexec sleep 600\n");
    let began = Instant::now();
    let running = WAYS.map(|way| {
        let lab = suite.lab().limit(&[hanging, other]).by(way);
        lab.with(["--silence", "3s", "--format", "json"]).start(&["apply"])
    });
    for program in running {
        let report = program.wait_at_most(Duration::from_secs(30)).expect(5).report();
        assert_eq!(
            (report.result(hanging), report.result(other)),
            ("unreachable", "converged")
        );
    }
    let told = began.elapsed();
    suite.bed.on(hanging, "rm /usr/local/bin/gzip");
    suite.lab().limit(&[hanging]).run(&["apply"], 0);
    format!(
        "a host that hangs while it gets the agent: told {:.0} s later over both transports, the others converged, exit 5",
        told.as_secs_f64()
    )
}

pub(crate) fn a_host_that_gets_the_agent_slowly_is_waited_for(suite: &Suite) -> String {
    const SILENCE: Duration = Duration::from_secs(4);
    let slow = LAB[5];
    suite.bed.on(slow, "rm -rf /var/lib/mesos-iac /opt/mesos-iac");
    // As over a thin line: it takes longer than a silent host is waited for, and something arrives all the time.
    suite.bed.put(
        slow,
        "/usr/local/bin/gzip",
        "755",
        b"#!/bin/sh\n/usr/bin/gzip -dc | perl -e 'while (read STDIN, $part, 400_000) { syswrite STDOUT, $part; sleep 1 }'\n",
    );
    let began = Instant::now();
    let lab = suite.lab().limit(&[slow]).with(["--silence", "4s"]);
    lab.run(&["apply"], 0);
    let took = began.elapsed();
    suite.bed.on(slow, "rm /usr/local/bin/gzip");
    assert!(took > SILENCE, "it wasn't slow: {took:?}");
    format!(
        "an agent that takes {:.0} s to arrive, with silence counted after 4 s: exit 0",
        took.as_secs_f64()
    )
}

pub(crate) fn an_agent_stops_once_its_controller_is_gone(suite: &Suite) -> String {
    // Longer than either side may stay silent before the other one counts it as lost.
    const PAUSE: Duration = Duration::from_secs(36);
    let (cut_off, orphan) = (LAB[4], LAB[2]);
    // What a first run installs has pauses of its own.
    suite.lab().limit(&[cut_off, orphan]).run(&["apply"], 0);
    for host in [cut_off, orphan] {
        suite.bed.on(host, "rm -f /etc/lab/after-the-pause");
    }
    let pause = format!("lab.pause={}", PAUSE.as_secs());
    let vanishing = suite.lab().limit(&[cut_off]).with(["--set", &pause]).start(&["apply"]);
    wait_for_pause(suite, cut_off);
    let paused = Instant::now();
    let cable = suite.bed.without("cut", "mend", cut_off);
    drop(vanishing);

    let killed = suite
        .lab()
        .limit(&[orphan])
        .with(["--set", "lab.pause=4"])
        .start(&["apply"]);
    wait_for_pause(suite, orphan);
    drop(killed);
    // It isn't torn out of what it is doing.
    assert!(suite.bed.is_so_on(orphan, "pgrep --full '^sleep ([3-9]|[0-9]{2,})$'"));
    assert_stops(suite, orphan, Duration::from_secs(8));

    std::thread::sleep(PAUSE.saturating_sub(paused.elapsed()));
    assert_stops(suite, cut_off, Duration::from_secs(8));
    drop(cable);
    let lab = suite.lab().limit(&[cut_off, orphan]).with(["--set", "lab.pause=1"]);
    let next = lab.run(&["apply"], 0);
    assert_eq!(
        next.stdout.matches("nobody heard of the run").count(),
        2,
        "{}",
        next.stdout
    );
    next.says("stopped ");
    let again = lab.run(&["apply"], 0);
    assert!(!again.stdout.contains("nobody heard"), "{}", again.stdout);
    "a controller that was killed, and one behind a cut cable: the agent ends its step, begins no other, and is gone; the \
     next run tells what it did, the one after doesn't"
        .to_owned()
}

pub(crate) fn an_interrupted_run_stops_at_a_boundary(suite: &Suite) -> String {
    let host = LAB[2];
    let lab = suite.lab().limit(&[host]);
    lab.run(&["apply"], 0);
    suite.bed.on(host, "rm -f /etc/lab/after-the-pause");
    let run = lab.clone().with(["--set", "lab.pause=4"]).start(&["apply"]);
    wait_for_pause(suite, host);
    run.interrupt();
    let ran = run.wait().expect(130);
    ran.says("stopping: each host goes on").says("not reached");
    assert_stops(suite, host, Duration::from_secs(2));
    let next = lab.with(["--set", "lab.pause=1"]).run(&["apply"], 0);
    assert!(!next.stdout.contains("nobody heard"), "{}", next.stdout);
    assert!(suite.bed.is_so_on(host, "test -e /etc/lab/after-the-pause"));
    "Ctrl-C: the host ends its step, begins no other and says so, exit 130; the next run does the rest".to_owned()
}

/// Asserts that a host's agent goes away without having done what comes after the slow step.
#[track_caller]
fn assert_stops(suite: &Suite, host: &str, limit: Duration) {
    let is_gone = "! pgrep --full '[/]mesos-iac/agents/'";
    eventually("the agent's end", limit, || suite.bed.is_so_on(host, is_gone));
    assert!(
        !suite.bed.is_so_on(host, "pgrep --full '^sleep ([3-9]|[0-9]{2,})$'"),
        "{host}: the step goes on without an agent"
    );
    assert!(
        suite.bed.is_so_on(host, "test ! -e /etc/lab/after-the-pause"),
        "{host}: the agent went on to the next step"
    );
}
