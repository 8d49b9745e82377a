use super::convert;
use super::refusal::because;
use super::root::Root;
use crate::model::{Arch, Facts, Os, SystemError};
use crate::words::AbsPath;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

type Result<T> = std::result::Result<T, SystemError>;

/// What is true of the host whose file system this is; of one that doesn't run, as far as its files tell.
pub(super) fn facts(root: &Root) -> Result<Facts> {
    let uname = rustix::system::uname();
    let text = |path: &str| -> Result<Option<String>> {
        Ok(root
            .read(&convert::path(path)?)?
            .map(|content| String::from_utf8_lossy(&content).into_owned()))
    };
    let Some(release) = text("/etc/os-release")?.or(text("/usr/lib/os-release")?) else {
        return Err(because(
            "read",
            &AbsPath::root(),
            "neither /etc/os-release nor /usr/lib/os-release is there",
        ));
    };
    let runs = root.place().is_none();
    let hostname = if runs {
        uname.nodename().to_string_lossy().into_owned()
    } else {
        text("/etc/hostname")?.unwrap_or_default()
    };
    let mut addresses = Vec::new();
    let mut init = String::new();
    if runs {
        // A kernel without one of the two has none of its addresses.
        addresses = ipv4(&text("/proc/net/fib_trie")?.unwrap_or_default());
        addresses.extend(ipv6(&text("/proc/net/if_inet6")?.unwrap_or_default()));
        init = text("/proc/1/comm")?.unwrap_or_default();
    }
    Ok(Facts {
        hostname: hostname.trim().to_owned(),
        os: os(&release),
        arch: Arch(uname.machine().to_string_lossy().into_owned()),
        addresses,
        init: init.trim().to_owned(),
    })
}

/// Reads os-release(5): assignments as a shell would read them.
fn os(release: &str) -> Os {
    let field = |name: &str| {
        let lines = release
            .lines()
            .map(str::trim_start)
            .filter(|line| !line.starts_with('#'));
        let mut values = lines
            .filter_map(|line| line.split_once('='))
            .filter(|(key, _)| *key == name);
        values
            .next_back()
            .map(|(_, value)| unquoted(value.trim_end()))
            .filter(|value| !value.is_empty())
    };
    Os {
        id: field("ID").unwrap_or_else(|| "linux".into()),
        version: field("VERSION_ID"),
    }
}

fn unquoted(value: &str) -> String {
    let inside = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if let Some(literal) = inside('\'') {
        return literal.to_owned();
    }
    let mut text = String::with_capacity(value.len());
    let mut letters = inside('"').unwrap_or(value).chars();
    while let Some(letter) = letters.next() {
        text.push(if letter == '\\' {
            letters.next().unwrap_or(letter)
        } else {
            letter
        });
    }
    text
}

/// The local addresses of the routing table, in which each is followed by what it is: `/32 host LOCAL`.
fn ipv4(fib_trie: &str) -> Vec<IpAddr> {
    let mut addresses: Vec<Ipv4Addr> = Vec::new();
    let mut leaf: Option<Ipv4Addr> = None;
    for line in fib_trie.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            leaf = address.parse().ok();
        } else if line == "/32 host LOCAL" {
            addresses.extend(leaf);
        }
    }
    addresses.sort_unstable();
    addresses.dedup();
    addresses.into_iter().map(IpAddr::V4).collect()
}

/// The addresses of a table whose lines start with one, as 32 hexadecimal digits.
fn ipv6(if_inet6: &str) -> Vec<IpAddr> {
    let words = if_inet6
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.len() == 32);
    let mut addresses: Vec<Ipv6Addr> = words
        .filter_map(|word| u128::from_str_radix(word, 16).ok())
        .map(Ipv6Addr::from_bits)
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses.into_iter().map(IpAddr::V6).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_release_is_read_with_its_quotes() {
        let debian =
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\n# ID=no\nID=debian\nID_LIKE=x\n";
        assert_eq!(os(debian), Os::debian("12"));
        assert_eq!(os("ID='rocky'\nVERSION_ID='9.4'"), Os::new("rocky", "9.4"));
        assert_eq!(os("ID=\"a\\\"b\"\nVERSION_ID=\n"), Os::any("a\"b"));
        assert_eq!(os(""), Os::any("linux"));
    }

    #[test]
    fn local_addresses_are_found() {
        let fib = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     |-- 198.18.0.7\n        \
                   /32 host LOCAL\n     |-- 198.18.255.255\n        /32 link BROADCAST\nLocal:\n     |-- 127.0.0.1\n        \
                   /32 host LOCAL\n     |-- 198.18.0.7\n        /32 host LOCAL\n";
        assert_eq!(
            ipv4(fib),
            ["127.0.0.1", "198.18.0.7"].map(|text| text.parse::<IpAddr>().unwrap())
        );
        let inet6 = "00000000000000000000000000000001 01 80 10 80       lo\nfe80000000000000a8bbccfffe000001 02 40 20 80 eth0\n\nx\n";
        assert_eq!(
            ipv6(inet6),
            ["::1", "fe80::a8bb:ccff:fe00:1"].map(|text| text.parse::<IpAddr>().unwrap())
        );
    }
}
