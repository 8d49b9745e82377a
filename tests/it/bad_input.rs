//! What a user gets wrong on the command line and in inputs: what, where, why, what next; and nothing is touched.

use crate::support::{Lab, assert_snapshot};

fn refused(name: &str, arguments: &[&str]) {
    let lab = Lab::new("stacki_mesos");
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--sandbox", "{lab}/hosts"]).collect();
    let ran = lab.run(&[&["apply"], &arguments[..]].concat()).expect(1);
    assert_eq!(ran.stdout, "");
    assert!(!lab.exists("hosts"), "something was touched");
    assert_snapshot(&format!("bad_input__{name}"), ran);
}

#[test]
fn an_unknown_attribute() {
    refused("unknown_attribute", &["--set", "zookeper_ip=10.0.0.1"]);
    refused("unknown_attribute_unlike_any", &["--set", "rack=1"]);
}

#[test]
fn a_value_of_the_wrong_type() {
    refused("wrong_type", &["--set", "zookeeper_ip=10.0.0.1000"]);
    refused("wrong_type_bool", &["--set", "is_mesos_master=yes"]);
}

#[test]
fn a_set_without_a_value() {
    refused("set_without_value", &["--set", "zookeeper_ip"]);
}

#[test]
fn a_limit_that_matches_nothing() {
    refused("limit_no_match", &["--limit", "frontend-*"]);
    refused("limit_damaged", &["--limit", "backend-0-[4-0]"]);
}

#[test]
fn a_host_without_limit() {
    refused("apply_host", &["backend-0-0"]);
    refused("apply_missing_plan", &["plan.json"]);
}

/// Who looks for what is still to be set has no cluster that compiles.
#[test]
fn what_needs_no_compiled_cluster_is_told_without_one() {
    let lab = Lab::new("ansible_mesos");
    let run = |words: &[&str], status: i32| lab.run(&[words, &["--set", "zookeeper.id=1"]].concat()).expect(status);
    assert_snapshot("broken_check", run(&["check"], 1));
    let listed = run(&["list", "attributes"], 0);
    assert!(listed.stdout.contains("zookeeper.id"), "{}", listed.stdout);
    let hosts = run(&["list", "hosts"], 1);
    assert!(hosts.stderr.contains("duplicate-name"), "{}", hosts.stderr);
    assert_snapshot("broken_explain", run(&["explain", "master-2", "zookeeper.id"], 0));
    assert_snapshot(
        "broken_explain_swapped",
        run(&["explain", "zookeeper.id", "master-2"], 1),
    );
    let page = run(&["lints", "two-masters"], 0);
    assert!(page.stdout.starts_with("two-masters"), "{}", page.stdout);
}

#[test]
fn a_graph_as_json() {
    let ran = Lab::new("stacki_mesos").run(&["graph", "--format", "json"]).expect(1);
    assert_snapshot("bad_input__graph_json", ran);
}

#[test]
fn an_option_of_another_tool() {
    refused("dry_run", &["--dry-run"]);
    refused("forks", &["--forks", "10"]);
}

#[test]
fn no_hosts_at_a_time() {
    refused("parallel_zero", &["--parallel", "0"]);
}

