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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn files_tell_what_starts_at_boot() {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().join(path);
        for made in [
            "lib/systemd/system",
            "etc/systemd/system/multi-user.target.wants",
            "etc/init.d",
            "etc/rc5.d",
            "etc/rcS.d",
        ] {
            std::fs::create_dir_all(at(made)).unwrap();
        }
        let install = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";
        for name in ["on", "off", "hidden", "many@"] {
            std::fs::write(at(&format!("lib/systemd/system/{name}.service")), install).unwrap();
        }
        std::fs::write(
            at("lib/systemd/system/always.service"),
            "[Service]\nExecStart=/bin/true\n",
        )
        .unwrap();
        std::fs::write(at("lib/systemd/system/empty.service"), "").unwrap();
        let wanted = at("etc/systemd/system/multi-user.target.wants/on.service");
        symlink("/lib/systemd/system/on.service", wanted).unwrap();
        symlink("/dev/null", at("etc/systemd/system/hidden.service")).unwrap();
        for script in ["old", "older"] {
            std::fs::write(at(&format!("etc/init.d/{script}")), "#!/bin/sh\n").unwrap();
        }
        symlink("../init.d/old", at("etc/rc5.d/S01old")).unwrap();
        symlink("../init.d/older", at("etc/rc5.d/K01older")).unwrap();
        let root = Root::below(directory.path()).unwrap();
        for (name, state) in [
            ("on.service", "enabled"),
            ("off.service", "disabled"),
            ("hidden.service", "masked"),
            ("empty.service", "masked"),
            ("always.service", "static"),
            ("many@one.service", "disabled"),
            ("old.service", "enabled"),
            ("older.service", "disabled"),
        ] {
            let found = unit(&root, name).unwrap();
            assert_eq!((found.exists, found.file_state.as_str()), (true, state), "{name}");
        }
        assert_eq!(unit(&root, "none.service").unwrap(), UnitState::default());
    }
}
