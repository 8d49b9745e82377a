//! Every mistake that a check of flags tells, and how flags are written where they may stand.

use mesos_iac::Secret;
use mesos_iac::model::{Code, Problem};
use mesos_iac::roles::Version;
use mesos_iac::roles::flags::{
    self, Agent, Basis, CheckedFlag, Chronos, FlagText, Flags, Marathon, Master, Program, agent, chronos, marathon,
    master,
};
use mesos_iac::roles::mesos::ZkUrl;
use std::time::Duration;

/// What is told of these flags: each message with its hint.
fn told<P: Program>(flags: &Flags<P>, version: &str) -> Vec<String> {
    let problems = flags.checked(version.parse().unwrap()).unwrap_err();
    let shown = |problem: &Problem| {
        assert_eq!(problem.code, Code::InvalidFlag);
        assert!(
            problem.places.iter().all(|place| place.at.file.ends_with("flags.rs")),
            "{problem}"
        );
        assert!(!problem.places.is_empty(), "{problem}");
        format!("{}: {}", problem.message, problem.hint.as_deref().unwrap_or("-"))
    };
    problems.iter().map(shown).collect()
}

fn text<P: Program>(name: &str, value: &str) -> Flags<P> {
    Flags::new().set_text(name, value)
}

/// Words of old releases: each release takes its own, and tells what to write for the others.
#[test]
fn words_of_old_releases_are_told_with_what_they_stand_for() {
    let agent = |name, value, version: &str| {
        let flags = text::<Agent>(name, value);
        match flags.checked(version.parse().unwrap()) {
            Ok(_) => String::new(),
            Err(_) => told(&flags, version).remove(0),
        }
    };
    for version in ["0.20.1", "0.28.3", "1.0.4"] {
        assert_eq!(agent("containerizers", "external,mesos", version), "", "{version}");
        let isolation = agent("isolation", "external", version);
        assert!(isolation.contains("say `--containerizers=external`"), "{isolation}");
        assert!(agent("containerizers", "rkt", version).contains("mesos, docker, external"));
    }
    assert_eq!(agent("isolation", "external", "0.19.1"), "");
    for (name, value) in [("containerizers", "external,mesos"), ("isolation", "external")] {
        let gone = agent(name, value, "1.1.0");
        assert!(gone.contains("the external containerizer was removed in 1.1"), "{gone}");
    }
    assert!(!agent("containerizers", "rkt", "1.1.0").contains("external"));
    for version in ["0.19.0", "0.28.3", "1.11.0"] {
        let of = |value| agent("isolation", value, version);
        assert!(of("process").ends_with("write `--isolation=posix/cpu,posix/mem`"));
        assert!(of("cgroups").ends_with("write `--isolation=cgroups/cpu,cgroups/mem`"));
        assert_eq!(of("posix/cpu,posix/mem"), "");
    }
}

#[test]
fn each_mistake_is_told_with_its_reason_and_the_right_spelling() {
    let master = |name, value, version| told(&text::<Master>(name, value), version).remove(0);
    let agent = |name, value, version| told(&text::<Agent>(name, value), version).remove(0);
    crate::support::assert_snapshot(
        "flags_mistakes",
        [
            master("quorom", "2", "1.11.0"),
            master("--quiet", "true", "1.11.0"),
            master("com_example_Module", "x", "1.11.0"),
            master("offer_timeout", "5m", "1.11.0"),
            master("registry_fetch_timeout", "60", "1.11.0"),
            master("slave_ping_timeout", "15secs", "1.4.0"),
            master("agent_ping_timeout", "15secs", "0.28.0"),
            master("agent_ping_timeout", "20mins", "1.4.0"),
            master("modules_dir", "/x", "0.28.3"),
            master("user_sorter", "random", "0.28.3"),
            master("user_sorter", "drf", "1.11.0"),
            master("role_sorter", "drf", "1.5.0"),
            master("authentication_v0_timeout", "15secs", "1.5.0"),
            master("logging_level", "INFOS", "1.11.0"),
            master("recovery_agent_removal_limit", "50", "1.11.0"),
            master("agent_removal_rate_limit", "1/10m", "1.11.0"),
            master("acls", "[]", "1.11.0"),
            master("acls", "/etc/acls", "1.11.0"),
            master("zk", "zk://user:password@a:2181/m", "1.11.0"),
            master("zk", "file://zk", "1.11.0"),
            master("quiet", "yes", "1.11.0"),
            master("port", "70000", "1.11.0"),
            master("ip", "host", "1.11.0"),
            agent("checkpoint", "true", "0.28.0"),
            agent("fetcher_cache_size", "2G", "1.11.0"),
            agent("isolation", "cgroup/cpu", "1.11.0"),
            agent("isolation", "posix/cpu, posix/mem", "1.11.0"),
            agent("containerizers", "docker,rkt", "1.11.0"),
            agent("gc_disk_headroom", "1.5", "1.11.0"),
            agent("attributes", "rack", "1.11.0"),
            agent("resources", "ports:31000", "1.11.0"),
            agent("default_role", "-x", "1.11.0"),
            agent("master", "http://a:5050", "1.11.0"),
        ]
        .join("\n"),
    );
}

