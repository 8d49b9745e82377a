//! The example of two storage profiles before its upgrade: the word that the document changes is the other one here.

#[path = "../../../examples/storage_profiles.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "an example is a program; here only its definition is used"
)]
mod example;

use mesos_iac::roles::mesos::Init;
use std::process::ExitCode;

fn main() -> ExitCode {
    mesos_iac::main(|| example::cluster(example::Release::V0_21, Init::Systemd))
}
