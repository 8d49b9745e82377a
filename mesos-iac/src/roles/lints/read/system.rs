use crate::model::Os;

/// The version of an operating system, as numbers that can be compared.
pub(in super::super) fn version(os: &Os) -> Option<(u32, u32)> {
    let version = os.version.as_deref()?;
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}
