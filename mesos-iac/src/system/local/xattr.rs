//! Extended attributes: access control lists, labels, capabilities.

use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
use rustix::io::Errno;
use std::os::fd::BorrowedFd;

/// As much as the kernel keeps in one attribute, and as long as a list of names can be.
const LONGEST: usize = 64 * 1024;

/// A file's access control list. A new file has one if its directory has a default one.
const ACL: &[u8] = b"system.posix_acl_access";

/// Attributes that sign the content or the file itself, and so would be wrong on another one.
const SIGNATURES: [&[u8]; 2] = [b"security.ima", b"security.evm"];

/// Makes the extended attributes of the new file those of the old one. Does nothing on file systems that have none.
pub(super) fn copy(old: BorrowedFd<'_>, new: BorrowedFd<'_>) -> Result<(), Errno> {
    let Some(names) = names(old)? else { return Ok(()) };
    for name in &names {
        let Some(value) = value(old, name)? else { continue };
        if self::value(new, name)?.as_ref() == Some(&value) {
            continue;
        }
        match fsetxattr(new, name.as_slice(), &value, XattrFlags::empty()) {
            Ok(()) | Err(Errno::NOTSUP) => {}
            Err(error) => return Err(error),
        }
    }
    if !names.iter().any(|name| name == ACL) {
        match fremovexattr(new, ACL) {
            Ok(()) | Err(Errno::NODATA | Errno::NOTSUP) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The names of the attributes that can be copied; none: the file system has no attributes.
fn names(file: BorrowedFd<'_>) -> Result<Option<Vec<Vec<u8>>>, Errno> {
    let mut list = vec![0; LONGEST];
    let length = match flistxattr(file, &mut list) {
        Ok(length) => length,
        Err(Errno::NOTSUP) => return Ok(None),
        Err(error) => return Err(error),
    };
    let names = list.get(..length).unwrap_or_default().split(|byte| *byte == 0);
    let names = names.filter(|name| !name.is_empty() && !SIGNATURES.contains(name));
    Ok(Some(names.map(<[u8]>::to_vec).collect()))
}

fn value(file: BorrowedFd<'_>, name: &[u8]) -> Result<Option<Vec<u8>>, Errno> {
    let mut value = vec![0; LONGEST];
    match fgetxattr(file, name, &mut value) {
        Ok(length) => {
            value.truncate(length);
            Ok(Some(value))
        }
        Err(Errno::NODATA | Errno::NOTSUP) => Ok(None),
        Err(error) => Err(error),
    }
}
