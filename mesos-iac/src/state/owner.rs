//! Which cluster, host and machine a state belongs to.

use super::disk;
use super::error::{Mismatch, StateError};
use crate::words::HostName;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version of the form.
const IDENTITY_FORMAT: u32 = 1;

/// Which host a run is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostIdentity {
    /// The cluster's name.
    pub cluster: String,
    /// The host's name in the definition.
    pub host: HostName,
    /// `/etc/machine-id`. `None`: the system has none.
    pub machine: Option<String>,
}

/// What a run may take over though it isn't its own; each has to be asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Takeover {
    /// The state was made on another machine: forget it.
    pub reimaged: bool,
    /// The host had this name.
    pub renamed_from: Option<HostName>,
    /// The host belonged to another cluster: forget what that one owned.
    pub adopt: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityFile {
    format: u32,
    identity: HostIdentity,
}

/// What has to become of a state that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is ours.
    Ours,
    /// There is none, or it is ours under another name: write down whose it is.
    Claim,
    /// It was somebody else's: forget it, and write down whose it is.
    Forget,
}

/// Compares whose state it is with what the run is about.
pub(super) fn judge(path: &Path, expected: &HostIdentity, takeover: &Takeover) -> Result<Verdict, StateError> {
    let Some(found) = read(path)? else {
        return Ok(Verdict::Claim);
    };
    if found == *expected {
        return Ok(Verdict::Ours);
    }
    let foreign = |mismatch| Err(StateError::Foreign(mismatch));
    if found.machine.is_some() && expected.machine.is_some() && found.machine != expected.machine {
        return if takeover.reimaged {
            Ok(Verdict::Forget)
        } else {
            foreign(Mismatch::Machine)
        };
    }
    if found.cluster != expected.cluster {
        return if takeover.adopt {
            Ok(Verdict::Forget)
        } else {
            foreign(Mismatch::Cluster {
                found: found.cluster,
                expected: expected.cluster.clone(),
            })
        };
    }
    if found.host != expected.host && takeover.renamed_from.as_ref() != Some(&found.host) {
        return foreign(Mismatch::Host {
            found: found.host,
            expected: expected.host.clone(),
        });
    }
    Ok(Verdict::Claim)
}

fn read(path: &Path) -> Result<Option<HostIdentity>, StateError> {
    let Some(content) = disk::read(path)? else {
        return Ok(None);
    };
    let damaged = |why: String| StateError::Damaged {
        file: path.display().to_string(),
        why,
    };
    let json: serde_json::Value = serde_json::from_slice(&content).map_err(|error| damaged(error.to_string()))?;
    refuse_newer(&json, IDENTITY_FORMAT, path)?;
    let file: IdentityFile = serde_json::from_value(json).map_err(|error| damaged(error.to_string()))?;
    Ok(Some(file.identity))
}

/// Refuses a file of a newer form, whose other fields can't be relied on.
pub(super) fn refuse_newer(json: &serde_json::Value, known: u32, path: &Path) -> Result<(), StateError> {
    let found = json
        .get("format")
        .and_then(serde_json::Value::as_u64)
        .unwrap_or_default();
    let found = u32::try_from(found).unwrap_or(u32::MAX);
    if found > known {
        return Err(StateError::Newer {
            file: path.display().to_string(),
            found,
            known,
        });
    }
    Ok(())
}

pub(super) fn write(path: &Path, identity: &HostIdentity) -> Result<(), StateError> {
    let file = IdentityFile {
        format: IDENTITY_FORMAT,
        identity: identity.clone(),
    };
    let json = serde_json::to_vec(&file).map_err(|error| StateError::Damaged {
        file: path.display().to_string(),
        why: error.to_string(),
    })?;
    disk::replace(path, &json)
}
