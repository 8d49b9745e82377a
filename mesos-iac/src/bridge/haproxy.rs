use super::config::{BridgeConfig, Routing};
use super::labels::{HostNames, is_host_name};
use super::not_served::NotServed;
use super::tasks::{ServicePort, Tasks};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

/// A configuration of HAProxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The file.
    pub text: String,
    /// The ports on which it has HAProxy listen.
    pub ports: BTreeSet<u16>,
    /// How many service ports are served.
    pub services: usize,
    /// How many tasks are served, each as often as it has service ports.
    pub servers: usize,
    /// What isn't served.
    pub skipped: NotServed,
}

/// Renders what Marathon says. The same tasks are the same bytes, in whatever order they are told.
///
/// `taken` are ports on which programs other than HAProxy listen. Nothing but names of apps and hosts that were looked at
/// character by character, and numbers, gets into the text ([`super::parse_tasks`], [`super::parse_labels`]).
#[must_use]
pub fn render(config: &BridgeConfig, tasks: &Tasks, names: &HostNames, taken: &BTreeSet<u16>) -> Rendered {
    let mut file = Writer {
        config,
        out: Rendered {
            text: String::new(),
            ports: BTreeSet::new(),
            services: 0,
            servers: 0,
            skipped: tasks.skipped.clone(),
        },
    };
    match &config.routing {
        Routing::Ports { lowest } => {
            file.defaults("tcp");
            file.ports(tasks, *lowest, taken);
        }
        Routing::HostNames { domain, port } => {
            file.defaults("http");
            file.host_names(tasks, names, domain, *port);
        }
    }
    file.out
}

struct Writer<'c> {
    config: &'c BridgeConfig,
    out: Rendered,
}

