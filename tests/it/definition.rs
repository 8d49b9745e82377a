//! Definitions: scopes and precedence, patterns, conditions, and every mistake that can be seen without a host.

use mesos_iac::prelude::*;
use mesos_iac::{InputValue, Inputs, RawValue};

#[derive(Attributes)]
#[attributes(prefix = "definition")]
struct Site {
    /// Which rack the host is in.
    #[attr(default = "none")]
    rack: String,
    /// A number of some sort.
    #[attr(default = 1)]
    level: u16,
    /// Where packets
    /// go. It has no default.
    ///
    /// What else is said of it is for the page.
    gateway: std::net::IpAddr,
    /// A switch.
    #[attr(default = false)]
    on: bool,
}

#[derive(Role, Clone)]
#[role(name = "reads-gateway", attributes = Site)]
#[resource(file("/etc/gateway").content(template!(source = "{{ gateway }}\n", Site)))]
struct ReadsGateway;

fn mistakes(result: Result<Cluster>) -> String {
    match result {
        Ok(cluster) => cluster.compile().expect_err("the cluster compiles").to_string(),
        Err(error) => error.to_string(),
    }
}

fn assert_mistake(result: Result<Cluster>, parts: &[&str]) {
    let text = mistakes(result);
    for part in parts {
        assert!(text.contains(part), "`{part}` isn't in:\n{text}");
    }
}

#[test]
fn an_empty_cluster_is_a_mistake() {
    assert_mistake(
        Cluster::new("x").build(),
        &["[empty-cluster]", "cluster `x` has no hosts", "hint: add some"],
    );
}

#[test]
fn a_pattern_that_matches_nothing_is_a_mistake_with_its_line() {
    let line = line!() + 3;
    let result = Cluster::new("x")
        .hosts(hosts("a[0-3]"))
        .hosts_matching("b[0-3]", |host| host)
        .build();
    assert_mistake(
        result,
        &[
            "[no-host-matches] `b[0-3]` matches no host",
            &format!("definition.rs:{line}"),
            "the hosts are a0, a1, a2, a3",
        ],
    );
}

#[test]
fn a_pattern_in_the_place_of_a_name_is_told_what_names_several() {
    assert_mistake(
        Cluster::new("x").hosts(host("lb-[1-2]")).build(),
        &[
            "is no host name",
            "declared at",
            "hint: `hosts(\"lb-[1-2]\")` names the hosts of a pattern",
        ],
    );
}

#[test]
fn a_damaged_pattern_is_a_mistake() {
    assert_mistake(
        Cluster::new("x").hosts(hosts("a[3-0]")).build(),
        &["runs downwards", "declared at"],
    );
    assert_mistake(
        Cluster::new("x")
            .hosts(host("a"))
            .hosts_matching("a[", |host| host)
            .build(),
        &["isn't closed"],
    );
    assert_mistake(
        Cluster::new("x")
            .hosts(host("a"))
            .hosts_matching(fnmatch("a["), |host| host)
            .build(),
        &["isn't closed"],
    );
}

#[test]
fn fnmatch_selects_as_stacki_does() {
    let cluster = Cluster::new("x")
        .hosts(hosts("a[0-12]"))
        .hosts_matching(fnmatch("a[1-12]"), |host| host.set(Site::LEVEL, 2))
        .build()
        .unwrap();
    let set = cluster
        .hosts()
        .iter()
        .enumerate()
        .filter(|(index, _)| !cluster.assignments(*index, "definition.level").is_empty());
    let names: Vec<String> = set.map(|(_, host)| host.name().to_string()).collect();
    assert_eq!(names, ["a1", "a2"]);
}

#[test]
fn a_value_of_the_wrong_type_is_a_mistake_with_its_line() {
    let line = line!() + 3;
    let result = Cluster::new("x")
        .hosts(host("a"))
        .set(Site::GATEWAY, "10.0.0.256")
        .build();
    assert_mistake(
        result,
        &[
            "[wrong-type]",
            "`definition.gateway` needs a value of type IpAddr",
            &format!("definition.rs:{line}"),
        ],
    );
}

