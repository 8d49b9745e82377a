//! Many first connections at once, which once crashed static builds: OpenSSL fills tables on first use.

use crate::program::Ran;
use crate::suite::{LAB, Suite};
use mesos_iac::fleet::Elf;
use std::path::Path;

const PROCESSES: usize = 10;

/// How often: what crashed one process of five would get through one round in ten.
const ROUNDS: usize = 5;

/// Starts that many processes at once, each of which connects to all hosts at once, and returns how many don't end well.
fn crowd(suite: &Suite, program: &Path) -> usize {
    // How long it takes is another matter: a hundred key exchanges keep a small machine busy.
    let lab = suite
        .lab_program(program)
        .limit(&LAB)
        .with(["--connect-timeout", "60s"]);
    let running: Vec<_> = (0..PROCESSES).map(|_| lab.start(&["run", "--", "true"])).collect();
    let ended: Vec<Ran> = running.into_iter().map(super::program::Running::wait).collect();
    let bad = ended.iter().filter(|ran| ran.status != Some(0));
    bad.inspect(|ran| println!("  {:?}: {}{}", ran.status, ran.stdout, ran.stderr))
        .count()
}

pub(crate) fn a_hundred_first_connections_at_once_crash_nothing(suite: &Suite) -> String {
    for (program, is_static) in [(&suite.builds.static_lab, true), (&suite.builds.lab, false)] {
        assert_eq!(
            Elf::parse(&std::fs::read(program).unwrap()).unwrap().is_static,
            is_static
        );
    }
    let crowds = |program| (0..ROUNDS).map(|_| crowd(suite, program)).sum::<usize>();
    let bad_static = crowds(&suite.builds.static_lab);
    let bad_dynamic = crowds(&suite.builds.lab);
    assert_eq!((bad_static, bad_dynamic), (0, 0));
    format!(
        "{} concurrent first connections by {PROCESSES} processes, {ROUNDS} times: {bad_static} of {all} processes crashed with \
         the static build, {bad_dynamic} with the dynamic one",
        PROCESSES * LAB.len(),
        all = PROCESSES * ROUNDS
    )
}