impl Writer<'_> {
    /// A line; what can go wrong with a file can't with a text.
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _infallible = self.out.text.write_fmt(line);
        self.out.text.push('\n');
    }

    fn skip(&mut self, service: &ServicePort, why: impl std::fmt::Display) {
        let what = format_args!("{}, port {}", service.app, service.port);
        self.out.skipped.add(what, why);
    }

    /// What holds for everything below: the file depends on no `defaults` of others. These spellings are known to every
    /// HAProxy from 1.4 on; `contimeout` and its kin aren't, since 2.1.
    fn defaults(&mut self, mode: &str) {
        let name = self.config.output.file_name().to_owned();
        self.line(format_args!(
            "# {name}: what Marathon says is running. The bridge of mesos-iac"
        ));
        self.line(format_args!("# writes it, and replaces what others write here."));
        self.line(format_args!(
            "\ndefaults\n    log global\n    mode {mode}\n    option {mode}log\n    retries 3"
        ));
        self.line(format_args!(
            "    timeout connect 5s\n    timeout client 50s\n    timeout server 50s"
        ));
        if self.config.haproxy.has_init_addr() {
            // An agent whose name can't be resolved is a server that is down, and not a configuration that is wrong.
            self.line(format_args!("    default-server init-addr last,libc,none"));
        }
    }

    /// A `listen` for each service port.
    fn ports(&mut self, tasks: &Tasks, lowest: u16, taken: &BTreeSet<u16>) {
        let mut owners: BTreeMap<u16, &str> = BTreeMap::new();
        for service in &tasks.services {
            let port = service.port;
            if port < lowest {
                self.skip(service, format_args!("service ports begin at {lowest} here"));
            } else if self.config.reserved_ports.contains(&port) {
                self.skip(service, "this host needs the port itself");
            } else if taken.contains(&port) {
                self.skip(service, "another program of this host listens on it");
            } else if let Some(owner) = owners.get(&port) {
                self.skip(service, format_args!("{owner} has the same service port"));
            } else {
                owners.insert(port, &service.app);
                self.line(format_args!("\nlisten {}-{port}", service.app));
                let bind = bound(self.config.bind, port);
                self.line(format_args!("    bind {bind}\n    mode tcp\n    option tcplog"));
                self.balance(service);
                self.out.ports.insert(port);
            }
        }
    }

    /// One `frontend`, and a `backend` for each service port that has a name.
    fn host_names(&mut self, tasks: &Tasks, names: &HostNames, domain: &str, port: u16) {
        let bind = bound(self.config.bind, port);
        self.line(format_args!(
            "\nfrontend http-in\n    bind {bind}\n    option forwardfor"
        ));
        self.out.ports.insert(port);
        // The name that an app has by its own is its own, whatever labels of others say.
        let unlabelled = tasks
            .services
            .iter()
            .filter(|service| labelled(service, names).is_none());
        let own = unlabelled.flat_map(|service| {
            names_of(service, names, domain)
                .into_iter()
                .map(move |name| (name, service))
        });
        let owners: BTreeMap<String, &ServicePort> = own.collect();
        // A label that several apps have is nobody's: whoever deploys an app must not get another one's visitors by it.
        let mut claims = BTreeMap::<&str, BTreeSet<&str>>::new();
        for service in &tasks.services {
            for name in labelled(service, names).into_iter().flatten() {
                claims.entry(name).or_default().insert(&service.app);
            }
        }
        let mut backends = BTreeMap::new();
        let mut given = BTreeMap::<String, &ServicePort>::new();
        for service in &tasks.services {
            let wanted = names_of(service, names, domain);
            if wanted.is_empty() {
                let label = format!("HAPROXY_{}_VHOST", service.index);
                self.skip(
                    service,
                    format_args!("it has no host name: the label {label} gives it one"),
                );
                continue;
            }
            let (mut kept, mut seen) = (Vec::new(), BTreeSet::new());
            for name in wanted {
                if !seen.insert(name.clone()) {
                    continue;
                }
                if let Some(first) = given.get(&name).filter(|first| first.app == service.app) {
                    let port = first.port;
                    self.skip(
                        service,
                        format_args!("port {port} of the same app has the host name {name}"),
                    );
                    continue;
                }
                match owners.get(&name) {
                    Some(owner) if (&owner.app, owner.index) != (&service.app, service.index) => {
                        let whose = format!("{}, port {}", owner.app, owner.port);
                        self.skip(service, format_args!("{whose} has the host name {name}"));
                    }
                    None if claims.get(name.as_str()).is_some_and(|claims| claims.len() > 1) => {
                        self.skip(
                            service,
                            format_args!("other apps ask for the host name {name} too, so none has it"),
                        );
                    }
                    _ if kept.len() == MOST_NAMES => {
                        self.skip(service, format_args!("it has more than {MOST_NAMES} host names"));
                        break;
                    }
                    _ => {
                        given.insert(name.clone(), service);
                        kept.push(name);
                    }
                }
            }
            if kept.is_empty() {
                continue;
            }
            let backend = format!("{}-{}", service.app, service.port);
            if backends.contains_key(&backend) {
                self.skip(service, "the app says it twice");
                continue;
            }
            for name in &kept {
                // Whole names, with whatever port the client wrote behind.
                if self.config.haproxy.has_converters() {
                    self.line(format_args!("    acl to_{backend} req.hdr(host),field(1,:) -i {name}"));
                } else {
                    self.line(format_args!("    acl to_{backend} hdr(host) -i {name} {name}:{port}"));
                }
            }
            self.line(format_args!("    use_backend {backend} if to_{backend}"));
            backends.insert(backend, service);
        }
        for (backend, service) in backends {
            self.line(format_args!("\nbackend {backend}\n    mode http"));
            self.balance(service);
        }
    }

    /// The servers, counted down to 1.
    fn balance(&mut self, service: &ServicePort) {
        self.line(format_args!("    balance leastconn"));
        for (server, number) in service.servers.iter().zip((1..=service.servers.len()).rev()) {
            self.line(format_args!("    server {}-{number} {server} check", service.app));
        }
        self.out.services += 1;
        self.out.servers += service.servers.len();
    }
}

/// How many host names a service port may have: every request is held against each.
pub(super) const MOST_NAMES: usize = 100;

/// An address to listen on, as every HAProxy reads it: behind the last colon is the port.
fn bound(address: IpAddr, port: u16) -> String {
    match address {
        IpAddr::V4(_) => SocketAddr::new(address, port).to_string(),
        IpAddr::V6(address) => format!("{address}:{port}"),
    }
}

fn labelled<'n>(service: &ServicePort, names: &'n HostNames) -> Option<&'n Vec<String>> {
    names.get(&service.app)?.get(&service.index)
}

/// The host names of a service port: those of its label, else of its app if it is the first.
fn names_of(service: &ServicePort, names: &HostNames, domain: &str) -> Vec<String> {
    if let Some(labelled) = labelled(service, names) {
        return labelled.clone();
    }
    let own = own_host_name(&service.app, domain).filter(|_| service.index == 0);
    own.into_iter().collect()
}

