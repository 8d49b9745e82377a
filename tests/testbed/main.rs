//! The suite on real hosts: `cargo test --test testbed`, as root on a Debian machine that has what `testbed.sh install`
//! installs. Words behind `--` select the promises whose names hold one of them; `--list` lists all.
//!
//! It builds the cluster programs, makes its hosts with `testbed.sh`, shows promises, each ending in a line of figures, and
//! takes its hosts away again, however it ends. Promises that don't hold don't stop the others. They are shown in two rows at
//! once, each on hosts of its own; in the end those about silence, one after the other.
//! The programs run in a hermetic environment, where they reach the hosts and nothing else.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and this one reports by itself"
)]

mod bed;
mod builds;
mod canary;
mod commands;
mod connections;
mod examples;
#[expect(dead_code, reason = "the moods are for tests on one machine")]
#[path = "../it/fake_marathon.rs"]
mod fake_marathon;
mod haproxy;
mod hostile;
mod hosts;
mod kills;
mod kinds;
mod lockout;
mod losses;
mod marathon;
mod plans;
mod program;
mod shipping;
mod stage;
mod states;
mod strangers;
mod suite;
mod trust;
mod yum;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use suite::Suite;

/// What is shown: a function that returns its figures, or panics.
type Promise = (&'static str, fn(&Suite) -> String);

macro_rules! promises {
    ($($module:ident: $($name:ident),+;)+) => {
        &[$($((concat!(stringify!($module), "::", stringify!($name)), $module::$name)),+),+]
    };
}

/// On the hosts of the stacki cluster and of the lab. In this order, since the first ones make what the others find.
const ON_THE_LAB: &[Promise] = promises![
    hosts:
        the_first_apply_installs_writes_and_starts,
        zookeeper_is_started_once_and_not_by_its_package,
        a_second_apply_changes_nothing,
        a_rebooted_host_is_as_it_was,
        a_hand_edit_is_shown_alone_and_mended,
        an_edited_definition_uploads_no_program,
        the_same_holds_over_openssh_as_a_sudo_user;
    trust:
        a_changed_host_key_is_refused_before_anything_is_sent,
        an_unknown_host_key_is_refused_until_it_is_trusted,
        a_pinned_host_key_decides;
    shipping:
        a_program_without_an_agent_ships_itself,
        an_edited_program_sends_a_catalog_and_no_program,
        two_first_applies_at_once_leave_one_whole_agent,
        a_noexec_directory_is_passed_over,
        a_full_disk_is_told_clearly,
        a_noisy_login_is_no_obstacle,
        a_refused_sudo_is_told_clearly;
    commands:
        commands_run_everywhere_and_no_word_is_read_by_a_shell,
        facts_are_told_whatever_the_definition_declares;
    states:
        of_two_controllers_at_once_one_runs_and_the_other_names_it,
        the_state_of_others_is_refused_each_in_its_own_words,
        a_truncated_journal_is_read_as_far_as_it_is_whole,
        a_full_disk_for_the_state_changes_nothing;
    connections:
        a_hundred_first_connections_at_once_crash_nothing;
    canary:
        a_secret_is_where_it_is_for_and_nowhere_else,
        an_agent_that_is_aborted_leaves_no_core;
    kills:
        an_agent_that_is_killed_at_any_moment_loses_nothing,
        what_a_killed_run_left_running_is_ended,
        a_network_that_is_cut_at_any_moment_loses_nothing;
    lockout:
        a_host_that_locks_its_operator_out_heals,
        it_heals_across_a_reboot_too,
        a_run_that_is_confirmed_stays,
        a_run_that_is_killed_is_undone_too;
    kinds:
        each_kind_does_on_a_host_what_it_says;
    plans:
        a_plan_is_what_a_run_does,
        a_saved_plan_refuses_the_host_that_was_edited,
        a_host_that_is_as_desired_is_left_alone_at_first_contact,
        the_package_manager_is_asked_once_and_only_where_packages_change;
];

/// Shown beside those, on the hosts of the stage.
const ON_THE_STAGE: &[Promise] = promises![
    examples:
        an_ensemble_elects_one_leader_and_outlives_it,
        zookeeper_takes_every_setting,
        masters_with_haproxy_and_slaves_with_docker_take_an_app,
        tenants_get_the_layers_that_they_chose,
        slaves_with_a_unit_of_ours_join_masters_elsewhere,
        appliances_make_the_same_cluster;
    yum:
        a_real_dnf_installs_from_a_repository_that_is_declared;
    haproxy:
        it_serves_what_marathon_lists_and_outlives_it;
];

/// Shown last, with no other beside them: they are about how long a host may be silent, and hosts that work aren't the
/// neighbours for that.
const ALONE: &[Promise] = promises![
    hostile:
        an_agent_of_another_protocol_is_refused,
        garbage_is_told_and_made_harmless,
        hostile_reports_are_made_harmless;
    strangers:
        a_host_of_another_os_is_not_touched,
        a_host_of_another_address_is_not_touched;
    losses:
        a_dead_host_does_not_stop_the_others,
        a_host_that_falls_silent_is_reported_as_lost,
        a_host_that_hangs_while_it_gets_the_agent_is_reported,
        a_host_that_gets_the_agent_slowly_is_waited_for,
        an_agent_stops_once_its_controller_is_gone,
        an_interrupted_run_stops_at_a_boundary;
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, rest)) if first == haproxy::STAND_IN => return haproxy::stand_in(rest),
        Some((first, rest)) if first == examples::STAND_IN => return examples::stand_in(rest),
        _ => {}
    }
    let mut words = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--list" => {
                [ON_THE_LAB, ON_THE_STAGE, ALONE]
                    .iter()
                    .copied()
                    .flatten()
                    .for_each(|(name, _)| println!("{name}"));
                return ExitCode::SUCCESS;
            }
            // What cargo's own test programs would be told, and this one does anyway.
            "--nocapture" => {}
            option if option.starts_with('-') => {
                eprintln!("testbed: there is no option {option}: name words of promises, or `--list`");
                return ExitCode::FAILURE;
            }
            _ => words.push(argument),
        }
    }
    let is_chosen = |(name, _): &&Promise| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let chosen =
        [ON_THE_LAB, ON_THE_STAGE, ALONE].map(|promises| promises.iter().filter(is_chosen).collect::<Vec<_>>());
    if chosen.iter().all(Vec::is_empty) {
        eprintln!(
            "testbed: no promise is called anything like {}; see `--list`",
            words.join(" or ")
        );
        return ExitCode::FAILURE;
    }
    match Suite::prepare() {
        Ok(suite) => show_all(&suite, &chosen),
        Err(why) => {
            eprintln!("testbed: nothing was shown: {why}");
            ExitCode::FAILURE
        }
    }
}

