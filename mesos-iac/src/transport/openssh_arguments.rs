//! The command line of OpenSSH's client.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::{HostKeyError, TransportError};
use super::known_hosts::{HostRecords, Record};
use super::target::{SshOptions, Target};

/// What goes before the remote command, which is a single argument of its own.
///
/// # Errors
/// [`TransportError::Options`] for a path that cannot be written into an option, and [`HostKeyError::Revoked`] if all
/// pins of the target are revoked.
pub(super) fn arguments(
    target: &Target,
    options: &SshOptions,
    records: &HostRecords,
) -> Result<Vec<OsString>, TransportError> {
    let mut arguments: Vec<OsString> = Vec::new();
    if let Some(config) = &options.openssh_config {
        arguments.extend(["-F".into(), config.into()]);
    }
    arguments.push("-T".into());
    // What the definition doesn't say is for ssh_config to say.
    if let Some(port) = target.port {
        arguments.extend(["-p".into(), port.to_string().into()]);
    }
    if let Some(user) = &target.user {
        arguments.extend(["-l".into(), user.into()]);
    }
    let seconds = options.connect_timeout.as_secs_f64().ceil().max(1.0);
    let mut set = |option: String| arguments.extend(["-o".into(), option.into()]);
    for option in [
        // Never ask: there is nobody to answer for fifty hosts.
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        // The reasons for a failure are among what it says at this level.
        "LogLevel=INFO",
        // What the user's file may say about logging in by hand has no place here.
        "RemoteCommand=none",
        "ClearAllForwardings=yes",
        "UpdateHostKeys=no",
    ] {
        set(option.to_owned());
    }
    set(format!("ConnectTimeout={seconds}"));
    if options.fresh_connection {
        set("ControlPath=none".to_owned());
    }
    if target.host_keys.is_empty() {
        if !options.known_hosts.is_empty() {
            set(format!(
                "UserKnownHostsFile={}",
                paths("known_hosts", &options.known_hosts)?
            ));
        }
        if let Some(alias) = records.alias() {
            set(format!("HostKeyAlias={alias}"));
        }
        if let Some(command) = revocations(records) {
            set(format!("KnownHostsCommand={command}"));
        }
    } else {
        set("UserKnownHostsFile=/dev/null".to_owned());
        set("GlobalKnownHostsFile=/dev/null".to_owned());
        set(format!("KnownHostsCommand={}", pins(target, records)?));
    }
    for identity in &options.identities {
        set(format!("IdentityFile={}", quoted("identities", identity)?));
    }
    // Without it the client looks for options again behind the host, and finds them in a command.
    arguments.extend(["--".into(), (&target.address).into()]);
    Ok(arguments)
}

/// A `KnownHostsCommand` that knows the presented key if its fingerprint is pinned, and no other.
///
/// The client runs it without a shell of its own, and gives it the fingerprint, the name it looks for, the key's type
/// and the key. The script is made of constants and base64, and takes the rest as arguments. The lines that it prints
/// unasked make the client prefer a type of key that is pinned.
fn pins(target: &Target, records: &HostRecords) -> Result<String, TransportError> {
    let pins = records.usable_pins(target);
    if pins.is_empty() {
        let revoked = records
            .revoked()
            .iter()
            .find(|record| target.host_keys.contains(&record.key.fingerprint()));
        return Err(HostKeyError::Revoked {
            host: target.host.clone(),
            endpoint: target.endpoint(),
            presented: revoked.map(|record| record.key.clone()),
            place: revoked.map(|record| record.place.clone()),
        }
        .into());
    }
    let known = records.keys().filter(|record| pins.contains(&record.key.fingerprint()));
    let fingerprints: Vec<String> = pins.iter().map(ToString::to_string).collect();
    Ok(format!(
        r#"/bin/sh -c '{}case "$1" in {}) echo "$2 $3 $4";; esac' sh %f %H %t %K"#,
        echoes("", known),
        fingerprints.join("|")
    ))
}

/// A `KnownHostsCommand` that repeats what is revoked for the host. The client reads the same files, but looks for one
/// name only, where a key may be revoked under another.
fn revocations(records: &HostRecords) -> Option<String> {
    let script = echoes("@revoked ", records.revoked().iter());
    (!script.is_empty()).then(|| format!("/bin/sh -c '{script}' sh %f %H"))
}

