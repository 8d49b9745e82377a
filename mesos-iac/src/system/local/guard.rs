//! Whoever waits for a run to be confirmed: a service of its own, which neither the end of the SSH session nor that of the
//! run ends; and a unit that does the same at the next boot, without waiting.

use super::convert::{command, path};
use super::files::Files;
use super::process::Call;
use super::refusal::because;
use crate::file_lock::FileLock;
use crate::model::{FileWrite, PathAttributes, SystemError};
use std::fs::File;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

type Result<T> = std::result::Result<T, SystemError>;

/// The unit of the next boot.
const UNIT: &str = "/etc/systemd/system/mesos-iac-undo.service";

/// What has it started.
const WANTED: &str = "/etc/systemd/system/sysinit.target.wants/mesos-iac-undo.service";

const WANTS: &str = "/etc/systemd/system/sysinit.target.wants";

/// What is locked by whoever waits.
const WAITING: &str = "/var/lib/mesos-iac/undo/waiting";

/// How long starting a service may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts to wait.
pub(super) fn start(files: &Files) -> Result<()> {
    let program = std::env::current_exe()
        .map_err(|error| SystemError::Other(format!("find this program: {error}")))?
        .to_string_lossy()
        .into_owned();
    if !program
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte))
    {
        return Err(SystemError::Other(format!(
            "write a unit that starts {program:?}: its path has other characters than letters, digits and ./_-"
        )));
    }
    let attributes = PathAttributes::default();
    let wants = path(WANTS)?;
    if files.entry(&wants)?.is_none() {
        files.create_directory(&wants, &attributes)?;
    }
    let text = unit(&program);
    let write = FileWrite {
        content: text.as_bytes(),
        attributes: &attributes,
        verify: None,
    };
    let unit = path(UNIT)?;
    files.write_file(&unit, &write, &|_| {
        Err(because("verify", &unit, "it has no command for that"))
    })?;
    files.write_symlink(&path(WANTED)?, UNIT)?;
    files.sync()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let name = format!("--unit=mesos-iac-undo-{}-{}", std::process::id(), now.as_micros());
    let run = command([
        "systemd-run",
        "--quiet",
        "--collect",
        "--no-ask-password",
        &name,
        "--description=Undoes a run of mesos-iac that nobody confirms",
        "--property=Restart=on-failure",
        "--property=RestartSec=1",
        "--",
        &program,
        "guard",
    ])?;
    Call::new(&run, PATIENCE).run_checked()?;
    wait_for_it()
}

/// Returns once somebody waits for the confirmation: until then the next run would take it for abandoned.
fn wait_for_it() -> Result<()> {
    const LONG: Duration = Duration::from_secs(10);
    const TICK: Duration = Duration::from_millis(10);
    let deadline = Instant::now() + LONG;
    while Instant::now() < deadline {
        let open = File::open(WAITING);
        if open.is_ok_and(|file| !matches!(FileLock::try_take(file), Ok(Ok(_)))) {
            return Ok(());
        }
        sleep(TICK);
    }
    Err(SystemError::Other(
        "start what waits for a confirmation: it doesn't come up; its journal says why".into(),
    ))
}

/// The next boot undoes nothing any more.
pub(super) fn end(files: &Files) -> Result<()> {
    files.remove(&path(WANTED)?)?;
    files.remove(&path(UNIT)?)
}

fn unit(program: &str) -> String {
    // Services come after sysinit.target, but for those that keep people out before there is a network.
    let usual = "network-pre.target nftables.service netfilter-persistent.service firewalld.service ufw.service ssh.service \
                 ssh.socket sshd.service";
    format!(
        "# Undoes a run of mesos-iac that nobody had confirmed when the host went down. It is removed once that is done.
[Unit]
Description=Undoes a run of mesos-iac that nobody confirmed
DefaultDependencies=no
ConditionPathExists=/var/lib/mesos-iac/undo/armed.json
RequiresMountsFor=/var/lib/mesos-iac /etc {program}
After=local-fs.target
Before={usual} sysinit.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart={program} undo

[Install]
WantedBy=sysinit.target
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_before_what_reads_what_was_changed() {
        let text = unit("/var/lib/mesos-iac/agents/ab12");
        let before = text.lines().find(|line| line.starts_with("Before=")).unwrap();
        for name in [
            "ssh.service",
            "nftables.service",
            "network-pre.target",
            "sysinit.target",
        ] {
            assert!(before.split([' ', '=']).any(|word| word == name), "{before}");
        }
    }
}
