//! A plan as a file: made by one run, read by people, and a bound to another.

use super::types::Plan;
use crate::words::HostName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the form.
const FORMAT: u32 = 1;

/// The plans of some hosts of a cluster. Secrets aren't in it: where one changes, it says just that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    format: u32,
    /// The version of the crate that made it.
    pub version: String,
    /// The cluster's name.
    pub cluster: String,
    /// The hosts, each with its plan.
    pub hosts: BTreeMap<HostName, SavedHost>,
}

/// The plan of one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedHost {
    /// The digest of the catalog that was planned.
    pub catalog: String,
    /// The kinds that the catalog uses, with the versions of their serialised forms. The same catalog means something else
    /// to a kind in another version.
    pub kinds: BTreeMap<String, u32>,
    /// What a run would do.
    pub plan: Plan,
}

/// Why a file is no plan that can be used. Each message reads after "failed to".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SavedPlanError {
    /// It was written by a newer release.
    #[error("read the plan: it has format {found}, and this release knows formats up to {FORMAT}")]
    Newer {
        /// Its format.
        found: u64,
    },
    /// It isn't one.
    #[error("read the plan: {0}")]
    Damaged(String),
}

impl SavedPlan {
    /// An empty one for this cluster.
    #[must_use]
    pub fn new(cluster: &str) -> Self {
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            cluster: cluster.to_owned(),
            hosts: BTreeMap::new(),
        }
    }

    /// The file's content.
    ///
    /// # Errors
    /// It can't be serialised.
    pub fn to_json(&self) -> Result<String, SavedPlanError> {
        let json = serde_json::to_string_pretty(self);
        json.map(|json| json + "\n")
            .map_err(|error| SavedPlanError::Damaged(error.to_string()))
    }

    /// The plan in a file's content.
    ///
    /// # Errors
    /// There is none, or one of a newer form.
    pub fn from_json(json: &[u8]) -> Result<Self, SavedPlanError> {
        let damaged = |error: serde_json::Error| SavedPlanError::Damaged(error.to_string());
        let value: serde_json::Value = serde_json::from_slice(json).map_err(damaged)?;
        let found = value
            .get("format")
            .and_then(serde_json::Value::as_u64)
            .unwrap_or_default();
        if found > u64::from(FORMAT) {
            return Err(SavedPlanError::Newer { found });
        }
        serde_json::from_value(value).map_err(damaged)
    }
}
