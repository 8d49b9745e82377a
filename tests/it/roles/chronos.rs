use super::problems;
use crate::support::assert_snapshot;
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::chronos::{Chronos, ChronosLayout};
use mesos_iac::roles::flags::chronos;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{Init, Mesos, MesosLayout, Tls};
use mesos_iac::testing::FakeHost;
use std::fmt::Write as _;

const V3: Version = Version::new(3, 0, 2);

fn mesos() -> Mesos {
    Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere())
        .zookeeper("zk://198.18.0.9:2181/mesos".parse().unwrap())
}

fn tls() -> Tls {
    let path = |name: &str| AbsPath::new(format!("/etc/mesos/tls/{name}")).unwrap();
    Tls::new(path("cert.pem"), path("key.pem")).require_client_cert(true)
}

fn on_a_host(role: impl Role) -> Cluster {
    Cluster::new("lab")
        .hosts(host("a").addr("198.18.0.1").role(role))
        .build()
        .unwrap()
}

/// Every file of the host, with its path and its mode if it has one of its own.
fn files(cluster: &Cluster) -> String {
    let compiled = cluster.compile().expect("the cluster compiles");
    let mut files: Vec<_> = compiled.hosts[0].catalog.all::<File>().collect();
    files.sort_by_key(|(path, _)| *path);
    let mut told = String::new();
    for (path, file) in files {
        let mode = file
            .attributes()
            .mode
            .map(|mode| format!(" {mode}"))
            .unwrap_or_default();
        writeln!(told, "== {path}{mode}\n{}", file.text().unwrap_or_default()).unwrap();
    }
    told
}

/// In each layout: the servers by themselves, the whole address for Mesos' library, the password beside them, TLS.
#[test]
fn chronos_is_told_all_in_each_layout() {
    let secret = mesos().digest("mesos", Secret::from_env("ZK_PASSWORD")).tls(tls());
    let mut told = String::new();
    for (what, layout) in [
        ("package", ChronosLayout::mesosphere()),
        ("archive", ChronosLayout::archive("/opt/chronos")),
        ("Upstart", ChronosLayout::mesosphere().init(Init::Upstart)),
    ] {
        let role = Chronos::new(V3, &secret)
            .layout(layout)
            .principal("chronos", Secret::from_env("CHRONOS"));
        writeln!(told, "# {what}\n{}", files(&on_a_host(role))).unwrap();
    }
    assert_snapshot("role_chronos", told);
}

#[test]
fn an_archive_is_started_by_systemd_and_java_is_told_by_the_layout() {
    let of = |layout| Chronos::new(V3, &mesos()).layout(layout);
    let told = problems(
        &Cluster::new("lab").hosts(
            host("a")
                .addr("198.18.0.1")
                .role(of(ChronosLayout::archive("/opt/chronos").init(Init::Upstart))),
        ),
    );
    assert!(told.contains("ChronosLayout::mesosphere()"), "{told}");
    let compiled = on_a_host(of(ChronosLayout::mesosphere().java_is_present()))
        .compile()
        .unwrap();
    let packages: Vec<&str> = compiled.hosts[0]
        .catalog
        .all::<Package>()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(packages, ["chronos"]);
}

/// All that loads Mesos' library speaks TLS with the masters, and is restarted when that changes.
#[test]
fn frameworks_speak_tls_with_the_masters() {
    let (old, new) = (Version::new(1, 4, 14), Version::new(1, 5, 15));
    let of = |mesos: &Mesos, index| match index {
        0 => on_a_host(Marathon::new(old, MarathonLayout::mesosphere(), mesos)),
        1 => on_a_host(Marathon::new(new, MarathonLayout::mesosphere(), mesos)),
        2 => on_a_host(Marathon::new(new, MarathonLayout::archive("/opt/marathon"), mesos)),
        3 => on_a_host(Marathon::new(
            old,
            MarathonLayout::mesosphere().init(Init::Upstart),
            mesos,
        )),
        4 => on_a_host(Chronos::new(V3, mesos)),
        _ => on_a_host(Chronos::new(V3, mesos).layout(ChronosLayout::archive("/opt/chronos"))),
    };
    for index in 0..6 {
        let plain = of(&mesos(), index);
        assert!(!files(&plain).contains("SSL"), "{index}");
        let safe = of(&mesos().tls(tls()), index);
        let told = files(&safe);
        for line in [
            "LIBPROCESS_SSL_CERT_FILE=/etc/mesos/tls/cert.pem\n",
            "LIBPROCESS_SSL_ENABLED=true\n",
            "LIBPROCESS_SSL_REQUIRE_CLIENT_CERT=true\n",
        ] {
            assert!(told.contains(line), "{index}: {told}");
        }
        let mut host = FakeHost::converged(&plain.compile().unwrap().hosts[0]);
        host.converge(&safe.compile().unwrap().hosts[0]);
        let changed: Vec<String> = host.changed().iter().map(ToString::to_string).collect();
        let name = if index < 4 { "marathon" } else { "chronos" };
        assert!(
            changed.contains(&format!("file[/etc/default/{name}]")),
            "{index}: {changed:?}"
        );
    }
    // Mesos before 0.23 has no TLS for anybody.
    let none = Mesos::new(Version::new(0, 22, 1), MesosLayout::mesosphere())
        .zookeeper("zk://198.18.0.9:2181/mesos".parse().unwrap())
        .tls(tls());
    let told = problems(&Cluster::new("lab").hosts(host("a").addr("198.18.0.1").role(Chronos::new(V3, &none))));
    assert!(told.contains("speaks no TLS"), "{told}");
}

/// What the script of a package may not read isn't written, as if it did.
#[test]
fn variables_that_no_script_reads_are_refused() {
    let (safe, plain) = (mesos().tls(tls()), mesos());
    let by_script = |mesos| {
        let role = Chronos::new(V3, mesos).layout(ChronosLayout::mesosphere().init(Init::SysV));
        Cluster::new("lab").hosts(host("a").addr("198.18.0.1").role(role))
    };
    let told = problems(&by_script(&safe));
    for part in [
        "start Chronos",
        "Mesos::tls",
        "/etc/default/chronos",
        "ChronosLayout::init",
    ] {
        assert!(told.contains(part), "{told}");
    }
    by_script(&plain).build().unwrap().compile().unwrap();
    let marathon = |version| {
        let layout = MarathonLayout::mesosphere().init(Init::SysV);
        Cluster::new("lab").hosts(host("a").addr("198.18.0.1").role(Marathon::new(version, layout, &safe)))
    };
    let told = problems(&marathon(Version::new(0, 8, 1)));
    assert!(told.contains("start Marathon"), "{told}");
    marathon(Version::new(0, 8, 2)).build().unwrap().compile().unwrap();
}

/// A unit of ours hands a flag on as a word, so it can't carry what a word can't.
#[test]
fn values_that_would_be_read_as_another_flag_are_refused() {
    for value in ["", "-x"] {
        let role = Chronos::new(V3, &mesos())
            .layout(ChronosLayout::archive("/opt/chronos"))
            .flag(chronos::HTTP_REALM, value);
        let told = problems(&Cluster::new("lab").hosts(host("a").addr("198.18.0.1").role(role)));
        assert!(
            told.contains("`--http_realm` of chronos") && told.contains("another flag"),
            "{told}"
        );
    }
}