#[test]
fn marathon_and_chronos_are_told_alike() {
    let marathon = |name, value, version| told(&text::<Marathon>(name, value), version).remove(0);
    crate::support::assert_snapshot(
        "flags_mistakes_of_marathon",
        [
            marathon("event_subscriber", "http_callback", "1.5.15"),
            marathon("maintenance_mode", "true", "1.5.15"),
            marathon("ha", "false", "0.8.2"),
            marathon("disable_ha", "true", "0.8.2"),
            marathon("http_credentials", "admin:admin", "1.8.244"),
            marathon("zk", "zk://a:2181", "1.4.13"),
            marathon("failover_timeout", "7days", "1.4.13"),
            marathon("internal_store_backend", "mesos_zk", "1.5.15"),
            told(&text::<Chronos>("zk_host", "a:2181"), "3.0.2").remove(0),
        ]
        .join("\n"),
    );
}

#[test]
fn combinations_that_mesos_refuses_are_told() {
    let both = |a: &str, b: &str, values: [&str; 2], version| {
        told(&text::<Master>(a, values[0]).set_text(b, values[1]), version).join(" | ")
    };
    let agent = |flags: &[(&str, &str)]| {
        let set = |flags: Flags<Agent>, (name, value): &(&str, &str)| flags.set_text(*name, *value);
        told(&flags.iter().fold(Flags::new(), set), "1.11.0").join(" | ")
    };
    crate::support::assert_snapshot(
        "flags_combinations",
        [
            both("ip", "ip_discovery_command", ["10.0.0.1", "echo"], "1.11.0"),
            both("modules", "modules_dir", ["{}", "/x"], "1.11.0"),
            both("zk", "master_detector", ["zk://a:2181/m", "x"], "1.11.0"),
            both("role_sorter", "framework_sorter", ["random", "drf"], "1.11.0"),
            both("authorizers", "registry_strict", ["a,b", "true"], "1.0.0"),
            both("quorum", "quorum", ["1", "2"], "1.0.0"),
            both(
                "agent_ping_timeout",
                "slave_ping_timeout",
                ["15secs", "15secs"],
                "1.0.0",
            ),
            agent(&[("domain", "{}")]),
            agent(&[("perf_duration", "2mins")]),
            agent(&[("master", "a:5050"), ("master_detector", "x")]),
            agent(&[("ip6", "::1"), ("ip6_discovery_command", "x")]),
            agent(&[("executor_reregistration_timeout", "16secs")]),
            agent(&[("domain_socket_location", &format!("/{}", "x".repeat(107)))]),
        ]
        .join("\n"),
    );
    let near = Flags::<Master>::new()
        .set_text("role_sorter", "random")
        .set_text("framework_sorter", "random")
        .set_text("ip", "10.0.0.1")
        .set_text("registry_strict", "false");
    assert!(near.checked(Version::new(1, 11, 0)).is_ok());
    assert!(
        text::<Master>("registry_strict", "true")
            .checked(Version::new(0, 28, 0))
            .is_ok()
    );
}

#[test]
fn what_is_missing_is_told_by_itself() {
    let missing = |problems: mesos_iac::model::Problems| -> Vec<String> {
        problems.into_iter().filter_map(|problem| problem.hint).collect()
    };
    let (old, new) = (Version::new(0, 28, 3), Version::new(1, 0, 0));
    let zk = text::<Master>("zk", "zk://a:2181/m");
    assert_eq!(missing(zk.missing(new)), ["set `--work_dir`", "set `--quorum`"]);
    assert_eq!(missing(Flags::<Master>::new().missing(new)), ["set `--work_dir`"]);
    assert!(
        zk.clone()
            .set(master::QUORUM, 2)
            .set(master::WORK_DIR, "/var/lib/mesos")
            .missing(new)
            .is_empty()
    );
    assert!(
        zk.set(master::REGISTRY, flags::Registry::InMemory)
            .missing(new)
            .is_empty()
    );
    assert_eq!(
        missing(Flags::<Agent>::new().missing(new)),
        ["set `--master`", "set `--work_dir`"]
    );
    assert_eq!(missing(Flags::<Agent>::new().missing(old)), ["set `--master`"]);
    assert!(text::<Agent>("master_detector", "x").missing(old).is_empty());
    assert_eq!(missing(Flags::<Marathon>::new().missing(new)), ["set `--master`"]);
    assert_eq!(missing(Flags::<Chronos>::new().missing(new)), ["set `--master`"]);
}

