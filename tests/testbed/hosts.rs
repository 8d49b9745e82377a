//! Five hosts become the cluster of `examples/stacki_mesos.rs`, and stay it.

use crate::bed::eventually;
use crate::suite::{STACKI, Suite};
use std::collections::BTreeMap;
use std::time::Duration;

/// What runs on a host and with which arguments, and what it reads. The daemons of the fixture packages write their
/// arguments when they start and the file doesn't outlive a boot: one that is missing never started.
const STATE: &str = r#"
for file in /run/mesos-fixture/*.argv /etc/mesos/zk /etc/mesos-master/cluster /etc/mesos-master/ip /etc/mesos-slave/ip \
    /etc/zookeeper/conf/myid /usr/sbin/policy-rc.d /usr/sbin/*.mesos-iac*; do
    if test -e "$file"; then echo "$file"; sed 's/^/  /' "$file"; fi
done
for unit in mesos-master mesos-slave marathon zookeeper; do
    if systemctl cat $unit >/dev/null 2>&1; then
        echo "$unit $(systemctl is-active $unit) $(systemctl is-enabled $unit 2>/dev/null)"
    fi
done"#;

fn expected_state(suite: &Suite, host: &str, cluster: &str) -> String {
    let (zookeeper, address) = (suite.bed.address(STACKI[0]), suite.bed.address(host));
    if host == STACKI[0] {
        format!(
            "/run/mesos-fixture/marathon.argv\n  --zk\n  zk://{zookeeper}:2181/marathon\n  --master\n  zk://{zookeeper}:2181/mesos\n\
             /run/mesos-fixture/mesos-master.argv\n  --zk=zk://{zookeeper}:2181/mesos\n  --port=5050\n  --log_dir=/var/log/mesos\n  \
             --cluster={cluster}\n  --ip={address}\n  --quorum=1\n  --work_dir=/var/lib/mesos\n\
             /etc/mesos/zk\n  zk://{zookeeper}:2181/mesos\n/etc/mesos-master/cluster\n  {cluster}\n/etc/mesos-master/ip\n  {address}\n\
             /etc/zookeeper/conf/myid\n  1\n\
             mesos-master active enabled\nmesos-slave inactive disabled\nmarathon active enabled\nzookeeper active enabled\n"
        )
    } else {
        format!(
            "/run/mesos-fixture/mesos-slave.argv\n  --master=zk://{zookeeper}:2181/mesos\n  --log_dir=/var/log/mesos\n  \
             --ip={address}\n  --work_dir=/var/lib/mesos\n\
             /etc/mesos/zk\n  zk://{zookeeper}:2181/mesos\n/etc/mesos-slave/ip\n  {address}\n\
             mesos-master inactive disabled\nmesos-slave active enabled\n"
        )
    }
}

/// Asserts that every host is exactly what its part in the cluster is, and that ZooKeeper answers.
#[track_caller]
fn assert_cluster_is_up(suite: &Suite, cluster: &str) {
    for host in STACKI {
        let expected = expected_state(suite, host, cluster);
        let mut state = String::new();
        // A daemon writes its arguments a moment after systemd calls it active.
        for _ in 0..50 {
            state = suite.bed.on(host, STATE);
            if state == expected {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(state, expected, "{host}");
    }
    let ask = format!(
        "exec bash -c 'exec 3<>/dev/tcp/{}/2181 && echo srvr >&3 && timeout 5 cat <&3' | grep -q '^Mode: standalone'",
        suite.bed.address(STACKI[0])
    );
    // From another host, as a daemon would ask.
    eventually("ZooKeeper answers", Duration::from_secs(60), || {
        suite.bed.is_so_on(STACKI[1], &ask)
    });
}

/// Asserts that one more apply finds nothing to do.
#[track_caller]
fn assert_nothing_to_do(suite: &Suite, way: (&str, &str)) -> u64 {
    let report = suite.stacki().by(way).report(&["apply", "--detailed-exitcode"], 0);
    assert_eq!(
        (
            report.number("changed"),
            report.number("refreshes"),
            report.hosts().len()
        ),
        (0, 0, STACKI.len())
    );
    report.number("unchanged")
}

/// When each unit of each host became active, by which a restart shows.
fn starts(suite: &Suite) -> BTreeMap<String, String> {
    let mut starts = BTreeMap::new();
    for host in STACKI {
        let said = suite.bed.on(
            host,
            "for unit in mesos-master mesos-slave marathon zookeeper; do
                echo $unit=$(systemctl show --value --property ActiveEnterTimestampMonotonic $unit)
            done",
        );
        for line in said.lines() {
            let (unit, since) = line.split_once('=').unwrap();
            starts.insert(format!("{host}: {unit}"), since.to_owned());
        }
    }
    starts
}

fn restarted_since(suite: &Suite, before: &BTreeMap<String, String>) -> Vec<String> {
    let now = starts(suite);
    now.into_iter()
        .filter(|(unit, since)| before.get(unit) != Some(since))
        .map(|(unit, _)| unit)
        .collect()
}

pub(crate) fn the_first_apply_installs_writes_and_starts(suite: &Suite) -> String {
    let report = suite.first_apply();
    assert_eq!(report.hosts().len(), STACKI.len());
    assert_eq!(
        report.changed(STACKI[1]),
        [
            "package[mesos] version",
            "file[/etc/mesos/zk] content",
            "file[/etc/mesos-slave/ip] content",
            // Each as soon as what it depends on is done with; this one has no file to wait for.
            "service[mesos-master] enabled",
            "service[mesos-slave] running"
        ]
    );
    assert_cluster_is_up(suite, "MesosCluster");
    format!(
        "first apply: {} changes on {} hosts over libssh2 as root; every fixture daemon runs with the right arguments, ZooKeeper's `srvr` answers",
        report.number("changed"),
        STACKI.len()
    )
}

pub(crate) fn zookeeper_is_started_once_and_not_by_its_package(suite: &Suite) -> String {
    let changed = suite.first_apply().changed(STACKI[0]);
    let place = |wanted: &str| {
        let found = changed.iter().position(|change| change.starts_with(wanted));
        found.unwrap_or_else(|| panic!("{wanted} didn't change: {changed:?}"))
    };
    // That the service was found stopped is how we know that its package hadn't started it.
    assert!(changed[place("service[zookeeper]")].contains("running"), "{changed:?}");
    assert!(
        place("package[zookeeperd]") < place("service[zookeeper]"),
        "{changed:?}"
    );
    let journal = suite.bed.on(
        STACKI[0],
        "journalctl --sync; journalctl --no-pager --output cat --unit zookeeper",
    );
    let started = journal
        .lines()
        .filter(|line| line.starts_with("Starting zookeeper.service"))
        .count();
    let running = suite
        .bed
        .on(STACKI[0], "pgrep --count --full [o]rg.apache.zookeeper.server");
    assert_eq!((started, running.trim()), (1, "1"), "{journal}");
    format!("zookeeper was found stopped behind its package and was started {started} time")
}

pub(crate) fn a_second_apply_changes_nothing(suite: &Suite) -> String {
    suite.first_apply();
    let before = starts(suite);
    let unchanged = assert_nothing_to_do(suite, ("libssh2", "root"));
    assert_eq!(restarted_since(suite, &before), [""; 0]);
    format!(
        "second apply: 0 changes on {} hosts, {unchanged} resources as desired",
        STACKI.len()
    )
}

pub(crate) fn a_rebooted_host_is_as_it_was(suite: &Suite) -> String {
    suite.first_apply();
    suite.bed.testbed(&["reboot", STACKI[0], STACKI[1]]);
    assert_nothing_to_do(suite, ("libssh2", "root"));
    assert_cluster_is_up(suite, "MesosCluster");
    format!(
        "apply behind a reboot of {} and {}: 0 changes, every fixture daemon runs",
        STACKI[0], STACKI[1]
    )
}

pub(crate) fn a_hand_edit_is_shown_alone_and_mended(suite: &Suite) -> String {
    suite.first_apply();
    let (master, before) = (STACKI[0], starts(suite));
    suite.bed.on(master, "echo zk://10.9.9.9:2181/elsewhere >/etc/mesos/zk");
    let stacki = suite.stacki();
    let plan = stacki.report(&["plan", "--detailed-exitcode"], 2);
    assert_eq!(plan.planned(), [format!("{master}: file[/etc/mesos/zk]")]);
    let zookeeper = suite.bed.address(master);
    stacki
        .run(&["plan", "--detailed-exitcode"], 2)
        .says("-zk://10.9.9.9:2181/elsewhere")
        .says(&format!("+zk://{zookeeper}:2181/mesos"))
        .is_harmless();
    // A plan touches nothing.
    assert_eq!(
        suite.bed.on(master, "cat /etc/mesos/zk"),
        "zk://10.9.9.9:2181/elsewhere\n"
    );
    assert_eq!(restarted_since(suite, &before), [""; 0]);

    let apply = stacki.report(&["apply", "--detailed-exitcode"], 2);
    assert_eq!((apply.number("changed"), apply.number("refreshes")), (1, 2));
    assert_eq!(apply.refreshed(master), ["service[mesos-master]", "service[marathon]"]);
    let restarted = restarted_since(suite, &before);
    assert_eq!(
        restarted,
        [format!("{master}: marathon"), format!("{master}: mesos-master")]
    );
    assert_cluster_is_up(suite, "MesosCluster");
    format!(
        "1 edited file: the plan shows 1 change and exits 2, apply makes it and restarts {}",
        restarted.join(", ")
    )
}

pub(crate) fn an_edited_definition_uploads_no_program(suite: &Suite) -> String {
    let (first, before) = (suite.first_apply(), starts(suite));
    assert!(first.number("agent_bytes") > 0, "the first apply brings the agent");
    let name = ["--set", "mesos_cluster_name=Other"];
    let edited = suite.stacki().with(name).report(&["apply", "--detailed-exitcode"], 2);
    assert_eq!(edited.changed(STACKI[0]), ["file[/etc/mesos-master/cluster] content"]);
    assert_eq!((edited.number("changed"), edited.number("refreshes")), (1, 1));
    assert_eq!(
        restarted_since(suite, &before),
        [format!("{}: mesos-master", STACKI[0])]
    );
    assert_eq!(edited.number("agent_bytes"), 0);
    assert!(edited.hosts().values().all(|host| host["sent"]["agent_bytes"] == 0));
    assert_cluster_is_up(suite, "Other");
    suite.stacki().report(&["apply"], 0);
    format!(
        "bytes sent to {} hosts: first apply {} of agents and {} of messages, edited definition {} of agents and {} of messages",
        STACKI.len(),
        first.number("agent_bytes"),
        first.number("message_bytes"),
        edited.number("agent_bytes"),
        edited.number("message_bytes")
    )
}

pub(crate) fn the_same_holds_over_openssh_as_a_sudo_user(suite: &Suite) -> String {
    let way = ("openssh", "deploy");
    suite.bed.testbed(&[&["reset"], &STACKI[..]].concat());
    let first = suite.stacki().by(way).report(&["apply", "--detailed-exitcode"], 2);
    assert_cluster_is_up(suite, "MesosCluster");
    assert_nothing_to_do(suite, way);
    suite.bed.testbed(&["reboot", STACKI[0], STACKI[1]]);
    assert_nothing_to_do(suite, way);
    assert_cluster_is_up(suite, "MesosCluster");
    format!(
        "over openssh as deploy: first apply {} changes, second 0, behind a reboot 0",
        first.number("changed")
    )
}
