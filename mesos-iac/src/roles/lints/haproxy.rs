use super::found;
use super::read::haproxy::{Section, configs};
use super::read::release::{self, Release};
use crate::lint::{LintCx, LintHost, RenderedFile};
use crate::lint_rule;
use std::collections::BTreeMap;

lints! {
    HAPROXY_OLD_KEYWORDS = Error "haproxy-old-keywords": "HAProxy's configuration has keywords that its release refuses";
    HAPROXY_OPEN_STATS = Warning "haproxy-open-stats": "everybody can see HAProxy's statistics page";
    HAPROXY_PREFIX_HOST = Warning "haproxy-prefix-host": "HAProxy takes a host by the beginning of its name";
    HAPROXY_NO_TIMEOUTS = Warning "haproxy-no-timeouts": "HAProxy keeps dead connections for ever";
    HAPROXY_DUPLICATE_SECTION = Error "haproxy-duplicate-section": "two sections of HAProxy have one name";
    HAPROXY_UNKNOWN_BACKEND = Error "haproxy-unknown-backend": "HAProxy is to use a backend that isn't there";
    HAPROXY_NO_BIND = Warning "haproxy-no-bind": "a section of HAProxy that should listen doesn't";
}

lint_rule!(haproxy => [
    &HAPROXY_OLD_KEYWORDS, &HAPROXY_OPEN_STATS, &HAPROXY_PREFIX_HOST, &HAPROXY_NO_TIMEOUTS, &HAPROXY_DUPLICATE_SECTION,
    &HAPROXY_UNKNOWN_BACKEND, &HAPROXY_NO_BIND
]);

/// What 2.1 took away, with what took its place.
const OLD: [(&str, &str); 16] = [
    ("contimeout", "timeout connect"),
    ("clitimeout", "timeout client"),
    ("srvtimeout", "timeout server"),
    ("redispatch", "option redispatch"),
    ("reqadd", "http-request add-header"),
    ("reqdel", "http-request del-header"),
    ("reqidel", "http-request del-header"),
    ("reqrep", "http-request replace-header"),
    ("reqirep", "http-request replace-header"),
    ("reqdeny", "http-request deny"),
    ("reqideny", "http-request deny"),
    ("rspadd", "http-response add-header"),
    ("rspdel", "http-response del-header"),
    ("rspidel", "http-response del-header"),
    ("rsprep", "http-response replace-header"),
    ("rspirep", "http-response replace-header"),
];

fn haproxy(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        for (file, sections) in configs(host) {
            let here = Here { cx, host, file };
            here.keywords(&sections);
            here.names(&sections);
            for section in &sections {
                here.section(section);
            }
            // Parts of a configuration that is spread over files are whole only together.
            if sections
                .iter()
                .any(|section| section.kind == "global" || section.kind == "defaults")
            {
                here.time_outs(&sections);
                here.backends(&sections);
            }
        }
    }
}

/// Whether the host's HAProxy is of 2.1 or newer; none: not known.
fn is_new(host: &LintHost<'_>) -> Option<bool> {
    if let Some(release) = release::pinned(host, &["haproxy"]) {
        return Some(release >= Release([2, 1, 0]));
    }
    let os = host.view().os()?;
    let major: u32 = os.version.as_deref()?.split('.').next()?.parse().ok()?;
    let first = match os.id.as_str() {
        "debian" => 11,
        "ubuntu" => 21,
        "centos" | "rhel" | "rocky" | "almalinux" | "ol" => 9,
        "fedora" => 33,
        _ => return None,
    };
    Some(major >= first)
}

struct Here<'a, 'c> {
    cx: &'a LintCx<'c>,
    host: &'a LintHost<'c>,
    file: &'a RenderedFile<'c>,
}

impl Here<'_, '_> {
    fn report(&self, lint: &'static crate::lint::Lint, message: String, hint: impl Into<String>) {
        self.cx
            .report(found(lint, self.host, Some(self.file.id), message).hint(hint));
    }

    fn keywords(&self, sections: &[Section]) {
        if is_new(self.host) != Some(true) {
            return;
        }
        for line in sections.iter().flat_map(|section| &section.lines) {
            let keyword = line.words.first().map_or("", String::as_str);
            if let Some((old, new)) = OLD.iter().find(|(old, _)| *old == keyword) {
                let message = format!("line {} of {}: 2.1 took `{old}` away", line.number, self.file.path);
                self.report(&HAPROXY_OLD_KEYWORDS, message, format!("write `{new}`"));
            }
        }
    }

