use super::http_api::{HttpApi, MOST_PIECES, json, refusal, revealed, shortened};
use super::json_state::{compare, filled, in_the_way, pretty, seen};
use crate::model::{Check, Converge, Diff, Error, HttpAnswer, HttpChange, ReadSystem, Resource, Result, Shown, System};
use crate::words::HumanDuration;
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What an app runs, and in what. An update leaves each of them as it is unless it says another value, and can't say none.
const RUNS: [&str; 4] = ["cmd", "args", "container", "ipAddress"];

/// What an app keeps when it is sent whole, unless something else is wanted. The rest of what Marathon shows is its own account.
const KEPT: [&str; 28] = [
    "acceptedResourceRoles",
    "backoffFactor",
    "backoffSeconds",
    "constraints",
    "cpus",
    "dependencies",
    "disk",
    "env",
    "executor",
    "executorResources",
    "gpus",
    "healthChecks",
    "instances",
    "killSelection",
    "labels",
    "maxLaunchDelaySeconds",
    "mem",
    "networks",
    "readinessChecks",
    "requirePorts",
    "role",
    "secrets",
    "storeUrls",
    "taskKillGracePeriodSeconds",
    "tty",
    "unreachableStrategy",
    "upgradeStrategy",
    "user",
];

/// Pairs of which the second is an older word for the first: an app is sent with one of them, and shown with both.
const EITHER: [(&str, &str); 2] = [("fetch", "uris"), ("portDefinitions", "ports")];

/// The first version that takes an app whole: what it isn't told is no more.
const TAKES_WHOLE: (u64, u64) = (1, 4);

/// Ensures that Marathon runs an app as this JSON says, or that it doesn't run it, and that the deployment is over.
///
/// Fields that the JSON doesn't have are left as they are. What it does have of `env`, `labels`, `container` and checks is
/// whole, but for times and numbers of checks and service ports, which stay; and so is what runs: who says one of `cmd`, `args`, `container` and `ipAddress` has none of the others that isn't
/// said. Before 1.4 Marathon can't take one of these away: the app is removed and created anew then, which ends its instances,
/// and the plan says so. Who removes an app ends its instances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.marathon-app", key = id)]
pub struct MarathonApp {
    id: String,
    api: HttpApi,
    /// What is wanted, secrets by their sources. `None`: that there is no such app.
    app: Option<Json>,
    /// How long its deployment may take.
    within: HumanDuration,
}

impl MarathonApp {
    /// The app of this absolute id, as the JSON says.
    #[must_use]
    pub fn new(id: impl Into<String>, api: HttpApi, app: Json, within: Duration) -> Self {
        Self {
            id: id.into(),
            api,
            app: Some(app),
            within: HumanDuration(within),
        }
    }

    /// No app of this id.
    #[must_use]
    pub fn absent(id: impl Into<String>, api: HttpApi, within: Duration) -> Self {
        Self {
            id: id.into(),
            api,
            app: None,
            within: HumanDuration(within),
        }
    }

    /// What is wanted, secrets by their sources.
    #[must_use]
    pub const fn app(&self) -> Option<&Json> {
        self.app.as_ref()
    }

    /// The app as Marathon shows it.
    fn shown(&self, system: &dyn ReadSystem) -> Result<Option<Json>> {
        let what = format!("read app {}", self.id);
        let answer = self.api.get(system, &format!("/v2/apps{}", self.id))?;
        match answer.status {
            200 => {
                let mut body = json(&answer, &what, system)?;
                match body.get_mut("app").map(Json::take) {
                    Some(app) if app.is_object() => Ok(Some(app)),
                    _ => Err(Error::message(format!(
                        "{what}: the answer of Marathon has no app in it"
                    ))),
                }
            }
            404 => Ok(None),
            _ => Err(Error::message(format!(
                "{what}: Marathon refuses: {}",
                refusal(&answer, system)
            ))),
        }
    }

