use super::{BridgeError, HaProxyVersion};
use crate::words::{AbsPath, CommandLine};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// The version of the bridge's own configuration.
pub const BRIDGE_FORMAT: u32 = 1;

/// What the bridge is told: a JSON file that a role writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BridgeConfig {
    /// The version of this form, [`BRIDGE_FORMAT`].
    pub format: u32,
    /// Where Marathons answer, in the order in which they are asked. By address: an agent resolves no names.
    pub marathons: Vec<SocketAddr>,
    /// For those that ask for a name and a password: a file in which they stand, with a colon between them. What a file
    /// holds is shown to no Marathon but that for which it is named.
    #[serde(default)]
    pub credentials: BTreeMap<SocketAddr, AbsPath>,
    /// How a client says which app it wants.
    pub routing: Routing,
    /// The address of the host on which HAProxy listens: `0.0.0.0` for all.
    pub bind: IpAddr,
    /// The HAProxy that reads what is written.
    pub haproxy: HaProxyVersion,
    /// TCP ports that the host needs for something else, whatever Marathon says.
    pub reserved_ports: BTreeSet<u16>,
    /// The file that is written. It is the bridge's own.
    pub output: AbsPath,
    /// What must succeed on a new file before it takes the old one's place; `{}` stands for it.
    pub validate: CommandLine,
    /// What has HAProxy read the file again, once it is in place.
    pub reload: CommandLine,
    /// The directory in which the bridge keeps what it did last, and its lock. Made if it doesn't exist.
    pub state: AbsPath,
}

/// How a client says which app it wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Routing {
    /// By port: each service port of an app is a TCP port of the host.
    Ports {
        /// The lowest one that is served.
        lowest: u16,
    },
    /// By name: all apps are on one port, and the `Host` header decides.
    HostNames {
        /// What the names of apps end with: `example.com`.
        domain: String,
        /// The port.
        port: u16,
    },
}

impl BridgeConfig {
    /// Reads a configuration.
    ///
    /// # Errors
    /// [`BridgeError::Config`]: the file can't be read, is of another version, or says something that makes no sense.
    pub fn read(path: &Path) -> Result<Self, BridgeError> {
        let wrong = |why: String| BridgeError::Config {
            path: path.to_owned(),
            why,
        };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        Self::parse(&text).map_err(wrong)
    }

