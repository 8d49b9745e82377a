use super::not_served::{LONGEST_NAME, NotServed};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// How many service ports are taken: as many as there are ports, which is more than anyone serves.
const MOST_SERVICES: usize = 65_536;

/// What Marathon says is running.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tasks {
    /// The service ports of all apps, sorted by app, then by their order in the app.
    pub services: Vec<ServicePort>,
    /// How many lines said something of an app, those without ports too.
    pub lines: usize,
    /// What couldn't be read.
    pub skipped: NotServed,
}

/// A service port of an app, and where its tasks answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// The app's path, joined by `_`: `shop_web` for `/shop/web`.
    pub app: String,
    /// The how manyth service port of the app it is, from 0.
    pub index: usize,
    /// The port.
    pub port: u16,
    /// The tasks, sorted by address, each once.
    pub servers: BTreeSet<Server>,
}

/// Where a task answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Server {
    /// The host.
    pub host: ServerHost,
    /// The port of the host.
    pub port: u16,
}

/// A host as Marathon names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServerHost {
    /// By address.
    Address(IpAddr),
    /// By name, in letters, digits, `-`, `_` and `.`.
    Name(String),
}

impl fmt::Display for Server {
    /// As HAProxy reads it: behind the last colon is the port, also for an IPv6 address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            ServerHost::Address(address) => write!(f, "{address}:{}", self.port),
            ServerHost::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

/// Reads what a Marathon answers to `GET /v2/tasks` with `Accept: text/plain`: a line for each service port of each app,
/// with the app, the port and the tasks, separated by tabs. All Marathons from 0.7 on write it alike.
///
/// An app without ports has a space for a port, and is passed over. So are blank lines. What makes no sense is left out
/// and told: the line if it is the app or the port, the task if it is a task.
///
/// ```
/// use mesos_iac::bridge::parse_tasks;
///
/// let tasks = parse_tasks("shop_web\t10000\t10.0.0.2:31005\t10.0.0.1:31001\t\nbatch\t \t10.0.0.3 \n");
/// assert_eq!(tasks.services.len(), 1);
/// assert_eq!(tasks.services[0].servers.first().unwrap().to_string(), "10.0.0.1:31001");
/// ```
#[must_use]
pub fn parse_tasks(text: &str) -> Tasks {
    let mut tasks = Tasks::default();
    let mut ports_of: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines() {
        let mut fields = line.split('\t').map(str::trim);
        let app = fields.next().unwrap_or_default();
        let Some(port) = fields.next() else {
            if !app.is_empty() {
                tasks.skipped.add(app, "a line without a port");
            }
            continue;
        };
        if !is_app(app) {
            tasks.skipped.add(app, "no name that an app can have");
            continue;
        }
        if port.is_empty() {
            tasks.lines += 1;
            continue;
        }
        if tasks.services.len() == MOST_SERVICES {
            tasks
                .skipped
                .add(app, format_args!("there are more than {MOST_SERVICES} service ports"));
            continue;
        }
        // Also where the port makes no sense: those behind it keep their places.
        let next = ports_of.entry(app).or_default();
        let index = *next;
        *next += 1;
        let Some(port) = port_number(port) else {
            tasks.skipped.add(
                format_args!("{app}, port {port}"),
                "no port that a client can connect to",
            );
            continue;
        };
        tasks.lines += 1;
        let mut servers = BTreeSet::new();
        for field in fields.filter(|field| !field.is_empty()) {
            match server(field) {
                Some(server) => {
                    servers.insert(server);
                }
                None => tasks
                    .skipped
                    .add(format_args!("{app}, task {field}"), "no address with a port"),
            }
        }
        tasks.services.push(ServicePort {
            app: app.to_owned(),
            index,
            port,
            servers,
        });
    }
    tasks.services.sort_by(|a, b| (&a.app, a.index).cmp(&(&b.app, b.index)));
    tasks
}

/// Whether Marathon would give an app this name. It stands in a configuration as it is, so this is also what keeps an app
/// from saying anything else there.
fn is_app(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

fn port_number(text: &str) -> Option<u16> {
    // A sign would be taken otherwise.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

/// Marathon puts a colon and the port behind whatever the agent calls itself, an IPv6 address too.
fn server(text: &str) -> Option<Server> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port_number(port)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = match (bare, host.parse::<IpAddr>()) {
        (Some(bare), _) => ServerHost::Address(IpAddr::V6(bare.parse::<Ipv6Addr>().ok()?)),
        (None, Ok(address)) => ServerHost::Address(address),
        (None, Err(_)) if is_server_name(host) => ServerHost::Name(host.to_owned()),
        (None, Err(_)) => return None,
    };
    Some(Server { host, port })
}

/// Whether an agent can call itself this. A name without any letter would be an address that is none.
fn is_server_name(name: &str) -> bool {
    name.len() <= 253
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.contains(|c: char| c.is_ascii_alphabetic())
        // HAProxy refuses the whole file for a name with an empty part.
        && !name.contains("..")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(service: &ServicePort) -> Vec<String> {
        service.servers.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_line_is_a_service_port() {
        let tasks = parse_tasks("nginx\t80\t10.0.0.10:31000\t10.0.0.9:31000\t10.0.0.9:31000\t\n");
        assert!(tasks.skipped.is_empty());
        let [service] = tasks.services.as_slice() else {
            panic!("{tasks:?}")
        };
        assert_eq!((service.app.as_str(), service.index, service.port), ("nginx", 0, 80));
        // In the order of numbers, each once.
        assert_eq!(servers(service), ["10.0.0.9:31000", "10.0.0.10:31000"]);
    }

    #[test]
    fn what_marathons_write_in_all_their_ways_is_read() {
        let text = "\n  \nbatch\t \t10.0.0.1 10.0.0.2 \nidle\t10001\t\nweb\t10002\th1.lab:31001\t \n\
                    web\t10003\th1.lab:31002   \r\nv6\t10004\t2001:db8::7:31003\t[2001:db8::6]:31003\t\nlast\t10005\th:1";
        let tasks = parse_tasks(text);
        assert!(tasks.skipped.is_empty());
        assert_eq!(tasks.lines, 6);
        let read: Vec<_> = tasks
            .services
            .iter()
            .map(|service| {
                format!(
                    "{}#{} {} {}",
                    service.app,
                    service.index,
                    service.port,
                    servers(service).join(" ")
                )
            })
            .collect();
        assert_eq!(
            read,
            [
                "idle#0 10001 ",
                "last#0 10005 h:1",
                "v6#0 10004 2001:db8::6:31003 2001:db8::7:31003",
                "web#0 10002 h1.lab:31001",
                "web#1 10003 h1.lab:31002",
            ]
        );
    }

    #[test]
    fn what_makes_no_sense_is_left_out_and_the_rest_is_read() {
        for (line, kept, told) in [
            ("a b\t80\t10.0.0.1:1", 0, "a b: no name that an app can have"),
            ("../x\t80\t10.0.0.1:1", 0, "../x: no name that an app can have"),
            (
                "x\u{1b}[2J\t80\t10.0.0.1:1",
                0,
                "x\\u{1b}[2J: no name that an app can have",
            ),
            ("<html>", 0, "<html>: a line without a port"),
            ("x\t0\t10.0.0.1:1", 0, "x, port 0: no port that a client can connect to"),
            (
                "x\t+80\t10.0.0.1:1",
                0,
                "x, port +80: no port that a client can connect to",
            ),
            (
                "x\t65536\t10.0.0.1:1",
                0,
                "x, port 65536: no port that a client can connect to",
            ),
            ("x\t80\t10.0.0.1", 1, "x, task 10.0.0.1: no address with a port"),
            ("x\t80\t10.0.0.1:", 1, "x, task 10.0.0.1:: no address with a port"),
            ("x\t80\t:31000", 1, "x, task :31000: no address with a port"),
            ("x\t80\t10.0.0:31000", 1, "x, task 10.0.0:31000: no address with a port"),
            ("x\t80\t2001:db8::1", 1, "x, task 2001:db8::1: no address with a port"),
            (
                "x\t80\tunix@/run/x:1",
                1,
                "x, task unix@/run/x:1: no address with a port",
            ),
            (
                "x\t80\th check inter 1:1",
                1,
                "x, task h check inter 1:1: no address with a port",
            ),
        ] {
            let tasks = parse_tasks(&format!("{line}\ngood\t90\t10.0.0.2:2\n"));
            let told_are: Vec<_> = tasks.skipped.told().iter().map(ToString::to_string).collect();
            assert_eq!(told_are, [told], "{line:?}");
            assert_eq!(tasks.services.len(), kept + 1, "{line:?}");
        }
    }

    #[test]
    fn a_port_that_makes_no_sense_keeps_its_place() {
        let tasks = parse_tasks("x\t0\t\nx\t81\t\n");
        assert_eq!(tasks.services[0].index, 1);
    }

    #[test]
    fn a_long_name_is_told_in_part() {
        let tasks = parse_tasks(&format!("{}\t80\t", "x".repeat(100_000)));
        assert_eq!(tasks.skipped.told()[0].what.len(), LONGEST_NAME);
    }

    #[test]
    fn no_more_services_are_kept_than_there_are_ports() {
        let tasks = parse_tasks(&"a\t1\t\n".repeat(MOST_SERVICES + 100));
        assert_eq!((tasks.services.len(), tasks.skipped.number()), (MOST_SERVICES, 100));
        let tasks = parse_tasks(&"x\n".repeat(100_000));
        assert_eq!((tasks.skipped.told().len(), tasks.skipped.number()), (50, 100_000));
    }
}