    /// A frontend and a backend may share a name; a `listen` is both.
    fn names(&self, sections: &[Section]) {
        let mut known: BTreeMap<(&str, &str), &Section> = BTreeMap::new();
        for section in sections {
            let sides: &[&str] = match section.kind.as_str() {
                "listen" => &["frontend", "backend"],
                "frontend" => &["frontend"],
                "backend" => &["backend"],
                _ => continue,
            };
            let before = sides
                .iter()
                .find_map(|side| known.insert((side, &section.name), section));
            if let Some(before) = before {
                let message = format!(
                    "line {} of {} has `{} {}`, and line {} has `{} {}`",
                    section.line, self.file.path, section.kind, section.name, before.line, before.kind, before.name
                );
                self.report(&HAPROXY_DUPLICATE_SECTION, message, "give each a name of its own");
            }
        }
    }

    fn section(&self, section: &Section) {
        let place = format!("`{} {}` of {}", section.kind, section.name, self.file.path);
        let is_open = |address: &str| !matches!(address, "127.0.0.1" | "localhost" | "::1" | "[::1]");
        let shows = section.has(&["stats", "enable"]) || section.has(&["stats", "uri"]);
        let asks = section.has(&["stats", "auth"])
            || section.has(&["stats", "http-request"])
            || section.has(&["http-request", "auth"])
            || section.has(&["http-request", "deny"]);
        if shows && !asks && section.binds().any(|(_, address, _)| is_open(address)) {
            let message = format!("{place} shows its statistics to all who can reach it");
            self.report(
                &HAPROXY_OPEN_STATS,
                message,
                "bind it to 127.0.0.1, or ask who it is by `stats auth`",
            );
        }
        for line in &section.lines {
            let by_prefix = line
                .words
                .iter()
                .find(|word| matches!(word.as_str(), "hdr_beg(host)" | "hdr_beg(Host)"));
            if let Some(matcher) = by_prefix {
                let message = format!(
                    "line {} of {}: with `{matcher}`, `www` takes `www2.…` as well",
                    line.number, self.file.path
                );
                self.report(
                    &HAPROXY_PREFIX_HOST,
                    message,
                    "compare whole names: `hdr(host) -i www.example.org`, or `hdr_dom(host)`",
                );
            }
        }
        let listens = matches!(section.kind.as_str(), "frontend" | "listen");
        if listens && section.all("bind").next().is_none() {
            let message = format!("{place} has no `bind`, and so nobody reaches it");
            self.report(&HAPROXY_NO_BIND, message, "say `bind :PORT`");
        }
    }

    fn time_outs(&self, sections: &[Section]) {
        let mut defaults: Vec<&str> = Vec::new();
        let names = [
            ("client", "clitimeout"),
            ("server", "srvtimeout"),
            ("connect", "contimeout"),
        ];
        let sets = |section: &Section, (new, old): (&str, &str)| section.has(&["timeout", new]) || section.has(&[old]);
        for section in sections {
            let needed: &[&str] = match section.kind.as_str() {
                "defaults" => {
                    defaults = names
                        .iter()
                        .filter(|name| sets(section, **name))
                        .map(|(new, _)| *new)
                        .collect();
                    continue;
                }
                "frontend" => &["client"],
                "backend" => &["server", "connect"],
                "listen" => &["client", "server", "connect"],
                _ => continue,
            };
            let own = |name: &str| names.iter().any(|both| both.0 == name && sets(section, *both));
            let missing: Vec<String> = needed
                .iter()
                .filter(|name| !defaults.contains(*name) && !own(name))
                .map(|name| format!("`timeout {name}`"))
                .collect();
            if !missing.is_empty() {
                let message = format!(
                    "`{} {}` of {} has no {}",
                    section.kind,
                    section.name,
                    self.file.path,
                    missing.join(", no ")
                );
                self.report(
                    &HAPROXY_NO_TIMEOUTS,
                    message,
                    "set them in `defaults`: `timeout connect 5s`, `timeout client 50s`, `timeout server 50s`",
                );
                return;
            }
        }
    }

    fn backends(&self, sections: &[Section]) {
        let beside = self.file.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        if self
            .host
            .files_in(beside)
            .filter(|(name, _)| name.strip_suffix(".cfg").is_some())
            .count()
            > 1
        {
            return;
        }
        let is_there = |name: &str| {
            sections
                .iter()
                .any(|section| section.name == name && matches!(section.kind.as_str(), "backend" | "listen"))
        };
        for section in sections {
            for (line, rest) in section.all("use_backend").chain(section.all("default_backend")) {
                let Some(name) = rest.first().filter(|name| !name.contains(['%', '$'])) else {
                    continue;
                };
                if !is_there(name) {
                    let message = format!(
                        "line {} of {} names the backend `{name}`, which isn't there",
                        line.number, self.file.path
                    );
                    self.report(
                        &HAPROXY_UNKNOWN_BACKEND,
                        message,
                        format!("add `backend {name}`, or take the line out"),
                    );
                }
            }
        }
    }
}
