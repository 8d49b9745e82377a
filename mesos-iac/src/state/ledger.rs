use crate::model::{Ledger, OwedRefresh, OwnedResource};
use crate::words::ResourceId;
use serde::Serialize;

/// The version of the ledger's form.
pub(super) const LEDGER_FORMAT: u32 = 1;

/// The ledger's form on disk, where no key of a map is a structure. It is read entry by entry, by
/// [`read_ledger`](super::salvage::read_ledger).
#[derive(Debug, Serialize)]
pub(super) struct LedgerFile {
    format: u32,
    generation: u64,
    catalog: Option<String>,
    owned: Vec<(ResourceId, OwnedResource)>,
    owed: Vec<(ResourceId, OwedRefresh)>,
}

impl From<&Ledger> for LedgerFile {
    fn from(ledger: &Ledger) -> Self {
        Self {
            format: LEDGER_FORMAT,
            generation: ledger.generation,
            catalog: ledger.catalog.clone(),
            owned: ledger.owned.clone().into_iter().collect(),
            owed: ledger.owed.clone().into_iter().collect(),
        }
    }
}
