//! Order against whole roles and stages: what waits for what, what that costs, and what becomes of failures.

use crate::compile::{Recipe, Test, compile, edges, mistakes, order};
use mesos_iac::converge::{Event, Outcome, RefreshOutcome};
use mesos_iac::plan::{Because, Planned, plan};
use mesos_iac::prelude::*;
use mesos_iac::system::FakeSystem;
use mesos_iac::testing::FakeHost;
use mesos_iac::{Compiled, CompiledHost, Ledger, Reason, ResourceId};

#[derive(Role, Clone)]
#[role(name = "java")]
#[resource(package("openjdk"))]
struct Java;

#[derive(Role, Clone)]
#[role(name = "zoo")]
#[include(Java)]
#[resource(package("zookeeperd"))]
#[resource(file("/srv/zoo").content("zoo\n"))]
struct Zoo;

#[derive(Role, Clone)]
#[role(name = "node")]
#[include(Java)]
#[resource(file("/srv/one").content("one\n").after(role::<Zoo>()))]
#[resource(file("/srv/two").content("two\n"))]
struct Node;

/// Everything of it comes after everything of [`Zoo`].
#[derive(Role, Clone)]
#[role(name = "late")]
struct Late;

impl Declares for Late {
    fn include(&self, cx: &mut IncludeCx<'_>) -> Result<()> {
        cx.include(Java);
        Ok(())
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.add(file("/srv/late").content("late\n"));
        cx.add(package("zookeeperd"));
        cx.after(role::<Zoo>());
        Ok(())
    }
}

#[derive(Role, Clone)]
#[role(name = "hollow")]
#[resource(file("/srv/hollow"), when = { NEVER })]
struct Hollow;

const NEVER: Key<bool> = Key::new("ordering.never").default(|| false);

fn on_one_host(host: impl Into<Hosts>) -> Cluster {
    Cluster::new("x").hosts(host).build().unwrap()
}

/// Whether the one comes before the other, by way of edges.
fn comes_before(compiled: &Compiled, first: &str, then: &str) -> bool {
    let catalog = &compiled.hosts[0].catalog;
    let (first, then): (ResourceId, ResourceId) = (first.parse().unwrap(), then.parse().unwrap());
    let mut open = vec![then];
    while let Some(id) = open.pop() {
        let entry = catalog.entry(&id).unwrap();
        if entry.after.iter().any(|edge| edge.on == first) {
            return true;
        }
        open.extend(entry.after.iter().map(|edge| edge.on.clone()));
    }
    false
}

fn edge_count(compiled: &Compiled) -> usize {
    let entries = &compiled.hosts[0].catalog.entries;
    entries.iter().map(|entry| entry.after.len()).sum()
}

#[test]
fn what_comes_after_a_role_comes_after_all_that_it_declares_and_includes() {
    let compiled = on_one_host(host("a").role(Node).role(Zoo)).compile().unwrap();
    for first in ["package[openjdk]", "package[zookeeperd]", "file[/srv/zoo]"] {
        assert!(comes_before(&compiled, first, "file[/srv/one]"), "{first}");
        assert!(!comes_before(&compiled, first, "file[/srv/two]"), "{first}");
    }
    assert_eq!(
        edges(&compiled, "file[/srv/one]"),
        [("anchor[end of role it.zoo]".to_owned(), Reason::Declared)]
    );
    let catalog = &compiled.hosts[0].catalog;
    assert_eq!((catalog.entries.len(), catalog.resources().count()), (6, 5));
}

#[test]
fn a_role_that_waits_leaves_out_what_it_includes_and_what_it_shares() {
    let compiled = on_one_host(host("a").role(Late).role(Zoo)).compile().unwrap();
    assert!(comes_before(&compiled, "file[/srv/zoo]", "file[/srv/late]"));
    assert!(comes_before(&compiled, "package[openjdk]", "file[/srv/late]"));
    // Both declare the package, so it is part of what is waited for.
    assert!(!comes_before(&compiled, "file[/srv/zoo]", "package[zookeeperd]"));
    assert!(!comes_before(&compiled, "file[/srv/zoo]", "package[openjdk]"));
}

