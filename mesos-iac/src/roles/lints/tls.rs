use super::found;
use super::read::mesos::{Daemon, mesos};
use crate::lint::LintCx;
use crate::lint_rule;
use crate::roles::mesos::{Reading, reading};

lints! {
    TLS_VARIABLE = Warning "tls-variable": "a variable of TLS has a name that the release doesn't read, or only just puts up with";
}

lint_rule!(tls => [&TLS_VARIABLE]);

fn tls(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        for mesos in Daemon::BOTH.into_iter().filter_map(|daemon| mesos(host, daemon)) {
            let Some(release) = mesos.release else { continue };
            for variable in &mesos.variables {
                let (why, hint) = match reading(&variable.name, release.version()) {
                    None | Some(Reading::Reads) => continue,
                    Some(Reading::PutsUpWith(right)) => (
                        format!("is an old name, which Mesos {release} only just puts up with"),
                        format!("write `{right}`"),
                    ),
                    Some(Reading::PassesOver(Some(right))) => (
                        format!("is passed over by Mesos {release}, which has another name for it"),
                        format!("write `{right}`"),
                    ),
                    Some(Reading::PassesOver(None)) if release.since(0, 23) => (
                        format!("is passed over by Mesos {release}, which has no such setting of TLS"),
                        "look for its name in the documentation of the release, or leave it out".to_owned(),
                    ),
                    Some(Reading::PassesOver(None)) => (
                        format!("is passed over by Mesos {release}, which speaks no TLS"),
                        "take 0.23 or later, built with TLS; or leave it out".to_owned(),
                    ),
                };
                let message = format!("`{}` (by {}) {why}", variable.name, variable.place);
                cx.report(found(&TLS_VARIABLE, host, variable.id, message).hint(hint));
            }
        }
    }
}
