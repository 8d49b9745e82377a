//! What others say of what the roles write: systemd of their units, a shell of their scripts.

use mesos_iac::File;
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::chronos::{Chronos, ChronosLayout};
use mesos_iac::roles::haproxy::HaProxy;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{AgentAddress, Init, Mesos, MesosLayout};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

const UNITS: &str = "/etc/systemd/system/";

/// Clusters whose hosts have every unit and script that a role writes.
fn clusters() -> Vec<Cluster> {
    let versions = [Version::new(0, 23, 0), Version::new(1, 11, 0)];
    let layouts = [
        MesosLayout::environment_file(),
        MesosLayout::command_line().prefix("/opt/mesos"),
        MesosLayout::mesosphere().init(Init::SysV),
    ];
    let mut clusters = Vec::new();
    for version in versions {
        for layout in &layouts {
            let mesos = Mesos::new(version, layout.clone()).zookeeper("zk://10.0.0.9:2181/mesos".parse().unwrap());
            let marathon = Marathon::new(Version::new(1, 5, 15), MarathonLayout::archive("/opt/marathon"), &mesos);
            let chronos = Chronos::new(Version::new(3, 0, 2), &mesos).layout(ChronosLayout::archive("/opt/chronos"));
            let agent = mesos.agent().address(AgentAddress::OfInterface("eth*".to_owned()));
            let cluster = Cluster::new("lab")
                .hosts(
                    host("m")
                        .addr("10.0.0.1")
                        .role(mesos.master().cluster("lab"))
                        .role(marathon)
                        .role(chronos),
                )
                .hosts(
                    host("a")
                        .addr("10.0.0.2")
                        .role(agent.unit("Service", "OOMScoreAdjust", "-500")),
                )
                .hosts(host("h").addr("10.0.0.3").role(HaProxy::new()));
            clusters.push(cluster.build().unwrap());
        }
    }
    for (_, example, _) in crate::examples::EXAMPLES {
        clusters.push(example().unwrap());
    }
    clusters
}

/// Each file of each host below one of these directories, once.
fn written(cluster: &Cluster, below: &[&str]) -> BTreeSet<(String, String)> {
    let compiled = cluster.compile().expect("the cluster compiles");
    let files = compiled.hosts.iter().flat_map(|host| host.catalog.all::<File>());
    files
        .filter(|(path, _)| below.iter().any(|directory| path.starts_with(directory)))
        .filter_map(|(path, file)| Some((path.to_owned(), file.text()?)))
        .collect()
}

/// A tree with systemd's own targets, and an empty program wherever a unit starts one.
fn tree(files: &BTreeSet<(String, String)>) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str, mode: u32| {
        let at = root.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(&at, text).unwrap();
        fs::set_permissions(&at, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    for entry in fs::read_dir("/usr/lib/systemd/system").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "target") && path.is_file() {
            let name = path.file_name().unwrap().to_str().unwrap();
            put(&format!("{UNITS}{name}"), &fs::read_to_string(&path).unwrap(), 0o644);
        }
    }
    for (path, text) in files {
        put(path, text, 0o644);
        for line in text.lines().filter(|line| line.starts_with("Exec")) {
            let program = line
                .split_once('=')
                .and_then(|(_, words)| words.split_whitespace().next());
            put(program.expect("a program"), "#!/bin/sh\n", 0o755);
        }
    }
    root
}

fn verify(root: &Path, names: &[&str]) -> String {
    let mut verify = Command::new("systemd-analyze");
    let root = format!("--root={}", root.display());
    let output = verify.args(["verify", "--man=no", &root]).args(names).output().unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn systemd_accepts_the_units_of_every_role() {
    if !Path::new("/usr/bin/systemd-analyze").exists() {
        eprintln!("units: not shown here: this machine has no systemd-analyze");
        return;
    }
    let mut verified = BTreeSet::new();
    for cluster in clusters() {
        let files = written(&cluster, &[UNITS]);
        let root = tree(&files);
        let names = files.iter().filter_map(|(path, _)| path.strip_prefix(UNITS));
        let names: Vec<&str> = names.filter(|name| !name.contains('/')).collect();
        if !names.is_empty() {
            assert_eq!(verify(root.path(), &names), "", "{files:#?}");
        }
        verified.extend(files);
    }
    // It does look: what it doesn't know, it names.
    let (path, text) = verified.first().expect("roles have units");
    let broken = BTreeSet::from([(path.clone(), text.replace("Restart=", "Restrt="))]);
    let said = verify(tree(&broken).path(), &[path.trim_start_matches(UNITS)]);
    assert!(said.contains("Restrt"), "{said}");
    let names: BTreeSet<&str> = verified
        .iter()
        .filter_map(|(path, _)| path.strip_prefix(UNITS))
        .collect();
    println!(
        "role-units: {} units of the roles ({}) pass `systemd-analyze verify`",
        verified.len(),
        names.into_iter().collect::<Vec<_>>().join(", ")
    );
}

#[test]
fn a_shell_accepts_the_scripts_of_every_role() {
    let mut checked = 0;
    for cluster in clusters() {
        for (path, text) in written(&cluster, &["/etc/init.d/", "/usr/local/lib/"]) {
            assert!(text.starts_with("#!/bin/sh\n"), "{path}");
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), text).unwrap();
            let output = Command::new("sh").arg("-n").arg(file.path()).output().unwrap();
            assert!(
                output.status.success(),
                "{path}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            checked += 1;
        }
    }
    assert!(checked > 4, "{checked} scripts");
}
