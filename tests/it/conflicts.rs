//! Resources that can't both be had: mistakes with both resources, both roles and both places.

use crate::compile::{compile, mistakes};
use mesos_iac::ResourceId;
use mesos_iac::prelude::*;
use serde::{Deserialize, Serialize};

/// Pins the version of a package, as a file of preferences does, without owning the package.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "it.pin", key = package)]
struct Pin {
    package: String,
    version: String,
}

impl Converge for Pin {
    fn check(&self, _: &dyn ReadSystem) -> Result<Check> {
        Ok(Check::NoChange)
    }

    fn apply(&self, _: &dyn System, _: &Diff) -> Result<()> {
        Ok(())
    }

    fn effects(&self) -> Effects {
        Effects::none().pin(&self.package, &*self.version)
    }
}

fn pin(package: &str, version: &str) -> Pin {
    Pin {
        package: package.to_owned(),
        version: version.to_owned(),
    }
}

/// A service of a kind of one's own, which owns what built-in kinds own too.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "it.everything", key = name)]
struct Everything {
    name: String,
}

impl Converge for Everything {
    fn check(&self, _: &dyn ReadSystem) -> Result<Check> {
        Ok(Check::NoChange)
    }

    fn apply(&self, _: &dyn System, _: &Diff) -> Result<()> {
        Ok(())
    }

    fn effects(&self) -> Effects {
        Effects::none()
            .write(Effect::Path(AbsPath::new("/etc/x").unwrap()))
            .write(Effect::Unit("x.service".into()))
            .write(Effect::User("x".into()))
            .write(Effect::Group("x".into()))
            .write(Effect::Package("xy".into()))
            .write(Effect::Uid(700))
            .write(Effect::Gid(700))
            .write(Effect::Port(80))
    }
}

#[derive(Role, Clone)]
#[role(name = "everything")]
#[resource(Everything { name: "it".into() })]
struct Owner;

#[derive(Role, Clone)]
#[role(name = "web")]
#[resource(file("/etc/x"))]
#[resource(service("x"))]
#[resource(user("x").uid(700))]
#[resource(group("x").gid(700))]
#[resource(package("xy"))]
#[resource(service("nginx").listens_on(443).listens_on(80))]
struct Web;

#[test]
fn everything_that_can_be_owned_has_one_owner() {
    let cluster = Cluster::new("x")
        .hosts(host("a").role(Web).role(Owner))
        .build()
        .unwrap();
    let problems = cluster.compile().unwrap_err();
    let line = |text: &str| {
        let source = std::fs::read_to_string(crate::support::repository().join("tests/it/conflicts.rs")).unwrap();
        source.lines().position(|line| line.contains(text)).unwrap() + 1
    };
    let owner = line("#[resource(Everything {");
    let expected = [
        ("path /etc/x", "file[/etc/x]", "#[resource(file("),
        ("unit x.service", "service[x]", "#[resource(service(\"x\""),
        ("user x", "user[x]", "#[resource(user("),
        ("group x", "group[x]", "#[resource(group("),
        ("package xy", "package[xy]", "#[resource(package("),
        ("user id 700", "user[x]", "#[resource(user("),
        ("group id 700", "group[x]", "#[resource(group("),
        ("port 80", "service[nginx]", "#[resource(service(\"nginx\")"),
    ];
    assert_eq!(problems.len(), expected.len(), "{problems}");
    for (problem, (what, other, declared)) in problems.iter().zip(expected) {
        assert_eq!(
            problem.to_string(),
            format!(
                "[two-writers] a: it.everything[it]: {what} is owned by {other} as well\n  \
                 declared by role everything at tests/it/conflicts.rs:{owner}\n  \
                 {other} declared by role web at tests/it/conflicts.rs:{}\n  \
                 hint: let one resource own it",
                line(declared)
            )
        );
    }
}

#[test]
fn two_services_on_one_port_are_a_mistake_unless_one_is_to_be_stopped() {
    let text = mistakes(|cx| {
        cx.add(service("nginx").running().listens_on(80));
        cx.add(service("apache2").listens_on(80));
    });
    assert!(
        text.contains("[two-writers] a: service[apache2]: port 80 is owned by service[nginx] as well"),
        "{text}"
    );
    compile(|cx| {
        cx.add(service("nginx").running().listens_on(80));
        cx.add(service("apache2").stopped().listens_on(80));
    });
}

#[test]
fn groups_with_one_id_are_a_mistake_and_a_user_and_a_group_are_not() {
    let text = mistakes(|cx| {
        cx.add(group("one").gid(700));
        cx.add(group("two").gid(700));
    });
    assert!(
        text.contains("group[two]: group id 700 is owned by group[one] as well"),
        "{text}"
    );
    compile(|cx| {
        cx.add(group("one").gid(700));
        cx.add(user("one").uid(700).group("one"));
    });
}

#[test]
fn different_versions_of_one_package_are_a_mistake_whoever_asks() {
    let text = mistakes(|cx| {
        cx.add(package("mesos").version("1.9.0"));
        cx.add(pin("mesos", "1.8.0"));
    });
    assert!(
        text.contains(
            "it.pin[mesos]: it asks for version 1.8.0 of package mesos, and package[mesos] for version 1.9.0"
        ),
        "{text}"
    );
    assert_eq!(
        text.matches("declared by role test-recipe at tests/it/conflicts.rs:")
            .count(),
        2,
        "{text}"
    );
    // Those of two architectures can be had together only if they are of one version.
    let text = mistakes(|cx| {
        cx.add(package("libc6").version("2.36-9"));
        cx.add(package("libc6:i386").version("2.36-8"));
    });
    assert!(
        text.contains("it asks for version 2.36-8 of package libc6, and package[libc6] for version 2.36-9"),
        "{text}"
    );
    let compiled = compile(|cx| {
        cx.add(package("mesos").version("1.9.0"));
        cx.add(pin("mesos", "1.9.0"));
    });
    let id: ResourceId = "it.pin[mesos]".parse().unwrap();
    assert!(compiled.hosts[0].catalog.entry(&id).is_some());
}

#[test]
fn what_is_declared_twice_tells_in_what_it_differs() {
    let text = mistakes(|cx| {
        cx.add(package("mesos"));
        cx.add(package("mesos").version("1.9.0"));
    });
    assert!(
        text.contains(
            "package[mesos]: it is declared twice by role test-recipe, and not the same way: they differ in version"
        ),
        "{text}"
    );
}
