//! The automatic edges: each row of their table, what wins over them, and how those that were dropped are told.

use crate::compile::{compile, edges, order};
use crate::support::{assert_snapshot, repository};
use mesos_iac::prelude::*;
use mesos_iac::report::{dot, mermaid};
use std::collections::BTreeMap;
use std::fs;

/// A row of the table: what comes after what, and two resources of which that is so.
struct Case {
    what: &'static str,
    after: &'static str,
    /// Declares the one that comes after first, so that the order of declaration is no help.
    declare: fn(&mut Cx<'_>),
    then: &'static str,
    first: &'static str,
}

const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

macro_rules! cases {
    ($($what:literal after $after:literal: $then:literal after $first:literal, $($declaration:expr),+;)+) => {
        [$(Case {
            what: $what,
            after: $after,
            declare: |cx| { $(cx.add($declaration);)+ },
            then: $then,
            first: $first,
        }),+]
    };
}

fn cases() -> impl IntoIterator<Item = Case> {
    cases! {
        "`file`" after "the nearest managed `directory` above it": "file[/a/b/c]" after "directory[/a]",
            file("/a/b/c"), directory("/a");
        "`file`" after "the `package` that brings the directory above it": "file[/etc/app/x]" after "package[app]",
            file("/etc/app/x"), package("app");
        "`file`" after "the `command` that creates the directory above it": "file[/a/b]" after "command[make]",
            file("/a/b"), command(["x"]).name("make").creates("/a");
        "`file`" after "the `user` with whom the home above it is made": "file[/home/bob/x]" after "user[bob]",
            file("/home/bob/x"), user("bob").home("/home/bob").create_home();
        "`file`" after "its owner": "file[/a]" after "user[bob]",
            file("/a").owner("bob"), user("bob");
        "`file`" after "its group": "file[/a]" after "group[ops]",
            file("/a").group("ops"), group("ops");
        "`file`" after "the `package` that makes its owner": "file[/a]" after "package[appd]",
            file("/a").owner("app"), package("appd").provides_user("app");
        "`file`" after "the `package` of its `verify` command": "file[/a]" after "package[haproxy]",
            file("/a").verify(["haproxy", "-c", "-f", "{}"]), package("haproxy");
        "`file`" after "a path that its `verify` command names": "file[/a]" after "file[/opt/check]",
            file("/a").verify(["/opt/check", "{}"]), file("/opt/check");
        "`directory`" after "the nearest managed `directory` above it": "directory[/a/b]" after "directory[/a]",
            directory("/a/b"), directory("/a");
        "`directory`" after "the `package` that brings it": "directory[/etc/app/flags]" after "package[app]",
            directory("/etc/app/flags").exclusive(), package("app").provides_path("/etc/app/flags");
        "`directory`" after "its owner": "directory[/a]" after "user[bob]",
            directory("/a").owner("bob"), user("bob");
        "`directory`" after "its group": "directory[/a]" after "group[ops]",
            directory("/a").group("ops"), group("ops");
        "`download`" after "the `package` curl": "download[/a]" after "package[curl]",
            download("/a").url("https://a/b").sha256(DIGEST), package("curl");
        "`archive`" after "the `download` of what it unpacks": "archive[/opt/a]" after "download[/b]",
            archive("/opt/a").from("/b").sha256(DIGEST), download("/b").url("https://a/b").sha256(DIGEST);
        "`file`" after "the `archive` above it": "file[/opt/a/b]" after "archive[/opt/a]",
            file("/opt/a/b"), archive("/opt/a").from("/b").sha256(DIGEST);
        "`sysctl`" after "the `package` procps": "sysctl[vm.swappiness]" after "package[procps]",
            sysctl("vm.swappiness").value(1), package("procps");
        "`symlink`" after "the nearest managed `directory` above it": "symlink[/a/b]" after "directory[/a]",
            symlink("/a/b", "/c"), directory("/a");
        "`symlink`" after "what is managed at its target": "symlink[/a/b]" after "file[/a/c]",
            symlink("/a/b", "c"), file("/a/c");
        "`command`" after "its program": "command[run]" after "file[/opt/x]",
            command(["/opt/x"]).name("run").refresh_only(), file("/opt/x");
        "`command`" after "the `package` of its program's name": "command[run]" after "package[git]",
            command(["git", "gc"]).name("run").refresh_only(), package("git");
        "`command`" after "the `package` that brings its program": "command[run]" after "package[app]",
            command(["/opt/app/x"]).name("run").refresh_only(), package("app").provides_path("/opt/app");
        "`command`" after "a path that its words name": "command[run]" after "file[/etc/x]",
            command(["x", "--settings=/etc/x"]).name("run").refresh_only(), file("/etc/x");
        "`command`" after "the directory in which it starts": "command[run]" after "directory[/a]",
            command(["x"]).name("run").directory("/a").refresh_only(), directory("/a");
        "`command`" after "the `user` who runs it": "command[run]" after "user[bob]",
            command(["x"]).name("run").user("bob").refresh_only(), user("bob");
        "`command`" after "the program of a guard": "command[run]" after "file[/opt/x]",
            command(["x"]).name("run").unless(["/opt/x"]), file("/opt/x");
        "`command`" after "a path that its `only_if` guard names": "command[run]" after "file[/etc/x]",
            command(["x"]).name("run").only_if(["test", "-s", "/etc/x"]), file("/etc/x");
        "`command`" after "the `user` who runs a guard": "command[run]" after "user[bob]",
            command(["x"]).name("run").unless(probe(["x"]).unwrap().user("bob")), user("bob");
        "`service`" after "its unit file": "service[app]" after "file[/etc/systemd/system/app.service]",
            service("app"), file("/etc/systemd/system/app.service");
        "`service`" after "a drop-in of its unit": "service[app]" after "file[/etc/systemd/system/app.service.d/x.conf]",
            service("app"), file("/etc/systemd/system/app.service.d/x.conf");
        "`service`" after "the unit file of its template": "service[app@1]" after "file[/usr/lib/systemd/system/app@.service]",
            service("app@1"), file("/usr/lib/systemd/system/app@.service");
        "`service`" after "a drop-in of its template": "service[app@1]" after "file[/etc/systemd/system/app@.service.d/x.conf]",
            service("app@1"), file("/etc/systemd/system/app@.service.d/x.conf");
        "`service` of a timer" after "the unit file of the service that it starts":
            "service[app.timer]" after "file[/etc/systemd/system/app.service]",
            service("app.timer"), unit_file("app").exec_start(["/bin/true"]);
        "`service`" after "its file in `/etc/default`": "service[app]" after "file[/etc/default/app]",
            service("app"), file("/etc/default/app");
        "`service`" after "its script in `/etc/init.d`": "service[app]" after "file[/etc/init.d/app]",
            service("app"), file("/etc/init.d/app");
        "`service`" after "the `package` that brings its unit": "service[app]" after "package[app]",
            service("app"), package("app");
        "`package`" after "a source list": "package[app]" after "file[/etc/apt/sources.list.d/app.list]",
            package("app"), file("/etc/apt/sources.list.d/app.list");
        "`package`" after "a key of a repository": "package[app]" after "file[/usr/share/keyrings/app.gpg]",
            package("app"), file("/usr/share/keyrings/app.gpg");
        "`package`" after "the `command` that fetches a key": "package[app]" after "command[fetch]",
            package("app"), command(["x"]).name("fetch").creates("/etc/apt/keyrings/app.asc");
        "`package`" after "preferences, settings and passwords of apt": "package[app]" after "file[/etc/apt/auth.conf.d/app.conf]",
            package("app"), file("/etc/apt/auth.conf.d/app.conf");
        "`user`" after "its primary group": "user[bob]" after "group[ops]",
            user("bob").group("ops"), group("ops");
        "`user`" after "its other groups": "user[bob]" after "group[ops]",
            user("bob").groups(["ops"]), group("ops");
        "`user`" after "its shell": "user[bob]" after "file[/opt/sh]",
            user("bob").shell("/opt/sh"), file("/opt/sh");
        "`user`" after "the `directory` in which its home is made": "user[bob]" after "directory[/srv/homes]",
            user("bob").home("/srv/homes/bob").create_home(), directory("/srv/homes");
        "`group` to be absent" after "the `user` of its name, to be absent too": "group[bob]" after "user[bob]",
            group("bob").absent(), user("bob").absent();
        "`user` to be absent" after "a `command` that it runs": "user[bob]" after "command[last]",
            user("bob").absent(), command(["x"]).name("last").user("bob").refresh_only();
        "`directory` to be absent" after "what is to be absent in it": "directory[/a]" after "file[/a/b]",
            directory("/a").absent(), file("/a/b").absent();
        "`package` to be absent" after "its `service`, which is to be stopped": "package[app]" after "service[app]",
            package("app").absent(), service("app").stopped();
        "`file` to be absent" after "a `command` whose words name it": "file[/etc/x]" after "command[run]",
            file("/etc/x").absent(), command(["x", "/etc/x"]).name("run").refresh_only();
    }
}

#[test]
fn each_row_of_the_published_table_is_so() {
    let text = fs::read_to_string(repository().join("mesos-iac/src/compile/edges.md")).unwrap();
    let (_, table) = text
        .split_once("| what | comes after | because |\n|---|---|---|\n")
        .unwrap();
    let mut rows = BTreeMap::new();
    for line in table.lines().take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let row = rows.insert((cells[0], cells[1]), cells[2]);
        assert_eq!(row, None, "two rows alike: {line}");
    }
    let mut shown = 0;
    for Case {
        what,
        after,
        declare,
        then,
        first,
    } in cases()
    {
        let compiled = compile(declare);
        let found = edges(&compiled, then);
        let because = found
            .iter()
            .find(|(on, _)| on == first)
            .map(|(_, because)| because.to_string());
        let published = rows.remove(&(what, after));
        assert_eq!(
            because.as_deref(),
            published,
            "{what} after {after}: {then} has {found:?}"
        );
        assert_eq!(order(&compiled), [first, then], "{what} after {after}");
        shown += 1;
    }
    assert!(rows.is_empty(), "rows that no case shows: {rows:?}");
    println!("edges: {shown} rows of automatic edges, each shown by resources that were declared the other way round");
}