#[test]
fn a_user_goes_before_a_role_under_any_name() {
    let role = || {
        Flags::<Master>::new()
            .set(master::MAX_AGENT_PING_TIMEOUTS, 5_u32)
            .set(master::QUORUM, 2)
    };
    let user = text::<Master>("max_slave_ping_timeouts", "20").with_defaults(role());
    let checked = user.checked(Version::new(0, 28, 0)).unwrap();
    let shown: Vec<_> = checked.iter().flat_map(|flag| flag.words().unwrap()).collect();
    assert_eq!(shown, ["--max_slave_ping_timeouts=20", "--quorum=2"]);

    let without = Flags::<Master>::new().unset(master::QUORUM).with_defaults(role());
    assert!(!without.has(master::QUORUM));
    assert_eq!(without.checked(Version::new(1, 0, 0)).unwrap().len(), 1);

    let merged = Flags::<Master>::new().set(master::QUORUM, 3).merge(role());
    assert_eq!(told(&merged, "1.0.0").len(), 1);
    assert_eq!(
        merged
            .checked(Version::new(1, 0, 0))
            .unwrap_err()
            .iter()
            .next()
            .unwrap()
            .places
            .len(),
        2
    );
}

#[test]
fn flags_are_written_where_they_may_stand() {
    let flags = Flags::<Master>::new()
        .set(master::CLUSTER, "Lab's")
        .set(master::HOSTNAME_LOOKUP, false)
        .set(master::QUIET, true)
        .set(master::REGISTRY_STORE_TIMEOUT, Duration::from_secs(60))
        .unchecked("com_example_module", "x");
    let checked = flags.checked(Version::new(1, 11, 0)).unwrap();
    assert_eq!(
        checked.iter().map(CheckedFlag::is_unchecked).collect::<Vec<_>>(),
        [false, true, false, false, false]
    );
    let words: Vec<_> = checked.iter().flat_map(|flag| flag.words().unwrap()).collect();
    assert_eq!(
        words,
        [
            "--cluster=Lab's",
            "--com_example_module=x",
            "--no-hostname_lookup",
            "--quiet",
            "--registry_store_timeout=1mins"
        ]
    );
    let files: Vec<_> = checked.iter().map(|flag| flag.file().unwrap().unwrap()).collect();
    let files: Vec<_> = files
        .iter()
        .map(|file| (file.name.as_str(), file.content.to_string()))
        .collect();
    assert_eq!(
        files,
        [
            ("cluster", "Lab's\n".to_owned()),
            ("com_example_module", "x\n".to_owned()),
            ("?no-hostname_lookup", String::new()),
            ("?quiet", String::new()),
            ("registry_store_timeout", "1mins\n".to_owned()),
        ]
    );
    let lines: String = checked
        .iter()
        .map(|flag| flag.environment().unwrap().unwrap().line().to_string())
        .collect();
    assert_eq!(
        lines,
        "MESOS_CLUSTER=\"Lab's\"\nMESOS_COM_EXAMPLE_MODULE=x\nMESOS_HOSTNAME_LOOKUP=false\nMESOS_QUIET=true\n\
         MESOS_REGISTRY_STORE_TIMEOUT=1mins\n"
    );
}

