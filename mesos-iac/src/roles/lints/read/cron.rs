use crate::lint::LintHost;
use crate::words::ResourceId;

/// A job of cron.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Job<'c> {
    /// The file.
    pub(in super::super) id: &'c ResourceId,
    /// Its path.
    pub(in super::super) path: &'c str,
    /// The line, from 1 on.
    pub(in super::super) line: usize,
    /// Who runs it.
    pub(in super::super) user: String,
    /// What runs.
    pub(in super::super) command: String,
}

/// The jobs in a host's tables of cron: the system's, which say who runs them, and those of users.
pub(in super::super) fn jobs<'c>(host: &LintHost<'c>) -> Vec<Job<'c>> {
    let mut jobs = Vec::new();
    for file in host.files() {
        let owner = match file.path {
            "/etc/crontab" => None,
            path if path.starts_with("/etc/cron.d/") => None,
            path => match path.strip_prefix("/var/spool/cron/") {
                Some(rest) => Some(rest.strip_prefix("crontabs/").unwrap_or(rest)),
                None => continue,
            },
        };
        jobs.extend(file.text.lines().enumerate().filter_map(|(number, line)| {
            let (user, command) = job(line, owner)?;
            Some(Job {
                id: file.id,
                path: file.path,
                line: number + 1,
                user,
                command,
            })
        }));
    }
    jobs
}

/// A line's user and command; none if it is a comment or sets a variable.
fn job(line: &str, owner: Option<&str>) -> Option<(String, String)> {
    let line = line.trim();
    let begins = line.chars().next()?;
    let times = match begins {
        '@' => 1,
        '*' | '0'..='9' => 5,
        _ => return None,
    };
    let mut rest = line;
    for _ in 0..times {
        rest = rest.split_once(char::is_whitespace)?.1.trim_start();
    }
    let (user, command) = match owner {
        Some(owner) => (owner, rest),
        None => rest.split_once(char::is_whitespace)?,
    };
    Some((user.to_owned(), command.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_times_a_user_and_a_command() {
        let of = |line: &str, owner| job(line, owner).map(|(user, command)| format!("{user}: {command}"));
        assert_eq!(of("* * * * * root a  b", None).as_deref(), Some("root: a  b"));
        assert_eq!(of("@reboot root a b", None).as_deref(), Some("root: a b"));
        assert_eq!(of("*/5 0 * * 1 a b", Some("joe")).as_deref(), Some("joe: a b"));
        assert_eq!(of("# * * * * * root a", None), None);
        assert_eq!(of("MAILTO=root", None), None);
    }
}
