//! Each lint finds the mistake that it is about, and leaves alone the definition that is nearly the same.

mod agents;
mod ensembles;
mod eras;
mod flags;
mod general;
mod haproxy;
mod library;
mod marathon;
mod masters;
mod security;

use mesos_iac::HostName;
use mesos_iac::lint::{self, Findings, Level, Lint};
use mesos_iac::prelude::*;

/// A lint, a cluster that has its mistake, and one that is nearly the same and has not.
struct Case {
    lint: &'static Lint,
    bad: fn() -> ClusterBuilder,
    near: fn() -> ClusterBuilder,
}

fn cases() -> Vec<Case> {
    [
        agents::cases(),
        ensembles::cases(),
        eras::cases(),
        flags::cases(),
        general::cases(),
        haproxy::cases(),
        marathon::cases(),
        masters::cases(),
        security::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What somebody declares by hand, without the role library.
#[derive(Role, Clone, Default)]
#[role(name = "by-hand")]
struct ByHand {
    files: Vec<(&'static str, String, Option<&'static str>)>,
    packages: Vec<(&'static str, Option<&'static str>)>,
    services: Vec<(&'static str, bool)>,
    directories: Vec<(&'static str, Option<&'static str>)>,
    commands: Vec<&'static [&'static str]>,
}

/// Nothing yet.
fn by_hand() -> ByHand {
    ByHand::default()
}

impl ByHand {
    fn file(mut self, path: &'static str, content: impl Into<String>) -> Self {
        self.files.push((path, content.into(), None));
        self
    }

    fn file_of_mode(mut self, path: &'static str, mode: &'static str, content: &str) -> Self {
        self.files.push((path, content.to_owned(), Some(mode)));
        self
    }

    fn package(mut self, name: &'static str) -> Self {
        self.packages.push((name, None));
        self
    }

    fn pinned(mut self, name: &'static str, version: &'static str) -> Self {
        self.packages.push((name, Some(version)));
        self
    }

    fn runs(mut self, service: &'static str) -> Self {
        self.services.push((service, true));
        self
    }

    fn stops(mut self, service: &'static str) -> Self {
        self.services.push((service, false));
        self
    }

    fn directory(mut self, path: &'static str, mode: Option<&'static str>) -> Self {
        self.directories.push((path, mode));
        self
    }

    fn command(mut self, words: &'static [&'static str]) -> Self {
        self.commands.push(words);
        self
    }
}

impl Declares for ByHand {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        for (path, content, mode) in &self.files {
            let file = file(*path).content(content.as_str());
            match mode {
                Some(mode) => cx.add(file.mode(*mode)),
                None => cx.add(file),
            };
        }
        for (name, version) in &self.packages {
            match version {
                Some(version) => cx.add(package(*name).version(*version)),
                None => cx.add(package(*name)),
            };
        }
        for (name, runs) in &self.services {
            match runs {
                true => cx.add(service(*name).enabled().running()),
                false => cx.add(service(*name).disabled().stopped()),
            };
        }
        for (path, mode) in &self.directories {
            match mode {
                Some(mode) => cx.add(directory(*path).mode(*mode)),
                None => cx.add(directory(*path)),
            };
        }
        for words in &self.commands {
            cx.add(command(words.iter().copied()).refresh_only());
        }
        Ok(())
    }
}