#[test]
fn an_inputs_file_that_is_not_there_or_damaged() {
    refused("inputs_missing", &["--inputs", "{lab}/nothing.toml"]);
    let lab = Lab::new("stacki_mesos");
    for (text, why) in [
        (
            "[host.backend-9]\naddress = '10.0.0.1'\n",
            "`backend-9` matches no host",
        ),
        (
            "[host.'backend-0-*']\naddress = '10.0.0.1'\n",
            "lab.toml:1 gives one address to the 5 hosts",
        ),
        ("[set]\nrack = 1\n", "sets the attribute `rack`"),
        (
            "[set]\nzookeeper_ip = 5\n",
            "lab.toml:2 gives attribute `zookeeper_ip` a value that isn't of type IpAddr",
        ),
        ("[sett]\n", "`sett` means nothing here"),
        (
            "[host.backend-0-0]\nuser = '-x'\n",
            "`host.backend-0-0.user`: \"-x\" is no login",
        ),
        ("[host.'backend-*']\nport = 0\n", "`host.backend-*.port`: 0 is no port"),
        (
            "[host.'backend-0-[0-1]']\nport = 23\n[host.'backend-0-[1-2]']\nport = 24\n",
            "backend-0-1: `backend-0-[0-1]` ({lab}/lab.toml:1) and `backend-0-[1-2]` ({lab}/lab.toml:3) both match the host, and disagree about `port`",
        ),
        (
            "[host.'*-1'.set]\nis_mesos_master = true\n[host.'backend-*'.set]\nis_mesos_master = false\n",
            "disagree about `set.is_mesos_master`",
        ),
        (
            "[host.backend-0-0.set]\na.b = 1\n'a.b' = 2\n",
            "`host.backend-0-0.set` gives `a.b` twice",
        ),
    ] {
        std::fs::write(lab.path("lab.toml"), text).unwrap();
        let ran = lab.run(&["check", "--inputs", "{lab}/lab.toml"]).expect(1);
        assert!(
            ran.stderr.contains(why) && ran.stderr.contains("lab.toml"),
            "{text}\n{}",
            ran.stderr
        );
    }
    let ran = lab.run(&["check", "--inputs", "{lab}"]).expect(1);
    assert!(
        ran.stderr.contains("hint: name a TOML file that this program may read"),
        "{}",
        ran.stderr
    );
    std::fs::write(lab.path("lab.toml"), b"[set]\nmesos_cluster_name = '\xff'\n").unwrap();
    let ran = lab.run(&["check", "--inputs", "{lab}/lab.toml"]).expect(1);
    assert!(
        ran.stderr.contains("hint: save the file as UTF-8 text"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_section_of_inputs_for_one_host_counts_before_patterns() {
    let lab = Lab::new("stacki_mesos");
    // The host's own section comes before the patterns in the file and in the alphabet; what patterns agree on, they may
    // both say.
    std::fs::write(
        lab.path("lab.toml"),
        "[host.backend-0-1]\nport = 22\nset.mesos_cluster_name = 'own'\n\
         [host.'backend-0-[0-2]']\nport = 23\nuser = 'deploy'\nset.mesos_cluster_name = 'numbers'\n\
         [host.'backend-0-1*']\nport = 24\nuser = 'deploy'\nset.mesos_cluster_name = 'stars'\n",
    )
    .unwrap();
    let ran = lab
        .run(&[
            "explain",
            "backend-0-1",
            "mesos_cluster_name",
            "--inputs",
            "{lab}/lab.toml",
        ])
        .expect(0);
    assert!(
        ran.stdout.contains("mesos_cluster_name of backend-0-1 is own") && ran.stdout.contains("lab.toml:3"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_sandbox_that_cannot_be_made() {
    let lab = Lab::new("stacki_mesos");
    std::fs::write(lab.path("hosts"), "a file").unwrap();
    let ran = lab.run(&["apply", "--sandbox", "{lab}/hosts"]).expect(4);
    assert!(ran.stdout.contains("failed to use the sandbox"), "{}", ran.stdout);
    assert_eq!(
        ran.stdout.matches("REFUSED").count(),
        5,
        "each host has its line: {}",
        ran.stdout
    );
}

#[test]
fn an_agent_that_is_none() {
    let lab = Lab::new("stacki_mesos");
    std::fs::write(lab.path("agent"), "#!/bin/sh\n").unwrap();
    let ran = lab.run(&["plan", "--agent", "{lab}/agent"]).expect(1);
    assert!(ran.stderr.contains("it is no ELF executable"), "{}", ran.stderr);
    let ran = lab.run(&["plan", "--agent", "{lab}/nothing"]).expect(1);
    assert!(ran.stderr.contains("failed to read the agent"), "{}", ran.stderr);
}

#[test]
fn hosts_that_answer_nothing_are_each_reported() {
    let lab = Lab::new("stacki_mesos");
    // Every host is a closed port of this machine.
    std::fs::write(
        lab.path("lab.toml"),
        "[host.'backend-0-*']\nconnect = '127.0.0.1'\nport = 1\n",
    )
    .unwrap();
    let ran = lab.run(&["plan", "--inputs", "{lab}/lab.toml"]).expect(5);
    assert_eq!(ran.stdout.matches("UNREACHABLE").count(), 5, "{}", ran.stdout);
    assert!(ran.stdout.contains("5 unreachable"), "{}", ran.stdout);
}

#[test]
fn a_port_that_answers_garbage() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        use std::io::Write as _;
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"\x1b[2J220 not ssh\r\n").unwrap();
    });
    let lab = Lab::new("stacki_mesos");
    std::fs::write(
        lab.path("lab.toml"),
        format!("[host.backend-0-0]\nconnect = '127.0.0.1'\nport = {port}\n"),
    )
    .unwrap();
    let ran = lab
        .run(&[
            "plan",
            "--inputs",
            "{lab}/lab.toml",
            "--limit",
            "backend-0-0",
            "--connect-timeout",
            "5s",
        ])
        .expect(5);
    server.join().unwrap();
    assert!(
        ran.stdout.contains("UNREACHABLE") && !ran.stdout.contains('\u{1b}'),
        "{}",
        ran.stdout
    );
}