#[test]
fn an_unset_attribute_names_host_key_scopes_and_place() {
    let result = Cluster::new("x").hosts(hosts("a[0-1]").role(ReadsGateway)).build();
    assert_mistake(
        result,
        &[
            "[unset-attribute] a0: ",
            "`definition.gateway` is read but not set",
            "searched global, appliance, os, environment, host",
            "read at tests/it/definition.rs:",
            "the attribute is declared at tests/it/definition.rs:",
            "--set definition.gateway=VALUE",
        ],
    );
}

#[test]
fn one_name_with_two_types_is_a_mistake() {
    const ONE: Key<u16> = Key::new("two-types");
    const TWO: Key<String> = Key::new("two-types");
    let result = Cluster::new("x").hosts(host("a")).set(ONE, 1_u16).set(TWO, "1").build();
    assert_mistake(
        result,
        &[
            "[conflicting-types]",
            "`two-types` is declared with two types: u16 and String",
            "declared again at",
        ],
    );
}

#[test]
fn hosts_and_appliances_of_one_name_are_mistakes() {
    assert_mistake(
        Cluster::new("x").hosts(host("a")).hosts(host("a")).build(),
        &["[duplicate-name] a: the host is declared twice", "declared again at"],
    );
    let twice = Cluster::new("x")
        .hosts(host("a"))
        .appliance(appliance("b"))
        .appliance(appliance("b"))
        .build();
    assert_mistake(twice, &["the appliance `b` is declared twice"]);
}

#[test]
fn an_unknown_appliance_names_the_nearest() {
    let result = Cluster::new("x")
        .appliance(appliance("backend"))
        .hosts(host("a").appliance("bakend"))
        .build();
    assert_mistake(
        result,
        &[
            "[unknown-name] a: there is no appliance `bakend`",
            "did you mean `backend`?",
        ],
    );
}

#[test]
fn addresses_are_counted() {
    assert_mistake(
        Cluster::new("x").hosts(hosts("a[0-1]").addrs(["10.0.0.1"])).build(),
        &["1 addresses are given for 2 hosts"],
    );
}

#[test]
fn addresses_are_addresses() {
    for address in ["300.1.2.3", "10.0.0.1:22", "", "1.2.3", "a b", "::x"] {
        let result = Cluster::new("x").hosts(host("a").addr(address)).build();
        assert_mistake(result, &["[invalid-value] a: ", "is no address"]);
    }
    for address in ["10.0.0.1", "2001:db8::1", "fe80::1%eth0", "zk1.example.org"] {
        assert!(
            Cluster::new("x").hosts(host("a").addr(address)).build().is_ok(),
            "{address}"
        );
    }
}

#[test]
fn how_a_host_is_reached_is_checked_with_its_line() {
    let two = || hosts("a[0-1]");
    // A call and its line stand in one line of the source.
    let user = |text: &str| (line!(), two().user(text));
    let connect = |text: &str| (line!(), two().connect(text));
    let port = || (line!(), two().port(0));
    let host_key = || (line!(), two().host_key("SHA256:x"));
    let each = || (line!(), two().each(|_, host| host.user("")));
    for ((line, hosts), why) in [
        (user("-oProxy"), "\"-oProxy\" is no login: it starts with '-'"),
        (user("a b"), "\"a b\" is no login: it contains white space"),
        (connect("10.0.0.1:22"), "\"10.0.0.1:22\" is no address"),
        (connect("fe80::1%$(x)"), "\"fe80::1%$(x)\" is no address"),
        (port(), "0 is no port"),
        (host_key(), "\"SHA256:x\" is no fingerprint of a host key"),
        (each(), "\"\" is no login: it is empty"),
    ] {
        let place = format!("given at tests/it/definition.rs:{line}");
        assert_mistake(
            Cluster::new("x").hosts(hosts).build(),
            &["[invalid-value] a0: ", "[invalid-value] a1: ", why, &place],
        );
    }
    let pin = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";
    let right = host("a")
        .user("deploy@EXAMPLE")
        .connect("fe80::1%eth0")
        .port(2222)
        .host_key(pin);
    let cluster = Cluster::new("x").hosts(right).build().unwrap();
    assert_eq!(cluster.hosts()[0].pinned_keys()[0].to_string(), pin);
}

