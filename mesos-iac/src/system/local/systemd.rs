//! Units of systemd: read over its D-Bus interface, changed by `systemctl`.

use super::accounts::missing;
use super::bus::Connection;
use super::bus_message::{Argument, MethodCall, Value};
use super::convert::command;
use super::process::Call;
use super::refusal::reason;
use super::root::Root;
use super::unit_files::sysv_is_enabled;
use crate::model::{Ended, Output, SystemError, UnitAction, UnitState};
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

type Result<T> = std::result::Result<T, SystemError>;
type Replies = Vec<std::result::Result<Value, (String, String)>>;

/// How long the manager may take to answer: while it reads its files again, it answers nobody.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a unit may take to start or stop. Its own time-outs, 90 seconds by default, come first.
const TIME_OUT: Duration = Duration::from_secs(900);

/// How much of the journal an error shows.
const LINES: &str = "10";

pub(super) const MANAGER: &str = "org.freedesktop.systemd1";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const UNIT: &str = "org.freedesktop.systemd1.Unit";

/// The manager of the running host. The connection to it is made when it is first needed, and kept.
#[derive(Debug, Default)]
pub(super) struct Systemd {
    connection: Mutex<Option<Connection>>,
}

impl Systemd {
    /// What the manager says of the unit, which is named in full. It loads the unit if it didn't know it yet.
    pub(super) fn unit(&self, root: &Root, name: &str) -> Result<UnitState> {
        check_name(name)?;
        let path = format!("/org/freedesktop/systemd1/unit/{}", escaped(name));
        let names = [
            "LoadState",
            "ActiveState",
            "UnitFileState",
            "NeedDaemonReload",
            "SourcePath",
        ];
        let [load, active, file_state, needs_reload, source] = self.properties(name, &path, names)?;
        let text = |value: Value| {
            if let Value::Text(text) = value {
                text
            } else {
                String::new()
            }
        };
        let (load, active) = (text(load), text(active));
        // What still runs is a unit, even if its file is gone.
        if load == "not-found" && matches!(active.as_str(), "inactive" | "failed" | "") {
            return Ok(UnitState::default());
        }
        let (source, mut file_state) = (text(source), text(file_state));
        if file_state.is_empty() {
            file_state = self.unit_file_state(name)?;
        }
        if file_state == "generated" && source.starts_with("/etc/init.d/") {
            // The generator makes a unit of every script; whether it starts at boot is told by the links of SysV.
            let is_enabled = sysv_is_enabled(root, source.trim_start_matches("/etc/init.d/"))?;
            file_state = String::from(if is_enabled { "enabled" } else { "disabled" });
        }
        Ok(UnitState {
            exists: true,
            file_state,
            active,
            needs_reload: needs_reload == Value::Flag(true),
        })
    }

    /// Does this to the unit and waits until it is done.
    pub(super) fn control(&self, root: &Root, name: &str, action: UnitAction) -> Result<()> {
        if !self.unit(root, name)?.exists && action != UnitAction::Mask {
            return Err(missing("unit", name));
        }
        let since = SystemTime::now();
        let mut words = vec!["systemctl", "--no-ask-password", "--quiet", action.verb()];
        if matches!(action, UnitAction::QueueStart | UnitAction::QueueStop) {
            words.push("--no-block");
        }
        words.extend(["--", name]);
        let command = command(words)?;
        let output = Call::new(&command, TIME_OUT).run()?;
        if output.ended == Ended::Exit(0) {
            return Ok(());
        }
        // The last line is the one that is shown where there is little room: what the unit itself says, if it says anything.
        let mut stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if let Some(words) = last_words(name, since).or_else(|| stderr.is_empty().then(|| status(name)).flatten()) {
            stderr.push('\n');
            stderr.push_str(&words);
        }
        Err(SystemError::Tool {
            command,
            ended: output.ended,
            stderr,
        })
    }

    /// Has the manager read its unit files again.
    pub(super) fn reload() -> Result<()> {
        require_systemd()?;
        let command = command(["systemctl", "--no-ask-password", "--quiet", "daemon-reload"])?;
        Call::new(&command, TIME_OUT).run_checked().map(drop)
    }

    fn properties<const N: usize>(&self, unit: &str, path: &str, names: [&str; N]) -> Result<[Value; N]> {
        let arguments = names.map(|name| [Argument::Text(UNIT), Argument::Text(name)]);
        let calls = arguments.each_ref().map(|arguments| MethodCall {
            destination: MANAGER,
            path,
            interface: PROPERTIES,
            member: "Get",
            arguments,
        });
        let mut values = names.map(|_| Value::Other);
        for (value, reply) in values.iter_mut().zip(self.ask(&calls)?) {
            *value =
                reply.map_err(|(_, text)| SystemError::Other(format!("ask systemd for the unit {unit}: {text}")))?;
        }
        Ok(values)
    }

