use super::types::{Plan, Planned};
use crate::model::{Catalog, Diff, Effect, RefreshAction};
use crate::words::ResourceId;
use std::collections::BTreeSet;

/// What a run with this plan would do, or might, that can't be undone if nobody confirms it: packages, users, commands. Each
/// once, in the plan's order.
#[must_use]
pub fn lasting<'p>(catalog: &Catalog, plan: &'p Plan) -> Vec<&'p ResourceId> {
    let none = Diff::new();
    let changes = plan.resources.iter().filter_map(|resource| {
        let diff = match &resource.planned {
            Planned::WouldChange(diff) => diff,
            Planned::Unknown { as_it_stands, .. } => as_it_stands.as_ref().unwrap_or(&none),
            Planned::NoChange | Planned::Failed(_) | Planned::Skipped { .. } => return None,
        };
        let behavior = catalog.entry(&resource.id)?.resource.behavior();
        let is_undone = |effect: &Effect| matches!(effect, Effect::Path(_) | Effect::Unit(_));
        let can_be_undone = behavior.effects().writes.iter().any(is_undone) || !behavior.touches(diff).is_empty();
        (!can_be_undone).then_some(&resource.id)
    });
    let reruns = plan
        .refreshes
        .iter()
        .filter(|refresh| refresh.action == RefreshAction::Rerun);
    let mut seen = BTreeSet::new();
    changes
        .chain(reruns.map(|refresh| &refresh.target))
        .filter(|id| seen.insert(*id))
        .collect()
}

/// The same in words; `None` if all of it can be undone.
#[must_use]
pub fn lasting_text(catalog: &Catalog, plan: &Plan) -> Option<String> {
    let lasting: Vec<String> = lasting(catalog, plan).iter().map(ToString::to_string).collect();
    (!lasting.is_empty()).then(|| format!("`--confirm` couldn't undo these, they stay: {}", lasting.join(", ")))
}