    fn differs(&self, system: &dyn ReadSystem, shown: Option<&Json>) -> Result<Diff> {
        let mut diff = Diff::new();
        match (&self.app, shown) {
            (None, None) => {}
            (None, Some(app)) => diff.push("app", told(app), Shown::Absent),
            (Some(wanted), None) => {
                // So that a plan tells of a secret that can't be sent.
                revealed(wanted, system)?;
                diff.push("app", Shown::Absent, Shown::Text(pretty(wanted)));
            }
            (Some(wanted), Some(shown)) => {
                compare(wanted, &revealed(wanted, system)?, shown, &mut diff);
                let unwanted = in_the_way(&RUNS, wanted, shown);
                for (name, shown) in &unwanted {
                    diff.push(name, seen(shown), Shown::Absent);
                }
                if let Some((name, _)) = unwanted.first()
                    && !self.takes_whole(system)?
                {
                    self.check_removable(name, shown)?;
                    diff.push("app", told(shown), ANEW);
                }
                if let Some(deployment) = shown["deployments"][0]["id"].as_str() {
                    diff.push(
                        "deployment",
                        format!("{} under way", shortened(deployment, system)),
                        "over",
                    );
                }
            }
        }
        Ok(diff)
    }

    /// Whether this Marathon takes an app whole.
    fn takes_whole(&self, system: &dyn ReadSystem) -> Result<bool> {
        let what = "read the version of Marathon";
        let answer = self.api.get(system, "/v2/info")?;
        if answer.status != 200 {
            return Err(Error::message(format!(
                "{what}: Marathon refuses: {}",
                refusal(&answer, system)
            )));
        }
        let info = json(&answer, what, system)?;
        let version = info["version"].as_str().unwrap_or_default();
        let mut numbers = version.split(['.', '-']).map_while(|number| number.parse::<u64>().ok());
        match (numbers.next(), numbers.next()) {
            (Some(major), Some(minor)) => Ok((major, minor) >= TAKES_WHOLE),
            _ => {
                let version = shortened(version, system);
                Err(Error::message(format!("{what}: `{version}` is no version")))
            }
        }
    }

    /// Whether the app may be removed for the sake of this field.
    fn check_removable(&self, name: &str, shown: &Json) -> Result<()> {
        let mut volumes = shown["container"]["volumes"].as_array().into_iter().flatten();
        if !volumes.any(|volume| volume["persistent"].is_object()) {
            return Ok(());
        }
        let what = format!(
            "update app {}: Marathon can't take its `{name}` away before 1.4",
            self.id
        );
        let why = "and to remove the app would remove its persistent volumes";
        Err(Error::message(format!(
            "{what}, {why}; save what they hold and remove the app, or say `{name}` again"
        )))
    }

    /// Sends what is wanted. Returns the deployment that Marathon began for it.
    fn send(&self, system: &dyn System, diff: &Diff) -> Result<Option<String>> {
        let target = format!("/v2/apps{}", self.id);
        let app = diff.change("app");
        let is_new = app.is_some_and(|change| change.from == Shown::Absent);
        let is_anew = app.is_some_and(|change| change.to == Shown::Value(ANEW.to_owned()));
        let (verb, answer) = match &self.app {
            None => ("remove", self.api.send(system, HttpChange::Delete, &target, b"")?),
            Some(wanted) => {
                let shown = match is_new {
                    true => None,
                    false => self.shown(system)?,
                };
                let wanted = revealed(wanted, system)?;
                let wanted = match &shown {
                    Some(shown) => filled(wanted, shown),
                    None => wanted,
                };
                let mut unsaid = RUNS.iter().filter(|name| wanted.get(name).is_none());
                let whole = match (&wanted, &shown) {
                    (Json::Object(wanted), Some(shown)) if unsaid.any(|name| diff.has(name)) => {
                        Some(whole(wanted, shown))
                    }
                    _ => None,
                };
                let body = whole.as_ref().unwrap_or(&wanted).to_string();
                if is_anew {
                    let gone = self.api.send(system, HttpChange::Delete, &target, b"")?;
                    let begun = self.accepted("remove", &gone, system)?;
                    self.wait(system, begun.as_deref())?;
                }
                match is_new || is_anew {
                    true => (
                        "create",
                        self.api.send(system, HttpChange::Post, "/v2/apps", body.as_bytes())?,
                    ),
                    false => {
                        let target = match whole {
                            Some(_) => format!("{target}?partialUpdate=false"),
                            None => target,
                        };
                        (
                            "update",
                            self.api.send(system, HttpChange::Put, &target, body.as_bytes())?,
                        )
                    }
                }
            }
        };
        self.accepted(verb, &answer, system)
    }

