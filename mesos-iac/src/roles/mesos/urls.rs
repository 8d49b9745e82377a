use super::GrammarError;
use crate::model::{Content, SecretForm};
use crate::roles::flags::{FlagValue, Form, Written};
use crate::words::{AbsPath, Secret};
use std::fmt;
use std::str::FromStr;

/// Where ZooKeeper is, and the path within it: `zk://user:password@host:port,host:port/path`.
///
/// The password is a [`Secret`]: what prints shows its source, and only [`content`](Self::content) carries its value, to the
/// host that uses it.
///
/// ```
/// use mesos_iac::Secret;
/// use mesos_iac::roles::mesos::ZkUrl;
///
/// let url = ZkUrl::new([("zk-1", 2181), ("zk-2", 2181)], "/mesos")?;
/// assert_eq!(url.to_string(), "zk://zk-1:2181,zk-2:2181/mesos");
/// let url = url.credentials("mesos", Secret::from_env("ZK_PASSWORD"))?;
/// assert_eq!(url.to_string(), "zk://mesos:«env:ZK_PASSWORD»@zk-1:2181,zk-2:2181/mesos");
/// # Ok::<(), mesos_iac::roles::mesos::GrammarError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZkUrl {
    servers: Vec<(String, u16)>,
    path: String,
    credentials: Option<(String, Secret)>,
}

fn check_host(host: &str) -> Result<(), GrammarError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    match !host.is_empty() && host.chars().all(fits) {
        true => Ok(()),
        false => Err(GrammarError::new(format!(
            "`{host}` is neither the name nor the IPv4 address of a host"
        ))),
    }
}

fn host_and_port(text: &str) -> Result<(String, u16), GrammarError> {
    let (host, port) = text
        .rsplit_once(':')
        .ok_or_else(|| GrammarError::new(format!("`{text}` has no port: write `{text}:PORT`")))?;
    check_host(host)?;
    match port.parse() {
        Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => Ok((host.to_owned(), number)),
        _ => Err(GrammarError::new(format!(
            "`{port}` is no port, which is a number from 1 to 65535"
        ))),
    }
}

impl ZkUrl {
    /// These servers, and this path within ZooKeeper, such as `/mesos`.
    ///
    /// # Errors
    /// No server, a host that is none, or a path that doesn't start with `/`, ends with it, or has an empty part.
    pub fn new<H: Into<String>>(
        servers: impl IntoIterator<Item = (H, u16)>,
        path: impl Into<String>,
    ) -> Result<Self, GrammarError> {
        let servers: Vec<_> = servers.into_iter().map(|(host, port)| (host.into(), port)).collect();
        let path = path.into();
        if servers.is_empty() {
            return Err(GrammarError::new("a ZooKeeper URL names at least one server"));
        }
        servers.iter().try_for_each(|(host, _)| check_host(host))?;
        if servers.iter().any(|(_, port)| *port == 0) {
            return Err(GrammarError::new("0 is no port of a server"));
        }
        let parts = path.strip_prefix('/');
        let fits = |part: &str| {
            !matches!(part, "" | "." | "..") && !part.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        if !parts.is_some_and(|parts| parts.is_empty() || parts.split('/').all(fits)) {
            return Err(GrammarError::new(format!(
                "`{path}` is no path within ZooKeeper, such as `/mesos`"
            )));
        }
        Ok(Self {
            servers,
            path,
            credentials: None,
        })
    }

    /// Who authenticates, by ZooKeeper's scheme `digest`.
    ///
    /// A password with an `@`, a `/` or white space, which not everything reads in a URL, is refused once its value is known.
    ///
    /// # Errors
    /// The user is empty or has a `:`, an `@`, a `/` or white space.
    pub fn credentials(mut self, user: impl Into<String>, password: Secret) -> Result<Self, GrammarError> {
        let user = user.into();
        let unfit = |c: char| matches!(c, ':' | '@' | '/') || c.is_whitespace() || c.is_control();
        if user.is_empty() || user.contains(unfit) {
            return Err(GrammarError::new(format!("`{user}` is no user in a ZooKeeper URL")));
        }
        self.credentials = Some((user, password));
        Ok(self)
    }

    /// The same servers and credentials with another path, such as Marathon's.
    ///
    /// # Errors
    /// The path is none.
    pub fn with_path(&self, path: impl Into<String>) -> Result<Self, GrammarError> {
        let url = Self::new(self.servers.clone(), path)?;
        Ok(Self {
            credentials: self.credentials.clone(),
            ..url
        })
    }

    /// The servers: host and port of each.
    #[must_use]
    pub fn servers(&self) -> &[(String, u16)] {
        &self.servers
    }

    /// The path within ZooKeeper.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it has a password.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        self.credentials.is_some()
    }

    /// The URL as it is to stand in a file, without a line feed.
    #[must_use]
    pub fn content(&self) -> Content {
        let rest = self.rest();
        match &self.credentials {
            None => Content::text(format!("zk://{rest}")),
            Some((user, password)) => Content::text(format!("zk://{user}:"))
                .and(SecretForm::ZooKeeperPassword.of(password))
                .and(Content::text(format!("@{rest}"))),
        }
    }

    /// The credentials as Chronos takes them beside the servers; none if it has none.
    #[must_use]
    pub fn auth(&self) -> Option<ZkAuth> {
        let (user, password) = self.credentials.as_ref()?;
        let content = Content::text(format!("digest:{user}:")).and(SecretForm::ZooKeeperPassword.of(password));
        Some(ZkAuth(content))
    }

    /// What follows the credentials.
    fn rest(&self) -> String {
        let servers: Vec<String> = self
            .servers
            .iter()
            .map(|(host, port)| format!("{host}:{port}"))
            .collect();
        format!("{}{}", servers.join(","), self.path)
    }
}