#[test]
fn a_role_of_lines_waits_as_a_whole() {
    #[derive(Role, Clone)]
    #[role(name = "lines")]
    #[after(role::<Zoo>())]
    #[after(role::<Hollow>(), when = { NEVER })]
    #[resource(file("/srv/a"))]
    #[resource(file("/srv/b"))]
    struct Lines;

    let compiled = on_one_host(host("a").role(Lines).role(Zoo)).compile().unwrap();
    for then in ["file[/srv/a]", "file[/srv/b]"] {
        assert!(comes_before(&compiled, "file[/srv/zoo]", then), "{then}");
    }
}

#[test]
fn a_resource_comes_before_all_that_a_role_declares_itself() {
    #[derive(Role, Clone)]
    #[role(name = "early")]
    #[resource(file("/srv/early").before(role::<Zoo>()))]
    struct Early;

    let compiled = on_one_host(host("a").role(Zoo).role(Early)).compile().unwrap();
    assert!(comes_before(&compiled, "file[/srv/early]", "file[/srv/zoo]"));
    assert!(comes_before(&compiled, "file[/srv/early]", "package[zookeeperd]"));
    assert!(!comes_before(&compiled, "file[/srv/early]", "package[openjdk]"));
}

#[test]
fn stages_are_ordered_as_a_whole_and_stand_within_each_other() {
    let compiled = compile(|cx| {
        let base = cx.stage("base", |cx| {
            cx.add(file("/srv/a"));
            cx.stage("inner", |cx| cx.add(file("/srv/b")));
        });
        cx.stage("settings", |cx| {
            cx.add(file("/srv/c"));
            cx.after(base);
            cx.add(file("/srv/d"));
        });
        cx.add(file("/srv/e").after(base));
        cx.add(file("/srv/f"));
    });
    for then in ["file[/srv/c]", "file[/srv/d]", "file[/srv/e]"] {
        for first in ["file[/srv/a]", "file[/srv/b]"] {
            assert!(comes_before(&compiled, first, then), "{first} {then}");
        }
    }
    let resources: Vec<String> = order(&compiled)
        .into_iter()
        .filter(|id| id.starts_with("file"))
        .collect();
    assert_eq!(
        resources,
        ["a", "b", "c", "d", "e", "f"].map(|name| format!("file[/srv/{name}]")),
        "anchors leave the order of declaration as it is"
    );
    assert_eq!(
        edges(&compiled, "anchor[end of stage base of role it.test-recipe]"),
        ["a", "b"].map(|name| (format!("file[/srv/{name}]"), Reason::Declared))
    );
}

#[test]
fn a_stage_returns_what_its_block_returned_and_may_be_empty() {
    let compiled = compile(|cx| {
        let stage = cx.stage("one", |cx| cx.add(file("/srv/a")));
        let nothing = cx.stage("nothing", |_| ());
        cx.add(file("/srv/b").after((stage.out, nothing)));
    });
    assert_eq!(
        edges(&compiled, "file[/srv/b]"),
        [("file[/srv/a]".to_owned(), Reason::Declared)]
    );
}

#[test]
fn everything_of_a_role_may_come_after_single_resources_even_of_its_own() {
    let compiled = compile(|cx| {
        cx.add(file("/srv/a"));
        let first = cx.add(file("/srv/b"));
        let other = cx.add(file("/srv/c"));
        cx.after((first, other));
    });
    assert_eq!(order(&compiled).last().unwrap(), "file[/srv/a]");
    assert!(comes_before(&compiled, "file[/srv/c]", "file[/srv/a]"));
    assert!(!comes_before(&compiled, "file[/srv/c]", "file[/srv/b]"));
}

