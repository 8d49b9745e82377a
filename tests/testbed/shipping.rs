//! The agent gets to every host that can run it, whole, and what stands in its way is told.

use crate::builds::EDITED_GREETING;
use crate::suite::{LAB, Suite, WAYS};
use mesos_iac::fleet::Elf;
use std::path::Path;
use std::process::Command;

/// Where agents are kept if nothing is in the way.
const AGENTS: &str = "/var/lib/mesos-iac/agents";

/// Removes all agents from a host.
fn forget(suite: &Suite, host: &str) {
    suite.bed.on(
        host,
        "rm -rf /var/lib/mesos-iac /opt/mesos-iac /usr/local/lib/mesos-iac /root/.mesos-iac",
    );
}

/// Asserts that the agents of a host are those with these digests, each whole, and that nothing else is beside them.
#[track_caller]
fn assert_agents(suite: &Suite, host: &str, directory: &str, count: usize) {
    let script =
        format!("cd {directory} && for file in $(ls -A); do echo $file $(sha256sum <$file | cut -c 1-64); done");
    let said = suite.bed.on(host, &script);
    assert_eq!(said.lines().count(), count, "{host}: {said}");
    for line in said.lines() {
        let (name, digest) = line.split_once(' ').unwrap();
        assert_eq!(name, digest, "{host}: the file isn't what its name says");
    }
}

fn is_static(program: &Path) -> bool {
    Elf::parse(&std::fs::read(program).unwrap()).unwrap().is_static
}

pub(crate) fn a_program_without_an_agent_ships_itself(suite: &Suite) -> String {
    let mut figures = Vec::new();
    for (host, build, linked) in [
        (LAB[1], &suite.builds.lab, "dynamic"),
        (LAB[2], &suite.builds.static_lab, "static"),
    ] {
        assert_eq!(is_static(build), linked == "static");
        forget(suite, host);
        // Away from the target directory, where it would find the kinds-only agent.
        let alone = suite.bed.path(linked);
        std::fs::create_dir(&alone).unwrap();
        let program = alone.join("lab");
        // By another process: one that the other row starts meanwhile would have a copy of our descriptor, and what
        // somebody has open for writing can't be run.
        let copied = Command::new("cp").args([build, &program]).status().unwrap();
        assert!(copied.success());
        let lab = suite.lab_program(&program).without_agent().limit(&[host]);
        let greeting = format!("lab.greeting={linked}");
        let first = lab.clone().with(["--set", &greeting]).report(&["apply"], 0);
        assert_agents(suite, host, AGENTS, 1);
        assert_eq!(suite.bed.on(host, "cat /etc/lab/greeting"), format!("{linked}\n"));
        let second = lab.report(&["apply"], 0);
        assert!(first.number("agent_bytes") > 0 && second.number("agent_bytes") == 0);
        figures.push(format!("{linked} {} bytes", first.number("agent_bytes")));
    }
    assert!(is_static(&suite.builds.agent));
    format!("the program as its own agent: {}, then 0", figures.join(", "))
}

pub(crate) fn two_first_applies_at_once_leave_one_whole_agent(suite: &Suite) -> String {
    let hosts = &LAB[1..5];
    let lab = suite.lab().limit(hosts);
    let (mut converged, mut locked) = (0, 0);
    // Who comes while the other is at work is refused, as by any run; that is likely where they pause.
    let pauses = ["0", "4"];
    for (round, pause) in pauses.into_iter().enumerate() {
        hosts.iter().for_each(|host| forget(suite, host));
        let greeting = format!("round {round}");
        let set = [format!("lab.pause={pause}"), format!("lab.greeting={greeting}")];
        let lab = lab.clone().with(["--set", &set[0], "--set", &set[1]]);
        // Two operators, one of them over the other transport; both bring the same agent.
        let running = WAYS.map(|way| lab.clone().by(way).start(&["apply", "--format", "json"]));
        let reports = running.map(|program| {
            let ran = program.wait().expect_one_of(&[0, 6]);
            let (status, report) = (ran.status, ran.report());
            let met = report.number("hosts_locked") > 0;
            assert_eq!(
                status,
                Some(if met { 6 } else { 0 }),
                "6 is for a host where the other was at work, and for no other"
            );
            report
        });
        for host in hosts {
            let results = [&reports[0], &reports[1]].map(|report| report.result(host));
            let well = results.iter().filter(|result| **result == "converged").count();
            let refused = results.iter().filter(|result| **result == "locked").count();
            assert!(well > 0 && well + refused == WAYS.len(), "{host}: {results:?}");
            (converged, locked) = (converged + well, locked + refused);
            assert_agents(suite, host, AGENTS, 1);
            assert_eq!(suite.bed.on(host, "cat /etc/lab/greeting"), format!("{greeting}\n"));
        }
        // Whichever of the two brought it, it is the one that both look for.
        for way in WAYS {
            let report = lab.clone().by(way).report(&["apply"], 0);
            assert_eq!(report.number("agent_bytes"), 0);
        }
    }
    format!(
        "{} times two first applies at once on {} hosts: {converged} converged, {locked} met the other at work, 1 whole agent \
         on each host",
        pauses.len(),
        hosts.len()
    )
}