/// The host name that the first service port of an app has unless a label says another: `web.shop.example.com` of `shop_web`,
/// its path joined by `_`. None where no host could be called so.
#[must_use]
pub fn own_host_name(app: &str, domain: &str) -> Option<String> {
    // `/a/z` and `/z.a` would be one name, and the second could take the first one's visitors.
    if app.contains('.') {
        return None;
    }
    let path: Vec<&str> = app.rsplit('_').collect();
    let name = format!("{}.{domain}", path.join(".")).to_ascii_lowercase();
    is_host_name(&name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::config::tests::config;
    use super::super::tasks::parse_tasks;
    use super::super::version::HaProxyVersion;
    use super::*;

    const SCALED: &str = "nginx\t80\t10.0.0.3:31002\t10.0.0.1:31000\t10.0.0.2:31001\t\n";

    fn ports(lowest: u16, text: &str) -> Rendered {
        let config = config(Routing::Ports { lowest });
        render(&config, &parse_tasks(text), &HostNames::new(), &BTreeSet::from([9999]))
    }

    fn by_name(text: &str, names: &HostNames, version: HaProxyVersion) -> Rendered {
        let routing = Routing::HostNames {
            domain: "example.com".to_owned(),
            port: 80,
        };
        let config = BridgeConfig {
            haproxy: version,
            ..config(routing)
        };
        render(&config, &parse_tasks(text), names, &BTreeSet::new())
    }

    fn told(rendered: &Rendered) -> Vec<String> {
        rendered.skipped.told().iter().map(ToString::to_string).collect()
    }

    /// The file without its head.
    fn body(rendered: &Rendered, from: &str) -> String {
        let at = rendered.text.find(from).unwrap_or_else(|| panic!("{}", rendered.text));
        rendered.text[at..].to_owned()
    }

    #[test]
    fn a_service_port_is_a_port_of_the_host() {
        let rendered = ports(80, SCALED);
        let expected = "listen nginx-80\n    bind 0.0.0.0:80\n    mode tcp\n    option tcplog\n    balance leastconn\n    \
            server nginx-3 10.0.0.1:31000 check\n    server nginx-2 10.0.0.2:31001 check\n    server nginx-1 10.0.0.3:31002 check\n";
        assert_eq!(body(&rendered, "listen"), expected);
        assert_eq!((rendered.services, rendered.servers), (1, 3));
    }

    #[test]
    fn the_order_in_which_tasks_are_told_makes_no_difference() {
        let (one, other) = (
            ports(80, "a\t80\th1:1\th2:2\nb\t90\th1:3\n"),
            ports(80, "b\t90\th1:3\t\na\t80\th2:2\th1:1\n"),
        );
        assert_eq!(one.text, other.text);
    }

    #[test]
    fn ports_that_cannot_be_served_are_left_out_and_the_rest_is_served() {
        let text =
            "low\t1023\th:1\nsystem\t5050\th:1\nother\t9999\th:1\na\t10000\th:1\nb\t10000\th:2\ngood\t10001\th:3\n";
        let rendered = ports(1024, text);
        assert_eq!(rendered.ports, BTreeSet::from([10000, 10001]));
        assert_eq!(
            told(&rendered),
            [
                "b, port 10000: a has the same service port",
                "low, port 1023: service ports begin at 1024 here",
                "other, port 9999: another program of this host listens on it",
                "system, port 5050: this host needs the port itself",
            ]
        );
    }

    #[test]
    fn names_are_whole_and_a_second_port_makes_no_second_backend() {
        let text = "www\t10000\th:1\nwww\t10001\th:2\nwww2\t10002\th:3\nshop_web\t10003\th:4\n";
        let names = HostNames::from([(
            "www2".to_owned(),
            BTreeMap::from([(0, vec!["two.example.org".to_owned(), "www.example.com".to_owned()])]),
        )]);
        let rendered = by_name(text, &names, HaProxyVersion::new(2, 6));
        let expected = "frontend http-in\n    bind 0.0.0.0:80\n    option forwardfor\n    \
            acl to_shop_web-10003 req.hdr(host),field(1,:) -i web.shop.example.com\n    \
            use_backend shop_web-10003 if to_shop_web-10003\n    \
            acl to_www-10000 req.hdr(host),field(1,:) -i www.example.com\n    use_backend www-10000 if to_www-10000\n    \
            acl to_www2-10002 req.hdr(host),field(1,:) -i two.example.org\n    use_backend www2-10002 if to_www2-10002\n\n\
            backend shop_web-10003\n    mode http\n    balance leastconn\n    server shop_web-1 h:4 check\n\n\
            backend www-10000\n    mode http\n    balance leastconn\n    server www-1 h:1 check\n\n\
            backend www2-10002\n    mode http\n    balance leastconn\n    server www2-1 h:3 check\n";
        assert_eq!(body(&rendered, "frontend"), expected);
        assert_eq!(
            told(&rendered),
            [
                "www, port 10001: it has no host name: the label HAPROXY_1_VHOST gives it one",
                "www2, port 10002: www, port 10000 has the host name www.example.com",
            ]
        );
    }

    #[test]
    fn a_label_takes_no_name_from_another_app() {
        // It comes first by its name, and still doesn't get it.
        let names = HostNames::from([(
            "a".to_owned(),
            BTreeMap::from([(0, vec!["www.example.com".to_owned()])]),
        )]);
        let rendered = by_name("a\t10000\th:1\nwww\t10001\th:2\n", &names, HaProxyVersion::new(2, 6));
        assert_eq!(
            told(&rendered),
            ["a, port 10000: www, port 10001 has the host name www.example.com"]
        );
        assert!(rendered.text.contains("use_backend www-10001 if"), "{}", rendered.text);
    }

    #[test]
    fn old_versions_get_what_they_know() {
        let old = by_name("www\t10000\th:1\n", &HostNames::new(), HaProxyVersion::new(1, 4)).text;
        assert!(
            old.contains("acl to_www-10000 hdr(host) -i www.example.com www.example.com:80\n"),
            "{old}"
        );
        assert!(!old.contains("init-addr") && !old.contains("field("), "{old}");
        for version in ["1.4", "1.5", "1.6", "1.8", "2.0", "2.6", "3.0"] {
            let text = by_name("www\t10000\th:1\n", &HostNames::new(), version.parse().unwrap()).text;
            // 2.1 and later refuse these.
            assert!(!text.contains("contimeout") && !text.contains("clitimeout") && !text.contains("srvtimeout"));
        }
    }

    #[test]
    fn a_hostile_app_says_nothing_in_the_file() {
        let clean = ports(80, "good\t90\th:1\n").text;
        for app in [
            "x\n    server evil 10.6.6.6:1",
            "x\r    stats enable",
            "x bind *:1",
            "x # ",
            "x\\",
            "x\"y",
            "${HOME}",
            "%[env(HOME)]",
            "-x",
            "x\u{85}y",
            "\u{202e}x",
        ] {
            // What stands behind a line break is a line of its own, which has no port.
            assert_eq!(
                ports(80, &format!("{app}\t80\th:1\ngood\t90\th:1\n")).text,
                clean,
                "{app:?}"
            );
        }
        for server in [
            "h:1 check\tbackup",
            "h 80:1",
            "/run/x:1",
            "${HOME}:1",
            "h\"x:1",
            "abns@x:1",
            "fd@3:1",
        ] {
            let text = ports(80, &format!("good\t90\th:1\t{server}\n")).text;
            assert_eq!(text, clean, "{server:?}");
        }
    }

    #[test]
    fn an_agent_of_ipv6_is_served() {
        let rendered = ports(80, "x\t80\t2001:db8::7:31003\t[2001:db8::6]:31004\n");
        assert!(
            rendered.text.contains("server x-2 2001:db8::6:31004 check"),
            "{}",
            rendered.text
        );
    }

    #[test]
    fn no_app_takes_another_ones_visitors() {
        let text = "a_z\t20000\t10.0.0.1:1\nz.a\t20001\t10.6.6.6:6\nshop\t20002\t10.0.0.2:1\nevil\t20003\t10.6.6.6:7\n";
        let bank = || BTreeMap::from([(0, vec!["www.bank.com".to_owned()])]);
        let names = HostNames::from([("shop".to_owned(), bank()), ("evil".to_owned(), bank())]);
        let rendered = by_name(text, &names, HaProxyVersion::new(2, 6));
        assert!(
            rendered
                .text
                .contains("acl to_a_z-20000 req.hdr(host),field(1,:) -i z.a.example.com"),
            "{}",
            rendered.text
        );
        assert!(
            !rendered.text.contains("10.6.6.6") && !rendered.text.contains("bank"),
            "{}",
            rendered.text
        );
        let told_of = told(&rendered).join("\n");
        assert!(told_of.contains("z.a, port 20001: it has no host name"), "{told_of}");
        assert!(
            told_of.contains("other apps ask for the host name www.bank.com too, so none has it"),
            "{told_of}"
        );
        // Two ports of one app are the same people's: the first has it.
        let both = BTreeMap::from([(0, vec!["x.org".to_owned()]), (1, vec!["x.org".to_owned()])]);
        let text = "shop\t20000\t10.0.0.1:1\nshop\t20001\t10.0.0.1:2\n";
        let rendered = by_name(
            text,
            &HostNames::from([("shop".to_owned(), both)]),
            HaProxyVersion::new(2, 6),
        );
        assert_eq!(rendered.text.matches("-i x.org").count(), 1, "{}", rendered.text);
        assert_eq!(
            told(&rendered),
            ["shop, port 20001: port 20000 of the same app has the host name x.org"]
        );
    }

    #[test]
    fn a_label_with_many_names_is_cut() {
        let many = (0..20_000).map(|number| format!("n{number}.example.com")).collect();
        let names = HostNames::from([("a".to_owned(), BTreeMap::from([(0, many)]))]);
        let rendered = by_name("a\t20000\t10.0.0.1:1\n", &names, HaProxyVersion::new(2, 6));
        assert_eq!(rendered.text.matches("acl ").count(), MOST_NAMES);
    }
}
