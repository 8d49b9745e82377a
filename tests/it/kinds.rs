//! The kinds beyond files, packages and services: what each makes of a host, what it says of it before, and what is refused
//! before any host is touched.

use crate::compile::{compile, edges, mistakes, order};
use mesos_iac::converge::{ConvergeOptions, Event, Outcome, Summary, converge};
use mesos_iac::plan::{Planned, plan};
use mesos_iac::prelude::*;
use mesos_iac::state::Store;
use mesos_iac::system::{FakeSystem, Sandbox};
use mesos_iac::testing::check_idempotent;
use mesos_iac::{Ledger, Reason, ResourceId};
use std::path::Path;
use std::process::Command as Process;
use std::time::Duration;

fn catalog(declare: fn(&mut Cx<'_>)) -> Catalog {
    compile(declare).hosts.remove(0).catalog
}

fn text(catalog: &Catalog, path: &str) -> String {
    catalog
        .get::<File>(path)
        .unwrap_or_else(|| panic!("{path} isn't declared"))
        .text()
        .unwrap()
}

/// Runs until nothing is to be done any more, which has to be so after the first run.
#[track_caller]
fn settle(catalog: &Catalog, system: &dyn System) -> (Summary, Vec<Event>) {
    let mut store = Store::in_memory();
    let mut events = Vec::new();
    let first = converge(catalog, system, &mut store, &ConvergeOptions::default(), &mut |event| {
        if let Event::ResourceFinished {
            outcome: Outcome::Failed(why),
            id,
            ..
        } = &event
        {
            panic!("{id}: {why}");
        }
        events.push(event);
    });
    let again = converge(catalog, system, &mut store, &ConvergeOptions::default(), &mut |_| {});
    assert_eq!((again.changed, again.failed, again.refreshed), (0, 0, 0), "{events:#?}");
    (first, events)
}

fn planned(catalog: &Catalog, system: &dyn ReadSystem, id: &str) -> Planned {
    let id: ResourceId = id.parse().unwrap();
    let plan = plan(catalog, system, &Ledger::default());
    plan.resources
        .into_iter()
        .find(|resource| resource.id == id)
        .unwrap()
        .planned
}

/// A unit, its drop-in, and a service that a timer starts.
fn units(cx: &mut Cx<'_>) {
    let unit = cx.add(
        unit_file("mesos-master.service")
            .unit("Description", "Mesos master, 100 % of it")
            .unit("After", "network-online.target")
            .exec_start(["/bin/echo", "--roles=a b", "{\"cpus\": 1}", "50%", "$HOME", ";", "it's"])
            .service("Restart", "always")
            .wanted_by("multi-user.target"),
    );
    cx.add(directory("/etc/systemd/system/mesos-master.service.d").exclusive());
    let drop_in = cx.add(
        unit_file("mesos-master")
            .drop_in("limits")
            .service("LimitNOFILE", "65536"),
    );
    cx.add(service("mesos-master").enabled().running().restart_on((unit, drop_in)));
    let job = cx.add(
        unit_file("bridge")
            .service("Type", "oneshot")
            .exec_start(["/bin/echo", "bridge"]),
    );
    let when = cx.add(
        timer("bridge")
            .on_boot(Duration::from_secs(30))
            .on_unit_active(Duration::from_millis(90_500))
            .on_calendar("*:0/5")
            .randomized_delay(Duration::from_secs(5))
            .accuracy(Duration::from_secs(1))
            .persistent(),
    );
    cx.add(service("bridge.timer").enabled().running().restart_on((job, when)));
    cx.add(
        timer("nightly.timer")
            .on_calendar("Mon *-*-* 04:00:00")
            .starts("bridge"),
    );
}

#[test]
fn unit_files_say_what_was_said() {
    let catalog = catalog(units);
    assert_eq!(
        text(&catalog, "/etc/systemd/system/mesos-master.service"),
        "[Unit]\nDescription=Mesos master, 100 % of it\nAfter=network-online.target\n\n[Service]\n\
         ExecStart=/bin/echo \"--roles=a b\" \"{\\\"cpus\\\": 1}\" 50%% $$HOME \";\" \"it's\"\nRestart=always\n\n\
         [Install]\nWantedBy=multi-user.target\n"
    );
    assert_eq!(
        text(&catalog, "/etc/systemd/system/mesos-master.service.d/limits.conf"),
        "[Service]\nLimitNOFILE=65536\n"
    );
    assert_eq!(
        text(&catalog, "/etc/systemd/system/bridge.timer"),
        "[Unit]\nDescription=Timer of bridge\n\n[Timer]\nOnBootSec=30s\nOnUnitActiveSec=90500ms\nOnCalendar=*:0/5\n\
         RandomizedDelaySec=5s\nAccuracySec=1s\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
    );
    let unit: &File = catalog.get("/etc/systemd/system/bridge.service").unwrap();
    assert_eq!(unit.attributes().mode.unwrap().to_string(), "0644");
    settle(&catalog, &FakeSystem::new());
}

/// systemd's own judgement, where this machine has its tool.
#[test]
fn systemd_accepts_the_units() {
    if !Path::new("/usr/bin/systemd-analyze").exists() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let catalog = catalog(units);
    let mut names = Vec::new();
    for (path, file) in catalog.all::<File>() {
        let at = place.path().join(path.strip_prefix("/etc/systemd/system/").unwrap());
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::fs::write(&at, file.text().unwrap()).unwrap();
        if !path.contains(".d/") {
            names.push(at);
        }
    }
    let verify = |names: &[std::path::PathBuf]| {
        let mut verify = Process::new("systemd-analyze");
        verify.env("SYSTEMD_UNIT_PATH", format!("{}:", place.path().display()));
        let output = verify.args(["verify", "--man=no"]).args(names).output().unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert_eq!(verify(&names), "");
    // It does look: what it doesn't know, it names.
    std::fs::write(
        &names[0],
        text(&catalog, "/etc/systemd/system/mesos-master.service").replace("Restart=", "Restrt="),
    )
    .unwrap();
    assert!(verify(&names).contains("Restrt"), "{}", verify(&names));
    println!(
        "units: {} unit files and a drop-in pass `systemd-analyze verify`",
        names.len()
    );
}

#[test]
fn cron_jobs_stand_where_cron_reads_them() {
    let catalog = catalog(|cx| {
        cx.add(
            cron_job("haproxy-bridge")
                .schedule("*/1 * * * *")
                .env("MAILTO", "")
                .command("/usr/local/bin/bridge >> /var/log/bridge-$(date +%F)"),
        );
        cx.add(cron_job("old").absent());
    });
    assert_eq!(
        text(&catalog, "/etc/cron.d/haproxy-bridge"),
        "MAILTO=\"\"\n*/1 * * * * root /usr/local/bin/bridge >> /var/log/bridge-$(date +\\%F)\n"
    );
    let system = FakeSystem::new().with_file(&AbsPath::new("/etc/cron.d/old").unwrap(), "* * * * * root x\n");
    settle(&catalog, &system);
    assert_eq!(system.text("/etc/cron.d/old"), None);
    let attributes = system
        .entry(&AbsPath::new("/etc/cron.d/haproxy-bridge").unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(
        (attributes.mode.unwrap().bits(), attributes.owner.as_deref()),
        (0o644, Some("root"))
    );
}

const KEY: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----\n";

fn repository(cx: &mut Cx<'_>) {
    cx.add(package("mesos"));
    cx.add(
        apt_repository("mesosphere")
            .uri("http://repos.example.com/debian")
            .suite("bookworm")
            .component("main")
            .architecture("amd64")
            .option("Check-Valid-Until", "no")
            .signed_by(KEY),
    );
    cx.add(
        apt_pin("mesos")
            .package("mesos")
            .package("mesos-*")
            .version("1.11.*")
            .priority(1001),
    );
}

#[test]
fn a_repository_is_its_file_its_key_and_that_apt_has_read_it() {
    let catalog = catalog(repository);
    let repository: &AptRepository = catalog.get("mesosphere").unwrap();
    assert_eq!(
        repository.sources().text().unwrap(),
        "Types: deb\nURIs: http://repos.example.com/debian\nSuites: bookworm\nComponents: main\nArchitectures: amd64\n\
         Signed-By: /etc/apt/keyrings/mesosphere.asc\nCheck-Valid-Until: no\n"
    );
    assert_eq!(
        repository.key().unwrap().path().as_str(),
        "/etc/apt/keyrings/mesosphere.asc"
    );
    assert_eq!(
        text(&catalog, "/etc/apt/preferences.d/mesos"),
        "Package: mesos mesos-*\nPin: version 1.11.*\nPin-Priority: 1001\n"
    );
    let compiled = compile(self::repository);
    let repository_edge = ("apt-repository[mesosphere]".to_owned(), Reason::Path);
    assert!(
        edges(&compiled, "package[mesos]").contains(&repository_edge),
        "{:?}",
        edges(&compiled, "package[mesos]")
    );
    assert_eq!(order(&compiled).last().unwrap(), "package[mesos]");

    let system = FakeSystem::new();
    let Planned::WouldChange(diff) = planned(&catalog, &system, "apt-repository[mesosphere]") else {
        panic!("a new repository is a change");
    };
    let properties: Vec<&str> = diff.changes.iter().map(|change| change.property.as_str()).collect();
    let files = [
        "/etc/apt/keyrings/mesosphere.asc",
        "/etc/apt/sources.list.d/mesosphere.sources",
    ];
    for file in files {
        assert!(
            properties.contains(&format!("{file} content").as_str()),
            "{properties:?}"
        );
    }
    assert_eq!(properties.last(), Some(&"lists"));
    settle(&catalog, &system);
    for file in files {
        let entry = system.entry(&AbsPath::new(file).unwrap()).unwrap().unwrap();
        assert_eq!(
            entry.mode.unwrap().bits(),
            0o644,
            "apt reads as a user who is nobody: {file}"
        );
    }

    // What was read is gone, and nothing else.
    let machine = system.machine();
    assert_eq!(
        machine.package_lists.first().map(String::as_str),
        Some("repos.example.com_debian_dists_bookworm_")
    );
}

#[test]
fn a_sandbox_has_its_files_and_takes_it_as_read() {
    let place = tempfile::tempdir().unwrap();
    let catalog = catalog(repository);
    let sandbox = Sandbox::open(place.path(), &catalog, true).unwrap();
    settle(&catalog, &sandbox);
    assert!(
        place
            .path()
            .join("a/etc/apt/sources.list.d/mesosphere.sources")
            .exists()
    );
    sandbox.save().unwrap();
    let again = Sandbox::open(place.path(), &catalog, false).unwrap();
    assert_eq!(
        planned(&catalog, &again, "apt-repository[mesosphere]"),
        Planned::NoChange
    );
}

#[test]
fn a_package_is_unknown_for_as_long_as_a_repository_changes_before_it() {
    let catalog = catalog(repository);
    // It is in another repository already, and who knows which one wins.
    let system = FakeSystem::new().with_candidate("mesos", "1.10.0", &[]);
    let before = planned(&catalog, &system, "package[mesos]");
    assert!(matches!(before, Planned::Unknown { .. }), "{before:?}");
    // It is in none that was read.
    let system = FakeSystem::new().with_candidate("other", "1", &[]);
    let before = planned(&catalog, &system, "package[mesos]");
    assert!(matches!(before, Planned::Unknown { .. }), "{before:?}");
}

#[test]
fn a_repository_that_cannot_be_read_leaves_its_files_as_they_were() {
    let catalog = catalog(repository);
    let repository: &AptRepository = catalog.get("mesosphere").unwrap();
    let sources = AbsPath::new("/etc/apt/sources.list.d/mesosphere.sources").unwrap();
    let fresh = || FakeSystem::new().with_file(&sources, "Types: deb\n");
    let steps = {
        let system = fresh();
        let Check::Change(diff) = repository.check(&system).unwrap() else {
            panic!("nothing is to be done");
        };
        let before = system.changes();
        repository.apply(&system, &diff).unwrap();
        system.changes() - before
    };
    // The last step reads it.
    let system = fresh().failing_at(steps);
    let Check::Change(diff) = repository.check(&system).unwrap() else {
        panic!("nothing is to be done");
    };
    repository.apply(&system, &diff).unwrap_err();
    assert_eq!(system.text(sources.as_str()).as_deref(), Some("Types: deb\n"));
    assert_eq!(system.text("/etc/apt/keyrings/mesosphere.asc"), None);
    assert_eq!(
        repository.check(&system).unwrap(),
        Check::Change(diff),
        "the next run tries again"
    );
}

#[test]
fn a_repository_goes_with_its_files() {
    let catalog = catalog(|cx| {
        cx.add(apt_repository("mesosphere").absent());
    });
    let mut system = FakeSystem::new();
    for file in [
        "/etc/apt/keyrings/mesosphere.gpg",
        "/etc/apt/sources.list.d/mesosphere.sources",
    ] {
        system = system.with_file(&AbsPath::new(file).unwrap(), "x");
    }
    let (first, _) = settle(&catalog, &system);
    assert_eq!(first.changed, 1);
    assert_eq!(system.text("/etc/apt/keyrings/mesosphere.gpg"), None);
}

const TARBALL: &str = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73";

fn marathon(cx: &mut Cx<'_>) {
    cx.add(file("/opt/marathon/extra.conf").content("ours\n"));
    cx.add(
        archive("/opt/marathon")
            .from("/var/cache/marathon.tgz")
            .sha256(TARBALL)
            .strip(1),
    );
    cx.add(
        download("/var/cache/marathon.tgz")
            .url("https://downloads.example.com/marathon.tgz")
            .sha256(TARBALL),
    );
    cx.add(directory("/var/cache"));
    cx.add(package("curl"));
}

#[test]
fn a_download_is_fetched_once_and_an_archive_unpacked_once() {
    let catalog = catalog(marathon);
    let expected = [
        "directory[/var/cache]",
        "package[curl]",
        "download[/var/cache/marathon.tgz]",
        "archive[/opt/marathon]",
        "file[/opt/marathon/extra.conf]",
    ];
    assert_eq!(order(&compile(marathon)), expected);
    let fresh = || FakeSystem::new().with_url("https://downloads.example.com/marathon.tgz", "content");
    let system = fresh();
    settle(&catalog, &system);
    let marker = format!("sha256 {TARBALL}\nstrip 1\n");
    assert_eq!(system.text("/opt/marathon/.mesos-iac-archive"), Some(marker));
    assert_eq!(system.text("/opt/marathon/extra.conf").as_deref(), Some("ours\n"));

    // Another archive replaces all of the directory: what is in it is made again, and a plan doesn't deny it.
    let old = AbsPath::new("/opt/marathon/.mesos-iac-archive").unwrap();
    let replaced = || {
        fresh()
            .with_file(&old, "sha256 of another\n")
            .with_file(&AbsPath::new("/opt/marathon/extra.conf").unwrap(), "ours\n")
    };
    let before = planned(&catalog, &replaced(), "file[/opt/marathon/extra.conf]");
    assert!(matches!(before, Planned::Unknown { .. }), "{before:?}");
    let system = replaced();
    settle(&catalog, &system);
    assert_eq!(system.text("/opt/marathon/extra.conf").as_deref(), Some("ours\n"));

    // What is no archive's isn't replaced.
    let theirs = fresh().with_file(&AbsPath::new("/opt/marathon/theirs").unwrap(), "data");
    let archive: &Archive = catalog.get("/opt/marathon").unwrap();
    let why = archive.check(&theirs).unwrap_err().to_string();
    assert!(why.contains("what stands there isn't from an archive"), "{why}");
}

#[test]
fn a_download_with_another_digest_leaves_nothing() {
    let catalog = catalog(marathon);
    let system = FakeSystem::new().with_url("https://downloads.example.com/marathon.tgz", "tampered");
    let download: &Download = catalog.get("/var/cache/marathon.tgz").unwrap();
    let Check::Change(diff) = download.check(&system).unwrap() else {
        panic!("nothing is to be done");
    };
    let error = download.apply(&system, &diff).unwrap_err().to_string();
    assert!(error.contains("and the definition says ed7002b4"), "{error}");
    assert_eq!(system.text("/var/cache/marathon.tgz"), None);
}

#[test]
fn a_sandbox_knows_no_network() {
    let place = tempfile::tempdir().unwrap();
    let catalog = catalog(marathon);
    let sandbox = Sandbox::open(place.path(), &catalog, true).unwrap();
    let summary = converge(
        &catalog,
        &sandbox,
        &mut Store::in_memory(),
        &ConvergeOptions::default(),
        &mut |_| {},
    );
    assert_eq!((summary.unknown, summary.failed), (2, 0));
}

#[test]
fn a_setting_of_the_kernel_is_set_now_and_after_a_boot() {
    let catalog = catalog(|cx| {
        cx.add(sysctl("net.ipv4.conf.eth0/1.rp_filter").value(1));
    });
    let file = "/etc/sysctl.d/60-net.ipv4.conf.eth0_1.rp_filter.conf";
    let now = AbsPath::new("/proc/sys/net/ipv4/conf/eth0.1/rp_filter").unwrap();
    let set = ["sysctl", "--quiet", "--write", "net.ipv4.conf.eth0/1.rp_filter=1"];
    let system = FakeSystem::new().with_file(&now, "0\n").with_command(set, 0);
    let setting: &Sysctl = catalog.get("net.ipv4.conf.eth0/1.rp_filter").unwrap();
    let Check::Change(diff) = setting.check(&system).unwrap() else {
        panic!("nothing is to be done");
    };
    assert_eq!(
        (&diff.change("now").unwrap().from, &diff.change("now").unwrap().to),
        (&"0".into(), &"1".into())
    );
    setting.apply(&system, &diff).unwrap();
    assert_eq!(
        system.text(file).as_deref(),
        Some("net.ipv4.conf.eth0/1.rp_filter = 1\n")
    );
    assert_eq!(system.machine().commands.len(), 1);
    // The fake has no kernel: it is as if sysctl had done it.
    let system = system.with_file(&now, "1\n");
    assert_eq!(setting.check(&system).unwrap(), Check::NoChange);
    // A kernel that doesn't know it.
    let other = FakeSystem::new().with_file(&AbsPath::new("/proc/sys/vm/swappiness").unwrap(), "60\n");
    let error = setting.check(&other).unwrap_err().to_string();
    assert_eq!(
        error,
        "find the sysctl `net.ipv4.conf.eth0/1.rp_filter` on the host: there is none"
    );
    // No kernel at all: a file.
    let place = tempfile::tempdir().unwrap();
    settle(&catalog, &Sandbox::open(place.path(), &catalog, true).unwrap());
    assert!(place.path().join("a").join(file.trim_start_matches('/')).exists());
}

#[test]
fn limits_are_a_file() {
    let catalog = catalog(|cx| {
        cx.add(
            limits("mesos")
                .both("mesos", "nofile", 65536)
                .soft("@ops", "core", "unlimited"),
        );
    });
    assert_eq!(
        text(&catalog, "/etc/security/limits.d/mesos.conf"),
        "mesos - nofile 65536\n@ops soft core unlimited\n"
    );
}

#[test]
fn mistakes_are_told_before_any_host_is_touched() {
    fn told(declare: fn(&mut Cx<'_>), why: &str) {
        let mistakes = mistakes(declare);
        assert!(mistakes.contains(why), "{mistakes}");
    }
    told(
        |cx| {
            cx.add(timer("a"));
        },
        "it never starts anything; say when, with `.on_calendar(\"daily\")`",
    );
    told(
        |cx| {
            cx.add(unit_file("a"));
        },
        "/etc/systemd/system/a.service: it says nothing",
    );
    told(
        |cx| {
            cx.add(unit_file("a").unit("After", "b").content("[Unit]\n"));
        },
        "it has both settings and a content",
    );
    told(
        |cx| {
            cx.add(cron_job("a").command("x"));
        },
        "the cron job a: it needs a `.schedule(…)` and a `.command(…)`",
    );
    told(
        |cx| {
            cx.add(cron_job("a").schedule("0 25 * * *").command("x"));
        },
        "the hour \"25\": \"25\" is none: expected 0 to 23",
    );
    told(
        |cx| {
            cx.add(cron_job("a.sh").schedule("@daily").command("x"));
        },
        "expected letters, digits and `-`, `_`",
    );
    told(
        |cx| {
            cx.add(apt_repository("a").uri("https://x/").suite("s").component("main"));
        },
        "it needs the key that signs it",
    );
    told(
        |cx| {
            cx.add(apt_repository("a").uri("https://x/").suite("s").unsigned());
        },
        "it needs a `.component(…)`, such as `main`",
    );
    told(
        |cx| {
            cx.add(apt_repository("a").uri("x").suite("./").unsigned());
        },
        "\"x\" is no URI that apt reads",
    );
    told(
        |cx| {
            cx.add(apt_repository("a").uri("https://x/").suite("./").signed_by("<html>"));
        },
        "its key is none: expected a public key of OpenPGP",
    );
    told(
        |cx| {
            cx.add(download("/a").url("https://a/b"));
        },
        "it needs a `.url(…)` and a `.sha256(…)`",
    );
    told(
        |cx| {
            cx.add(archive("/opt").from("/a").sha256(TARBALL));
        },
        "unpack an archive to /opt: it is a top-level directory",
    );
    told(
        |cx| {
            cx.add(apt_pin("a").package("mesos").priority(1));
        },
        "it needs one of `.version(…)`, `.origin(…)` and `.release(…)`",
    );
}

/// What a test of a definition is for: it fails where the second run does something.
#[test]
fn a_definition_that_changes_something_each_time_is_not_idempotent() {
    #[derive(Role, Clone)]
    #[role(name = "restless")]
    struct Restless;
    impl Declares for Restless {
        fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
            cx.add(command(["build"]).creates("/srv/built"));
            Ok(())
        }
    }
    let cluster = Cluster::new("x").hosts(host("a").role(Restless)).build().unwrap();
    let built = AbsPath::new("/srv/built").unwrap();
    let told = check_idempotent(&cluster, |system| system.with_command(["build"], 0)).unwrap_err();
    assert!(
        told.contains("a: in the second run, ") && told.contains("build"),
        "{told}"
    );
    let made = |system: FakeSystem| system.with_command_that_makes(["build"], &built);
    assert_eq!(check_idempotent(&cluster, made), Ok(()));
}