/// A script that prints known-hosts lines for the name in its second argument.
fn echoes<'a>(marker: &str, records: impl Iterator<Item = &'a Record>) -> String {
    let echo = |record: &Record| {
        let (key_type, base64) = (record.key.key_type(), record.key.base64());
        format!(r#"echo "{marker}$2 {key_type} {base64}"; "#)
    };
    records
        .filter(|record| is_plain_word(record.key.key_type()))
        .map(echo)
        .collect::<Vec<_>>()
        .concat()
}

/// Whether a key's type, which came out of a file, means nothing to a shell or to the client's own expansions.
fn is_plain_word(key_type: &str) -> bool {
    key_type
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-.@_".contains(&byte))
}

fn paths(what: &'static str, paths: &[PathBuf]) -> Result<String, TransportError> {
    let quoted: Result<Vec<String>, TransportError> = paths.iter().map(|path| quoted(what, path)).collect();
    Ok(quoted?.join(" "))
}

/// A path as the value of an option: in quotes, and without anything that the client would expand.
fn quoted(what: &'static str, path: &Path) -> Result<String, TransportError> {
    let refuse = |why: &str| {
        Err(TransportError::Options {
            what,
            why: format!("OpenSSH cannot be told of the path {}: {why}", path.display()),
        })
    };
    let Some(text) = path.to_str() else {
        return refuse("it is not in UTF-8");
    };
    if text.is_empty() || text == "none" {
        return refuse("it means no file");
    }
    if text.chars().any(char::is_control) || text.contains(['"', '\\']) {
        return refuse("it contains a quote, a backslash or a control character");
    }
    if text.starts_with('~') || text.contains("${") {
        return refuse("it would be expanded");
    }
    Ok(format!("\"{}\"", text.replace('%', "%%")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::host_key::tests::key;
    use super::super::known_hosts::KnownHosts;
    use super::super::target::tests::target;
    use super::*;

    fn options() -> SshOptions {
        SshOptions {
            known_hosts: Vec::new(),
            identities: Vec::new(),
            agent_socket: None,
            connect_timeout: Duration::from_millis(1500),
            openssh_program: PathBuf::from("ssh"),
            openssh_config: None,
            fresh_connection: false,
        }
    }

    fn texts(target: &Target, options: &SshOptions, records: &HostRecords) -> Vec<String> {
        let arguments = arguments(target, options, records).unwrap();
        arguments.into_iter().map(|text| text.into_string().unwrap()).collect()
    }

    #[test]
    fn an_ordinary_command_line() {
        let options = SshOptions {
            known_hosts: vec!["/home/me/.ssh/known_hosts".into(), "/etc/100% mine".into()],
            identities: vec!["/home/me/id".into()],
            openssh_config: Some("/tmp/config".into()),
            ..options()
        };
        let mut target = target("zk1", "192.0.2.1", 2222);
        target.user = Some("deploy".to_owned());
        let line_of = |target: &Target| texts(target, &options, &HostRecords::default());
        let texts = line_of(&target);
        let line = texts.join("\u{1f}");
        for part in [
            "-F|/tmp/config|-T|-p|2222|-l|deploy|-o|BatchMode=yes|",
            "|-o|StrictHostKeyChecking=yes|",
            "|-o|ConnectTimeout=2|",
            "|-o|UserKnownHostsFile=\"/home/me/.ssh/known_hosts\" \"/etc/100%% mine\"|",
            "|-o|IdentityFile=\"/home/me/id\"|--|192.0.2.1",
        ] {
            assert!(line.contains(&part.replace('|', "\u{1f}")), "{part}\n{texts:?}");
        }
        assert!(line.ends_with("192.0.2.1"));
        (target.port, target.user) = (None, None);
        let silent = line_of(&target);
        assert!(!silent.iter().any(|word| word == "-p" || word == "-l"), "{silent:?}");
    }

    #[test]
    fn paths_that_would_be_expanded_are_refused() {
        for path in ["", "none", "~/id", "~me/id", "/a\"b", "/a\\b", "/a\nb", "/${HOME}/id"] {
            let options = SshOptions {
                identities: vec![path.into()],
                ..options()
            };
            let refused = arguments(&target("h", "192.0.2.1", 22), &options, &HostRecords::default());
            assert!(matches!(refused, Err(TransportError::Options { .. })), "{path:?}");
        }
    }

    #[test]
    fn a_host_that_is_filed_under_its_name_gets_an_alias() {
        let key = key("ssh-ed25519", 1).base64();
        let known = |line: &str| KnownHosts::of_text(format!("{line} ssh-ed25519 {key}\n"));
        let target = target("zk1", "192.0.2.1", 2222);
        for (line, alias) in [
            ("[zk1]:2222", Some("HostKeyAlias=[zk1]:2222")),
            ("zk1", Some("HostKeyAlias=zk1")),
            ("[192.0.2.1]:2222,zk1", None),
            ("other", None),
        ] {
            let texts = texts(&target, &options(), &known(line).lookup(&target).unwrap());
            let found = texts.iter().find(|text| text.starts_with("HostKeyAlias"));
            assert_eq!(found.map(String::as_str), alias, "{line}");
        }
    }

    #[test]
    fn pins_replace_the_files() {
        let mut target = target("zk1", "192.0.2.1", 22);
        target.host_keys = vec![key("ssh-ed25519", 1).fingerprint(), key("ssh-rsa", 2).fingerprint()];
        let known = KnownHosts::of_text(format!("zk1 ssh-rsa {}\n", key("ssh-rsa", 2).base64()));
        let texts = texts(&target, &options(), &known.lookup(&target).unwrap());
        assert!(texts.contains(&"UserKnownHostsFile=/dev/null".to_owned()));
        assert!(texts.contains(&"GlobalKnownHostsFile=/dev/null".to_owned()));
        let command = texts
            .iter()
            .find(|text| text.starts_with("KnownHostsCommand="))
            .unwrap();
        assert_eq!(
            *command,
            format!(
                "KnownHostsCommand=/bin/sh -c 'echo \"$2 ssh-rsa {}\"; case \"$1\" in {}|{}) echo \"$2 $3 $4\";; esac' \
                 sh %f %H %t %K",
                key("ssh-rsa", 2).base64(),
                target.host_keys[0],
                target.host_keys[1],
            )
        );
    }

    #[test]
    fn revocations_are_repeated_whatever_the_name() {
        let target = target("zk1", "192.0.2.1", 22);
        let bad = key("ssh-ed25519", 2);
        let known = KnownHosts::of_text(format!("@revoked zk1 ssh-ed25519 {}\n", bad.base64()));
        let texts = texts(&target, &options(), &known.lookup(&target).unwrap());
        let command = format!(
            "KnownHostsCommand=/bin/sh -c 'echo \"@revoked $2 ssh-ed25519 {}\"; ' sh %f %H",
            bad.base64()
        );
        assert!(texts.contains(&command), "{texts:?}");
    }

    #[test]
    fn a_type_that_is_a_command_reaches_no_script() {
        let target = target("zk1", "192.0.2.1", 22);
        for key_type in ["$(reboot)", "a';reboot;'", "%k", "`x`", "a\"b", "a\\b"] {
            let bad = key(key_type, 1);
            let known = KnownHosts::of_text(format!("@revoked zk1 {key_type} {}\n", bad.base64()));
            let records = known.lookup(&target).unwrap();
            assert_eq!(records.revoked().len(), 1, "{key_type}");
            let texts = texts(&target, &options(), &records);
            assert!(!texts.iter().any(|text| text.contains(key_type)), "{texts:?}");
        }
    }

    #[test]
    fn revoked_pins_are_left_out() {
        let mut target = target("zk1", "192.0.2.1", 22);
        let (good, bad) = (key("ssh-ed25519", 1), key("ssh-ed25519", 2));
        let known = KnownHosts::of_text(format!("@revoked * ssh-ed25519 {}\n", bad.base64()));
        let records = known.lookup(&target).unwrap();
        target.host_keys = vec![good.fingerprint(), bad.fingerprint()];
        let texts = texts(&target, &options(), &records);
        assert!(!texts.iter().any(|text| text.contains(&bad.fingerprint().to_string())));
        target.host_keys = vec![bad.fingerprint()];
        let refused = arguments(&target, &options(), &records).unwrap_err();
        assert_eq!(refused.kind(), "host-key");
    }
}
