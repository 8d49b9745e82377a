//! A host that isn't what the definition says is left alone.

use crate::program::Program;
use crate::suite::{LAB, Suite, WAYS};

/// The host that is taken for another one.
const STRANGER: &str = LAB[9];

/// Asserts that the programs refuse the host under this name, change nothing on it, and converge the other one.
#[track_caller]
fn assert_refused(suite: &Suite, lab: &Program<'_>, name: &str, why: &str) {
    let other = LAB[1];
    suite.bed.on(STRANGER, "touch /run/before && rm -rf /etc/lab");
    for (number, way) in WAYS.into_iter().enumerate() {
        let greeting = format!("lab.greeting=not {name} {number}");
        let report = lab
            .clone()
            .limit(&[name, other])
            .with(["--set", &greeting])
            .by(way)
            .report(&["apply"], 4);
        assert_eq!(
            (report.hosts().len(), report.result(name), report.result(other)),
            (2, "refused", "converged")
        );
        assert_eq!(
            suite.bed.on(other, "cat /etc/lab/greeting"),
            format!("not {name} {number}\n")
        );
        lab.clone()
            .limit(&[name])
            .by(way)
            .run(&["plan"], 4)
            .says(why)
            .says("correct the definition, or the host");
    }
    // All that may be new is the agent, and what the system itself logs of a login.
    let script = "find /etc /usr /opt /srv /root /home /var -newer /run/before ! -type d \
        ! -path '/var/lib/mesos-iac/*' ! -path '/var/log/*'; test ! -e /etc/lab || echo /etc/lab";
    assert_eq!(suite.bed.on(STRANGER, script), "", "{STRANGER} was touched");
}

pub(crate) fn a_host_of_another_os_is_not_touched(suite: &Suite) -> String {
    // No two hosts of a definition have one address.
    let inputs = format!(
        "[host.foreign]\naddress = \"{}\"\n[host.{STRANGER}]\naddress = \"198.18.99.99\"\n",
        suite.bed.address(STRANGER)
    );
    let lab = suite.lab().with(["--inputs", &suite.bed.write("foreign.toml", inputs)]);
    assert_refused(
        suite,
        &lab,
        "foreign",
        "the definition declares the operating system ubuntu 24.04, the host runs debian",
    );
    "a host of another operating system: exit 4, 0 files touched, the other host converged".to_owned()
}

pub(crate) fn a_host_of_another_address_is_not_touched(suite: &Suite) -> String {
    let inputs = format!(
        "[host.{STRANGER}]\naddress = \"198.18.99.99\"\nconnect = \"{}\"\n",
        suite.bed.address(STRANGER)
    );
    let lab = suite.lab().with(["--inputs", &suite.bed.write("moved.toml", inputs)]);
    assert_refused(
        suite,
        &lab,
        STRANGER,
        "the definition declares the address 198.18.99.99, which no interface of the host has",
    );
    "a host of another address: exit 4, 0 files touched, the other host converged".to_owned()
}
