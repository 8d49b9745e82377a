use super::builder::{Mistake, account_name};
use super::cron_schedule::check_schedule;
use super::rendered::{RenderedFile, declare_rendered_file, file_name, one_line};
use crate::model::{Error, Result};
use crate::words::AbsPath;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A job of cron in the making; what it declares is the [`File`](super::File) `/etc/cron.d/NAME`.
///
/// It belongs to root and has mode 0644, for cron passes over others. cron sees by itself that it changed.
///
/// ```
/// # use mesos_iac::prelude::*;
/// # fn declare(cx: &mut Cx<'_>) -> Result<()> {
/// let cron = cx.add(package("cron"));
/// cx.add(
///     cron_job("haproxy-bridge")
///         .schedule("*/1 * * * *")
///         .user("root")
///         .env("MAILTO", "")
///         .command("/usr/local/bin/haproxy-marathon-bridge refresh_system_haproxy")
///         .after(cron),
/// );
/// # Ok(())
/// # }
/// ```
///
/// Ensures neither that cron is installed nor that its daemon runs.
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct CronJobBuilder {
    name: String,
    present: bool,
    schedule: Option<String>,
    user: Option<String>,
    command: Option<String>,
    environment: BTreeMap<String, String>,
    mistake: Mistake,
}

/// The cron job of this name: letters, digits, `-` and `_`, for cron passes over files of other names.
pub fn cron_job(name: impl Into<String>) -> CronJobBuilder {
    CronJobBuilder {
        name: name.into(),
        present: true,
        schedule: None,
        user: Some("root".to_owned()),
        command: None,
        environment: BTreeMap::new(),
        mistake: Mistake::default(),
    }
}

impl CronJobBuilder {
    /// Sets when it runs: minute, hour, day of the month, month, day of the week; or `@reboot`, `@daily` and their kin.
    pub fn schedule(mut self, schedule: &str) -> Self {
        self.schedule = self.mistake.keep(check_schedule(schedule));
        self
    }

    /// Sets who runs it; root, if nothing is said.
    pub fn user(mut self, user: &str) -> Self {
        self.user = self.mistake.keep(account_name(user));
        self
    }

    /// Sets what runs: one line, which `/bin/sh` reads. A `%` in it is one, not the end of the line that cron makes of it.
    pub fn command(mut self, line: &str) -> Self {
        self.command = self.mistake.keep(one_line("the command of a cron job", line));
        self
    }

    /// Adds a variable to its environment; cron expands nothing in it. `PATH` is `/usr/bin:/bin` unless it is set.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        if let Some((name, value)) = self.mistake.keep(variable(name, value)) {
            self.environment.insert(name, value);
        }
        self
    }

    /// Ensures that there is no such job.
    pub const fn absent(mut self) -> Self {
        self.present = false;
        self
    }

    fn table(&self, schedule: &str, command: &str) -> String {
        let mut text = String::new();
        for (name, value) in &self.environment {
            let _infallible = writeln!(text, "{name}={value}");
        }
        let user = self.user.as_deref().unwrap_or("root");
        // cron passes over a last line without its end.
        let _infallible = writeln!(text, "{schedule} {user} {}", command.replace('%', "\\%"));
        text
    }
}

/// A variable as it stands in the file.
fn variable(name: &str, value: &str) -> Result<(String, String)> {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let quote = match (value.contains('"'), value.contains('\'')) {
        (false, _) => '"',
        (true, false) => '\'',
        (true, true) => {
            return Err(Error::message(format!(
                "set {name} for cron: it can't hold both sorts of quotes"
            )));
        }
    };
    if !is_name || value.chars().any(char::is_control) {
        return Err(Error::message(format!(
            "set {name:?} to {value:?} for cron: expected a name of letters, digits and `_`, and a value on one line"
        )));
    }
    Ok((name.to_owned(), format!("{quote}{value}{quote}")))
}

declare_rendered_file!(CronJobBuilder);

impl RenderedFile for CronJobBuilder {
    fn path(&self) -> Result<AbsPath> {
        file_name("the cron job", &self.name, "-_")?;
        Ok(AbsPath::new(format!("/etc/cron.d/{}", self.name))?)
    }

    fn is_present(&self) -> bool {
        self.present
    }

    fn text(self) -> Result<String> {
        self.mistake.clone().check()?;
        let (Some(schedule), Some(command)) = (&self.schedule, &self.command) else {
            return Err(Error::message(format!(
                "declare the cron job {}: it needs a `.schedule(…)` and a `.command(…)`",
                self.name
            )));
        };
        Ok(self.table(schedule, command))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_a_line_with_its_environment_above() {
        let job = cron_job("bridge")
            .env("MAILTO", "")
            .env("OPTIONS", "say \"hi\"")
            .user("haproxy");
        let text = job.table("@daily", "date +%F > /tmp/x");
        assert_eq!(
            text,
            "MAILTO=\"\"\nOPTIONS='say \"hi\"'\n@daily haproxy date +\\%F > /tmp/x\n"
        );
        assert_eq!(job.path().unwrap().as_str(), "/etc/cron.d/bridge");
    }

    #[test]
    fn names_that_cron_passes_over_are_refused() {
        for name in ["bridge.sh", "bridge~", "", "a b", "a/b", ".bridge"] {
            let error = cron_job(name).path().unwrap_err().to_string();
            assert!(error.contains("its file would be passed over"), "{error}");
        }
        for (name, value) in [("1A", "x"), ("A B", "x"), ("A", "x\ny"), ("A", "'\"")] {
            assert!(variable(name, value).is_err(), "{name}");
        }
    }
}
