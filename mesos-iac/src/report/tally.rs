use crate::converge::{Event, OrphanOutcome, Outcome, RefreshOutcome};
use crate::fleet::{FleetEvent, HostResult, Traffic};
use crate::plan::{Certainty, Planned};

/// A run over many hosts in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Hosts that were selected.
    pub hosts: usize,
    /// Hosts on which something changed, or would.
    pub hosts_changed: usize,
    /// Hosts on which something failed, or which refused the run.
    pub hosts_failed: usize,
    /// Hosts on which the run was stopped before its end, or before it began, and nothing failed.
    pub hosts_stopped: usize,
    /// Hosts of which a plan doesn't know all that a run would do, and knows of no change.
    pub hosts_unknown: usize,
    /// Hosts that can't read what they kept from run to run.
    pub hosts_damaged: usize,
    /// Hosts on which another run was at work.
    pub hosts_locked: usize,
    /// Hosts that weren't reached, or were lost.
    pub hosts_unreachable: usize,
    /// Resources that changed, or would.
    pub changed: usize,
    /// Resources that are as desired.
    pub unchanged: usize,
    /// Resources that differ, and refreshes that are owed, and that the plan that bounds the run doesn't have.
    pub out_of_bounds: usize,
    /// Resources that nothing is known of.
    pub unknown: usize,
    /// Resources that failed.
    pub failed: usize,
    /// Resources that weren't tried.
    pub skipped: usize,
    /// Orphans that were removed.
    pub pruned: usize,
    /// Orphans that aren't ours any more, and stay.
    pub released: usize,
    /// Orphans that stay ours.
    pub orphans: usize,
    /// Refreshes that were done, or would be.
    pub refreshes: usize,
    /// Refreshes that are owed.
    pub pending: usize,
    /// What was sent to all hosts.
    pub traffic: Traffic,
}

impl Tally {
    /// Counts an event.
    pub fn count(&mut self, event: &FleetEvent) {
        match event {
            FleetEvent::Host { event, .. } => self.count_host_event(event),
            FleetEvent::HostFinished { result, traffic, .. } => {
                self.hosts += 1;
                self.traffic.program += traffic.program;
                self.traffic.messages += traffic.messages;
                self.count_result(result);
            }
            FleetEvent::HostStarted { .. }
            | FleetEvent::AgentUploaded { .. }
            | FleetEvent::HostWelcomed { .. }
            | FleetEvent::HostAlive { .. }
            | FleetEvent::HostConfirmed { .. } => {}
        }
    }

    const fn count_host_event(&mut self, event: &Event) {
        match event {
            Event::ResourceFinished { outcome, .. } => match outcome {
                Outcome::NoChange => self.unchanged += 1,
                Outcome::Changed(_) => self.changed += 1,
                Outcome::OutOfBounds(_) => self.out_of_bounds += 1,
                Outcome::Unknown(_) => self.unknown += 1,
                Outcome::Failed(_) => self.failed += 1,
                Outcome::Skipped { .. } | Outcome::NotReached => self.skipped += 1,
            },
            Event::RefreshFinished { outcome, .. } => match outcome {
                RefreshOutcome::Done => self.refreshes += 1,
                RefreshOutcome::Failed(_) => {
                    self.failed += 1;
                    self.pending += 1;
                }
                RefreshOutcome::OutOfBounds => {
                    self.out_of_bounds += 1;
                    self.pending += 1;
                }
                RefreshOutcome::Held { .. } | RefreshOutcome::NotReached => self.pending += 1,
                _ => {}
            },
            Event::OrphanFinished { outcome, .. } => match outcome {
                OrphanOutcome::Kept(_) => self.orphans += 1,
                OrphanOutcome::Removed(_) => self.pruned += 1,
                OrphanOutcome::Released(_) => self.released += 1,
                OrphanOutcome::Failed(_) => self.failed += 1,
            },
            // A host tells it once.
            Event::Damaged(_) => self.hosts_damaged += 1,
            _ => {}
        }
    }

    fn count_result(&mut self, result: &HostResult) {
        match result {
            HostResult::Converged(summary) => {
                self.hosts_changed += usize::from(summary.changed_anything());
                let has_failed = summary.failed > 0 || summary.refreshes_failed > 0;
                let is_stopped = summary.stopped && !has_failed;
                self.hosts_stopped += usize::from(is_stopped);
                self.hosts_failed += usize::from(!summary.is_success() && !is_stopped);
            }
            HostResult::Planned(plan) => {
                for resource in &plan.resources {
                    match &resource.planned {
                        Planned::NoChange => self.unchanged += 1,
                        Planned::WouldChange(_) => self.changed += 1,
                        Planned::Unknown { .. } => self.unknown += 1,
                        Planned::Failed(_) => self.failed += 1,
                        Planned::Skipped { .. } => self.skipped += 1,
                    }
                }
                for refresh in &plan.refreshes {
                    match refresh.certainty {
                        Certainty::Pending => self.pending += 1,
                        _ if refresh.held.is_some() => self.pending += 1,
                        Certainty::Certain | Certainty::IfChanged | Certainty::IfNeeded => self.refreshes += 1,
                    }
                }
                self.orphans += plan.orphans.len();
                self.hosts_changed += usize::from(plan.changes_anything());
                self.hosts_unknown += usize::from(plan.is_uncertain() && !plan.changes_anything());
                self.hosts_failed += usize::from(plan.fails());
            }
            HostResult::Failed(error) if error.is_stopped() => self.hosts_stopped += 1,
            HostResult::Failed(error) if error.is_locked() => self.hosts_locked += 1,
            HostResult::Failed(error) if error.is_unreachable() => self.hosts_unreachable += 1,
            HostResult::Failed(_) => self.hosts_failed += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::converge::Summary;
    use crate::fleet::HostError;
    use crate::words::HostName;

    fn tally(result: HostResult) -> Tally {
        let mut tally = Tally::default();
        tally.count(&FleetEvent::HostFinished {
            host: HostName::new("one").unwrap(),
            result,
            traffic: Traffic::default(),
        });
        tally
    }

    #[test]
    fn a_host_that_was_stopped_has_not_failed() {
        let stopped = Summary {
            changed: 1,
            skipped: 2,
            refreshes_owed: 1,
            stopped: true,
            ..Summary::default()
        };
        for (result, failed, stopped) in [
            (HostResult::Converged(stopped), 0, 1),
            (HostResult::Failed(HostError::Stopped), 0, 1),
            (HostResult::Converged(Summary { failed: 1, ..stopped }), 1, 0),
            (
                HostResult::Converged(Summary {
                    skipped: 2,
                    ..Summary::default()
                }),
                1,
                0,
            ),
        ] {
            let tally = tally(result);
            assert_eq!(
                (tally.hosts_failed, tally.hosts_stopped),
                (failed, stopped),
                "{tally:?}"
            );
        }
    }
}
