use super::paint::Paint;
use super::plan::write_plans;
use super::state::{View, write_orphans, write_pending, write_status};
use super::{Reporter, Tally};
use crate::converge::{Event, OrphanOutcome, Outcome, RefreshOutcome};
use crate::fleet::{FleetEvent, HostResult};
use crate::model::{ChangeCause, Ownership};
use crate::plan::{Plan, change_text};
use crate::words::{HostName, listed, visible};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Tells people what happens: a line for each change as it comes, plans in one piece at the end, and a last line of
/// numbers. On a terminal a line at the bottom says which hosts are still being worked on.
pub struct RunReporter<W> {
    out: W,
    paint: Paint,
    verbose: bool,
    width: usize,
    order: Vec<HostName>,
    plans: Vec<(HostName, Plan)>,
    open: Vec<HostName>,
    at: BTreeMap<HostName, At>,
    progress: Option<ProgressBar>,
    what: &'static str,
    view: View,
    started: Instant,
    failures: usize,
}

/// What a host is at.
struct At {
    phase: String,
    since: Instant,
    /// After how long that is worth a line.
    next: Duration,
}

impl At {
    fn new(phase: String) -> Self {
        Self {
            phase,
            since: Instant::now(),
            next: Duration::from_secs(15),
        }
    }

    /// What to say of it, if it is at it for long: rarer from time to time.
    fn is_news(&mut self) -> Option<String> {
        let elapsed = self.since.elapsed();
        if elapsed < self.next {
            return None;
        }
        self.next = elapsed * 2;
        Some(format!("at {} since {} s", self.phase, elapsed.as_secs()))
    }
}