#[test]
fn marathon_switches_are_there_or_not() {
    let flags = Flags::<Marathon>::new()
        .set(marathon::HA, false)
        .set(marathon::DISABLE_HTTP, false)
        .set(marathon::FAILOVER_TIMEOUT, Duration::from_secs(3600))
        .set(marathon::KILL_RETRY_TIMEOUT, Duration::from_secs(10));
    let checked = flags.checked(Version::new(1, 8, 244)).unwrap();
    let words: Vec<_> = checked.iter().flat_map(|flag| flag.words().unwrap()).collect();
    assert_eq!(
        words,
        [
            "--failover_timeout",
            "3600",
            "--disable_ha",
            "--kill_retry_timeout",
            "10000"
        ]
    );
    let files: Vec<_> = checked
        .iter()
        .filter_map(|flag| flag.file().unwrap())
        .map(|file| file.name)
        .collect();
    assert_eq!(files, ["failover_timeout", "?disable_ha", "kill_retry_timeout"]);
    let variables: Vec<_> = checked.iter().filter_map(|flag| flag.environment().unwrap()).collect();
    let lines: Vec<_> = variables.iter().map(|variable| variable.line().to_string()).collect();
    assert_eq!(
        lines,
        [
            "MARATHON_FAILOVER_TIMEOUT=3600\n",
            "MARATHON_DISABLE_HA=\n",
            "MARATHON_KILL_RETRY_TIMEOUT=10000\n"
        ]
    );
    let handed_on = checked[1].environment_as("MARATHON_CMD_").unwrap().unwrap();
    assert_eq!(handed_on.name, "MARATHON_CMD_FAILOVER_TIMEOUT");
    assert!(
        text::<Chronos>("user", "x").checked(Version::new(3, 0, 2)).unwrap()[0]
            .environment()
            .is_err()
    );
}

#[test]
fn secrets_stand_in_files_and_environments_alone() {
    let zk = ZkUrl::new([("a", 2181)], "/mesos")
        .unwrap()
        .credentials("u", Secret::from_env("PW"))
        .unwrap();
    let flags = Flags::<Master>::new().set(master::ZK, zk);
    let checked = flags.checked(Version::new(1, 11, 0)).unwrap();
    assert!(matches!(checked[0].value(), FlagText::Secret(_)));
    assert!(
        checked[0]
            .words()
            .unwrap_err()
            .hint
            .unwrap()
            .contains("--zk=file:///PATH")
    );
    let file = checked[0].file().unwrap().unwrap();
    assert_eq!(file.content.to_string(), "zk://u:«env:PW»@a:2181/mesos\n");
    let line = checked[0].environment().unwrap().unwrap().line();
    assert!(line.is_secret());
    assert_eq!(line.to_string(), "MESOS_ZK=\"zk://u:«env:PW»@a:2181/mesos\"\n");

    let flags = Flags::<Marathon>::new().set(marathon::HTTP_CREDENTIALS, Secret::from_env("CREDENTIALS"));
    // Before 1.8 the flag was that of a library.
    let checked = flags.checked(Version::new(1, 4, 13)).unwrap();
    assert_eq!(checked[0].basis(), Basis::Likely);
    assert!(checked[0].words().is_err());
}

#[test]
fn what_a_place_cannot_carry_is_a_problem() {
    let checked = |name: &str, value: &str| {
        let checked = text::<Agent>(name, value).checked(Version::new(1, 11, 0));
        checked.unwrap().remove(0)
    };
    let lines = checked("attributes", "rack:r1\nssd:true");
    assert!(lines.environment().is_err());
    assert!(lines.file().is_ok());
    assert!(checked("hostname", "a\n").file().is_err());
    assert!(
        Flags::<Agent>::new()
            .set_text("hostname", "a\0")
            .checked(Version::new(1, 11, 0))
            .is_err()
    );
    let negative = text::<Marathon>("max_apps", "-1")
        .checked(Version::new(1, 5, 15))
        .unwrap()
        .remove(0);
    assert!(negative.words().is_err());
    assert!(negative.file().is_ok());
}

#[test]
fn defaults_and_builds_are_known_by_version() {
    let store = master::REGISTRY_STORE_TIMEOUT.facts();
    assert_eq!(store.default_in(Version::new(0, 27, 3)), Some("5secs"));
    assert_eq!(store.default_in(Version::new(0, 28, 0)), Some("20secs"));
    let work_dir = agent::WORK_DIR.facts();
    assert_eq!(work_dir.default_in(Version::new(0, 22, 1)), Some("/tmp/mesos"));
    assert_eq!(work_dir.default_in(Version::new(1, 0, 0)), None);
    let allocator = |text: &str| master::ALLOCATOR.facts().default_in(text.parse().unwrap()).unwrap();
    assert_eq!(
        [allocator("1.4.2"), allocator("1.5.0"), allocator("1.11.0")],
        ["hierarchical", "HierarchicalDRF", "hierarchical"]
    );
    assert_eq!(agent::JWT_SECRET_KEY.facts().build_option(), Some("USE_SSL_SOCKET"));
    assert!(agent::CGROUPS_ENABLE_CFS.facts().is_linux_only());
    assert!(
        marathon::LOGGING_LEVEL
            .facts()
            .is_deprecated_in(Version::new(1, 8, 244))
    );
    assert_eq!(
        chronos::ZK_PATH.facts().default_in(Version::new(3, 0, 2)),
        Some("/chronos/state")
    );
}
