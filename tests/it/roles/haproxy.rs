//! Which Marathons HAProxy's role has its bridge ask, and with which passwords.

use mesos_iac::File;
use mesos_iac::bridge::BridgeConfig;
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::haproxy::HaProxy;
use mesos_iac::roles::marathon::{Marathon, MarathonApi, MarathonLayout};
use mesos_iac::roles::mesos::{Mesos, MesosLayout};
use mesos_iac::workloads::marathon::app;

/// A Marathon of the library, at this address and with this secret.
fn with_password(address: &str, secret: &str) -> Hosts {
    let mesos = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere())
        .zookeeper("zk://10.0.0.9:2181/mesos".parse().unwrap());
    let marathon = Marathon::new(Version::new(1, 5, 15), MarathonLayout::mesosphere(), &mesos);
    host(&format!("m{}", address.rsplit('.').next().unwrap()))
        .addr(address)
        .role(marathon.credentials(Secret::from_env(secret)))
}

/// The bridge's configuration, and the files of credentials with their modes, of the host `proxy`.
fn logins(cluster: ClusterBuilder) -> (BridgeConfig, Vec<String>) {
    let compiled = cluster.build().unwrap().compile().unwrap();
    let catalog = &compiled.host("proxy").unwrap().catalog;
    let json = catalog.get::<File>("/etc/mesos-iac/haproxy-bridge.json").unwrap();
    let mut files: Vec<String> = catalog
        .all::<File>()
        .filter(|(path, _)| path.contains(".credentials"))
        .map(|(path, file)| {
            let attributes = file.attributes();
            let (mode, owner) = (attributes.mode.unwrap(), attributes.owner.as_deref().unwrap());
            format!("{path} {mode} {owner} {}", file.text().unwrap())
        })
        .collect();
    files.sort();
    (serde_json::from_str(&json.text().unwrap()).unwrap(), files)
}

#[test]
fn what_marathon_asks_for_stands_in_a_file_of_roots() {
    let same = Cluster::new("x")
        .hosts(with_password("10.0.0.1", "MARATHON"))
        .hosts(with_password("10.0.0.2", "MARATHON"))
        .hosts(host("proxy").role(HaProxy::new()));
    let (bridge, files) = logins(same);
    let file = "/etc/mesos-iac/haproxy-bridge.credentials";
    assert_eq!(files, [format!("{file} 0400 root «env:MARATHON»")]);
    let named: Vec<String> = bridge
        .credentials
        .iter()
        .map(|(at, file)| format!("{at} {file}"))
        .collect();
    assert_eq!(
        named,
        [format!("10.0.0.1:8080 {file}"), format!("10.0.0.2:8080 {file}")]
    );
    assert_eq!(bridge.check(), Ok(()));

    // Two that differ, and one by hand of which nothing is known.
    let named = ["10.0.0.1:8080", "10.0.0.2:8080", "10.9.9.9:8080"];
    let differing = |role: HaProxy| {
        let cluster = Cluster::new("x")
            .hosts(with_password("10.0.0.1", "ONE"))
            .hosts(with_password("10.0.0.2", "TWO"))
            .hosts(host("proxy").role(role.marathons(named)));
        logins(cluster)
    };
    let (bridge, files) = differing(HaProxy::new());
    assert_eq!(
        files,
        [
            format!("{file} 0400 root «env:ONE»"),
            format!("{file}-2 0400 root «env:TWO»")
        ]
    );
    assert_eq!(bridge.credentials.len(), 2);
    let (bridge, files) = differing(HaProxy::new().credentials(Secret::from_env("ELSEWHERE")));
    assert_eq!(files.len(), 3);
    assert_eq!(files[2], format!("{file}-3 0400 root «env:ELSEWHERE»"));
    assert_eq!(
        bridge.credentials[&named[2].parse().unwrap()].as_str(),
        format!("{file}-3")
    );
}

#[test]
fn a_marathon_of_which_two_passwords_are_told_is_a_mistake() {
    let cluster = Cluster::new("x")
        .hosts(with_password("10.0.0.1", "ONE"))
        .hosts(host("other").role(Told))
        .hosts(host("proxy").role(HaProxy::new()));
    let text = cluster.build().unwrap().compile().unwrap_err().to_string();
    assert!(
        text.contains("the Marathon at 10.0.0.1:8080 has credentials that differ: env:ONE by m1, env:OTHER by other"),
        "{text}"
    );
}

#[test]
fn marathons_that_are_declared_by_name_are_told_as_what_they_are() {
    let cluster = Cluster::new("x")
        .hosts(with_password("m1.example.com", "ONE"))
        .hosts(host("proxy").role(HaProxy::new()));
    let text = cluster.build().unwrap().compile().unwrap_err().to_string();
    assert!(
        text.contains(
            "are declared by name, and the bridge asks by address only: mcom (`m1.example.com`); declare them"
        ),
        "{text}"
    );
    // Named by hand it is asked all the same.
    let cluster = Cluster::new("x").hosts(with_password("m1.example.com", "ONE")).hosts(
        host("proxy").role(
            HaProxy::new()
                .marathons(["10.0.0.1:8080"])
                .credentials(Secret::from_env("ONE")),
        ),
    );
    assert_eq!(logins(cluster).0.credentials.len(), 1);
}

/// Somebody's word on the Marathon of `m1`.
#[derive(Role, Clone)]
#[role(name = "told")]
struct Told;

impl Declares for Told {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        let api = MarathonApi::at(([10, 0, 0, 1], 8080).into(), Version::new(1, 5, 15));
        cx.expose(api.credentials(Secret::from_env("OTHER")));
        Ok(())
    }

    fn declare(&self, _: &mut Cx<'_>) -> Result<()> {
        Ok(())
    }
}

/// Marathon's host address is read but was not declared, which is told; that nothing knows where Marathon answers follows from it.
#[test]
fn a_marathon_without_an_address_is_all_that_is_told() {
    let mesos = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere())
        .zookeeper("zk://10.0.0.9:2181/mesos".parse().unwrap());
    let marathon = Marathon::new(Version::new(1, 5, 15), MarathonLayout::mesosphere(), &mesos);
    let proxy = || Cluster::new("x").hosts(host("proxy").role(HaProxy::new()));
    let told = super::problems(&proxy().hosts(host("m").role(marathon)).workload(app("/web")));
    let lines: Vec<&str> = told.lines().filter(|line| line.starts_with('[')).collect();
    assert!(
        lines
            .iter()
            .all(|line| line.contains("address is read but was not declared")),
        "{told}"
    );
    // Where nobody has the role, that is what is wrong.
    let told = super::problems(&proxy().workload(app("/web")));
    assert!(told.contains("nothing says where Marathon answers"), "{told}");
    assert!(told.contains("no host says where Marathon answers"), "{told}");
}
