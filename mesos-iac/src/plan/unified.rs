use crate::model::{Change, Diff, Shown};
use crate::words::visible;
use similar::TextDiff;

/// A change as text: a line for each property, and a unified diff for texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeText {
    /// The lines, without a newline at their ends.
    pub lines: Vec<String>,
}

/// Shows a difference: `mode: 0644 → 0600` for values, a unified diff for texts. Terminal escapes in it are made visible.
#[must_use]
pub fn change_text(diff: &Diff) -> ChangeText {
    let mut lines = Vec::new();
    for change in &diff.changes {
        push_change(change, &mut lines);
    }
    ChangeText { lines }
}

fn push_change(change: &Change, lines: &mut Vec<String>) {
    let property = visible(&change.property);
    match (&change.from, &change.to) {
        (Shown::Text(from), Shown::Text(to)) => push_unified(&property, from, to, lines),
        (Shown::Absent, Shown::Text(to)) => push_unified(&property, "", to, lines),
        (Shown::Text(from), Shown::Absent) => push_unified(&property, from, "", lines),
        (Shown::Secret, Shown::Secret) => lines.push(format!("{property}: (secret, differs)")),
        (from, to) => lines.push(format!(
            "{property}: {} → {}",
            visible(&from.to_string()),
            visible(&to.to_string())
        )),
    }
}

fn push_unified(property: &str, from: &str, to: &str, lines: &mut Vec<String>) {
    lines.push(format!("{property}:"));
    if from.is_empty() && to.is_empty() {
        lines.push("  (empty)".to_owned());
        return;
    }
    // Only a newline ends a line here: a carriage return before it is a difference like any other.
    let (from, to): (Vec<&str>, Vec<&str>) = (from.split_inclusive('\n').collect(), to.split_inclusive('\n').collect());
    let diff = TextDiff::configure().newline_terminated(true).diff_slices(&from, &to);
    let unified = diff.unified_diff().context_radius(3).to_string();
    let unified = unified.strip_suffix('\n').unwrap_or(&unified);
    lines.extend(unified.split('\n').map(|line| format!("  {}", visible(line))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_compared_line_by_line() {
        let mut diff = Diff::new();
        diff.push("content", Shown::Text("a\nb\n".into()), Shown::Text("a\nc\n".into()));
        diff.push("mode", "0644", "0600");
        let text = change_text(&diff).lines.join("\n");
        assert_eq!(text, "content:\n  @@ -1,2 +1,2 @@\n   a\n  -b\n  +c\nmode: 0644 → 0600");
    }

    #[test]
    fn terminal_escapes_are_made_visible() {
        let mut diff = Diff::new();
        diff.push(
            "content",
            Shown::Text("\u{1b}[2J\n".into()),
            Shown::Text("\u{202e}x\n".into()),
        );
        let text = change_text(&diff).lines.join("\n");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    }
}
