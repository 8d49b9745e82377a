use super::{cron, shell, unit};
use crate::kinds::Command;
use crate::lint::LintHost;
use crate::words::ResourceId;

/// A command that something of a host runs.
#[derive(Debug)]
pub(in super::super) struct Run<'c> {
    /// The resource that has it run.
    pub(in super::super) id: &'c ResourceId,
    /// Where it stands: `line 3 of /etc/cron.d/x`.
    pub(in super::super) place: String,
    /// Its words.
    pub(in super::super) words: Vec<String>,
    /// What runs it.
    pub(in super::super) by: By,
}

/// What runs a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum By {
    Cron,
    /// A unit, or a job of upstart.
    Init,
    Script,
    /// A run of the definition.
    Definition,
}

impl Run<'_> {
    /// The words from the program on, past `sudo` and its kin.
    pub(in super::super) fn program(&self) -> &[String] {
        shell::from_program(&self.words)
    }
}

/// All that a host's jobs of cron, units, jobs of upstart, scripts and commands run.
pub(in super::super) fn runs<'c>(host: &LintHost<'c>) -> Vec<Run<'c>> {
    let mut runs = Vec::new();
    let mut add = |id: &'c ResourceId, place: &str, commands: Vec<Vec<String>>, by: By| {
        runs.extend(
            commands
                .into_iter()
                .flat_map(|words| unfolded(&words))
                .map(|words| Run {
                    id,
                    place: place.to_owned(),
                    words,
                    by,
                }),
        );
    };
    for job in cron::jobs(host) {
        let place = format!("line {} of {}", job.line, job.path);
        add(job.id, &place, shell::commands(&job.command), By::Cron);
    }
    for unit in unit::units(host) {
        for line in unit
            .lines
            .iter()
            .filter(|line| line.section == "Service" && line.key.starts_with("Exec"))
        {
            let place = format!("`{}` of {}", line.key, unit.name);
            // No shell reads it: `;` and `|` are words unless one is started.
            add(unit.file.id, &place, vec![shell::words(&line.value)], By::Init);
        }
    }
    for file in host.files() {
        let job = file.path.starts_with("/etc/init/") && file.path.strip_suffix(".conf").is_some();
        let script = file
            .text
            .lines()
            .next()
            .is_some_and(|first| first.starts_with("#!") && first.contains("sh"));
        if script || job {
            let by = if job { By::Init } else { By::Script };
            for (line, text) in joined_lines(&file.text) {
                let place = format!("line {line} of {}", file.path);
                add(file.id, &place, shell::commands(&text), by);
            }
        }
    }
    for entry in host.catalog().resources() {
        let resource: &dyn std::any::Any = &*entry.resource;
        if let Some(command) = resource.downcast_ref::<Command>() {
            let line = &command.invocation().command;
            let words = std::iter::once(line.program()).chain(line.arguments().iter().map(String::as_str));
            add(
                &entry.id,
                "the command",
                vec![words.map(str::to_owned).collect()],
                By::Definition,
            );
        }
    }
    runs
}

/// The commands of a command: itself, or what a shell is given with `-c`.
pub(in super::super) fn unfolded(words: &[String]) -> Vec<Vec<String>> {
    let [program, rest @ ..] = shell::from_program(words) else {
        return Vec::new();
    };
    let given = match shell::base(program) {
        "sh" | "bash" | "dash" | "ash" => rest.windows(2).find_map(|pair| match pair {
            [flag, text] if flag.starts_with('-') && flag.ends_with('c') => Some(text),
            _ => None,
        }),
        _ => None,
    };
    match given {
        Some(text) => shell::commands(text).iter().flat_map(|words| unfolded(words)).collect(),
        None => vec![words.to_vec()],
    }
}

/// The lines of a script, those that end in `\` with the next, each with its number.
fn joined_lines(text: &str) -> Vec<(usize, String)> {
    let mut joined = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mut whole = line.to_owned();
        while let Some(open) = whole.strip_suffix('\\') {
            let next = lines.next().map_or("", |(_, line)| line);
            whole = format!("{open} {next}");
        }
        joined.push((number + 1, whole));
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_is_given_is_run() {
        let words = shell::words("/bin/bash -c \"rm -f /x && exec /usr/sbin/mesos-slave --ip=$(hostname -i)\"");
        let unfolded = unfolded(&words);
        assert_eq!(unfolded[0], ["rm", "-f", "/x"]);
        assert_eq!(unfolded[1], ["exec", "/usr/sbin/mesos-slave", "--ip=$(hostname -i)"]);
        assert_eq!(super::unfolded(&shell::words("/usr/bin/x -c y")).len(), 1);
    }

    #[test]
    fn continued_lines_are_one() {
        assert_eq!(
            joined_lines("a \\\nb\nc"),
            [(1, "a  b".to_owned()), (3, "c".to_owned())]
        );
    }
}
