//! Compiling: the phases, composition of roles, edges declared and found, conflicts, cycles, order, determinism.

use mesos_iac::prelude::*;
use mesos_iac::{Compiled, Edge, Reason, ResourceId};
use std::sync::Arc;

/// A role whose declarations are a function, so that each test can say its own.
#[derive(Clone)]
pub(crate) struct Recipe(Arc<dyn Fn(&mut Cx<'_>) + Send + Sync>);

impl Recipe {
    pub(crate) fn new(recipe: impl Fn(&mut Cx<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(recipe))
    }
}

impl PartialEq for Recipe {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Role, Clone)]
#[role(name = "test-recipe")]
pub(crate) struct Test {
    pub(crate) recipe: Recipe,
}

impl Declares for Test {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        (self.recipe.0)(cx);
        Ok(())
    }
}

fn cluster(recipe: impl Fn(&mut Cx<'_>) + Send + Sync + 'static) -> Cluster {
    let recipe = Recipe::new(recipe);
    Cluster::new("x")
        .hosts(host("a").role(Test { recipe }))
        .build()
        .unwrap()
}

/// The catalogs of a cluster of one host, `a`, whose role declares what the recipe says.
pub(crate) fn compile(recipe: impl Fn(&mut Cx<'_>) + Send + Sync + 'static) -> Compiled {
    cluster(recipe).compile().unwrap()
}

pub(crate) fn mistakes(recipe: impl Fn(&mut Cx<'_>) + Send + Sync + 'static) -> String {
    cluster(recipe).compile().expect_err("the cluster compiles").to_string()
}

pub(crate) fn order(compiled: &Compiled) -> Vec<String> {
    compiled.hosts[0]
        .catalog
        .entries
        .iter()
        .map(|entry| entry.id.to_string())
        .collect()
}

pub(crate) fn edges(compiled: &Compiled, of: &str) -> Vec<(String, Reason)> {
    let id: ResourceId = of.parse().unwrap();
    let entry = compiled.hosts[0].catalog.entry(&id).unwrap();
    entry
        .after
        .iter()
        .map(|Edge { on, because }| (on.to_string(), *because))
        .collect()
}

#[test]
fn order_follows_edges_and_else_the_declaration() {
    let compiled = compile(|cx| {
        let last = cx.add(file("/c"));
        cx.add(file("/b").after(last));
        cx.add(file("/a").before(last));
    });
    assert_eq!(order(&compiled), ["file[/a]", "file[/c]", "file[/b]"]);
}

#[test]
fn paths_come_after_the_nearest_managed_directory() {
    let compiled = compile(|cx| {
        cx.add(file("/srv/a/b/file"));
        cx.add(directory("/srv/a"));
        cx.add(directory("/srv"));
    });
    assert_eq!(
        order(&compiled),
        ["directory[/srv]", "directory[/srv/a]", "file[/srv/a/b/file]"]
    );
    assert_eq!(
        edges(&compiled, "file[/srv/a/b/file]"),
        [("directory[/srv/a]".to_owned(), Reason::Directory)]
    );
}

#[test]
fn removals_come_the_other_way_round() {
    let compiled = compile(|cx| {
        cx.add(group("staff2").absent());
        cx.add(user("bob").group("staff2"));
        cx.add(directory("/srv").absent());
        cx.add(file("/srv/file").absent());
    });
    assert_eq!(
        order(&compiled),
        ["user[bob]", "group[staff2]", "file[/srv/file]", "directory[/srv]"]
    );
}

#[test]
fn owners_groups_and_shells_come_first() {
    let compiled = compile(|cx| {
        cx.add(file("/x").owner("mesos").group("ops"));
        cx.add(user("mesos").groups(["ops"]).shell("/opt/sh"));
        cx.add(file("/opt/sh"));
        cx.add(group("ops"));
    });
    assert_eq!(
        order(&compiled),
        ["file[/opt/sh]", "group[ops]", "user[mesos]", "file[/x]"]
    );
    assert_eq!(
        edges(&compiled, "file[/x]"),
        [
            ("group[ops]".to_owned(), Reason::Group),
            ("user[mesos]".to_owned(), Reason::User)
        ]
    );
}

#[test]
fn packages_come_before_what_they_bring() {
    let compiled = compile(|cx| {
        cx.add(service("zookeeper").running());
        cx.add(file("/etc/zookeeper/conf/zoo.cfg").owner("zookeeper"));
        cx.add(service("cron").running());
        cx.add(file("/etc/default/cron"));
        cx.add(
            package("zookeeperd")
                .provides_unit("zookeeper")
                .provides_path("/etc/zookeeper")
                .provides_user("zookeeper"),
        );
        cx.add(package("cron"));
    });
    let provider = |package: &str| vec![(package.to_owned(), Reason::Provider)];
    assert_eq!(edges(&compiled, "service[zookeeper]"), provider("package[zookeeperd]"));
    assert_eq!(
        edges(&compiled, "file[/etc/zookeeper/conf/zoo.cfg]"),
        provider("package[zookeeperd]")
    );
    assert_eq!(edges(&compiled, "file[/etc/default/cron]"), provider("package[cron]"));
    assert_eq!(
        edges(&compiled, "service[cron]"),
        [
            ("file[/etc/default/cron]".to_owned(), Reason::Path),
            ("package[cron]".to_owned(), Reason::Provider)
        ]
    );
}

#[test]
fn services_come_after_their_unit_files_and_drop_ins() {
    let compiled = compile(|cx| {
        cx.add(service("app").running());
        cx.add(file("/etc/systemd/system/app.service").content("[Unit]\n"));
        cx.add(file("/etc/systemd/system/app.service.d/limits.conf").content("[Service]\n"));
        cx.add(directory("/etc/systemd/system/app.service.d"));
        cx.add(file("/etc/systemd/system/apple.service").content("[Unit]\n"));
    });
    let first: Vec<String> = edges(&compiled, "service[app]").into_iter().map(|(id, _)| id).collect();
    assert!(
        first.contains(&"file[/etc/systemd/system/app.service]".to_owned()),
        "{first:?}"
    );
    assert!(
        first.contains(&"file[/etc/systemd/system/app.service.d/limits.conf]".to_owned()),
        "{first:?}"
    );
    assert!(
        !first.contains(&"file[/etc/systemd/system/apple.service]".to_owned()),
        "{first:?}"
    );
}

#[test]
fn repositories_come_before_packages() {
    let compiled = compile(|cx| {
        cx.add(package("mesos"));
        cx.add(file("/etc/apt/sources.list.d/mesos.list").content("deb …\n"));
    });
    assert_eq!(
        order(&compiled),
        ["file[/etc/apt/sources.list.d/mesos.list]", "package[mesos]"]
    );
}

#[test]
fn an_automatic_edge_that_would_close_a_cycle_is_dropped_and_told() {
    let compiled = compile(|cx| {
        let config = cx.add(file("/etc/mesos/zk").content("x"));
        cx.add(package("mesos").after(config));
    });
    // The definition says: the file first. What the package brings would say the opposite, so explicit wins.
    assert_eq!(order(&compiled), ["file[/etc/mesos/zk]", "package[mesos]"]);
    assert_eq!(compiled.hosts[0].provenance.dropped.len(), 1);

    let longer = compile(|cx| {
        let config = cx.add(file("/etc/mesos/zk").content("x"));
        let middle = cx.add(file("/srv/x").content("x").after(config));
        cx.add(package("mesos").after(middle));
    });
    assert_eq!(
        order(&longer),
        ["file[/etc/mesos/zk]", "file[/srv/x]", "package[mesos]"]
    );
    let dropped = &longer.hosts[0].provenance.dropped;
    assert_eq!(dropped.len(), 1);
    assert_eq!(dropped[0].of.to_string(), "file[/etc/mesos/zk]");
    assert_eq!(dropped[0].edge.on.to_string(), "package[mesos]");
}

#[test]
fn a_cycle_names_its_members_and_their_lines() {
    let text = mistakes(|cx| {
        cx.add(file("/a").after(resource::<File>("/b")));
        cx.add(file("/b").after(resource::<File>("/a")));
    });
    assert!(
        text.contains("[cycle] a: resources wait for each other: file[/a] after file[/b] after file[/a]"),
        "{text}"
    );
    assert_eq!(text.matches("compile.rs:").count(), 2, "{text}");
}

#[test]
fn two_resources_that_own_one_path_are_a_mistake_with_both_lines() {
    let text = mistakes(|cx| {
        cx.add(file("/etc/x"));
        cx.add(directory("/etc/x"));
    });
    assert!(
        text.contains("[two-writers] a: directory[/etc/x]: path /etc/x is owned by file[/etc/x] as well"),
        "{text}"
    );
    assert_eq!(text.matches("compile.rs:").count(), 2, "{text}");
}

#[test]
fn two_users_with_one_id_are_a_mistake() {
    let text = mistakes(|cx| {
        cx.add(user("one").uid(700));
        cx.add(user("two").uid(700));
    });
    assert!(text.contains("user id 700 is owned by user[one] as well"), "{text}");
}

#[derive(Role, Clone)]
#[role(name = "motd-one")]
#[resource(package("curl"))]
#[resource(file("/etc/motd").content("one\n"))]
struct MotdOne;

#[derive(Role, Clone)]
#[role(name = "motd-two")]
#[resource(package("curl"))]
#[resource(file("/etc/motd").content("two\n"))]
struct MotdTwo;

#[derive(Role, Clone)]
#[role(name = "needs-curl")]
#[resource(package("curl"))]
struct NeedsCurl;

#[test]
fn two_roles_that_write_one_file_are_a_mistake_with_both_lines() {
    let cluster = Cluster::new("x")
        .hosts(hosts("a[0-1]").role(MotdOne).role(MotdTwo))
        .build()
        .unwrap();
    let text = cluster.compile().unwrap_err().to_string();
    assert!(
        text.contains("[two-writers] a0: file[/etc/motd]: it is declared by role motd-one and by role motd-two"),
        "{text}"
    );
    assert!(
        text.contains("declared at") && text.contains("declared again at"),
        "{text}"
    );
}

#[test]
fn what_two_roles_say_word_for_word_counts_once() {
    let cluster = Cluster::new("x")
        .hosts(host("a").role(MotdOne).role(NeedsCurl))
        .build()
        .unwrap();
    let compiled = cluster.compile().unwrap();
    assert_eq!(order(&compiled), ["package[curl]", "file[/etc/motd]"]);
    let id: ResourceId = "package[curl]".parse().unwrap();
    assert_eq!(compiled.hosts[0].provenance.declared[&id].also.len(), 1);
}

const NEVER: Key<bool> = Key::new("compile.never").default(|| false);

#[test]
fn a_dangling_reference_names_the_nearest_or_the_condition() {
    let text = mistakes(|cx| {
        cx.add(package("mesos"));
        cx.add(file("/x").after(resource::<Package>("meso")));
    });
    assert!(
        text.contains("[dangling-reference] a: file[/x]: it depends on package[meso], which isn't declared")
            && text.contains("did you mean `mesos`?")
            && text.contains("declared at")
            && text.contains("compile.rs:"),
        "{text}"
    );

    let text = mistakes(|cx| {
        cx.add_when(NEVER, package("mesos"));
        cx.add(file("/x").after(resource::<Package>("mesos")));
    });
    assert!(
        text.contains("it was left out because `compile.never` doesn't hold"),
        "{text}"
    );
}

#[test]
fn a_handle_of_another_host_is_a_mistake() {
    use std::sync::Mutex;
    let kept = Arc::new(Mutex::new(None));
    let recipe = Recipe(Arc::new(move |cx: &mut Cx<'_>| {
        let mut kept = kept.lock().unwrap();
        let handle = *kept.get_or_insert_with(|| cx.add(file("/a")));
        cx.add(file("/b").after(handle));
    }));
    let cluster = Cluster::new("x")
        .hosts(hosts("a[0-1]").role(Test { recipe }))
        .build()
        .unwrap();
    let text = cluster.compile().unwrap_err().to_string();
    assert!(text.contains("[foreign-handle] a1: file[/b]"), "{text}");
}

#[derive(Debug, Clone, PartialEq)]
struct Client(String);
impl Endpoint for Client {}

#[derive(Role, Clone)]
#[role(name = "server")]
struct Server {
    port: u16,
}

impl Declares for Server {
    fn include(&self, cx: &mut IncludeCx<'_>) -> Result<()> {
        cx.include(NeedsCurl);
        Ok(())
    }

    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        let client = Client(format!("{}:{}", cx.addr()?, self.port));
        cx.expose(client);
        Ok(())
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let peers: Vec<String> = cx
            .hosts_with::<Self>()
            .iter()
            .map(|peer| peer.name().to_string())
            .collect();
        cx.add(file("/etc/peers").content(peers.join(",")));
        Ok(())
    }
}

#[derive(Role, Clone)]
#[role(name = "client")]
struct Clients;

impl Declares for Clients {
    fn include(&self, cx: &mut IncludeCx<'_>) -> Result<()> {
        cx.include(NeedsCurl);
        Ok(())
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let servers: Vec<String> = cx
            .endpoints::<Client>()
            .into_iter()
            .map(|(_, client)| client.0)
            .collect();
        cx.add(file("/etc/servers").content(servers.join(",")));
        if let Some(Client(own)) = cx.endpoint_here() {
            cx.add(file("/etc/server-here").content(own));
        }
        Ok(())
    }
}

#[test]
fn roles_include_expose_and_find_their_peers() {
    let cluster = Cluster::new("x")
        // The one who asks is declared before those who answer: phases, not order, decide.
        .hosts(host("client").role(Clients))
        .hosts(
            hosts("server[1-2]")
                .addrs(["10.0.0.1", "10.0.0.2"])
                .role(Server { port: 2181 }),
        )
        .hosts_matching("server2", |host| host.role(Clients))
        .build()
        .unwrap();
    let compiled = cluster.compile().unwrap();
    let text = |host: &str, path: &str| {
        compiled
            .host(host)
            .unwrap()
            .catalog
            .get::<File>(path)
            .unwrap()
            .text()
            .unwrap()
    };
    assert_eq!(text("client", "/etc/servers"), "10.0.0.1:2181,10.0.0.2:2181");
    assert_eq!(text("server2", "/etc/peers"), "server1,server2");
    assert_eq!(text("server2", "/etc/server-here"), "10.0.0.2:2181");
    assert!(!compiled.host("client").unwrap().catalog.has::<File>("/etc/server-here"));
    assert!(compiled.host("client").unwrap().catalog.has::<Package>("curl"));
}

#[test]
fn a_role_twice_with_other_settings_is_a_mistake_with_both_lines() {
    let cluster = Cluster::new("x")
        .hosts(
            host("a")
                .addr("10.0.0.1")
                .role(Server { port: 1 })
                .role(Server { port: 2 }),
        )
        .build()
        .unwrap();
    let text = cluster.compile().unwrap_err().to_string();
    assert!(
        text.contains("[unequal-roles] a: role server is given twice, with different settings"),
        "{text}"
    );
    assert_eq!(text.matches("compile.rs:").count(), 2, "{text}");
    let same = Cluster::new("x")
        .hosts(
            host("a")
                .addr("10.0.0.1")
                .role(Server { port: 1 })
                .role(Server { port: 1 }),
        )
        .build()
        .unwrap();
    assert_eq!(same.compile().unwrap().hosts[0].provenance.roles.len(), 2);
}

#[test]
fn the_same_program_compiles_to_the_same_bytes() {
    let make = || {
        Cluster::new("x")
            .hosts(
                hosts("server[1-3]")
                    .addrs(["10.0.0.1", "10.0.0.2", "10.0.0.3"])
                    .role(Server { port: 2181 })
                    .role(MotdOne),
            )
            .build()
            .unwrap()
            .compile()
            .unwrap()
    };
    let bytes = |compiled: &Compiled| -> Vec<String> {
        compiled
            .hosts
            .iter()
            .map(|host| host.catalog.to_canonical_json().unwrap())
            .collect()
    };
    let (one, two) = (make(), make());
    assert_eq!(bytes(&one), bytes(&two));
    assert_eq!(one, two);
    for host in &one.hosts {
        let json = host.catalog.to_canonical_json().unwrap();
        let back: Catalog = serde_json::from_str(&json).unwrap();
        assert_eq!(back, host.catalog);
        assert!(!json.contains("compile.rs"), "a catalog holds no locations");
    }
}

#[test]
fn names_that_tools_would_misread_are_mistakes_with_their_lines() {
    for (name, says) in [
        (
            "CRON",
            "\"CRON\" is no name of a package: expected two or more lower-case",
        ),
        ("x_y", "\"x_y\" is no name of a package: "),
        ("a b", "\"a b\" is no name of a package: "),
        ("-y", "\"-y\" is no name of a package: "),
    ] {
        let line = line!() + 2;
        let text = mistakes(move |cx| {
            cx.add(package(name));
        });
        assert_eq!(
            text.lines().next().unwrap().split(says).next(),
            Some(format!("[invalid-value] a: package[{name}]: ").as_str()),
            "{text}"
        );
        assert!(
            text.contains(&format!("\n  declared at tests/it/compile.rs:{line}")),
            "{text}"
        );
    }
    let text = mistakes(|cx| {
        cx.add(package("cron").version("1-"));
    });
    assert!(
        text.contains("package[cron]: \"1-\" is no version of a package: "),
        "{text}"
    );
    let text = mistakes(|cx| {
        cx.add(user("Bad Name"));
    });
    assert!(
        text.starts_with("[invalid-value] a: user[Bad Name]: \"Bad Name\" is no name of a user or group: expected"),
        "{text}"
    );
    let compiled = compile(|cx| {
        cx.add(package("g++"));
        cx.add(package("libc6:i386"));
    });
    assert_eq!(order(&compiled), ["package[g++]", "package[libc6:i386]"]);
}

#[test]
fn a_role_that_panics_is_a_mistake_like_others() {
    let line = line!() + 3;
    let text = mistakes(|cx| {
        cx.add(package("CRON"));
        cx.add(file("/etc/sure").content(cx.os().map(Os::to_string).expect("somebody is sure")));
    });
    let expected = [
        "[failed-declaration] a: role test-recipe panicked: somebody is sure".to_owned(),
        format!("  it panicked at tests/it/compile.rs:{line}"),
        "  the role was given here at tests/it/compile.rs:".to_owned(),
    ];
    for part in expected {
        assert!(text.contains(&part), "`{part}` isn't in:\n{text}");
    }
    assert!(text.contains("\"CRON\" is no name of a package"), "{text}");
}

/// The canonical form is written by hand where it is written most; it is what serde makes of the whole, keys sorted.
#[test]
fn the_canonical_form_is_the_whole_with_sorted_keys() {
    let mut refreshes = 0;
    for (name, cluster, _) in crate::examples::EXAMPLES {
        for mut host in cluster().unwrap().compile().unwrap().hosts {
            if let Some(first) = host.catalog.entries.first_mut() {
                first.retry = Some(mesos_iac::model::Retry {
                    times: 3,
                    pause: mesos_iac::HumanDuration(std::time::Duration::from_secs(2)),
                });
            }
            refreshes += host
                .catalog
                .entries
                .iter()
                .filter(|entry| !entry.refresh_on.is_empty())
                .count();
            // A map of values sorts its keys.
            let whole = serde_json::to_value(&host.catalog).unwrap().to_string();
            assert_eq!(host.catalog.to_canonical_json().unwrap(), whole, "{name}");
        }
    }
    assert!(refreshes > 10);
}
