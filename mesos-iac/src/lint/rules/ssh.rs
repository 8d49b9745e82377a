use crate::lint::LintCx;
use crate::lint_rule;
use crate::model::{Level, Lint};

/// sshd lets root in by password.
pub static SSH_ROOT_LOGIN: Lint = Lint {
    name: "ssh-root-login",
    level: Level::Warning,
    summary: "sshd lets root in by password",
    page: include_str!("../pages/ssh-root-login.md"),
};

lint_rule!(ssh => [&SSH_ROOT_LOGIN]);

fn ssh(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        let configured = host.files().iter().filter(|file| {
            file.path == "/etc/ssh/sshd_config"
                || (file.path.starts_with("/etc/ssh/sshd_config.d/") && file.path.strip_suffix(".conf").is_some())
        });
        for file in configured {
            // Of a keyword that stands twice sshd takes the first; what stands after `Match` is another matter, and worse.
            let lets_in = |line: &str| {
                let mut words = line
                    .split(|c: char| c.is_ascii_whitespace() || c == '=')
                    .filter(|word| !word.is_empty());
                let keyword = words
                    .next()
                    .is_some_and(|word| word.eq_ignore_ascii_case("PermitRootLogin"));
                keyword
                    && words
                        .next()
                        .is_some_and(|value| value.trim_matches('"').eq_ignore_ascii_case("yes"))
            };
            if let Some(line) = file.text.lines().position(lets_in) {
                let message = format!("line {} of {} lets root in by password", line + 1, file.path);
                cx.report(
                    SSH_ROOT_LOGIN
                        .finding(message)
                        .on(host.name())
                        .of(file.id)
                        .hint("`PermitRootLogin prohibit-password` lets keys in, `no` nobody"),
                );
            }
        }
    }
}
