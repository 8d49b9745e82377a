//! What the files of a host say of its units, for where no manager can be asked.

use super::convert::path;
use super::root::{AtEnd, Root};
use crate::model::{SystemError, UnitState};
use crate::words::AbsPath;
use rustix::fs::FileType;

type Result<T> = std::result::Result<T, SystemError>;

/// Where systemd looks for units, the first one that it finds counts.
const DIRECTORIES: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// The state of the unit by its files. Nothing runs in a file system that no host has booted.
pub(super) fn unit(root: &Root, name: &str) -> Result<UnitState> {
    let state = |file_state: &str| UnitState {
        exists: true,
        file_state: file_state.to_owned(),
        active: "inactive".to_owned(),
        needs_reload: false,
    };
    let mut files = vec![name.to_owned()];
    // An instance comes from its template.
    if let Some((template, rest)) = name.split_once('@') {
        files.extend(rest.rsplit_once('.').map(|(_, suffix)| format!("{template}@.{suffix}")));
    }
    for file in &files {
        for directory in DIRECTORIES {
            let path = path(format!("{directory}/{file}"))?;
            let is_link = kind(root, &path)? == Some(FileType::Symlink);
            if is_link && root.resolve(&path)?.as_str() == "/dev/null" {
                return Ok(state("masked"));
            }
            if let Some(content) = root.read(&path)? {
                return Ok(state(if content.is_empty() {
                    "masked"
                } else if is_wanted(root, name)? {
                    "enabled"
                } else if has_install_section(&content) {
                    "disabled"
                } else {
                    "static"
                }));
            }
        }
    }
    let Some(script) = name.strip_suffix(".service") else {
        return Ok(UnitState::default());
    };
    if kind(root, &path(format!("/etc/init.d/{script}"))?)?.is_none() {
        return Ok(UnitState::default());
    }
    Ok(state(if sysv_is_enabled(root, script)? {
        "enabled"
    } else {
        "disabled"
    }))
}

/// Whether a link of `SysV` starts the script, as Debian's `systemd-sysv-install` sees it: at boot, or in runlevel 5.
pub(super) fn sysv_is_enabled(root: &Root, script: &str) -> Result<bool> {
    for directory in ["/etc/rc5.d", "/etc/rcS.d"] {
        let names = root.list(&path(directory)?)?.unwrap_or_default();
        let starts = |name: &String| {
            let rest = name.strip_prefix('S').and_then(|rest| rest.split_at_checked(2));
            rest.is_some_and(|(number, rest)| number.bytes().all(|b| b.is_ascii_digit()) && rest == script)
        };
        if names.iter().any(starts) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether another unit wants it, as `systemctl enable` has it.
fn is_wanted(root: &Root, name: &str) -> Result<bool> {
    let units = path("/etc/systemd/system")?;
    for directory in root.list(&units)?.unwrap_or_default() {
        let is_list = matches!(directory.rsplit_once('.'), Some((_, "wants" | "requires")));
        if is_list && kind(root, &path(format!("{units}/{directory}/{name}"))?)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn has_install_section(unit: &[u8]) -> bool {
    unit.split(|byte| *byte == b'\n')
        .any(|line| line.trim_ascii() == b"[Install]")
}

fn kind(root: &Root, path: &AbsPath) -> Result<Option<FileType>> {
    Ok(root.look_up_to_read(path, AtEnd::Stay)?.and_then(|spot| spot.kind()))
}
