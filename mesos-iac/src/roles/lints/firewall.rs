use super::found;
use super::read::runs::{By, Run, runs};
use super::read::shell;
use crate::kinds::Service;
use crate::lint::LintCx;
use crate::lint_rule;
use crate::words::ResourceId;

lints! {
    FIREWALL_OFF = Warning "firewall-off": "a host's firewall is emptied or switched off";
}

lint_rule!(firewall => [&FIREWALL_OFF]);

const SERVICES: [&str; 7] = [
    "iptables",
    "ip6tables",
    "firewalld",
    "ufw",
    "nftables",
    "netfilter-persistent",
    "iptables-persistent",
];

fn firewall(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        let runs = runs(host);
        for run in &runs {
            let begins_anew = || {
                let mut others = runs.iter().filter(|other| goes_with(run, other));
                empties(run.program()) && others.any(|other| fills(run.program(), other.program()))
            };
            if opens(run.program()) && !begins_anew() {
                let message = format!("{} opens every port of the host", run.place);
                cx.report(found(&FIREWALL_OFF, host, Some(run.id), message).hint(HINT));
            }
        }
        let off: Vec<&str> = SERVICES
            .into_iter()
            .filter(|name| {
                host.get::<Service>(name)
                    .is_some_and(|service| service.is_running() == Some(false))
            })
            .collect();
        // Who stops one and runs another has only changed over.
        let on = SERVICES.iter().any(|name| {
            host.get::<Service>(name)
                .is_some_and(|service| service.is_running() == Some(true))
        });
        if let Some(name) = off.first().filter(|_| !on) {
            let message = format!("the service {name} is to be stopped, and no other firewall runs");
            let id = ResourceId::new("core.service", *name).ok();
            cx.report(found(&FIREWALL_OFF, host, id.as_ref(), message).hint(HINT));
        }
    }
}

const HINT: &str = "open what the daemons need: 2181, 2888 and 3888 for ZooKeeper, 5050 and 5051 for Mesos, 8080 for Marathon, \
                    31000 to 32000 for tasks, each to those who need it";

/// Whether two commands run together: the lines of a script or a unit do, those of a table of cron don't.
fn goes_with(run: &Run<'_>, other: &Run<'_>) -> bool {
    run.id == other.id && (run.by != By::Cron || run.place == other.place)
}

/// Whether a command takes all rules away and leaves the firewall on.
fn empties(words: &[String]) -> bool {
    let [program, arguments @ ..] = words else { return false };
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    match shell::base(program) {
        // Emptying one chain by name is how scripts begin anew.
        "iptables" | "ip6tables" => {
            arguments.last().is_some_and(|last| last == "-F" || last == "--flush") && !has("-t")
        }
        "nft" => has("flush") && has("ruleset"),
        _ => false,
    }
}

/// Whether a command gives rules to the firewall that another one empties: a script that does both begins anew.
fn fills(emptied: &[String], words: &[String]) -> bool {
    let ([emptied, ..], [program, arguments @ ..]) = (emptied, words) else {
        return false;
    };
    let has = |names: &[&str]| arguments.iter().any(|argument| names.contains(&argument.as_str()));
    let (emptied, program) = (shell::base(emptied), shell::base(program));
    if program == "nft" {
        return emptied == "nft" && has(&["add", "insert", "-f", "--file"]);
    }
    if program.strip_suffix("-restore") == Some(emptied) {
        return true;
    }
    // Rules of other tables, such as `nat`, keep nobody out.
    let other_table = arguments
        .windows(2)
        .any(|pair| matches!(pair[0].as_str(), "-t" | "--table") && pair[1] != "filter");
    let drops = has(&["-P", "--policy"]) && has(&["INPUT"]) && has(&["DROP"]);
    program == emptied && !other_table && (drops || has(&["-A", "--append", "-I", "--insert"]))
}

fn opens(words: &[String]) -> bool {
    let [program, arguments @ ..] = words else { return false };
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    match shell::base(program) {
        "iptables" | "ip6tables" | "nft" => empties(words),
        "ufw" => has("disable"),
        "systemctl" => {
            (has("stop") || has("disable") || has("mask"))
                && SERVICES.iter().any(|name| has(name) || has(&format!("{name}.service")))
        }
        "service" => arguments.first().is_some_and(|name| SERVICES.contains(&name.as_str())) && has("stop"),
        "chkconfig" => SERVICES.iter().any(|name| has(name)) && has("off"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_fill_what_was_emptied() {
        let of = |emptied: &str, line: &str| fills(&shell::words(emptied), &shell::words(line));
        for line in [
            "/sbin/iptables -P INPUT DROP",
            "iptables -A INPUT -p tcp --dport 22 -j ACCEPT",
            "iptables -t filter -I INPUT -j DROP",
            "iptables-restore /etc/iptables.rules",
        ] {
            assert!(of("iptables -F", line), "{line}");
            assert!(!of("ip6tables -F", line), "{line}");
        }
        for line in [
            "iptables -P INPUT ACCEPT",
            "iptables -P FORWARD DROP",
            "iptables -t nat -A POSTROUTING -j MASQUERADE",
            "iptables -X",
        ] {
            assert!(!of("iptables -F", line), "{line}");
        }
        assert!(of("nft flush ruleset", "nft -f /etc/nftables.conf"));
    }

    #[test]
    fn commands_that_open_every_port() {
        let of = |line: &str| opens(&shell::words(line));
        for open in [
            "iptables -F",
            "/sbin/iptables --flush",
            "service iptables stop",
            "systemctl disable --now firewalld",
            "ufw disable",
        ] {
            assert!(of(open), "{open}");
        }
        for fine in [
            "iptables -F DOCKER",
            "iptables -t nat -F",
            "iptables -A INPUT -j DROP",
            "systemctl restart firewalld",
            "ufw enable",
        ] {
            assert!(!of(fine), "{fine}");
        }
    }
}
