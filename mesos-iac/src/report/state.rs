//! What hosts keep from run to run, for people.

use super::paint::Paint;
use crate::model::{ChangeCause, Ownership};
use crate::plan::{Certainty, Plan, Planned, PlannedOrphan, PlannedRefresh, PlannedResource};
use crate::words::{HostName, listed};
use std::io::{self, Write};

/// What of the plans is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// All that would change.
    Changes,
    /// A line for each host: how far it is from what is desired.
    Status,
    /// The refreshes that earlier runs came to owe.
    Pending,
    /// What we own and the definition doesn't have any more.
    Orphans,
}

/// Writes a line for each host: how far it is from what is desired.
pub(super) fn write_status(out: &mut dyn Write, paint: Paint, plans: &[(HostName, Plan)]) -> io::Result<()> {
    let width = plans.iter().map(|(host, _)| host.as_str().len()).max().unwrap_or(0);
    for (host, plan) in plans {
        let count = |which: fn(&Planned) -> bool| plan.resources.iter().filter(|one| which(&one.planned)).count();
        let pending = pending(plan).count();
        let has_drifted = |resource: &&PlannedResource| resource.cause == Some(ChangeCause::Drift);
        let drifted = plan.resources.iter().filter(has_drifted).count();
        let findings = [
            (
                count(|planned| matches!(planned, Planned::WouldChange(_))),
                "would change",
            ),
            // Some of those that would change.
            (drifted, "drifted"),
            (count(|planned| matches!(planned, Planned::Unknown { .. })), "unknown"),
            (
                count(|planned| matches!(planned, Planned::Failed(_))),
                "can't be planned",
            ),
            (
                count(|planned| matches!(planned, Planned::Skipped { .. })),
                "would be skipped",
            ),
            (pending, "owed a refresh"),
            (plan.orphans.len(), "orphaned"),
        ];
        let found: Vec<String> = findings
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let state = match (found.is_empty(), plan.generation) {
            (true, _) => paint.green("as desired"),
            (false, 0) => format!("{}; no run has been here", paint.yellow(&found.join(", "))),
            (false, _) => paint.yellow(&found.join(", ")),
        };
        writeln!(out, "{host:width$}  {state}")?;
    }
    Ok(())
}

fn pending(plan: &Plan) -> impl Iterator<Item = &PlannedRefresh> {
    let is_pending = |refresh: &&PlannedRefresh| refresh.certainty == Certainty::Pending;
    plan.refreshes.iter().filter(is_pending)
}

/// Writes the refreshes that earlier runs came to owe.
pub(super) fn write_pending(out: &mut dyn Write, paint: Paint, plans: &[(HostName, Plan)]) -> io::Result<()> {
    if !plans.is_empty() && plans.iter().all(|(_, plan)| pending(plan).next().is_none()) {
        return writeln!(out, "nothing is owed");
    }
    for (host, plan) in plans {
        for refresh in pending(plan) {
            let what = paint.yellow(&format!("{} {}", refresh.action, refresh.target));
            writeln!(out, "{host}  {what}  because of {}", listed(&refresh.because))?;
        }
    }
    Ok(())
}

/// Writes what we own and the definition doesn't have any more.
pub(super) fn write_orphans(out: &mut dyn Write, paint: Paint, plans: &[(HostName, Plan)]) -> io::Result<()> {
    if !plans.is_empty() && plans.iter().all(|(_, plan)| plan.orphans.is_empty()) {
        return writeln!(out, "nothing is orphaned");
    }
    for (host, plan) in plans {
        for orphan in &plan.orphans {
            writeln!(
                out,
                "{host}  {}  {}",
                paint.yellow(&orphan.id.to_string()),
                fate(orphan)
            )?;
        }
    }
    Ok(())
}

/// What becomes of an orphan.
pub(super) fn fate(orphan: &PlannedOrphan) -> &'static str {
    match (orphan.ownership, &orphan.removal) {
        (Ownership::Adopted, _) => "it was there before us: `apply --prune` releases it and leaves it there",
        (_, Planned::WouldChange(_)) => "we made it: `apply --prune` removes it",
        (_, Planned::NoChange) => "nothing is left of it, or nothing undoes it: `apply --prune` releases it",
        _ => "we made it, and it can't be removed",
    }
}