impl fmt::Display for ZkUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.credentials {
            None => write!(f, "zk://{}", self.rest()),
            Some((user, password)) => write!(f, "zk://{user}:«{}»@{}", password.source(), self.rest()),
        }
    }
}

impl FromStr for ZkUrl {
    type Err = GrammarError;

    /// Reads a URL without credentials; without a path it is that of the root.
    fn from_str(text: &str) -> Result<Self, GrammarError> {
        let Some(rest) = text.strip_prefix("zk://") else {
            // Not repeated as long as it may have a password.
            let shown = if text.contains('@') { "the text" } else { text };
            return Err(GrammarError::new(format!(
                "{shown} is no ZooKeeper URL, which starts with `zk://`"
            )));
        };
        if rest.contains('@') {
            return Err(GrammarError::new(
                "the URL has a password in the open: make it by `ZkUrl::new(…).credentials(user, Secret::from_env(…))`",
            ));
        }
        let (servers, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let servers: Vec<_> = servers.split(',').map(host_and_port).collect::<Result<_, _>>()?;
        Self::new(servers, if path.is_empty() { "/" } else { path })
    }
}

/// Scheme and credentials for ZooKeeper, `digest:user:password`; of a [`ZkUrl`], or as a whole from a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZkAuth(Content);

impl From<Secret> for ZkAuth {
    fn from(secret: Secret) -> Self {
        Self(Content::secret(secret.source().clone()))
    }
}

impl FlagValue for ZkAuth {
    const FORM: Form = Form::Secret;

    fn written(&self) -> Written {
        Written::Secret(self.0.clone())
    }
}

impl FlagValue for ZkUrl {
    const FORM: Form = Form::Zk;

    fn written(&self) -> Written {
        match self.is_secret() {
            true => Written::Secret(self.content()),
            false => Written::Text(self.to_string()),
        }
    }
}

/// Where an agent or a framework finds the masters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MasterUrl {
    /// Through ZooKeeper, which knows the leader.
    Zk(ZkUrl),
    /// At one address.
    Address(String, u16),
    /// At one URL, `http://host:port` or `https://host:port`, which Marathon takes.
    Http(String),
    /// At what this file on the host says.
    File(AbsPath),
}

impl From<ZkUrl> for MasterUrl {
    fn from(url: ZkUrl) -> Self {
        Self::Zk(url)
    }
}

impl fmt::Display for MasterUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zk(url) => url.fmt(f),
            Self::Address(host, port) => write!(f, "{host}:{port}"),
            Self::Http(url) => f.write_str(url),
            Self::File(path) => write!(f, "file://{path}"),
        }
    }
}

impl FromStr for MasterUrl {
    type Err = GrammarError;

    fn from_str(text: &str) -> Result<Self, GrammarError> {
        if text.starts_with("zk:") {
            return text.parse().map(Self::Zk);
        }
        // Not repeated: what stands before the `@` may be a password.
        if text.contains('@') {
            return Err(GrammarError::new(
                "the address of a master has neither user nor password",
            ));
        }
        if let Some(path) = text.strip_prefix("file://") {
            let path = AbsPath::new(path).map_err(|error| GrammarError::new(error.to_string()))?;
            return Ok(Self::File(path));
        }
        if let Some(address) = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")) {
            host_and_port(address.trim_end_matches('/'))?;
            return Ok(Self::Http(text.to_owned()));
        }
        host_and_port(text).map(|(host, port)| Self::Address(host, port))
    }
}

impl FlagValue for MasterUrl {
    const FORM: Form = Form::Master;

    fn written(&self) -> Written {
        match self {
            Self::Zk(url) => url.written(),
            other => Written::Text(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_read_what_they_print() {
        for text in ["zk://a:2181/mesos", "zk://a:2181,10.0.0.2:2181/x/y", "zk://a:2181/"] {
            assert_eq!(text.parse::<ZkUrl>().unwrap().to_string(), text);
        }
        assert_eq!("zk://a:2181".parse::<ZkUrl>().unwrap().path(), "/");
        for text in ["zk://a:2181/mesos", "a:5050", "http://a:5050", "file:///etc/mesos/zk"] {
            assert_eq!(text.parse::<MasterUrl>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for text in [
            "",
            "zk://",
            "zk:///mesos",
            "zk://a/mesos",
            "zk://a:0/m",
            "zk://a:2181,/m",
            "zk://a:2181/m/",
            "zk://a:2181//m",
            "http://a:1/m",
        ] {
            assert!(text.parse::<ZkUrl>().is_err(), "{text:?}");
        }
        let error = "http://u:hunter2@a:5050".parse::<MasterUrl>().unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        for text in ["", "a", "a:", "a:99999", "file://zk", ":5050"] {
            assert!(text.parse::<MasterUrl>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        let error = "zk://mesos:hunter2@a:2181/m".parse::<ZkUrl>().unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        let error = "mesos:hunter2@a:2181/m".parse::<ZkUrl>().unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        let url = ZkUrl::new([("a", 2181)], "/m")
            .unwrap()
            .credentials("u", Secret::from_env("PW"))
            .unwrap();
        assert_eq!(url.content().redacted().unwrap(), "zk://u:«env:PW»@a:2181/m");
        assert!(url.content().is_secret());
        assert_eq!(
            url.with_path("/marathon").unwrap().to_string(),
            "zk://u:«env:PW»@a:2181/marathon"
        );
        assert!(
            ZkUrl::new([("a", 2181)], "/m")
                .unwrap()
                .credentials("u:v", Secret::from_env("PW"))
                .is_err()
        );
    }
}
