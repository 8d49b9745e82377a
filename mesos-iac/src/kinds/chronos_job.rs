use super::chronos_schedule::is_same_schedule;
use super::http_api::{HttpApi, json, refusal, revealed};
use super::json_state::{compare, in_the_way, pretty, seen};
use crate::model::{Check, Converge, Diff, Error, HttpAnswer, HttpChange, ReadSystem, Resource, Result, Shown, System};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// Fields that are Chronos' own account of a job.
const ITS_OWN: [&str; 5] = [
    "successCount",
    "errorCount",
    "errorsSinceLastSuccess",
    "lastSuccess",
    "lastError",
];

/// Fields that say one thing together, when it runs and what: of those that one isn't said, it goes.
const TOGETHER: [&[&str]; 2] = [&["schedule", "scheduleTimeZone", "parents"], &["command", "container"]];

/// Ensures that Chronos has a job as this JSON says, or that it doesn't have it.
///
/// Fields that the JSON doesn't have are left as they are. When a job runs and what is whole: who says one of `schedule`,
/// `scheduleTimeZone` and `parents`, or one of `command` and `container`, has none of the others that isn't said. Chronos moves the beginning of a schedule forward and counts down as
/// the job runs: a schedule that comes of the wanted one that way is no difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.chronos-job", key = name)]
pub struct ChronosJob {
    name: String,
    api: HttpApi,
    /// What is wanted, secrets by their sources. `None`: that there is no such job.
    job: Option<Json>,
}

impl ChronosJob {
    /// The job of this name, as the JSON says.
    #[must_use]
    pub fn new(name: impl Into<String>, api: HttpApi, job: Json) -> Self {
        Self {
            name: name.into(),
            api,
            job: Some(job),
        }
    }

    /// No job of this name.
    #[must_use]
    pub fn absent(name: impl Into<String>, api: HttpApi) -> Self {
        Self {
            name: name.into(),
            api,
            job: None,
        }
    }

    /// The job as Chronos shows it.
    fn shown(&self, system: &dyn ReadSystem) -> Result<Option<Json>> {
        let what = format!("read job {}", self.name);
        let answer = self.api.get(system, "/v1/scheduler/jobs")?;
        if answer.status != 200 {
            return Err(Error::message(format!(
                "{what}: Chronos refuses: {}",
                refusal(&answer, system)
            )));
        }
        match json(&answer, &what, system)? {
            Json::Array(jobs) => Ok(jobs.into_iter().find(|job| job["name"].as_str() == Some(&self.name))),
            _ => Err(Error::message(format!("{what}: the answer of Chronos is no list"))),
        }
    }

    fn differs(&self, system: &dyn ReadSystem, shown: Option<&Json>) -> Result<Diff> {
        let mut diff = Diff::new();
        match (&self.job, shown) {
            (None, None) => {}
            (None, Some(_)) => diff.push("job", "there", Shown::Absent),
            (Some(wanted), None) => {
                // So that a plan tells of a secret that can't be sent.
                revealed(wanted, system)?;
                diff.push("job", Shown::Absent, Shown::Text(pretty(wanted)));
            }
            (Some(wanted), Some(shown)) => {
                compare(wanted, &revealed(wanted, system)?, shown, &mut diff);
                let schedule = wanted["schedule"].as_str().zip(shown["schedule"].as_str());
                if schedule.is_some_and(|(wanted, shown)| is_same_schedule(wanted, shown)) {
                    diff.changes.retain(|change| change.property != "schedule");
                }
                for (name, shown) in unwanted(wanted, shown) {
                    diff.push(name, seen(shown), Shown::Absent);
                }
            }
        }
        Ok(diff)
    }

    fn accepted(&self, verb: &str, answer: &HttpAnswer, system: &dyn ReadSystem) -> Result<()> {
        match answer.status {
            200..300 => Ok(()),
            404 if self.job.is_none() => Ok(()),
            _ => Err(Error::message(format!(
                "{verb} job {}: Chronos refuses: {}",
                self.name,
                refusal(answer, system)
            ))),
        }
    }
}

/// What the job has of the fields that say one thing together, and isn't wanted.
fn unwanted<'a>(wanted: &Json, shown: &'a Json) -> Vec<(&'static str, &'a Json)> {
    TOGETHER
        .into_iter()
        .flat_map(|together| in_the_way(together, wanted, shown))
        .collect()
}

impl Converge for ChronosJob {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let shown = self.shown(system)?;
        Ok(self.differs(system, shown.as_ref())?.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        let Some(wanted) = &self.job else {
            let target = format!("/v1/scheduler/job/{}", self.name);
            let answer = self.api.send(system, HttpChange::Delete, &target, b"")?;
            return self.accepted("remove", &answer, system);
        };
        let (Json::Object(wanted), shown) = (revealed(wanted, system)?, self.shown(system)?) else {
            return Err(Error::message(format!("send job {}: it is no object", self.name)));
        };
        // A job that is sent replaces the one that is there, so what isn't wanted is sent back as it is.
        let gone = self.job.iter().zip(&shown);
        let gone: Vec<&str> = gone
            .flat_map(|(wanted, shown)| unwanted(wanted, shown))
            .map(|(name, _)| name)
            .collect();
        let mut job = match shown {
            Some(Json::Object(fields)) => fields,
            _ => Map::new(),
        };
        let moved_on = job.remove("schedule").filter(|_| !diff.has("schedule"));
        ITS_OWN
            .into_iter()
            .chain(["parents"])
            .chain(gone)
            .for_each(|field| drop(job.remove(field)));
        job.extend(wanted);
        if let Some(schedule) = moved_on.filter(|_| job.contains_key("schedule")) {
            // From its old beginning it would run at once.
            job.insert("schedule".to_owned(), schedule);
        }
        let path = if job.contains_key("parents") {
            "dependency"
        } else {
            "iso8601"
        };
        let target = format!("/v1/scheduler/{path}");
        let body = Json::Object(job).to_string();
        let answer = self.api.send(system, HttpChange::Post, &target, body.as_bytes())?;
        self.accepted("send", &answer, system)
    }

    fn inverse(&self) -> Option<Box<dyn Resource>> {
        self.job.as_ref()?;
        Some(Box::new(Self {
            job: None,
            ..self.clone()
        }))
    }
}
