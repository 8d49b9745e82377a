use std::collections::BTreeSet;

/// Where ZooKeeper answers, and the path below which a service keeps its things: `zk://a:2181,b:2181/mesos`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ZkUrl {
    /// `host:port`, whatever their order.
    pub(in super::super) servers: BTreeSet<String>,
    /// As it stands, with the slash at its beginning and any at its end; none at all is `/`.
    pub(in super::super) path: String,
}

impl ZkUrl {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it, to be read after the URL.
    pub(in super::super) fn read(text: &str) -> Result<Self, &'static str> {
        let Some(rest) = text.strip_prefix("zk://") else {
            return Err("doesn't begin with `zk://`");
        };
        if rest.contains("zk://") {
            return Err("has `zk://` more than once, which stands only at the beginning");
        }
        if rest.contains(char::is_whitespace) {
            return Err("has a space or a line end in it");
        }
        let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
        let (servers, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, "/"),
        };
        let servers: BTreeSet<String> = servers.split(',').map(str::to_owned).collect();
        if servers.iter().any(String::is_empty) {
            return Err("has a server without a name");
        }
        let has_port = |server: &String| {
            let port = server.rsplit_once(':').map(|(_, port)| port);
            port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
        };
        if !servers.iter().all(has_port) {
            return Err("has a server without a port");
        }
        Ok(Self {
            servers,
            path: path.to_owned(),
        })
    }

    /// Whether it names nothing but the host that reads it.
    pub(in super::super) fn is_loopback(&self) -> bool {
        self.servers.iter().all(|server| {
            let host = server.rsplit_once(':').map_or(server.as_str(), |(host, _)| host);
            host == "localhost" || host.starts_with("127.") || host == "[::1]"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_servers_and_a_path() {
        let url = ZkUrl::read("zk://b:2181,a:2181/mesos").unwrap();
        assert_eq!(url.servers.iter().collect::<Vec<_>>(), ["a:2181", "b:2181"]);
        assert_eq!(url.path, "/mesos");
        assert_eq!(ZkUrl::read("zk://a:2181").unwrap().path, "/");
        assert_eq!(ZkUrl::read("zk://u:p@a:2181/x/y").unwrap().servers.len(), 1);
        assert!(ZkUrl::read("zk://localhost:2181/mesos").unwrap().is_loopback());
        assert!(!ZkUrl::read("zk://localhost:2181,b:2181/mesos").unwrap().is_loopback());
    }

    #[test]
    fn what_is_no_url_is_told() {
        for text in [
            "a:2181/mesos",
            "zk://a:2181,zk://b:2181/mesos",
            "zk://a:2181, b:2181/m",
            "zk://a/mesos",
            "zk://a:2181,/m",
        ] {
            assert!(ZkUrl::read(text).is_err(), "{text}");
        }
    }
}
