//! How apt calls what it keeps of a repository in `/var/lib/apt/lists`.

use std::fmt::Write as _;

/// How the names of the lists of a suite begin: its address without scheme and credentials, with `_` for each `/`.
pub(super) fn list_prefix(uri: &str, suite: &str) -> String {
    let place = match uri.split_once("://") {
        Some((_, place)) => {
            let authority = place.find('/').unwrap_or(place.len());
            let host = place[..authority].rfind('@').map_or(0, |at| at + 1);
            &place[host..]
        }
        None => uri.split_once(':').map_or(uri, |(_, place)| place),
    };
    let place = place.trim_end_matches('/');
    // A suite that ends in a slash is a directory of packages.
    let below = match suite.strip_suffix('/') {
        Some(directory) => format!("{place}/{directory}/"),
        None => format!("{place}/dists/{suite}/"),
    };
    let mut name = String::with_capacity(below.len());
    for byte in below.bytes() {
        match byte {
            b'/' => name.push('_'),
            byte if byte <= b' ' || byte >= 0x7f || b"\\|{}[]<>\"^~_=!@#$%&*".contains(&byte) => {
                let _infallible = write!(name, "%{byte:02x}");
            }
            byte => name.push(char::from(byte)),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_apt_gives() {
        for (uri, suite, prefix) in [
            (
                "http://deb.debian.org/debian",
                "bookworm-updates",
                "deb.debian.org_debian_dists_bookworm-updates_",
            ),
            (
                "http://deb.debian.org/debian/",
                "stable/updates",
                "deb.debian.org_debian_dists_stable_updates_",
            ),
            ("file:/tmp/repo", "./", "_tmp_repo_._"),
            ("file:///tmp/repo", "./", "_tmp_repo_._"),
            (
                "http://u:p@127.0.0.1:9/deb~ian_x",
                "x",
                "127.0.0.1:9_deb%7eian%5fx_dists_x_",
            ),
        ] {
            assert_eq!(list_prefix(uri, suite), prefix);
        }
    }
}
