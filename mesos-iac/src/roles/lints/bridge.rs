use super::found;
use super::read::runs::{By, runs};
use crate::lint::LintCx;
use crate::lint_rule;

lints! {
    MARATHONS_COMMENT = Warning "marathons-comment": "the bridge takes the words of a comment for Marathons";
    CONFIG_TRUNCATED_BY_REDIRECT = Warning "config-truncated-by-redirect": "HAProxy's configuration is empty until, and unless, what writes it succeeds";
    SUDO_IN_CRON = Warning "sudo-in-cron": "a job of cron needs `sudo`, which may ask for a terminal";
}

lint_rule!(bridge => [&MARATHONS_COMMENT, &CONFIG_TRUNCATED_BY_REDIRECT, &SUDO_IN_CRON]);

fn bridge(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        if let Some(file) = host.file("/etc/haproxy-marathon-bridge/marathons")
            && let Some(line) = file.text.lines().position(|line| line.contains('#'))
        {
            let message = format!(
                "line {} of {} has a comment, each word of which is asked for tasks",
                line + 1,
                file.path
            );
            cx.report(
                found(&MARATHONS_COMMENT, host, Some(file.id), message)
                    .hint("write `HOST:PORT`, one a line, and nothing else"),
            );
        }
        for run in runs(host) {
            let target = run.words.windows(2).find_map(|pair| match pair {
                [redirection, target] if matches!(redirection.as_str(), ">" | "1>" | ">|") => Some(target),
                _ => None,
            });
            if let Some(target) = target
                && target.starts_with("/etc/haproxy/")
                && target.ends_with("/haproxy.cfg")
            {
                let message = format!("{} empties {target} before it knows what to write", run.place);
                cx.report(
                    found(&CONFIG_TRUNCATED_BY_REDIRECT, host, Some(run.id), message)
                        .hint("write another file, have `haproxy -c -f` look at it, and move it into place"),
                );
            }
            if run.by == By::Cron && run.words.iter().any(|word| word == "sudo") {
                let message = format!("{} uses `sudo`, which may refuse to work without a terminal", run.place);
                cx.report(
                    found(&SUDO_IN_CRON, host, Some(run.id), message)
                        .hint("name the user in the job: root needs no `sudo`"),
                );
            }
        }
    }
}
