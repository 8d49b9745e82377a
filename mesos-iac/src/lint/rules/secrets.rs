use crate::kinds::File;
use crate::lint::LintCx;
use crate::lint_rule;
use crate::model::{Content, Level, Lint};
use std::any::Any;

/// Every user of a host can read a secret.
pub static SECRET_READABLE: Lint = Lint {
    name: "secret-readable",
    level: Level::Warning,
    summary: "every user of a host can read a secret",
    page: include_str!("../pages/secret-readable.md"),
};

/// A private key stands in the definition.
pub static PRIVATE_KEY_IN_DEFINITION: Lint = Lint {
    name: "private-key-in-definition",
    level: Level::Warning,
    summary: "a private key stands in the definition",
    page: include_str!("../pages/private-key-in-definition.md"),
};

/// A password that everybody knows is left in a file.
pub static DEFAULT_PASSWORD: Lint = Lint {
    name: "default-password",
    level: Level::Warning,
    summary: "a password that everybody knows is left in a file",
    page: include_str!("../pages/default-password.md"),
};

lint_rule!(secrets => [&SECRET_READABLE, &PRIVATE_KEY_IN_DEFINITION, &DEFAULT_PASSWORD]);

/// What products come with, and documents say.
const WELL_KNOWN: [&str; 14] = [
    "admin:admin",
    "admin:password",
    "admin:changeme",
    "root:root",
    "root:password",
    "root:toor",
    "root:vmware",
    "user:password",
    "guest:guest",
    "super:super",
    "super:admin",
    "test:test",
    "marathon:marathon",
    "mesos:mesos",
];

fn secrets(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        for entry in host.catalog().resources() {
            let resource: &dyn Any = &*entry.resource;
            let Some(file) = resource.downcast_ref::<File>() else {
                continue;
            };
            let mode = file.attributes().mode.map(crate::words::Mode::bits);
            if file.content().is_some_and(Content::is_secret)
                && let Some(mode) = mode.filter(|mode| mode & 0o004 != 0)
            {
                let message = format!("{} has a secret and mode {mode:04o}", file.path());
                let finding = SECRET_READABLE.finding(message).on(host.name()).of(&entry.id);
                cx.report(finding.hint("leave the mode out, and it is 0600; or name the one who reads it"));
            }
        }
        for file in host.files() {
            let is_begin = |line: &str| line.contains("-----BEGIN ") && line.contains("PRIVATE KEY-----");
            if let Some(line) = file.text.lines().position(is_begin) {
                let message = format!("line {} of {} begins a private key", line + 1, file.path);
                let finding = PRIVATE_KEY_IN_DEFINITION.finding(message).on(host.name()).of(file.id);
                cx.report(
                    finding.hint("take it from a file or a command when the host needs it: `Secret::from_file(…)`"),
                );
            }
            let known = file
                .text
                .lines()
                .enumerate()
                .find_map(|(number, line)| Some((number + 1, well_known(line)?)));
            if let Some((line, pair)) = known {
                let message = format!("line {line} of {} has `{pair}`", file.path);
                let finding = DEFAULT_PASSWORD.finding(message).on(host.name()).of(file.id);
                cx.report(finding.hint("take a password of your own, and keep it as a `Secret`"));
            }
        }
    }
}

/// The pair that stands in a line as a whole word, be it in an address.
fn well_known(line: &str) -> Option<&'static str> {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return None;
    }
    let words = line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | '@' | '/' | ',' | '|' | '`'));
    words
        .into_iter()
        .find_map(|word| WELL_KNOWN.into_iter().find(|pair| *pair == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_whole_words() {
        assert_eq!(well_known("  stats auth admin:admin"), Some("admin:admin"));
        assert_eq!(well_known("url=zk://super:super@a:2181"), Some("super:super"));
        assert_eq!(well_known("echo 'root:root' | chpasswd"), Some("root:root"));
        assert_eq!(well_known("# stats auth admin:admin"), None);
        assert_eq!(well_known("chown root:rooted x"), None);
        assert_eq!(well_known("stats auth admin:adm1n"), None);
    }
}
