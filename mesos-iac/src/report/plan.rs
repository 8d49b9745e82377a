use super::paint::Paint;
use super::state::fate;
use crate::model::{ChangeCause, PackageChange};
use crate::plan::{
    Certainty, Doubt, Plan, Planned, PlannedOrphan, PlannedRefresh, PlannedResource, PlannedTransaction, change_text,
};
use crate::words::{HostName, ResourceId, fold_names, listed, visible};
use std::collections::HashMap;
use std::io::{self, Write};

/// What is shown of one resource; hosts on which it reads the same are shown together.
#[derive(PartialEq, Eq, Hash, Clone)]
pub(super) struct Shown {
    pub(super) id: ResourceId,
    pub(super) mark: char,
    /// Whether it was as desired, and something else than a run changed it. That is news; that a definition changed is
    /// why most plans are made.
    pub(super) has_drifted: bool,
    pub(super) lines: Vec<String>,
}

/// What is shown of the plans, each once, with the hosts that it is the same on.
pub(super) fn grouped(plans: &[(HostName, Plan)], verbose: bool) -> Vec<(Shown, Vec<&HostName>)> {
    let mut groups = Vec::<(Shown, Vec<&HostName>)>::new();
    let mut places = HashMap::<Shown, usize>::new();
    for (host, plan) in plans {
        for resource in &plan.resources {
            if let Some(shown) = show(resource, verbose) {
                let place = *places.entry(shown.clone()).or_insert_with(|| {
                    groups.push((shown, Vec::new()));
                    groups.len() - 1
                });
                groups[place].1.push(host);
            }
        }
    }
    groups
}

/// Writes the plans of many hosts: each change once, with all the hosts that it is the same on.
///
/// # Errors
/// Whoever reads it has gone away.
pub fn write_plans(out: &mut dyn Write, paint: Paint, plans: &[(HostName, Plan)], verbose: bool) -> io::Result<()> {
    for (shown, on) in grouped(plans, verbose) {
        let drifted = if shown.has_drifted { ", drifted" } else { "" };
        let heading = format!("{} {}{drifted}", shown.mark, shown.id);
        let heading = match shown.mark {
            '~' => paint.yellow(&heading),
            '!' => paint.red(&heading),
            '?' => paint.cyan(&heading),
            _ => paint.dim(&heading),
        };
        writeln!(out, "{heading}  {}", paint.dim(&names(&on)))?;
        for line in &shown.lines {
            writeln!(out, "    {}", paint.diff_line(line))?;
        }
    }
    for (lines, on) in transactions(plans) {
        let heading = paint.dim("  packages");
        writeln!(out, "{heading}  {}", paint.dim(&names(&on)))?;
        for line in lines {
            writeln!(out, "    {line}")?;
        }
    }
    write_refreshes(out, paint, plans)?;
    write_orphans(out, paint, plans)
}

/// What the package transactions do besides what was declared, with the hosts on which it is the same.
pub(super) fn transactions(plans: &[(HostName, Plan)]) -> Vec<(Vec<String>, Vec<&HostName>)> {
    let mut groups = Vec::<(Vec<String>, Vec<&HostName>)>::new();
    for (host, plan) in plans {
        for transaction in &plan.transactions {
            let lines = transaction_lines(transaction);
            match groups.iter_mut().find(|(known, _)| *known == lines) {
                Some((_, on)) => on.push(host),
                None if lines.is_empty() => {}
                None => groups.push((lines, vec![host])),
            }
        }
    }
    groups
}

