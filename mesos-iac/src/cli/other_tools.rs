//! Options that other tools have and this one hasn't. Whoever tries one is told what it is here; clap would guess by the
//! spelling, and send from `--forks` to `--force`.

use clap::builder::UnknownArgumentValueParser;
use clap::{Arg, ArgAction, Command};

/// What it is called elsewhere, whether it has a value there, and what it is here.
const OPTIONS: [(&[&str], bool, &str); 7] = [
    (
        &["check", "diff", "dry-run", "noop", "why-run"],
        false,
        "`plan` shows what `apply` would change, with diffs, and changes nothing",
    ),
    (
        &["forks", "concurrency", "threads"],
        true,
        "`--parallel N` says how many hosts are worked on at once",
    ),
    (
        &["inventory", "var-file"],
        true,
        "the definition has the hosts; `--inputs FILE` gives them addresses and attributes",
    ),
    (
        &["extra-vars", "var"],
        true,
        "`--set KEY=VALUE` gives an attribute to all hosts",
    ),
    (&["hosts", "target"], true, "`--limit PATTERN,…` names hosts"),
    (
        &["become", "sudo"],
        false,
        "whoever logs in and isn't root takes `sudo -n` without being told",
    ),
    (
        &["private-key", "ssh-key"],
        true,
        "`--identity FILE` names a private key",
    ),
];

/// The command with those options, which are hidden and refused.
pub(super) fn refuse(command: Command) -> Command {
    OPTIONS.into_iter().fold(command, |command, (names, has_value, tip)| {
        let action = if has_value { ArgAction::Set } else { ArgAction::SetTrue };
        command.args(names.iter().map(|name| {
            Arg::new(*name)
                .long(*name)
                .action(action.clone())
                .value_parser(UnknownArgumentValueParser::suggest(tip))
                .global(true)
                .hide(true)
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::super::args::Cli;
    use super::*;
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    #[test]
    fn what_other_tools_call_it_is_told_with_what_it_is_here() {
        for (names, has_value, tip) in OPTIONS {
            for name in names {
                let option = if has_value {
                    format!("--{name}=3")
                } else {
                    format!("--{name}")
                };
                for words in [&["lab", "apply", &option][..], &["lab", &option, "plan"]] {
                    let error = refuse(Cli::command()).try_get_matches_from(words).unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::UnknownArgument, "{option}");
                    let told = error.to_string();
                    assert!(told.contains(name) && told.contains(tip), "{told}");
                    assert_eq!(told.matches("tip:").count(), 1, "{told}");
                }
            }
        }
        let help = refuse(Cli::command()).render_long_help().to_string();
        assert!(!help.contains("--forks"), "{help}");
    }

    #[test]
    fn the_command_line_is_sound_with_them() {
        refuse(Cli::command()).debug_assert();
        let words = ["lab", "run", "--", "ansible", "--check"];
        refuse(Cli::command()).try_get_matches_from(words).unwrap();
    }
}
