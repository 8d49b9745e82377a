//! On which TCP ports of this host somebody listens.

use std::collections::BTreeSet;

/// The state of a socket that listens, as the kernel writes it.
const LISTEN: &str = "0A";

/// The ports on which somebody listens, on whatever address.
pub(super) fn listening() -> BTreeSet<u16> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| {
        // A kernel without IPv6 has no second one.
        std::fs::read_to_string(table).unwrap_or_default()
    });
    tables.iter().flat_map(|table| parse(table)).collect()
}

fn parse(table: &str) -> BTreeSet<u16> {
    let port = |line: &str| -> Option<u16> {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (_, port) = fields.next()?.rsplit_once(':')?;
        (fields.nth(1)? == LISTEN).then(|| u16::from_str_radix(port, 16).ok())?
    };
    table.lines().skip(1).filter_map(port).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_sockets_are_found_and_others_are_not() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n\
            \x20  1: 0100007F:0050 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1\n";
        assert_eq!(parse(table), BTreeSet::from([8080]));
    }

    #[test]
    fn a_listener_of_this_process_is_among_them() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(listening().contains(&listener.local_addr().unwrap().port()));
    }
}
