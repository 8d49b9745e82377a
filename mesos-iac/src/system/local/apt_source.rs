//! A single repository of apt: how it is read, and how it is seen that it was.

use super::root::Root;
use crate::model::{PackageSource, SystemError};
use crate::words::AbsPath;

type Result<T> = std::result::Result<T, SystemError>;

/// Where apt keeps what it read of repositories.
const LISTS: &str = "/var/lib/apt/lists";

/// How the names of the lists end of which one at least is there once a repository was read. One without a signature may
/// have nothing but a list of packages.
const ENDS: [&str; 3] = ["InRelease", "Release", "Packages"];

/// Whether apt has read each suite of the repository.
pub(super) fn is_read(root: &Root, source: &PackageSource) -> Result<bool> {
    let directory = AbsPath::new(LISTS).map_err(|error| SystemError::Other(error.to_string()))?;
    let names = root.list(&directory)?.unwrap_or_default();
    let is_there = |list: &String| {
        let rests = names.iter().filter_map(|name| name.strip_prefix(list.as_str()));
        // A list of packages may be compressed.
        rests.into_iter().any(|rest| {
            ENDS.iter()
                .any(|end| rest == *end || rest.starts_with(&format!("{end}.")))
        })
    };
    Ok(source.lists.iter().all(is_there))
}

/// What apt-get is told to read this repository alone, to keep what it has of others, and to fail if it can't.
pub(super) fn words(source: &PackageSource) -> Vec<String> {
    let options = [
        format!("Dir::Etc::sourcelist={}", source.file),
        "Dir::Etc::sourceparts=-".to_owned(),
        "APT::Get::List-Cleanup=0".to_owned(),
        "APT::Update::Error-Mode=any".to_owned(),
    ];
    let options = options.into_iter().flat_map(|option| ["-o".to_owned(), option]);
    options.chain(["update".to_owned()]).collect()
}