    /// Older versions leave the property empty for units that come from no file.
    fn unit_file_state(&self, name: &str) -> Result<String> {
        let call = MethodCall {
            destination: MANAGER,
            path: "/org/freedesktop/systemd1",
            interface: "org.freedesktop.systemd1.Manager",
            member: "GetUnitFileState",
            arguments: &[Argument::Text(name)],
        };
        match self.ask(&[call])?.pop() {
            Some(Ok(Value::Text(state))) => Ok(state),
            // It has no file at all, such as a mount or a device.
            _ => Ok(String::new()),
        }
    }

    pub(super) fn ask(&self, calls: &[MethodCall<'_>]) -> Result<Replies> {
        let failed = |error: io::Error| SystemError::Other(format!("ask systemd for its units: {}", reason(&error)));
        let mut held = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = held.as_mut() {
            match connection.ask(calls, PATIENCE) {
                Ok(replies) => return Ok(replies),
                // An upgrade of systemd closes its connections. It can't have been the question: it changes nothing.
                Err(error) if was_closed(&error) => {}
                Err(error) => {
                    // An answer that comes later would be taken for another question's.
                    *held = None;
                    return Err(failed(error));
                }
            }
        }
        *held = None;
        let mut connection = connect()?;
        let replies = connection.ask(calls, PATIENCE).map_err(failed)?;
        *held = Some(connection);
        drop(held);
        Ok(replies)
    }
}

fn was_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::NotConnected
    )
}

fn require_systemd() -> Result<()> {
    if Path::new("/run/systemd/system").is_dir() {
        return Ok(());
    }
    Err(SystemError::Unsupported {
        what: "systemd".into(),
        why: "services are those of a running systemd".into(),
    })
}

/// Root asks the manager itself, which also answers while the bus restarts; others ask over the bus.
fn connect() -> Result<Connection> {
    require_systemd()?;
    Connection::to_peer(Path::new("/run/systemd/private"), PATIENCE)
        .or_else(|_| Connection::to_bus(Path::new("/run/dbus/system_bus_socket"), PATIENCE))
        .map_err(|error| SystemError::Other(format!("connect to systemd: {}", reason(&error))))
}

/// What was written to the journal since then, by the unit or failing that about it.
fn last_words(name: &str, since: SystemTime) -> Option<String> {
    let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = format!("--since=@{}.{:06}", since.as_secs(), since.subsec_micros());
    let journal = |of: &str| {
        said([
            "journalctl",
            &since,
            "--lines",
            LINES,
            "--no-pager",
            "--quiet",
            "--output=cat",
            of,
        ])
    };
    journal(&format!("_SYSTEMD_UNIT={name}")).or_else(|| journal(&format!("--unit={name}")))
}

/// What `systemctl status` shows, for a host without a journal.
fn status(name: &str) -> Option<String> {
    said([
        "systemctl",
        "status",
        "--no-pager",
        "--full",
        "--lines",
        LINES,
        "--",
        name,
    ])
}

/// What a tool prints, whatever its exit status; none: nothing. It is for an error that is worse than the tool's own.
fn said<const N: usize>(words: [&str; N]) -> Option<String> {
    let Output { stdout, .. } = Call::new(&command(words).ok()?, PATIENCE).run().ok()?;
    let text = String::from_utf8_lossy(&stdout).trim_end().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Refuses what can't be a unit's name in full.
pub(super) fn check_name(name: &str) -> Result<()> {
    let is_valid = name.len() <= 255
        && !name.starts_with(['-', '.', '@'])
        && name.contains('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte));
    if is_valid {
        Ok(())
    } else {
        Err(SystemError::Other(format!(
            "ask systemd for the unit {name:?}: that is no unit's full name"
        )))
    }
}

/// The name as it stands in a D-Bus path: all but letters and digits in hexadecimal, and a digit in front too.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len() * 2);
    for (index, byte) in name.bytes().enumerate() {
        if byte.is_ascii_alphabetic() || (index > 0 && byte.is_ascii_digit()) {
            text.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _infallible = write!(text, "_{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_as_systemd_does() {
        assert_eq!(escaped("zookeeper.service"), "zookeeper_2eservice");
        assert_eq!(escaped("3proxy@a-b.service"), "_33proxy_40a_2db_2eservice");
    }

    #[test]
    fn only_full_names_are_units() {
        for name in ["zookeeper.service", "a@b.service", "dev-sda.swap", "a\\x2db.mount"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "zookeeper",
            "-.mount",
            "a b.service",
            "a/b.service",
            ".service",
            "ä.service",
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