pub(crate) fn a_noexec_directory_is_passed_over(suite: &Suite) -> String {
    let host = LAB[5];
    forget(suite, host);
    suite.bed.on(
        host,
        "mkdir /var/lib/mesos-iac && mount -t tmpfs -o noexec none /var/lib/mesos-iac",
    );
    let lab = suite.lab().limit(&[host]);
    for (way, sends) in WAYS.into_iter().zip([true, false]) {
        let report = lab.clone().by(way).report(&["apply"], 0);
        assert_eq!(report.number("agent_bytes") > 0, sends);
        assert_agents(suite, host, "/opt/mesos-iac/agents", 1);
        assert_agents(suite, host, AGENTS, 0);
    }
    suite.bed.unmount(host, "/var/lib/mesos-iac");
    "with /var/lib/mesos-iac mounted noexec the agent goes to /opt/mesos-iac and the run is exit 0".to_owned()
}

pub(crate) fn a_full_disk_is_told_clearly(suite: &Suite) -> String {
    let host = LAB[6];
    forget(suite, host);
    suite.bed.on(
        host,
        "mkdir /var/lib/mesos-iac && mount -t tmpfs -o size=256k none /var/lib/mesos-iac",
    );
    for way in WAYS {
        let ran = suite.lab().limit(&[host]).by(way).run(&["apply"], 5);
        ran.says("failed to upload the agent").says("no space").is_harmless();
        assert_agents(suite, host, AGENTS, 0);
    }
    suite.bed.unmount(host, "/var/lib/mesos-iac");
    suite.lab().limit(&[host]).run(&["apply"], 0);
    "a full disk: exit 5, \"no space\", nothing left behind; with room again exit 0".to_owned()
}

pub(crate) fn a_noisy_login_is_no_obstacle(suite: &Suite) -> String {
    let host = LAB[7];
    forget(suite, host);
    let noise = "printf 'Welcome to \\033[2J\\033]0;owned\\007 %s\\n' \"$HOSTNAME\"; echo 'and again' >&2\n";
    for home in ["/root", "/home/deploy"] {
        let before = suite.bed.on(host, &format!("cat {home}/.bashrc"));
        suite.bed.put(
            host,
            &format!("{home}/.bashrc"),
            "644",
            format!("{noise}{before}").as_bytes(),
        );
    }
    for way in WAYS {
        let lab = suite.lab().limit(&[host]).by(way);
        lab.run(&["apply"], 0).is_harmless();
        lab.run(&["apply", "--detailed-exitcode"], 0).is_harmless();
        // It really is noisy: what isn't an agent's conversation shows it.
        lab.run(&["run", "--", "echo", "through"], 0)
            .says("through")
            .says("Welcome")
            .is_harmless();
    }
    "a login that prints escape sequences: apply is exit 0 over both transports, and none of them gets through"
        .to_owned()
}

pub(crate) fn a_refused_sudo_is_told_clearly(suite: &Suite) -> String {
    let host = LAB[1];
    for (transport, _) in WAYS {
        let lab = suite.lab().limit(&[host]).by((transport, "nosudo"));
        lab.run(&["apply"], 5)
            .says("sudo: a password is required")
            .says("NOPASSWD")
            .is_harmless();
    }
    "a login that may not sudo: exit 5 over both transports, with what to do".to_owned()
}

pub(crate) fn an_edited_program_sends_a_catalog_and_no_program(suite: &Suite) -> String {
    let host = LAB[6];
    suite.lab().limit(&[host]).run(&["apply"], 0);
    let edited = suite.lab_program(&suite.builds.edited_lab).limit(&[host]);
    let [before, after] = [&suite.builds.lab, &suite.builds.edited_lab].map(|program| std::fs::read(program).unwrap());
    assert!(before != after, "the edited program is the same one");
    let report = edited.report(&["apply", "--detailed-exitcode"], 2);
    assert_eq!(report.changed(host), ["file[/etc/lab/greeting] content"]);
    assert_eq!(
        suite.bed.on(host, "cat /etc/lab/greeting"),
        format!("{EDITED_GREETING}\n")
    );
    let (agents, messages) = (report.number("agent_bytes"), report.number("message_bytes"));
    assert_eq!(agents, 0);
    suite.lab().limit(&[host]).run(&["apply"], 0);
    format!(
        "a program of {} bytes was edited and rebuilt: {agents} bytes of programs sent, {messages} of messages",
        after.len()
    )
}
