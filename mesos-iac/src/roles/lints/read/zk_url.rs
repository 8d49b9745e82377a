use crate::roles::mesos;
use std::collections::BTreeSet;

/// Where ZooKeeper answers, and the path below which a service keeps its things: `zk://a:2181,b:2181/mesos`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ZkUrl {
    /// `host:port`, whatever their order.
    pub(in super::super) servers: BTreeSet<String>,
    /// As it stands, with the slash at its beginning and any at its end; none at all is `/`.
    pub(in super::super) path: String,
}

/// Reads an address; none if only the host knows it.
///
/// # Errors
/// What is wrong with it, to be read after the address.
pub(in super::super) fn known(text: &str) -> Option<Result<ZkUrl, String>> {
    let text = without_login(text);
    (!text.contains(['$', '`', '«'])).then(|| ZkUrl::read(&text))
}

/// An address without what may be a password: user and password end at the last `@`.
pub(in super::super) fn without_login(text: &str) -> String {
    let text = text.trim();
    let rest = text.strip_prefix("zk://").and_then(|rest| rest.rsplit_once('@'));
    rest.map_or_else(|| text.to_owned(), |(_, rest)| format!("zk://{rest}"))
}

/// Whether an address has a password.
pub(in super::super) fn has_password(text: &str) -> bool {
    let login = text.trim().strip_prefix("zk://").and_then(|rest| rest.rsplit_once('@'));
    login.is_some_and(|(login, _)| login.contains([':', '«']))
}

impl ZkUrl {
    /// Reads it as roles read it, but for the end of its path: there daemons bear a slash, and it may tell two apart.
    fn read(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix("zk://") else {
            return Err("doesn't begin with `zk://`".to_owned());
        };
        if rest.contains("zk://") {
            return Err("has `zk://` more than once, which stands only at the beginning".to_owned());
        }
        if rest.contains(char::is_whitespace) {
            return Err("has a space or a line end in it".to_owned());
        }
        let bare = rest.trim_end_matches('/');
        let url: mesos::ZkUrl = format!("zk://{bare}")
            .parse()
            .map_err(|error: mesos::GrammarError| format!("can't be read: {error}"))?;
        let servers = url.servers().iter().map(|(host, port)| format!("{host}:{port}"));
        Ok(Self {
            servers: servers.collect(),
            path: rest.find('/').map_or("/", |slash| &rest[slash..]).to_owned(),
        })
    }

    /// Whether it names nothing but the host that reads it.
    pub(in super::super) fn is_loopback(&self) -> bool {
        self.servers.iter().all(|server| {
            let host = server.rsplit_once(':').map_or(server.as_str(), |(host, _)| host);
            host == "localhost" || host.starts_with("127.")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ZkUrl {
        known(text).unwrap().unwrap()
    }

    #[test]
    fn a_url_has_servers_and_a_path() {
        let url = read("zk://b:2181,a:2181/mesos\n");
        assert_eq!(url.servers.iter().collect::<Vec<_>>(), ["a:2181", "b:2181"]);
        assert_eq!(url.path, "/mesos");
        assert_eq!(read("zk://a:2181/mesos/").path, "/mesos/");
        assert_eq!(read("zk://a:2181").path, "/");
        assert_eq!(read("zk://a:2181/").path, "/");
        assert!(read("zk://localhost:2181/mesos").is_loopback());
        assert!(!read("zk://localhost:2181,b:2181/mesos").is_loopback());
    }

    #[test]
    fn a_password_is_passed_over() {
        for text in [
            "zk://u:p@a:2181/x/y",
            "zk://u:p@q@a:2181/x/y",
            "zk://u:«env:PW»@a:2181/x/y",
        ] {
            assert_eq!(read(text), read("zk://a:2181/x/y"), "{text}");
            assert!(has_password(text), "{text}");
        }
        assert!(!has_password("zk://a:2181/x/y"));
        assert!(!has_password("file:///etc/mesos/zk"));
        assert_eq!(known("zk://$ZK/mesos"), None);
        let wrong = known("zk://u:hunter2@a/x").unwrap().unwrap_err();
        assert!(!wrong.contains("hunter2"), "{wrong}");
    }

    #[test]
    fn what_is_no_url_is_told() {
        for text in [
            "a:2181/mesos",
            "zk://a:2181,zk://b:2181/mesos",
            "zk://a:2181, b:2181/m",
            "zk://a/mesos",
            "zk://a:2181,/m",
            "zk://a:2181//m",
            "zk://a:0/m",
        ] {
            assert!(known(text).unwrap().is_err(), "{text}");
        }
    }
}