#[test]
fn a_name_of_a_cluster_that_is_none_has_its_line() {
    let line = line!() + 1;
    let result = Cluster::new("").hosts(host("a")).build();
    assert_mistake(
        result,
        &[
            "[invalid-value] \"\" is no cluster's name",
            &format!("named at tests/it/definition.rs:{line}"),
        ],
    );
}

#[test]
fn the_last_scope_wins_in_the_order_of_the_profile() {
    let build = |precedence| {
        Cluster::new("x")
            .precedence(precedence)
            .set(Site::RACK, "global")
            .appliance(appliance("backend").set(Site::RACK, "appliance"))
            .os(attributes_of("debian").set(Site::RACK, "os"))
            .environment(attributes_of("prod").set(Site::RACK, "environment"))
            .hosts(hosts("a[0-4]").os(Os::debian("12")))
            .hosts_matching("a[1-4]", |host| host.appliance("backend"))
            .hosts_matching("a[3-4]", |host| host.environment("prod"))
            .hosts_matching("a4", |host| host.set(Site::RACK, "host"))
            .build()
            .unwrap()
    };
    let racks = |cluster: &Cluster| -> Vec<String> {
        (0..5)
            .map(|host| {
                cluster
                    .assignments(host, "definition.rack")
                    .last()
                    .unwrap()
                    .1
                    .value
                    .to_string()
            })
            .collect()
    };
    assert_eq!(
        racks(&build(Precedence::Stacki5_4)),
        ["os", "os", "os", "environment", "host"]
    );
    assert_eq!(
        racks(&build(Precedence::Stacki1_0)),
        ["os", "appliance", "appliance", "environment", "host"]
    );
    assert_eq!(
        racks(&build(Precedence::StackiWiki)),
        ["os", "appliance", "appliance", "appliance", "host"]
    );
}

#[test]
fn inputs_have_the_last_word() {
    let inputs = Inputs {
        attributes: vec![InputValue {
            key: "definition.rack".into(),
            value: RawValue::Text("input".into()),
            origin: "--set".into(),
        }],
        hosts: Vec::new(),
    };
    let cluster = Cluster::new("x")
        .hosts(host("a"))
        .hosts_matching("a", |host| host.set(Site::RACK, "host"))
        .build()
        .unwrap();
    let cluster = cluster.with_inputs(&inputs).unwrap();
    let values: Vec<String> = cluster
        .assignments(0, "definition.rack")
        .iter()
        .map(|(_, a)| a.value.to_string())
        .collect();
    assert_eq!(values, ["host", "input"]);
}

/// Whatever the attribute's documentation looks like, what helps is one line.
#[test]
fn a_value_of_the_wrong_type_is_told_with_what_is_right() {
    let told = |key: &str, value: RawValue| {
        let inputs = Inputs {
            attributes: vec![InputValue {
                key: key.into(),
                value,
                origin: "--set".into(),
            }],
            hosts: Vec::new(),
        };
        let cluster = Cluster::new("x").hosts(host("a")).build().unwrap();
        let told = cluster.with_inputs(&inputs).unwrap_err().to_string();
        told.lines().last().unwrap().trim().to_owned()
    };
    assert_eq!(
        told("definition.gateway", RawValue::Text("here".into())),
        "hint: its documentation: Where packets go."
    );
    assert_eq!(
        told("definition.rack", RawValue::Data(5.into())),
        "hint: a value of that type is `\"none\"`, its default"
    );
}