    fn accepted(&self, verb: &str, answer: &HttpAnswer, system: &dyn ReadSystem) -> Result<Option<String>> {
        let what = format!("{verb} app {}", self.id);
        match answer.status {
            200..300 => {
                let body = json(answer, &what, system)?;
                let id = body["deploymentId"]
                    .as_str()
                    .or_else(|| body["deployments"][0]["id"].as_str());
                Ok(id.map(ToOwned::to_owned))
            }
            404 if self.app.is_none() => Ok(None),
            409 => {
                let body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
                let ids: BTreeSet<String> = body["deployments"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|deployment| deployment["id"].as_str().map(|id| shortened(id, system)))
                    .take(MOST_PIECES)
                    .collect();
                let ids: Vec<String> = ids.into_iter().collect();
                let who = match ids.as_slice() {
                    [] => "a deployment".to_owned(),
                    [id] => format!("deployment {id}"),
                    several => format!("deployments {}", several.join(", ")),
                };
                let why = format!("{what}: {who} holds it ({})", refusal(answer, system));
                let next = "wait until it is over, or roll it back with DELETE /v2/deployments/ID";
                Err(Error::message(format!("{why}; {next}")))
            }
            _ => Err(Error::message(format!(
                "{what}: Marathon refuses: {}",
                refusal(answer, system)
            ))),
        }
    }