#[test]
fn what_a_command_makes_comes_after_it_though_its_words_name_it() {
    let compiled = compile(|cx| {
        cx.add(file("/etc/ssl/x.pem").mode(0o600));
        cx.add(
            command(["openssl", "req", "-out", "/etc/ssl/x.pem"])
                .name("certificate")
                .creates("/etc/ssl/x.pem"),
        );
    });
    assert_eq!(order(&compiled), ["command[certificate]", "file[/etc/ssl/x.pem]"]);
}

#[test]
fn what_an_unless_guard_looks_for_is_not_what_the_command_needs() {
    let compiled = compile(|cx| {
        cx.add(
            command(["generate"])
                .name("key")
                .unless(["test", "-e", "/etc/ssl/x.key"]),
        );
        cx.add(file("/etc/ssl/x.key").mode(0o600));
    });
    assert_eq!(order(&compiled), ["command[key]", "file[/etc/ssl/x.key]"]);
}

#[test]
fn a_dropped_edge_is_told_with_the_way_that_forbids_it() {
    let compiled = compile(|cx| {
        let settings = cx.add(file("/etc/app/zk").content("x"));
        let first = cx.stage("first", |cx| cx.add(file("/srv/x").content("x").after(settings)));
        cx.add(package("app").after(first));
        let unit = cx.add(service("other"));
        cx.add(file("/etc/default/other").after(unit));
    });
    let host = &compiled.hosts[0];
    let told: Vec<String> = host.provenance.dropped.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "file[/etc/app/zk] after package[app] (the package that brings it), since package[app] \
             after anchor[end of stage first of role it.test-recipe] after file[/srv/x] after file[/etc/app/zk]",
            "service[other] after file[/etc/default/other] (the path it reads), \
             since file[/etc/default/other] after service[other]",
        ]
    );
    for (language, quiet, verbose) in [
        ("dot", dot(&[host], false), dot(&[host], true)),
        ("mermaid", mermaid(&[host], false), mermaid(&[host], true)),
    ] {
        assert!(!quiet.contains("dropped"), "{quiet}");
        assert_snapshot(&format!("graph_dropped_{language}"), verbose);
    }
}
