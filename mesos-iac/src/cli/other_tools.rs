//! Options that other tools have and this one hasn't. Whoever tries one is told what it is here; clap guesses by the
//! spelling, and would send from `--forks` to `--force`.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What it is called elsewhere, and what it is here.
const OPTIONS: [(&[&str], &str); 7] = [
    (
        &["--check", "--diff", "--dry-run", "--noop", "--why-run"],
        "`plan` shows what `apply` would change, `deploy --plan` what `deploy` would; neither changes anything",
    ),
    (
        &["--forks", "--concurrency", "--threads"],
        "where hosts are reached, `--parallel N` says how many are worked on at once",
    ),
    (
        &["--inventory", "--var-file"],
        "the definition has the hosts; `--inputs FILE` gives them addresses and attributes",
    ),
    (
        &["--extra-vars", "--var"],
        "`--set KEY=VALUE` gives an attribute to all hosts",
    ),
    (
        &["--host", "--hosts", "--target"],
        "commands that take several hosts have `--limit PATTERN,…`",
    ),
    (
        &["--become", "--sudo"],
        "whoever logs in and isn't root takes `sudo -n` without being told",
    ),
    (
        &["--private-key", "--ssh-key"],
        "where hosts are reached, `--identity FILE` names a private key",
    ),
];

/// The error, with what is meant here in the place of a guess, if another tool has the option.
pub(super) fn explained(mut error: Error) -> Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let tip = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(option)) => OPTIONS.iter().find(|(names, _)| names.contains(&option.as_str())),
        _ => None,
    };
    if let Some((_, tip)) = tip {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![(*tip).into()]));
        error.remove(ContextKind::SuggestedArg);
        // It shows the command with the option that was guessed.
        error.remove(ContextKind::Usage);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::super::args::Cli;
    use super::*;
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn what_other_tools_call_it_is_told_with_what_it_is_here() {
        let cli = Cli::command();
        let commands: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
        assert!(commands.contains(&"apply") && commands.contains(&"trust"));
        for (names, tip) in OPTIONS {
            for (name, command) in names
                .iter()
                .flat_map(|name| commands.iter().map(move |command| (name, command)))
            {
                for option in [(*name).to_owned(), format!("{name}=3")] {
                    let error = Cli::try_parse_from(["lab", command, &option]).unwrap_err();
                    let told = explained(error).to_string();
                    assert!(told.contains(&format!("'{name}'")) && told.contains(tip), "{told}");
                    assert_eq!(told.matches("tip:").count(), 1, "{told}");
                    assert!(!told.contains("--force"), "{told}");
                }
            }
        }
    }

    #[test]
    fn what_nobody_has_is_left_to_be_guessed() {
        let error = Cli::try_parse_from(["lab", "apply", "--forse"]).unwrap_err();
        assert!(explained(error).to_string().contains("'--force'"));
        Cli::try_parse_from(["lab", "run", "--", "ansible", "--check"]).unwrap();
    }
}