    /// Reads the text of one; says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let Versioned { format } = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if format != BRIDGE_FORMAT {
            return Err(format!(
                "it has version {format}, and this agent knows {BRIDGE_FORMAT}: apply the definition with one program"
            ));
        }
        let config: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        config.check()?;
        Ok(config)
    }

    /// Says what makes no sense.
    ///
    /// # Errors
    /// No Marathon, one on port 0, credentials for one that isn't asked, no host's name where there must be one, port 0, a
    /// version before [`HaProxyVersion::OLDEST`], or a `validate` without the file.
    pub fn check(&self) -> Result<(), String> {
        if self.marathons.is_empty() {
            return Err("it names no Marathon".to_owned());
        }
        if let Some(address) = self.marathons.iter().find(|address| address.port() == 0) {
            return Err(format!(
                "{address} is no Marathon that can be asked: nothing listens on port 0"
            ));
        }
        if let Some(address) = self
            .credentials
            .keys()
            .find(|address| !self.marathons.contains(address))
        {
            return Err(format!(
                "it has credentials for {address}, which is none of its Marathons"
            ));
        }
        if self.haproxy < HaProxyVersion::OLDEST {
            return Err(format!(
                "HAProxy {} is older than {}, the oldest that is known",
                self.haproxy,
                HaProxyVersion::OLDEST
            ));
        }
        match &self.routing {
            Routing::Ports { lowest: 0 } | Routing::HostNames { port: 0, .. } => {
                return Err("0 is no port that a client can connect to".to_owned());
            }
            Routing::HostNames { domain, .. } if !super::labels::is_host_name(domain) => {
                return Err(format!("{domain:?} is no domain: expected `example.com`"));
            }
            Routing::Ports { .. } | Routing::HostNames { .. } => {}
        }
        if !self.validate.arguments().iter().any(|word| word.contains("{}")) {
            return Err("`validate` doesn't say `{}`, which stands for the file to look at".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::bridge) fn config(routing: Routing) -> BridgeConfig {
        BridgeConfig {
            format: BRIDGE_FORMAT,
            marathons: vec!["10.0.0.1:8080".parse().unwrap()],
            credentials: BTreeMap::new(),
            routing,
            bind: "0.0.0.0".parse().unwrap(),
            haproxy: HaProxyVersion::new(2, 6),
            reserved_ports: BTreeSet::from([22, 5050]),
            output: AbsPath::new("/etc/haproxy/marathon/marathon.cfg").unwrap(),
            validate: CommandLine::new(["haproxy", "-c", "-f", "{}"]).unwrap(),
            reload: CommandLine::new(["true"]).unwrap(),
            state: AbsPath::new("/var/lib/bridge").unwrap(),
        }
    }

    /// As an earlier release wrote it: this text is never edited.
    const OF_FORMAT_1: &str = r#"{
      "format": 1,
      "marathons": ["10.0.0.1:8080"],
      "routing": {"ports": {"lowest": 1024}},
      "bind": "0.0.0.0",
      "haproxy": "2.6",
      "reserved_ports": [22, 5050],
      "output": "/etc/haproxy/marathon/marathon.cfg",
      "validate": ["haproxy", "-c", "-f", "{}"],
      "reload": ["true"],
      "state": "/var/lib/bridge"
    }"#;

    #[test]
    fn the_form_is_read_as_it_was_written() {
        assert_eq!(
            BridgeConfig::parse(OF_FORMAT_1).unwrap(),
            config(Routing::Ports { lowest: 1024 })
        );
        let names = config(Routing::HostNames {
            domain: "example.com".to_owned(),
            port: 80,
        });
        let json = serde_json::to_string(&names).unwrap();
        assert!(
            json.contains(r#""routing":{"host_names":{"domain":"example.com","port":80}}"#),
            "{json}"
        );
        assert_eq!(BridgeConfig::parse(&json).unwrap(), names);
        let with_credentials = OF_FORMAT_1.replace(
            r#""routing""#,
            r#""credentials": {"10.0.0.1:8080": "/etc/bridge.credentials"}, "routing""#,
        );
        assert_eq!(
            BridgeConfig::parse(&with_credentials).unwrap().credentials,
            BTreeMap::from([(
                "10.0.0.1:8080".parse().unwrap(),
                AbsPath::new("/etc/bridge.credentials").unwrap()
            )])
        );
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (was, is, told) in [
            (r#""format": 1"#, r#""format": 2"#, "it has version 2"),
            (r#"["10.0.0.1:8080"]"#, "[]", "it names no Marathon"),
            (r#""10.0.0.1:8080""#, r#""marathon:8080""#, "invalid socket address"),
            (r#""lowest": 1024"#, r#""lowest": 0"#, "0 is no port"),
            (r#""2.6""#, r#""1.3""#, "HAProxy 1.3 is older than 1.4"),
            (r#""-f", "{}""#, r#""-f", "x""#, "`validate` doesn't say `{}`"),
            (r#""state""#, r#""extra": 1, "state""#, "unknown field `extra`"),
            (
                r#""state""#,
                r#""credentials": {"10.0.0.2:8080": "/x"}, "state""#,
                "credentials for 10.0.0.2:8080, which is none of its Marathons",
            ),
            (
                r#"{"ports": {"lowest": 1024}}"#,
                r#"{"host_names": {"domain": "*", "port": 80}}"#,
                "\"*\" is no domain",
            ),
        ] {
            assert!(OF_FORMAT_1.contains(was), "{was}");
            let why = BridgeConfig::parse(&OF_FORMAT_1.replace(was, is)).unwrap_err();
            assert!(why.contains(told), "{why}");
        }
    }
}
