//! A damaged ledger is read as far as it can be: one entry that says nothing known costs that entry alone.

use super::disk;
use super::error::StateError;
use super::ledger::LEDGER_FORMAT;
use super::owner::refuse_newer;
use crate::model::{Damage, Ledger, OwedRefresh, OwnedResource, Ownership, RefreshAction, RefreshCause, Timing};
use crate::words::ResourceId;
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads a ledger, with what couldn't be read in its [`Ledger::damage`]. Empty if there is no file.
///
/// # Errors
/// A newer release wrote it, or the kernel refuses.
pub(super) fn read_ledger(path: &Path) -> Result<Ledger, StateError> {
    let Some(content) = disk::read(path)? else {
        return Ok(Ledger::default());
    };
    let mut reading = Reading {
        file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        ledger: Ledger::default(),
    };
    match serde_json::from_slice::<Value>(&content) {
        Ok(json) => {
            refuse_newer(&json, LEDGER_FORMAT, path)?;
            reading.take(&json);
        }
        Err(error) => reading.lost(&format!("all of it is lost: {error}"), true),
    }
    Ok(reading.ledger)
}

struct Reading {
    file: String,
    ledger: Ledger,
}

impl Reading {
    fn take(&mut self, json: &Value) {
        let Some(fields) = json.as_object().filter(|fields| fields.contains_key("format")) else {
            return self.lost("all of it is lost: it doesn't say that it is a ledger", true);
        };
        match field(fields.get("generation")) {
            Ok(generation) => self.ledger.generation = generation,
            Err(why) => self.lost(&format!("`generation`: {why}"), false),
        }
        match field(fields.get("catalog")) {
            Ok(catalog) => self.ledger.catalog = catalog,
            Err(why) => self.lost(&format!("`catalog`: {why}"), false),
        }
        match fields.get("owned").and_then(Value::as_array) {
            Some(owned) => owned.iter().for_each(|entry| self.take_owned(entry)),
            None => self.lost("what we own is lost", false),
        }
        match fields.get("owed").and_then(Value::as_array) {
            Some(owed) => owed.iter().for_each(|entry| self.take_owed(entry)),
            None => self.lost("what is owed is lost", true),
        }
        let known = ["format", "generation", "catalog", "owned", "owed"];
        let unknown: Vec<&str> = fields
            .keys()
            .map(String::as_str)
            .filter(|name| !known.contains(name))
            .collect();
        if !unknown.is_empty() {
            self.lost(&format!("nobody knows what `{}` is", unknown.join("`, `")), true);
        }
    }

    fn take_owned(&mut self, entry: &Value) {
        let id = match name(entry) {
            Ok(id) => id,
            Err(why) => return self.lost(&format!("something that we own is lost: {why}"), false),
        };
        let owned = field(entry.get(1)).unwrap_or_else(|why: String| {
            self.lost(&format!("how we came to own {id}: {why}; it is never removed"), false);
            OwnedResource {
                ownership: Ownership::Adopted,
                desired: None,
                place: 0,
                inverse: None,
            }
        });
        self.ledger.owned.insert(id, owned);
    }

    fn take_owed(&mut self, entry: &Value) {
        let target = match name(entry) {
            Ok(target) => target,
            Err(why) => return self.lost(&format!("something that is owed is lost: {why}"), true),
        };
        let owed = field(entry.get(1)).unwrap_or_else(|why: String| {
            self.lost(&format!("what {target} is owed: {why}"), false);
            self.ledger.damage.owing.insert(target.clone());
            owed_all_the_same(&target, entry.get(1))
        });
        self.ledger.owed.insert(target, owed);
    }

    fn lost(&mut self, what: &str, may_owe_more: bool) {
        let Damage {
            parts,
            may_owe_more: may,
            ..
        } = &mut self.ledger.damage;
        parts.push(format!("{}: {what}", self.file));
        *may |= may_owe_more;
    }
}

/// A refresh of which only the target is sure: what can be read of it, and else what loses nothing. Its action is raised to
/// what the definition asks for once that is known.
fn owed_all_the_same(target: &ResourceId, record: Option<&Value>) -> OwedRefresh {
    let part = |name: &str| record.and_then(|record| record.get(name));
    let causes = part("because").and_then(Value::as_array);
    let causes = causes.into_iter().flatten().filter_map(|cause| {
        let id = cause.get("id")?;
        let whole = RefreshCause::deserialize(cause).ok();
        // Without a digest of what was there, nothing that comes back makes it needless.
        whole.or_else(|| {
            Some(RefreshCause {
                id: ResourceId::deserialize(id).ok()?,
                before: None,
            })
        })
    });
    let mut because: BTreeMap<_, _> = causes.map(|cause| (cause.id, cause.before)).collect();
    // What other causes there were is unknown, so it isn't dropped because those that are known are undone.
    because.insert(target.clone(), None);
    OwedRefresh {
        action: field(part("action")).unwrap_or(RefreshAction::Reload),
        timing: field(part("timing")).unwrap_or(Timing::Delayed),
        after_failure: field(part("after_failure")).unwrap_or_default(),
        because,
        boot: None,
    }
}

fn name(entry: &Value) -> Result<ResourceId, String> {
    field(entry.get(0))
}

fn field<T: DeserializeOwned>(value: Option<&Value>) -> Result<T, String> {
    let value = value.ok_or("it isn't there")?;
    T::deserialize(value).map_err(|error| error.to_string())
}
