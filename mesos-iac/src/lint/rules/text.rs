use crate::lint::LintCx;
use crate::lint_rule;
use crate::model::{Level, Lint};

/// A configuration file has the line ends of Windows.
pub static CRLF_LINES: Lint = Lint {
    name: "crlf-lines",
    level: Level::Warning,
    summary: "a configuration file has the line ends of Windows",
    page: include_str!("../pages/crlf-lines.md"),
};

/// A configuration file has quotes or dashes that a word processor made.
pub static TYPOGRAPHIC_DAMAGE: Lint = Lint {
    name: "typographic-damage",
    level: Level::Warning,
    summary: "a configuration file has quotes or dashes that a word processor made",
    page: include_str!("../pages/typographic-damage.md"),
};

lint_rule!(text => [&CRLF_LINES, &TYPOGRAPHIC_DAMAGE]);

/// What a word processor puts in the place of `"`, `'` and `-`.
const TYPOGRAPHIC: [(char, &str); 7] = [
    ('\u{201c}', "\""),
    ('\u{201d}', "\""),
    ('\u{201e}', "\""),
    ('\u{2018}', "'"),
    ('\u{2019}', "'"),
    ('\u{2013}', "-"),
    ('\u{2014}', "--"),
];

fn text(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        for file in host.files().iter().filter(|file| file.path.starts_with("/etc/")) {
            // Not `lines`, which takes a `\r` away with the `\n` after it.
            if let Some(line) = file.text.split('\n').position(|line| line.ends_with('\r')) {
                let message = format!("line {} of {} ends in `\\r\\n`", line + 1, file.path);
                let finding = CRLF_LINES.finding(message).on(host.name()).of(file.id);
                cx.report(finding.hint("write it with `\\n` alone"));
            }
            // Sentences in a comment may well have them.
            let code = file
                .text
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.trim_start().starts_with(['#', ';']));
            let damaged = code.into_iter().find_map(|(number, line)| {
                let (found, meant) = TYPOGRAPHIC.iter().find(|(sign, _)| line.contains(*sign))?;
                Some((number + 1, *found, *meant))
            });
            if let Some((line, found, meant)) = damaged {
                let message = format!(
                    "line {line} of {} has `{found}`, which no daemon reads as `{meant}`",
                    file.path
                );
                let finding = TYPOGRAPHIC_DAMAGE.finding(message).on(host.name()).of(file.id);
                cx.report(finding.hint(format!("write `{meant}`")));
            }
        }
    }
}
