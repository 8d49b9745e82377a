use super::plan::{grouped, names, transactions};
use super::state::fate;
use crate::plan::{Certainty, Plan};
use crate::words::HostName;
use std::io::{self, Write};

/// Writes the plans of many hosts for a pull request: a summary, then each change once with its diff, folded up.
///
/// # Errors
/// Whoever reads it has gone away.
pub fn write_markdown(out: &mut dyn Write, cluster: &str, plans: &[(HostName, Plan)]) -> io::Result<()> {
    let changing = plans.iter().filter(|(_, plan)| plan.changes_anything()).count();
    writeln!(
        out,
        "## Plan of {}: {changing} of {} hosts would change\n",
        code(cluster),
        plans.len()
    )?;
    for (shown, on) in grouped(plans, false) {
        let mark = match shown.mark {
            '~' => "would change",
            '?' => "can't be known yet",
            _ => "can't be done",
        };
        let mark = if shown.has_drifted {
            format!("{mark}, drifted")
        } else {
            mark.to_owned()
        };
        let (id, on) = (code(&shown.id.to_string()), code(&names(&on)));
        writeln!(out, "<details><summary>{mark}: {id} on {on}</summary>\n")?;
        let lines = shown.lines.join("\n");
        let fence = fence(&lines);
        writeln!(out, "{fence}diff\n{lines}\n{fence}\n\n</details>\n")?;
    }
    for (lines, on) in transactions(plans) {
        let lines: Vec<String> = lines.iter().map(|line| code(line)).collect();
        writeln!(out, "- packages on {}: {}", code(&names(&on)), lines.join("; "))?;
    }
    for (host, plan) in plans {
        for refresh in &plan.refreshes {
            let when = match refresh.certainty {
                Certainty::Pending => "owed since an earlier run",
                Certainty::Certain => "certain",
                Certainty::IfChanged => "if its cause changes",
                Certainty::IfNeeded => "if there is a need by then",
            };
            let when = match &refresh.held {
                Some(failed) => format!("held, since {} can't be planned", code(&failed.to_string())),
                None => when.to_owned(),
            };
            let target = code(&format!("{} {}", refresh.action, refresh.target));
            writeln!(out, "- {target} on {} ({when})", code(host.as_str()))?;
        }
        for orphan in &plan.orphans {
            let (id, host) = (code(&orphan.id.to_string()), code(host.as_str()));
            writeln!(
                out,
                "- {id} on {host} isn't in the definition any more; {}",
                fate(orphan)
            )?;
        }
    }
    Ok(())
}

/// A text that Markdown and HTML leave alone.
fn code(text: &str) -> String {
    let text = crate::words::visible(text);
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<code>{escaped}</code>")
}

/// A fence that the text doesn't hold.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}