#[test]
fn a_thousand_before_a_thousand_take_edges_for_each_and_not_for_each_pair() {
    let compiled = compile(|cx| {
        let first = cx.stage("first", |cx| {
            for number in 0..1000 {
                cx.add(file(format!("/srv/a{number}")));
            }
        });
        cx.stage("then", |cx| {
            cx.after(first);
            for number in 0..1000 {
                cx.add(file(format!("/srv/b{number}")));
            }
        });
    });
    assert!(comes_before(&compiled, "file[/srv/a999]", "file[/srv/b0]"));
    assert_eq!(edge_count(&compiled), 1000 + 1 + 1000);
}

#[test]
fn a_role_that_the_host_lacks_is_a_mistake_unless_it_may_be_lacking() {
    let line = line!() + 2;
    let text = mistakes(|cx| {
        cx.add(file("/srv/a").after(role::<Zoo>()));
    });
    assert_eq!(
        text,
        format!(
            "[dangling-reference] a: file[/srv/a]: it depends on role Zoo, which this host doesn't have\n  \
             declared at tests/it/ordering.rs:{line}\n  \
             hint: give the host the role, or say `role::<…>().if_any()` if not every host has it"
        )
    );
    let compiled = compile(|cx| {
        cx.add(file("/srv/a").after(role::<Zoo>().if_any()));
        cx.after(role::<Zoo>().if_any());
    });
    assert_eq!(edge_count(&compiled), 0);
}

#[test]
fn a_role_that_declares_nothing_is_a_mistake_with_the_condition() {
    #[derive(Role, Clone)]
    #[role(name = "hopeful")]
    #[resource(file("/srv/hopeful").after(role::<Hollow>()))]
    struct Hopeful;

    let problems = on_one_host(host("a").role(Hollow).role(Hopeful)).compile().unwrap_err();
    let text = problems.to_string();
    for part in [
        "[dangling-reference] a: file[/srv/hopeful]: it depends on role hollow, which declares nothing on this host",
        "\n  role hollow given at tests/it/ordering.rs:",
        "\n  the condition stands at tests/it/ordering.rs:",
        "\n  declared at tests/it/ordering.rs:",
        "hint: its resources were left out because `ordering.never` doesn't hold",
    ] {
        assert!(text.contains(part), "`{part}` isn't in:\n{text}");
    }
    assert_eq!(problems.len(), 1, "{text}");
}

#[test]
fn a_cycle_through_roles_and_stages_names_members_and_places() {
    #[derive(Role, Clone)]
    #[role(name = "hen")]
    #[resource(file("/srv/hen").after(role::<Egg>()))]
    struct Hen;

    #[derive(Role, Clone)]
    #[role(name = "egg")]
    struct Egg;

    impl Declares for Egg {
        fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
            cx.after(role::<Hen>());
            cx.add(file("/srv/egg"));
            Ok(())
        }
    }

    let text = on_one_host(host("a").role(Hen).role(Egg))
        .compile()
        .unwrap_err()
        .to_string();
    for part in [
        "[cycle] a: resources wait for each other: file[/srv/hen] after all of role egg after file[/srv/egg] after all of role hen after file[/srv/hen]",
        "\n  file[/srv/hen] declared at tests/it/ordering.rs:",
        "\n  role egg given at tests/it/ordering.rs:",
        "\n  file[/srv/egg] declared at tests/it/ordering.rs:",
        "\n  role egg made to wait at tests/it/ordering.rs:",
        "\n  role hen given at tests/it/ordering.rs:",
    ] {
        assert!(text.contains(part), "`{part}` isn't in:\n{text}");
    }

    let text = mistakes(|cx| {
        let inner = cx.stage("inner", |cx| {
            cx.add(file("/srv/a").after(resource::<File>("/srv/b")));
        });
        cx.add(file("/srv/b").after(inner));
    });
    let cycle = "file[/srv/a] after file[/srv/b] after all of stage inner of role test-recipe after file[/srv/a]";
    assert!(text.contains(cycle), "{text}");
}

