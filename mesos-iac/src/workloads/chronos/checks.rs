//! What Chronos would refuse, found before it is asked.

use super::job::Job;
use super::schedule::{Schedule, is_period};
use crate::model::{Code, Problem, Problems};
use crate::words::visible;
use crate::workloads::text::{is_user, is_variable, is_word, nul_at};

impl Job {
    /// Everything for which Chronos would refuse the job.
    #[must_use]
    pub fn problems(&self) -> Problems {
        let mut problems = Problems::new();
        let mut say = |what: String, hint: &str| {
            let problem = Problem::new(Code::InvalidWorkload, format!("job `{}`: {what}", visible(&self.name)));
            problems.push(problem.at("declared", self.at.clone()).hint(hint));
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if matches!(&*self.name, "" | "." | "..") || !self.name.chars().all(plain) {
            say(
                "this is no job's name".into(),
                "a name is of letters, digits, `_`, `.` and `-`",
            );
        }
        match (&self.schedule, self.parents.is_empty()) {
            (None, true) => {
                let hint = "add `.schedule(\"R/2026-01-01T03:00:00Z/P1D\")`, or `.after(\"another-job\")`";
                say("nothing says when it runs".into(), hint);
            }
            (Some(_), false) => {
                let hint = "a job runs by a schedule or after other jobs: keep one of them";
                say("it has both a schedule and jobs that it comes after".into(), hint);
            }
            (Some(schedule), true) => {
                if let Err(error) = schedule.parse::<Schedule>() {
                    say(format!("failed to {error}"), "see `Schedule`");
                }
            }
            (None, false) => {}
        }
        if self.time_zone.is_some() && self.schedule.is_none() {
            say("it has a time zone and no schedule".into(), "leave `.time_zone(…)` out");
        }
        if let Some(zone) = self.time_zone.as_deref().filter(|zone| !is_zone(zone)) {
            say(
                format!("{zone:?} is no time zone"),
                "its name in the database of time zones, such as `Europe/Berlin`",
            );
        }
        // Empty it tells nobody, whom an earlier definition may have named.
        if let Some(owner) = self.owner.as_deref().filter(|owner| !owner.is_empty())
            && !owner.split(',').map(str::trim).all(is_address)
        {
            say(
                format!("{owner:?} can't be told of failures"),
                "write mail addresses, commas between them: `ops@example.com`",
            );
        }
        if let Some(user) = self.user.as_deref().filter(|user| !is_user(user)) {
            say(format!("{user:?} is no user"), "name one that the agents have");
        }
        for uri in self.fetch.iter().filter(|uri| !is_word(uri)) {
            say(
                format!("{uri:?} can't be fetched"),
                "a URI isn't empty, and has `%20` for a space",
            );
        }
        if self.parents.contains(&self.name) {
            say("it comes after itself".into(), "leave that out");
        }
        let has_command = self
            .command
            .as_deref()
            .is_some_and(|command| !command.trim().is_empty());
        if !has_command && self.container.is_none() {
            say(
                "it says nothing that could run".into(),
                "add `.command(…)`, or `.container(…)` whose image runs something",
            );
        }
        for (name, value) in [("cpus", self.cpus), ("mem", self.mem), ("disk", self.disk)] {
            if let Some(value) = value.filter(|value| !value.is_finite() || *value <= 0.0) {
                let hint = "give it more than 0, or leave it out: 0 stands for Chronos' own default";
                say(format!("{name} is {value}"), hint);
            }
        }
        if let Some(epsilon) = self.epsilon.as_deref().filter(|epsilon| !is_period(epsilon)) {
            say(
                format!("epsilon is {epsilon:?}, which is no period"),
                "ten minutes are `PT10M`",
            );
        }
        if self
            .container
            .as_ref()
            .is_some_and(|container| container.image.trim().is_empty())
        {
            say("its container's image is empty".into(), "name one, such as `debian:12`");
        }
        for name in self.env.keys().filter(|name| !is_variable(name)) {
            say(
                format!("{name:?} is no variable's name"),
                "a name is a text without `=` and control characters",
            );
        }
        if let Some(place) = nul_at(&self.to_json()) {
            let what = format!("there is a NUL byte at `{place}`, which no agent can hand on");
            say(what, "leave it out");
        }
        for (index, constraint) in self.constraints.iter().enumerate() {
            if let Err(error) = constraint.check() {
                say(format!("the constraint `{constraint}`: {error}"), "see `JobConstraint`");
            }
            if self.constraints[..index].contains(constraint) {
                say(
                    format!("the constraint `{constraint}` stands there twice"),
                    "once is enough",
                );
            }
        }
        problems
    }
}

/// Whether this can be a zone of the database of time zones, or an offset such as `+02:00`.
fn is_zone(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "/_+-:".contains(c))
}

/// Whether mail can be sent there.
fn is_address(address: &str) -> bool {
    let parts = address.rsplit_once('@');
    is_word(address) && parts.is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty())
}
