//! What the roles put on a host alike: flags where a daemon reads them, secrets, jobs of Upstart.

use crate::kinds::{FileBuilder, command, directory, file};
use crate::model::{Content, Cx, Declare as _, Dependencies, Dependency, Error, Problems, Result};
use crate::roles::flags::{CheckedFlag, EnvironmentLine, FlagText};
use crate::words::{AbsPath, Secret};

/// Handles of what a daemon is restarted for, added up.
#[derive(Default)]
pub(super) struct Changes(Vec<Dependency>);

impl Changes {
    pub(super) fn add(&mut self, handles: impl Dependencies) {
        handles.add_to(&mut self.0);
    }
}

impl Dependencies for Changes {
    fn add_to(self, dependencies: &mut Vec<Dependency>) {
        dependencies.extend(self.0);
    }
}

/// A directory with a file for each flag and nothing else, after this.
///
/// # Errors
/// A file can't carry the value of a flag; all of those that can't.
pub(super) fn directory_of_flags<'a>(
    cx: &mut Cx<'_>,
    at: &str,
    flags: impl IntoIterator<Item = &'a CheckedFlag>,
    gate: &[Dependency],
    changes: &mut Changes,
) -> Result<()> {
    let mut problems = Problems::new();
    changes.add(cx.add(directory(at).exclusive().after(gate.to_vec())));
    for flag in flags {
        match flag.file() {
            Ok(Some(placed)) => {
                let path = format!("{at}/{}", placed.name);
                changes.add(cx.add(file(path).content(placed.content).after(gate.to_vec())));
            }
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    Ok(problems.into_result(())?)
}

/// Flags as variables, one a line.
///
/// # Errors
/// A variable can't carry the value of a flag; all of those that can't.
pub(super) fn variables(flags: &[CheckedFlag]) -> Result<Content> {
    let mut problems = Problems::new();
    let mut content = Content::empty();
    for flag in flags {
        match flag.environment() {
            Ok(line) => content = line.iter().map(EnvironmentLine::line).fold(content, Content::and),
            Err(problem) => problems.push(problem),
        }
    }
    Ok(problems.into_result(content)?)
}

/// A path that a shell, a unit and a job of Upstart read as it is.
///
/// # Errors
/// It isn't absolute, or has a character that one of them reads otherwise.
pub(super) fn plain_path(what: &str, path: &str) -> Result<()> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._+-@,".contains(c);
    if AbsPath::new(path).is_ok() && path.chars().all(is_plain) {
        return Ok(());
    }
    Err(Error::message(format!(
        "declare {what} {path:?}: expected an absolute path of letters, digits and `._+-@,`, since shells read it"
    )))
}

/// Refuses a flag that says another port than its role, of which others are told.
pub(super) fn port_of_role(flags: &[CheckedFlag], name: &str, port: u16) -> Result<()> {
    let is_other = |flag: &&CheckedFlag| flag.name() == name && *flag.value() != FlagText::Text(port.to_string());
    match flags.iter().find(is_other) {
        Some(flag) => {
            let why = "others find the daemon by its port, so it isn't set by its flag";
            Err(Problems::from(flag.cannot(why).hint("say `.port(…)` of the role")).into())
        }
        None => Ok(()),
    }
}

/// The secret of a principal. Without a line feed, which Mesos would take for a part of it.
pub(super) fn principals_secret(path: &str, secret: &Secret<String>) -> FileBuilder {
    file(path).content(Content::secret(secret.source().clone())).mode(0o400)
}

/// A job of Upstart that runs this at boot, and now; what changed restarts it.
pub(super) fn upstart_job(cx: &mut Cx<'_>, name: &str, description: &str, exec: &str, mut changes: Changes) {
    let job = format!("description \"{description}\"\nstart on stopped rc RUNLEVEL=[2345]\nrespawn\nexec {exec}\n");
    changes.add(cx.add(file(format!("/etc/init/{name}.conf")).content(job)));
    let started = cx.add(
        command(["initctl", "start", name])
            .unless(["sh", "-c", &upstart_runs(name)])
            .after(changes.0.clone()),
    );
    // `initctl restart` keeps the job as it was when it was started: the program of an upgrade that moves it wouldn't run.
    // That a job which doesn't run can't be stopped is none of our errors; one that goes on running can't be started.
    let again = format!("initctl stop {name}; initctl start {name}");
    let restart = command(["sh", "-c", &again])
        .name(format!("restart {name}"))
        .refresh_only();
    cx.add(restart.rerun_on(changes).after(started));
}

/// A job of Upstart that runs this when somebody starts it by hand, and not now. No override says so: those of Enterprise
/// Linux 6, which has Upstart 0.6.5, aren't read.
pub(super) fn upstart_job_by_hand(cx: &mut Cx<'_>, name: &str, description: &str, exec: &str) {
    let job = format!(
        "# Started by hand only: this host doesn't have its role.\ndescription \"{description}\"\nexec {exec}\n"
    );
    let job = cx.add(file(format!("/etc/init/{name}.conf")).content(job));
    let stop = command(["initctl", "stop", name]).only_if(["sh", "-c", &upstart_runs(name)]);
    cx.add(stop.after(job));
}

/// A line of shell that says whether Upstart runs a job.
fn upstart_runs(name: &str) -> String {
    format!("initctl status {name} | grep -q start/running")
}