#[test]
fn conditions_are_decided_for_each_host() {
    #[derive(Role, Clone)]
    #[role(name = "conditions", attributes = Site)]
    #[resource(file("/on"), when = on)]
    #[resource(file("/off"), when = !on)]
    #[resource(file("/both"), when = on && level == 2)]
    #[resource(file("/either"), when = on || level == 2)]
    struct Conditions;

    let cluster = Cluster::new("x")
        .role(Conditions)
        .hosts(hosts("a[0-2]"))
        .hosts_matching("a[1-2]", |host| host.set(Site::ON, true))
        .hosts_matching("a2", |host| host.set(Site::LEVEL, 2))
        .build()
        .unwrap();
    let compiled = cluster.compile().unwrap();
    let files = |host: &str| -> Vec<String> {
        compiled
            .host(host)
            .unwrap()
            .catalog
            .all::<File>()
            .map(|(path, _)| path.to_owned())
            .collect()
    };
    assert_eq!(files("a0"), ["/off"]);
    assert_eq!(files("a1"), ["/on", "/either"]);
    assert_eq!(files("a2"), ["/on", "/both", "/either"]);
    let left_out = &compiled.host("a0").unwrap().provenance.left_out;
    assert_eq!(left_out.len(), 3);
    assert_eq!(left_out[0].resource.as_ref().unwrap().to_string(), "file[/on]");
    assert_eq!(left_out[0].condition, "definition.on");
}

#[test]
fn facts_that_are_not_declared_decide_nothing() {
    #[derive(Role, Clone)]
    #[role(name = "os-condition")]
    struct OsCondition;
    impl Declares for OsCondition {
        fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
            cx.when(Condition::os("debian"), |cx| cx.add(package("a")));
            Ok(())
        }
    }
    let build = |hosts: Hosts| Cluster::new("x").role(OsCondition).hosts(hosts).build();
    assert_mistake(build(host("a")), &["its operating system isn't declared"]);
    let compiled = build(host("a").os(Os::ubuntu("24.04"))).unwrap().compile().unwrap();
    assert!(compiled.hosts[0].catalog.entries.is_empty());
}

#[test]
fn what_is_too_long_for_a_host_is_a_mistake() {
    const MOST: usize = 64 * 1024 * 1024;

    #[derive(Role, Clone)]
    #[role(name = "too-long")]
    #[resource(file("/etc/text").content("x".repeat(MOST + 1)))]
    #[resource(file("/etc/bytes").content(vec![0xff_u8; MOST + 1].as_slice()))]
    #[resource(file("/etc/fits").content("x".repeat(MOST)))]
    #[resource(symlink("/etc/long", "x".repeat(4096)))]
    #[resource(symlink("/etc/longest", "x".repeat(4095)))]
    struct TooLong;

    let text = mistakes(Cluster::new("x").role(TooLong).hosts(host("a")).build());
    assert_eq!(text.matches("declared at").count(), 3, "{text}");
    for part in [
        "file[/etc/text]: role too-long: failed to declare the content of /etc/text: it has 67108865 bytes, and 67108864 (64 MiB) are the most",
        "file[/etc/bytes]: role too-long: failed to declare the content of /etc/bytes: it has 67108865 bytes",
        "symlink[/etc/long]: role too-long: failed to declare link /etc/long: its target has 4096 bytes, and 4095 are the most",
    ] {
        assert!(text.contains(part), "`{part}` isn't in:\n{text}");
    }
}

#[test]
fn values_of_resources_are_checked_before_any_host() {
    #[derive(Role, Clone)]
    #[role(name = "bad-values")]
    #[resource(file("etc/relative").content("x"))]
    #[resource(file("/etc/mode").mode(0o77777))]
    #[resource(file("/etc/owner").owner("root:root"))]
    #[resource(package("--allow-unauthenticated"))]
    #[resource(service("-x"))]
    #[resource(user("Root"))]
    #[resource(command(["-c"]).creates("/x"))]
    #[resource(symlink("/etc/link", ""))]
    #[resource(directory("/a/../b"))]
    struct BadValues;

    let text = mistakes(Cluster::new("x").role(BadValues).hosts(host("a")).build());
    assert_eq!(text.matches("declared at").count(), 9, "{text}");
    // Each is a value that can't be, and none a declaration that failed.
    assert_eq!(text.matches("[invalid-value]").count(), 8, "{text}");
    for part in [
        "isn't absolute",
        "is no file mode",
        "root:root",
        "no name of a package",
        "no name of a unit",
        "is no program's name",
        "can't be a link's target",
        "climbs with",
    ] {
        assert!(text.contains(part), "`{part}` isn't in:\n{text}");
    }
}