    /// Waits until no deployment has to do with the app.
    fn wait(&self, system: &dyn System, deployment: Option<&str>) -> Result<()> {
        let end = Instant::now() + self.within.0;
        let mut pause = Duration::from_millis(100);
        loop {
            let last = match self.open_deployment(system, deployment) {
                Ok(None) => return Ok(()),
                Ok(Some(open)) => open,
                // The leader may change meanwhile.
                Err(error) => format!("and it can't be looked at: failed to {error}"),
            };
            if Instant::now() + pause > end {
                let what = format!("deploy app {}: not done within {}", self.id, self.within);
                let tasks = self.tasks(system).unwrap_or_default();
                return Err(Error::message(format!(
                    "{what}: {last}{tasks}; Marathon goes on with it"
                )));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    /// The deployment that isn't over, in words.
    fn open_deployment(&self, system: &dyn System, ours: Option<&str>) -> Result<Option<String>> {
        let what = "read the deployments";
        let answer = self.api.get(system, "/v2/deployments")?;
        if answer.status != 200 {
            return Err(Error::message(format!(
                "{what}: Marathon refuses: {}",
                refusal(&answer, system)
            )));
        }
        let body = json(&answer, what, system)?;
        let Some(all) = body.as_array() else {
            return Err(Error::message(format!("{what}: the answer of Marathon is no list")));
        };
        let concerns = |deployment: &&Json| {
            let id = deployment["id"].as_str();
            let mut apps = deployment["affectedApps"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Json::as_str);
            (id.is_some() && id == ours) || apps.any(|app| app == self.id)
        };
        Ok(all.iter().find(concerns).map(|deployment| {
            let number = |name: &str| deployment[name].as_u64().unwrap_or_default();
            let id = deployment["id"]
                .as_str()
                .map(|id| shortened(id, system))
                .unwrap_or_default();
            format!(
                "deployment {id} is at step {} of {}",
                number("currentStep"),
                number("totalSteps")
            )
        }))
    }

    /// How many instances run, and why the last one failed.
    fn tasks(&self, system: &dyn System) -> Result<String> {
        let Some(app) = self.shown(system)? else {
            return Ok(String::new());
        };
        let number = |name: &str| app[name].as_u64().unwrap_or_default();
        let mut words = vec![String::new()];
        words.push(format!(
            "of {} instances {} run",
            number("instances"),
            number("tasksRunning")
        ));
        if app["healthChecks"].as_array().is_some_and(|checks| !checks.is_empty()) {
            words.push(format!("{} are healthy", number("tasksHealthy")));
        }
        if let Some(why) = app["lastTaskFailure"]["message"].as_str() {
            words.push(format!("the last one that failed said: {}", shortened(why, system)));
        }
        Ok(words.join("; "))
    }
}

/// What is wanted, and of what is there what isn't spoken of.
fn whole(wanted: &Map<String, Json>, shown: &Json) -> Json {
    let there = |name: &str| shown.get(name).filter(|value| !value.is_null());
    let mut whole = Map::new();
    for name in KEPT {
        // An empty list of roles is refused.
        let kept = there(name).filter(|value| name != "acceptedResourceRoles" || **value != Json::Array(Vec::new()));
        whole.extend(kept.map(|value| (name.to_owned(), value.clone())));
    }
    whole.extend(wanted.clone());
    let docker = wanted.get("container").and_then(|container| container.get("docker"));
    let network = whole.get("networks").and_then(|networks| networks[0]["mode"].as_str());
    let network = network.or_else(|| docker?.get("network")?.as_str()).unwrap_or("host");
    let is_on_host = network.eq_ignore_ascii_case("host");
    for (name, older) in EITHER {
        let is_said = wanted.contains_key(name) || wanted.contains_key(older);
        // Ports of the agent are for apps on its network.
        let is_for_it = name != "portDefinitions" || is_on_host;
        if !is_said && is_for_it {
            let kept = [name, older].into_iter().find_map(|name| Some((name, there(name)?)));
            whole.extend(kept.map(|(name, value)| (name.to_owned(), value.clone())));
        }
    }
    Json::Object(whole)
}

/// What is said of an app that is removed and created again.
const ANEW: &str = "removed, and created anew";

/// An app that goes, in a few words: its JSON may hold secrets of others.
fn told(app: &Json) -> Shown {
    Shown::Value(match app["instances"].as_u64() {
        Some(1) => "1 instance".to_owned(),
        Some(instances) => format!("{instances} instances"),
        None => "there".to_owned(),
    })
}

impl Converge for MarathonApp {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let shown = self.shown(system)?;
        Ok(self.differs(system, shown.as_ref())?.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        // What an earlier run began is only waited for.
        let begun = match diff.changes.iter().all(|change| change.property == "deployment") {
            true => None,
            false => self.send(system, diff)?,
        };
        self.wait(system, begun.as_deref())?;
        let shown = self.shown(system)?;
        let left = self.differs(system, shown.as_ref())?;
        let left: Vec<&str> = left.changes.iter().map(|change| change.property.as_str()).collect();
        if left.is_empty() {
            return Ok(());
        }
        let what = format!("deploy app {}: the deployment is over, and it still differs", self.id);
        let next = "somebody may have rolled it back; `deploy --plan` shows the difference";
        Err(Error::message(format!("{what} ({}); {next}", left.join(", "))))
    }

    fn inverse(&self) -> Option<Box<dyn Resource>> {
        self.app.as_ref()?;
        Some(Box::new(Self {
            app: None,
            ..self.clone()
        }))
    }
}