#[test]
fn what_waits_for_a_whole_that_it_is_part_of_is_a_mistake() {
    let text = mistakes(|cx| {
        cx.add(file("/srv/a"));
        cx.after(role::<Test>());
    });
    assert!(
        text.contains("[cycle] a: role test-recipe waits for itself: all that it declares is part of role test-recipe"),
        "{text}"
    );
    let text = mistakes(|cx| {
        cx.add(file("/srv/a").after(role::<Test>()));
    });
    assert!(
        text.contains("file[/srv/a] after all of role test-recipe after file[/srv/a]"),
        "{text}"
    );
}

#[test]
fn names_of_stages_are_theirs_alone() {
    let text = mistakes(|cx| {
        cx.stage("base", |_| ());
        cx.stage("base", |_| ());
    });
    assert!(
        text.contains("[duplicate-name] a: role test-recipe makes two stages of the name base"),
        "{text}"
    );
    assert_eq!(text.matches("made at tests/it/ordering.rs:").count(), 2, "{text}");
    let text = mistakes(|cx| {
        cx.stage("\u{1b}[2J", |_| ());
    });
    assert!(
        text.contains("[invalid-value] a: role test-recipe makes a stage that can't be"),
        "{text}"
    );
}

#[test]
fn a_stage_of_another_host_is_a_mistake() {
    use std::sync::Mutex;
    let kept = Mutex::new(None);
    let recipe = Recipe::new(move |cx: &mut Cx<'_>| {
        let mut kept = kept.lock().unwrap();
        let stage = *kept.get_or_insert_with(|| cx.stage("one", |_| ()));
        cx.add(file("/b").after(stage));
    });
    let text = on_one_host(hosts("a[0-1]").role(Test { recipe }))
        .compile()
        .unwrap_err()
        .to_string();
    assert!(text.contains("[foreign-handle] a1: file[/b]"), "{text}");
}

/// A stage of which one member can't be made, since its directory is missing, and what comes after it.
fn broken() -> Compiled {
    compile(|cx| {
        let base = cx.stage("base", |cx| {
            cx.add(file("/srv/fine").content("fine\n"));
            cx.add(file("/nowhere/broken").content("broken\n"));
        });
        cx.stage("then", |cx| {
            cx.after(base);
            cx.add(file("/srv/skipped").content("skipped\n"));
            cx.add(
                command(["true"])
                    .name("held")
                    .refresh_only()
                    .rerun_on(resource::<File>("/srv/fine")),
            );
        });
        cx.add(file("/srv/beside").content("beside\n"));
    })
}

fn system() -> FakeSystem {
    let taken = AbsPath::new("/srv/taken").unwrap();
    FakeSystem::new().with_file(&taken, "a file\n")
}

#[test]
fn a_failure_goes_through_an_anchor_to_exactly_what_comes_after() {
    let compiled = broken();
    let mut fake = FakeHost::with_system(system());
    let summary = fake.converge(&compiled.hosts[0]);
    assert_eq!((summary.failed, summary.skipped, summary.changed), (1, 2, 2));
    let broken: ResourceId = "file[/nowhere/broken]".parse().unwrap();
    let mut told = 0;
    for event in fake.events() {
        match event {
            Event::RunStarted { resources } => assert_eq!(*resources, 5),
            Event::ResourceFinished { id, outcome, .. } => {
                told += 1;
                assert_ne!(id.kind.as_str(), "core.anchor");
                if let Outcome::Skipped { because } = outcome {
                    assert_eq!(because, &broken, "{id}");
                }
            }
            Event::RefreshFinished { outcome, .. } => {
                assert_eq!(
                    outcome,
                    &RefreshOutcome::Held {
                        because: broken.clone()
                    }
                );
            }
            _ => {}
        }
    }
    assert_eq!(told, 5);
    assert_eq!(fake.system().text("/srv/skipped"), None);
    assert_eq!(fake.system().text("/srv/beside").as_deref(), Some("beside\n"));
}