impl<W: Write> RunReporter<W> {
    /// A report for `hosts`, of which the longest name sets the width of the first column. `what` begins the last line.
    pub fn new(out: W, paint: Paint, hosts: &[HostName], verbose: bool, what: &'static str, on_terminal: bool) -> Self {
        let progress = on_terminal.then(|| {
            let bar = ProgressBar::new(hosts.len() as u64);
            // The template is a constant; indicatif's default serves as well.
            if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} hosts, {elapsed}  {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self {
            out,
            paint,
            verbose,
            width: hosts.iter().map(|host| host.as_str().len()).max().unwrap_or(0),
            order: hosts.to_vec(),
            plans: Vec::new(),
            open: Vec::new(),
            at: BTreeMap::new(),
            progress,
            what,
            view: View::Changes,
            started: Instant::now(),
            failures: 0,
        }
    }

    /// The same report, which shows this of plans.
    #[must_use]
    pub const fn showing(mut self, view: View) -> Self {
        self.view = view;
        self
    }

    fn line(&mut self, host: &HostName, mark: &str, text: &str) -> io::Result<()> {
        let width = self.width;
        let line = format!("{host:width$}  {mark} {text}");
        let out = &mut self.out;
        match &self.progress {
            Some(bar) => bar.suspend(|| writeln!(out, "{line}")),
            None => writeln!(out, "{line}"),
        }
    }

    fn detail(&mut self, host: &HostName, lines: &[String]) -> io::Result<()> {
        for text in lines {
            let painted = self.paint.diff_line(text);
            self.line(host, "   ", &painted)?;
        }
        Ok(())
    }

    fn host_event(&mut self, host: &HostName, event: &Event) -> io::Result<()> {
        let paint = self.paint;
        match event {
            Event::ResourceFinished {
                id,
                outcome,
                cause,
                milliseconds,
            } => match outcome {
                Outcome::NoChange if self.verbose => self.line(host, &paint.dim("ok      "), &id.to_string()),
                Outcome::NoChange => Ok(()),
                Outcome::Changed(diff) => {
                    let took = if *milliseconds >= 1000 {
                        format!("  ({}.{} s)", milliseconds / 1000, milliseconds % 1000 / 100)
                    } else {
                        String::new()
                    };
                    let mut properties: Vec<String> =
                        diff.changes.iter().map(|change| visible(&change.property)).collect();
                    // That a host drifted is news; that a definition changed is why most runs are made.
                    if *cause == Some(ChangeCause::Drift) {
                        properties.push("drifted".to_owned());
                    }
                    let text = format!("{id}  {}{took}", paint.dim(&properties.join(", ")));
                    self.line(host, &paint.yellow("changed "), &text)?;
                    if self.verbose {
                        self.detail(host, &change_text(diff).lines)
                    } else {
                        Ok(())
                    }
                }
                Outcome::OutOfBounds(diff) => {
                    self.line(
                        host,
                        &paint.cyan("left    "),
                        &format!("{id}  differs, and isn't in the plan"),
                    )?;
                    self.detail(host, &change_text(diff).lines)
                }
                Outcome::Unknown(why) => self.line(host, &paint.cyan("unknown "), &format!("{id}  {}", visible(why))),
                Outcome::Failed(why) => self.line(
                    host,
                    &paint.red("FAILED  "),
                    &format!("{id}  failed to {}", visible(why)),
                ),
                Outcome::Skipped { because } => {
                    self.line(host, &paint.red("skipped "), &format!("{id}  because {because} failed"))
                }
                Outcome::NotReached => self.line(host, &paint.red("stopped "), &format!("{id}  not reached")),
            },
            Event::Retrying {
                id,
                why,
                nth,
                of,
                pause,
            } => {
                let text = format!("{id}  failed to {}; again in {pause} ({nth} of {of})", visible(why));
                self.line(host, &paint.cyan("retry   "), &text)
            }
            Event::RefreshFinished {
                target,
                action,
                because,
                is_recovered,
                outcome,
            } => {
                let since = if *is_recovered {
                    ", owed since an earlier run"
                } else {
                    ""
                };
                let text = format!("{target}  because of {}{since}", listed(because));
                match outcome {
                    RefreshOutcome::Done => {
                        self.line(host, &paint.yellow(&format!("{:<8}", format!("{action}"))), &text)
                    }
                    RefreshOutcome::Satisfied if self.verbose => {
                        self.line(host, &paint.dim("ok      "), &format!("{target}  needs no {action}"))
                    }
                    RefreshOutcome::Satisfied => Ok(()),
                    RefreshOutcome::Unknown(why) => self.line(
                        host,
                        &paint.cyan("unknown "),
                        &format!("{action} {text}: {}", visible(why)),
                    ),
                    RefreshOutcome::Failed(why) => self.line(
                        host,
                        &paint.red("FAILED  "),
                        &format!("{action} {target}  failed to {}", visible(why)),
                    ),
                    RefreshOutcome::OutOfBounds => self.line(
                        host,
                        &paint.cyan("left    "),
                        &format!("{action} {text}; it isn't in the plan, and stays owed"),
                    ),
                    RefreshOutcome::Held { because } => self.line(
                        host,
                        &paint.red("held    "),
                        &format!("{action} {target}  because {because} failed"),
                    ),
                    RefreshOutcome::NotReached => {
                        self.line(host, &paint.red("stopped "), &format!("{action} {target}  not reached"))
                    }
                }
            }
            Event::OrphanFinished { id, ownership, outcome } => {
                let owned = match ownership {
                    Ownership::Created => "created",
                    Ownership::Adopted => "adopted",
                    Ownership::Transient => "transient",
                };
                match outcome {
                    OrphanOutcome::Kept(why) => self.line(
                        host,
                        &paint.cyan("orphan  "),
                        &format!("{id}  {owned}; {}", visible(why)),
                    ),
                    OrphanOutcome::Removed(_) => self.line(host, &paint.yellow("removed "), &id.to_string()),
                    OrphanOutcome::Released(why) => self.line(
                        host,
                        &paint.yellow("released"),
                        &format!("{id}  {owned}; {}", visible(why)),
                    ),
                    OrphanOutcome::Failed(why) => self.line(
                        host,
                        &paint.red("FAILED  "),
                        &format!("{id}  failed to {}", visible(why)),
                    ),
                }
            }
            Event::Noted(text) => self.line(host, &paint.cyan("note    "), &visible(text)),
            Event::Damaged(what) => {
                let text = format!(
                    "part of what the host keeps can't be read, a copy is kept: {}",
                    visible(what)
                );
                self.line(host, &paint.red("DAMAGED "), &text)
            }
            Event::Earlier { who, ago, events } => {
                let who = visible(who);
                let text = format!("nobody heard of the run that {who} began {ago} s ago; it did this:");
                self.line(host, &paint.cyan("earlier "), &text)?;
                events.iter().try_for_each(|event| self.host_event(host, event))?;
                self.line(host, &paint.cyan("earlier "), "this run:")
            }
            Event::Armed(within) => {
                let text = format!("undone unless it is confirmed within {within} of the run's end");
                self.line(host, &paint.cyan("armed   "), &text)
            }
            Event::Working(phase) => {
                self.at.insert(host.clone(), At::new(visible(phase)));
                Ok(())
            }
            Event::RunStarted { .. } | Event::Planned(_) | Event::RunFinished(_) => Ok(()),
        }
    }

    fn show_open(&self) {
        if let Some(bar) = &self.progress {
            let names = crate::words::fold_names(&self.open);
            bar.set_message(names.chars().take(60).collect::<String>());
        }
    }
}

impl<W: Write> Reporter for RunReporter<W> {
    fn take(&mut self, event: &FleetEvent) -> io::Result<()> {
        let paint = self.paint;
        match event {
            FleetEvent::HostStarted { host } => {
                self.open.push(host.clone());
                self.show_open();
                Ok(())
            }
            FleetEvent::AgentUploaded { host, bytes } if self.verbose => {
                self.line(host, &paint.dim("agent   "), &format!("uploaded, {bytes} bytes"))
            }
            FleetEvent::AgentUploaded { .. } | FleetEvent::HostWelcomed { .. } => Ok(()),
            FleetEvent::HostConfirmed { host } => self.line(
                host,
                &paint.green("confirm "),
                "the host is reached over a new connection; the run stays",
            ),
            FleetEvent::HostAlive { host } => match self.at.get_mut(host).and_then(At::is_news) {
                Some(text) => self.line(host, &paint.cyan("still   "), &text),
                None => Ok(()),
            },
            FleetEvent::Host { host, event } => self.host_event(host, event),
            FleetEvent::HostFinished { host, result, .. } => {
                self.open.retain(|open| open != host);
                self.show_open();
                if let Some(bar) = &self.progress {
                    bar.inc(1);
                }
                match result {
                    HostResult::Planned(plan) => {
                        self.plans.push((host.clone(), plan.clone()));
                        Ok(())
                    }
                    HostResult::Converged(_) => Ok(()),
                    HostResult::Failed(error) => {
                        self.failures += 1;
                        let mark = if error.is_locked() {
                            "LOCKED  "
                        } else if error.is_stopped() {
                            "stopped "
                        } else if error.is_unreachable() {
                            "UNREACHABLE"
                        } else {
                            "REFUSED "
                        };
                        self.line(
                            host,
                            &paint.red(mark),
                            &format!("failed to {}", visible(&error.to_string())),
                        )?;
                        let details: Vec<String> = error.details().iter().map(|line| visible(line)).collect();
                        self.detail(host, &details)?;
                        match error.hint() {
                            Some(hint) => self.line(host, &paint.cyan("hint:   "), &visible(&hint)),
                            None => Ok(()),
                        }
                    }
                }
            }
        }
    }

    fn finish(&mut self, tally: &Tally) -> io::Result<()> {
        if let Some(bar) = &self.progress {
            bar.finish_and_clear();
        }
        let mut plans = std::mem::take(&mut self.plans);
        plans.sort_by_key(|(host, _)| self.order.iter().position(|other| other == host));
        match self.view {
            View::Changes => write_plans(&mut self.out, self.paint, &plans, self.verbose)?,
            View::Status => write_status(&mut self.out, self.paint, &plans)?,
            View::Pending => write_pending(&mut self.out, self.paint, &plans)?,
            View::Orphans => write_orphans(&mut self.out, self.paint, &plans)?,
        }
        let seconds = self.started.elapsed().as_secs_f64();
        let text = format!("{}: {}; {seconds:.2} s", self.what, numbers(tally));
        writeln!(self.out, "{}", self.paint.bold(&text))?;
        self.out.flush()
    }
}

/// What happened in numbers; what didn't happen isn't mentioned, but for changes, which are what a run is about.
fn numbers(tally: &Tally) -> String {
    let word = if tally.hosts == 1 { "host" } else { "hosts" };
    let first = format!(
        "{} {word}: {} changed, {} unchanged",
        tally.hosts, tally.changed, tally.unchanged
    );
    let more = [
        (tally.out_of_bounds, ", ", "not in the plan"),
        (tally.unknown, ", ", "unknown"),
        (tally.failed, ", ", "failed"),
        (tally.skipped, ", ", "skipped"),
        (tally.pruned, ", ", "removed"),
        (tally.released, ", ", "released"),
        (tally.refreshes, ", ", "refreshed"),
        (tally.pending, ", ", "owed a refresh"),
        (tally.orphans, ", ", "orphaned"),
        (tally.hosts_damaged, "; hosts: ", "with damaged records"),
        (tally.hosts_failed, "; hosts: ", "failed"),
        (tally.hosts_stopped, "; hosts: ", "stopped"),
        (tally.hosts_locked, "; hosts: ", "locked"),
        (tally.hosts_unreachable, "; hosts: ", "unreachable"),
    ];
    let happened = more.into_iter().filter(|(count, ..)| *count > 0);
    let mut parts = vec![first];
    parts.extend(happened.map(|(count, joint, what)| format!("{joint}{count} {what}")));
    let sent = tally.traffic.program + tally.traffic.messages;
    if sent > 0 {
        parts.push(format!("; {sent} bytes sent"));
    }
    if tally.traffic.program > 0 {
        parts.push(format!(", {} of them agents", tally.traffic.program));
    }
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_told_rarer_from_time_to_time() {
        let mut at = At::new("packages".to_owned());
        assert_eq!(at.is_news(), None);
        at.next = Duration::ZERO;
        assert_eq!(at.is_news().as_deref(), Some("at packages since 0 s"));
        at.since = Instant::now().checked_sub(Duration::from_secs(20)).unwrap();
        assert_eq!(at.is_news().as_deref(), Some("at packages since 20 s"));
        assert_eq!(at.is_news(), None);
        assert!(at.next >= Duration::from_secs(40));
    }
}
