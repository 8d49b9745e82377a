use super::http_api::{HttpApi, json, refusal};
use super::marathon_app::MarathonApp;
use crate::model::{Check, Converge, Diff, Error, ReadSystem, Result, Shown, System};
use crate::words::HumanDuration;
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::time::Duration;

/// Ensures that Marathon runs no app that carries a label with this value and isn't among these ids.
///
/// So what left a definition goes, and what others run stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.marathon-leftovers", key = value)]
pub struct MarathonLeftovers {
    label: String,
    value: String,
    api: HttpApi,
    keep: BTreeSet<String>,
    within: HumanDuration,
}

impl MarathonLeftovers {
    /// No apps whose label says this but for those of these ids; each removal may take `within`.
    #[must_use]
    pub fn new(
        (label, value): (impl Into<String>, impl Into<String>),
        api: HttpApi,
        keep: BTreeSet<String>,
        within: Duration,
    ) -> Self {
        Self {
            label: label.into(),
            value: value.into(),
            api,
            keep,
            within: HumanDuration(within),
        }
    }
}

impl Converge for MarathonLeftovers {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let what = "list the apps";
        let answer = self.api.get(system, "/v2/apps")?;
        if answer.status != 200 {
            return Err(Error::message(format!(
                "{what}: Marathon refuses: {}",
                refusal(&answer, system)
            )));
        }
        let body = json(&answer, what, system)?;
        let Some(apps) = body["apps"].as_array() else {
            return Err(Error::message(format!(
                "{what}: the answer of Marathon has no apps in it"
            )));
        };
        let is_ours = |app: &&Json| app["labels"][&self.label].as_str() == Some(self.value.as_str());
        let ids = apps.iter().filter(is_ours).filter_map(|app| app["id"].as_str());
        let ids: BTreeSet<&str> = ids.filter(|id| !self.keep.contains(*id)).collect();
        let mut diff = Diff::new();
        ids.into_iter().for_each(|id| diff.push(id, "runs", Shown::Absent));
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        for change in &diff.changes {
            let app = MarathonApp::absent(&change.property, self.api.clone(), self.within.0);
            if let Check::Change(diff) = app.check(system)? {
                app.apply(system, &diff)?;
            }
        }
        Ok(())
    }
}