#[test]
fn a_refresh_that_fails_holds_those_of_what_comes_after_by_an_anchor() {
    let compiled = compile(|cx| {
        let cause = cx.add(file("/srv/cause").content("cause\n"));
        let again = |name: &str| command(["reread", name]).name(name).refresh_only();
        let first = cx.stage("first", |cx| {
            cx.add(again("fails").rerun_on(cause));
        });
        cx.add(again("held").rerun_on(cause).after(first));
        cx.add(again("done").rerun_on(cause));
    });
    let answers = [("fails", 1), ("held", 0), ("done", 0)];
    let system = answers.into_iter().fold(system(), |system, (name, status)| {
        system.with_command(["reread", name], status)
    });
    let mut fake = FakeHost::with_system(system);
    fake.converge(&compiled.hosts[0]);
    let of = |wanted: &str| {
        let outcome = |event: &Event| match event {
            Event::RefreshFinished { target, outcome, .. } if target.key == wanted => Some(outcome.clone()),
            _ => None,
        };
        fake.events().iter().find_map(outcome)
    };
    assert!(matches!(of("fails"), Some(RefreshOutcome::Failed(_))));
    let because = "command[fails]".parse().unwrap();
    assert_eq!(of("held"), Some(RefreshOutcome::Held { because }));
    assert_eq!(of("done"), Some(RefreshOutcome::Done));
}

#[test]
fn a_plan_tells_through_an_anchor_what_would_be_skipped_and_what_cannot_be_known() {
    let planned = |host: &CompiledHost, id: &str| {
        let plan = plan(&host.catalog, &system(), &Ledger::default());
        let id: ResourceId = id.parse().unwrap();
        assert!(
            plan.resources
                .iter()
                .all(|planned| planned.id.kind.as_str() != "core.anchor")
        );
        plan.resources
            .into_iter()
            .find(|planned| planned.id == id)
            .unwrap()
            .planned
    };
    assert_eq!(
        planned(&broken().hosts[0], "file[/srv/skipped]"),
        Planned::Skipped {
            because: "file[/nowhere/broken]".parse().unwrap()
        }
    );
    let compiled = compile(|cx| {
        let base = cx.stage("base", |cx| {
            cx.add(file("/srv/fine").content("fine\n"));
            cx.add(command(["mkdir", "-p"]).name("make").creates("/srv/made"));
        });
        cx.add(file("/elsewhere/x").content("x\n").after(base));
        cx.add(symlink("/srv/taken", "/srv/fine").after(base));
    });
    let because = |id: &str| Because::Upstream(id.parse().unwrap());
    let Planned::Unknown { because: found, .. } = planned(&compiled.hosts[0], "file[/elsewhere/x]") else {
        panic!("the command may make the directory");
    };
    assert_eq!(found, because("command[make]"));
    let Planned::Unknown { because: found, .. } = planned(&compiled.hosts[0], "symlink[/srv/taken]") else {
        panic!("the command may clear the way");
    };
    assert!(
        [because("command[make]"), because("file[/srv/fine]")].contains(&found),
        "{found}"
    );
}

#[test]
fn a_service_is_restarted_by_each_resource_of_a_role() {
    #[derive(Role, Clone)]
    #[role(name = "daemon")]
    #[resource(service("zoo").running().restart_on(role::<Zoo>()))]
    struct Daemon;

    let compiled = on_one_host(host("a").role(Zoo).role(Daemon)).compile().unwrap();
    let id: ResourceId = "service[zoo]".parse().unwrap();
    let entry = compiled.hosts[0].catalog.entry(&id).unwrap();
    let causes: Vec<String> = entry.refresh_on.iter().map(|on| on.on.to_string()).collect();
    assert_eq!(causes, ["file[/srv/zoo]", "package[openjdk]", "package[zookeeperd]"]);
}

#[test]
fn a_catalog_with_anchors_survives_a_journey() {
    let catalog = &broken().hosts[0].catalog;
    let back: Catalog = serde_json::from_str(&catalog.to_canonical_json().unwrap()).unwrap();
    assert_eq!(&back, catalog);
}
