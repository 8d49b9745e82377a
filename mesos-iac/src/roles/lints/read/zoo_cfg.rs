use crate::lint::{LintHost, RenderedFile};

/// The configuration of a server of ZooKeeper, with the file of its number if the definition writes it.
#[derive(Debug)]
pub(in super::super) struct ZooCfg<'a, 'c> {
    /// The file.
    pub(in super::super) file: &'a RenderedFile<'c>,
    /// What it sets, in its order: the name, the value, and the line from 1 on.
    pub(in super::super) settings: Vec<(&'a str, &'a str, usize)>,
    /// The servers of the ensemble.
    pub(in super::super) servers: Vec<Server<'a>>,
    /// Lines that begin with `server` and name none: the line, from 1 on, and what is wrong with it.
    pub(in super::super) bad_servers: Vec<(usize, &'a str, String)>,
    /// The file of the server's number.
    pub(in super::super) my_id: Option<&'a RenderedFile<'c>>,
}

/// A server of an ensemble: `server.1=a:2888:3888`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Server<'a> {
    /// Its number.
    pub(in super::super) id: u64,
    /// Its address.
    pub(in super::super) address: &'a str,
    /// The ports of peers and of elections.
    pub(in super::super) ports: (u16, u16),
    /// Whether it has no vote.
    pub(in super::super) observes: bool,
    /// The line, from 1 on.
    pub(in super::super) line: usize,
}

/// The servers of ZooKeeper that run on a host.
pub(in super::super) fn configs<'a, 'c>(host: &'a LintHost<'c>) -> impl Iterator<Item = ZooCfg<'a, 'c>> {
    let is_config = |file: &&RenderedFile<'c>| file.path.ends_with("/zoo.cfg");
    host.files().iter().filter(is_config).map(|file| {
        let mut config = ZooCfg::read(file);
        let beside = file.path.strip_suffix("/zoo.cfg").unwrap_or_default();
        let data = config.get("dataDir").map_or("", |(data, _)| data.trim_end_matches('/'));
        config.my_id = [data, beside]
            .iter()
            .find_map(|directory| host.file(&format!("{directory}/myid")));
        config
    })
}

impl<'a, 'c> ZooCfg<'a, 'c> {
    fn read(file: &'a RenderedFile<'c>) -> Self {
        let mut config = Self {
            file,
            settings: Vec::new(),
            servers: Vec::new(),
            bad_servers: Vec::new(),
            my_id: None,
        };
        for (number, line) in file.text.lines().enumerate() {
            let line = line.trim();
            if line.starts_with('#') {
                continue;
            }
            let Some((name, value)) = line.split_once('=') else {
                continue;
            };
            let (name, value, number) = (name.trim(), value.trim(), number + 1);
            if name == "server" || name.starts_with("server.") {
                match server(name, value, number) {
                    Ok(server) => config.servers.push(server),
                    Err(why) => config.bad_servers.push((number, line, why)),
                }
            } else {
                config.settings.push((name, value, number));
            }
        }
        config
    }

    /// What is set last under this name, and its line.
    pub(in super::super) fn get(&self, name: &str) -> Option<(&'a str, usize)> {
        let found = self.settings.iter().rfind(|(set, ..)| *set == name);
        found.map(|(_, value, line)| (*value, *line))
    }

    /// A number that is set; none if it isn't set or is none.
    pub(in super::super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.0.parse().ok()
    }

    /// The number that the definition gives this server.
    pub(in super::super) fn id(&self) -> Option<u64> {
        self.my_id?.text.trim().parse().ok()
    }

    /// How many servers have a vote.
    pub(in super::super) fn voters(&self) -> usize {
        self.servers.iter().filter(|server| !server.observes).count()
    }

    /// The port for clients; none if it isn't set.
    pub(in super::super) fn client_port(&self) -> Option<u16> {
        self.get("clientPort")?.0.parse().ok()
    }
}

/// Reads `server.ID=ADDRESS:PORT:PORT[:ROLE][;CLIENT]`.
fn server<'a>(name: &'a str, value: &'a str, line: usize) -> Result<Server<'a>, String> {
    let Some(id) = name.strip_prefix("server.") else {
        return Err("it has no number: `server.1=…`".to_owned());
    };
    let id = id.parse().map_err(|_| format!("`{id}` is no number"))?;
    // From 3.6 on a server may have several addresses; the first stands for it.
    let first = value.split('|').next().unwrap_or(value);
    let value = first.split(';').next().unwrap_or(first);
    let (address, rest) = match value.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => (address, rest.strip_prefix(':').unwrap_or(rest)),
        None => value.split_once(':').unwrap_or((value, "")),
    };
    if address.is_empty() {
        return Err("it has no address".to_owned());
    }
    let mut parts = rest.split(':');
    let mut port = |what: &str| {
        let text = parts.next().filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| format!("it has no port for {what}"))?;
        text.parse::<u16>().map_err(|_| format!("`{text}` is no port"))
    };
    let ports = (port("peers")?, port("elections")?);
    let observes = match parts.next() {
        None | Some("participant") => false,
        Some("observer") => true,
        Some(other) => return Err(format!("`{other}` is neither `participant` nor `observer`")),
    };
    Ok(Server {
        id,
        address,
        ports,
        observes,
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_line_is_read() {
        let of = |name, value| server(name, value, 1);
        let read = of("server.3", "zk-3:2888:3888:observer;2181").unwrap();
        assert_eq!(
            (read.id, read.address, read.ports, read.observes),
            (3, "zk-3", (2888, 3888), true)
        );
        assert_eq!(
            of("server.1", "[2001:db8::1]:2888:3888").unwrap().address,
            "2001:db8::1"
        );
        assert!(of("server", "a:2888:3888").is_err());
        assert!(of("server.a", "a:2888:3888").is_err());
        assert!(of("server.1", "a:2888").is_err());
        assert!(of("server.1", ":2888:3888").is_err());
        assert!(of("server.1", "a:2888:3888:voter").is_err());
    }
}