fn transaction_lines(transaction: &PlannedTransaction) -> Vec<String> {
    let told = |which: fn(&PackageChange) -> bool, words: &str| {
        let changes: Vec<String> = transaction
            .along
            .iter()
            .filter(|change| which(change))
            .map(|change| visible(&change.to_string()))
            .collect();
        (!changes.is_empty()).then(|| format!("{words}: {}", changes.join(", ")))
    };
    let unknown = transaction.unknown.as_ref();
    [
        unknown.map(|why| format!("unknown: {}", visible(why))),
        told(|change| change.from.is_none() && change.to.is_some(), "brings along"),
        told(
            |change| change.from.is_some() && change.to.is_some(),
            "changes along the way",
        ),
        told(|change| change.to.is_none(), "removes along the way"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn write_orphans(out: &mut dyn Write, paint: Paint, plans: &[(HostName, Plan)]) -> io::Result<()> {
    let mut order = Vec::<&PlannedOrphan>::new();
    let mut hosts = Vec::<Vec<&HostName>>::new();
    for (host, plan) in plans {
        for orphan in &plan.orphans {
            match order.iter().position(|other| *other == orphan) {
                Some(index) => hosts[index].push(host),
                None => {
                    order.push(orphan);
                    hosts.push(vec![host]);
                }
            }
        }
    }
    for (orphan, on) in order.iter().zip(&hosts) {
        let heading = format!("- {}", orphan.id);
        writeln!(out, "{}  {}", paint.yellow(&heading), paint.dim(&names(on)))?;
        writeln!(out, "    not in the definition any more; {}", fate(orphan))?;
    }
    Ok(())
}

fn show(resource: &PlannedResource, verbose: bool) -> Option<Shown> {
    let shown = |mark, lines| {
        Some(Shown {
            id: resource.id.clone(),
            mark,
            has_drifted: resource.cause == Some(ChangeCause::Drift),
            lines,
        })
    };
    match &resource.planned {
        Planned::NoChange if verbose => shown(' ', Vec::new()),
        Planned::NoChange => None,
        Planned::WouldChange(diff) => shown('~', change_text(diff).lines),
        Planned::Unknown {
            doubt,
            because,
            as_it_stands,
        } => {
            let unknown = match doubt {
                Doubt::Whether => "unknown",
                Doubt::How => "would change, how is unknown",
            };
            let mut lines = vec![format!("{unknown}: {}", visible(&because.to_string()))];
            if let Some(diff) = as_it_stands {
                lines.push("as things stand:".to_owned());
                lines.extend(change_text(diff).lines.into_iter().map(|line| format!("  {line}")));
            }
            shown('?', lines)
        }
        Planned::Failed(why) => shown('!', vec![format!("can't be planned: failed to {}", visible(why))]),
        Planned::Skipped { because } => shown('!', vec![format!("would be skipped: {because} can't be planned")]),
    }
}

fn write_refreshes(out: &mut dyn Write, paint: Paint, plans: &[(HostName, Plan)]) -> io::Result<()> {
    let mut order = Vec::<&PlannedRefresh>::new();
    let mut hosts = Vec::<Vec<&HostName>>::new();
    for (host, plan) in plans {
        for refresh in &plan.refreshes {
            match order.iter().position(|other| *other == refresh) {
                Some(index) => hosts[index].push(host),
                None => {
                    order.push(refresh);
                    hosts.push(vec![host]);
                }
            }
        }
    }
    for (refresh, on) in order.iter().zip(&hosts) {
        let heading = format!("↻ {} {}", refresh.action, refresh.target);
        let when = match refresh.certainty {
            Certainty::Pending => "owed since an earlier run, because of",
            Certainty::Certain => "because of",
            Certainty::IfChanged => "if changed:",
            Certainty::IfNeeded => "if there is a need by then, because of",
        };
        writeln!(out, "{}  {}", paint.yellow(&heading), paint.dim(&names(on)))?;
        writeln!(out, "    {when} {}", listed(&refresh.because))?;
        if let Some(failed) = &refresh.held {
            writeln!(out, "    held, since {failed} can't be planned")?;
        }
    }
    Ok(())
}

/// `backend-0-0`, or `5 hosts: backend-0-[0-4]`.
pub(super) fn names(hosts: &[&HostName]) -> String {
    let folded = fold_names(hosts.iter().copied());
    match hosts.len() {
        1 => folded,
        many => format!("{many} hosts: {folded}"),
    }
}