thread_local! {
    /// The promise that this thread shows.
    static SHOWN: Cell<&'static str> = const { Cell::new("") };
}

/// What promises panicked with. It is told again in the end: of a long run that is what people look at, and often all that is
/// kept.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn tell(panic: &PanicHookInfo<'_>) {
    // Where and what; how the suite got there is of no interest.
    let panic = format!("  {}: {panic}", SHOWN.get());
    println!("{panic}");
    PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(panic);
}

/// Shows some promises, one after the other. Those that don't hold.
fn show(suite: &Suite, chosen: &[&Promise]) -> Vec<&'static str> {
    let mut broken = Vec::new();
    for (name, show) in chosen {
        SHOWN.set(name);
        // One that hangs has a name then.
        eprintln!("testbed: begins with {name}");
        let started = Instant::now();
        let figures = catch_unwind(AssertUnwindSafe(|| show(suite)));
        let (title, seconds) = (
            name.replace("::", ": ").replace('_', " "),
            started.elapsed().as_secs_f64(),
        );
        match figures {
            Ok(figures) => println!("{title}\n  shown: {figures}  ({seconds:.1} s)"),
            Err(_) => {
                println!("{title}\n  NOT SHOWN  ({seconds:.1} s)");
                broken.push(*name);
            }
        }
    }
    broken
}

fn show_all(suite: &Suite, [lab, stage, alone]: &[Vec<&Promise>; 3]) -> ExitCode {
    std::panic::set_hook(Box::new(tell));
    let began = Instant::now();
    let rows = std::thread::scope(|scope| {
        let stage = scope.spawn(|| show(suite, stage));
        [
            show(suite, lab),
            stage.join().expect("what a promise panics with is caught"),
        ]
    });
    if !alone.is_empty() && !lab.is_empty() {
        // They belong to the cluster of whatever was shown on them last.
        suite.bed.reset(&suite::LAB);
    }
    let broken = [rows.concat(), show(suite, alone)].concat();
    let all = lab.len() + stage.len() + alone.len();
    let (shown, seconds) = (all - broken.len(), began.elapsed().as_secs_f64());
    // The figures of a single promise are the last line already.
    if all > 1 {
        println!("testbed: {shown} of {all} promises shown in {seconds:.0} s");
    }
    if broken.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("testbed: not shown: {}", broken.join(", "));
    let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    panics.iter().for_each(|panic| println!("{panic}"));
    ExitCode::FAILURE
}