/// Hosts of Debian 12 with these names, whose addresses are 198.18.0.1 and so on.
fn lab(hosts: impl IntoIterator<Item = (&'static str, ByHand)>) -> ClusterBuilder {
    let mut cluster = Cluster::new("lab");
    for (number, (name, role)) in hosts.into_iter().enumerate() {
        let address = format!("198.18.0.{}", number + 1);
        cluster = cluster.hosts(host(name).addr(address).os(Os::debian("12")).role(role));
    }
    cluster
}

/// One host.
fn one(role: ByHand) -> ClusterBuilder {
    lab([("a", role)])
}

/// One host with these files.
fn with_files(files: impl IntoIterator<Item = (&'static str, &'static str)>) -> ClusterBuilder {
    let add = |role: ByHand, (path, content)| role.file(path, content);
    one(files.into_iter().fold(by_hand(), add))
}

fn findings(cluster: &Cluster) -> Findings {
    let compiled = cluster.compile().expect("the cluster compiles");
    lint::check(cluster, &compiled)
}

fn finds(cluster: &Cluster, lint: &Lint) -> bool {
    findings(cluster).found.iter().any(|finding| finding.lint == lint)
}

#[test]
fn each_lint_finds_its_mistake_and_leaves_the_near_one_alone() {
    let cases = cases();
    let mut wrong = Vec::new();
    for case in &cases {
        let bad = (case.bad)()
            .build()
            .expect("the definition with the mistake can be made");
        let near = (case.near)().build().expect("the near definition can be made");
        if !finds(&bad, case.lint) {
            wrong.push(format!("{} isn't found", case.lint.name));
        }
        if finds(&near, case.lint) {
            wrong.push(format!(
                "{} is found where it isn't: {:#?}",
                case.lint.name,
                findings(&near).found
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let lints: std::collections::BTreeSet<_> = cases.iter().map(|case| case.lint.name).collect();
    println!(
        "lints: {} lints, each found in one definition and not in a near one",
        lints.len()
    );
}

#[test]
fn each_lint_has_a_case_and_a_page() {
    let cases = cases();
    for lint in lint::all() {
        assert!(cases.iter().any(|case| case.lint == lint), "{} has no case", lint.name);
        assert!(lint.page.len() > 80, "{} has no page worth its name", lint.name);
        assert!(
            lint.name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{:?} is no name of a lint",
            lint.name
        );
    }
    let mut names: Vec<_> = lint::all().iter().map(|lint| lint.name).collect();
    names.dedup();
    assert_eq!(names.len(), lint::all().len(), "two lints share a name");
}

/// The table in the documentation of the role library's lints. `INSTA_UPDATE=always` writes it anew.
#[test]
fn the_table_of_the_documentation_has_each_lint() {
    let row = |lint: &Lint| format!("| `{}` | {} | {} |\n", lint.name, lint.level, lint.summary);
    let rows: Vec<String> = lint::all().into_iter().map(row).collect();
    let table = format!("| lint | level | what is wrong |\n|---|---|---|\n{}", rows.concat());
    let path = crate::support::repository().join("mesos-iac/src/roles/lints/table.md");
    if std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
        std::fs::write(&path, &table).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap();
    assert_eq!(written, table, "INSTA_UPDATE=always writes the table anew");
}

#[test]
fn what_is_allowed_is_not_told_and_keeps_its_reason() {
    let dos = [("/etc/motd", "hello\r\n")];
    let cluster = with_files(dos)
        .allow(&lint::CRLF_LINES, "for a terminal of 1983")
        .build()
        .unwrap();
    let findings = findings(&cluster);
    assert!(findings.found.is_empty(), "{:#?}", findings.found);
    assert_eq!(findings.allowed.len(), 1);
    assert_eq!(findings.allowed[0].by.reason, "for a terminal of 1983");
}

#[test]
fn a_host_allows_for_itself_only() {
    let role = by_hand().file("/etc/motd", "hello\r\n");
    let cluster = Cluster::new("lab")
        .role(role)
        .hosts(hosts("a[1-2]").addrs(["198.18.0.1", "198.18.0.2"]))
        .hosts_matching("a1", |host| host.allow(&lint::CRLF_LINES, "for a terminal of 1983"))
        .build()
        .unwrap();
    let findings = findings(&cluster);
    let hosts: Vec<_> = findings
        .found
        .iter()
        .filter_map(|finding| finding.problem.host.clone())
        .collect();
    assert_eq!(hosts.iter().map(HostName::as_str).collect::<Vec<_>>(), ["a2"]);
}

/// What a role finds fault with itself comes out with what rules find.
#[test]
fn a_role_reports_what_only_it_can_see() {
    static OLD: Lint = Lint {
        name: "old",
        level: Level::Error,
        summary: "the version is older than the oldest that is kept up",
        page: "",
    };

    #[derive(Role, Clone)]
    #[role(name = "versioned")]
    struct Versioned;

    impl Declares for Versioned {
        fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
            cx.report(OLD.finding("0.19 is too old").hint("take 1.11"));
            Ok(())
        }
    }

    let cluster = Cluster::new("lab").hosts(host("a").role(Versioned)).build().unwrap();
    let errors = findings(&cluster).errors();
    assert_eq!(errors.to_string(), "[old] a: 0.19 is too old\n  hint: take 1.11");
}
