//! One line of a known-hosts file: `[@marker] hosts type base64 [comment]`, read as bytes.

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

use super::host_key::HostKey;
use crate::model::BASE64_ANY_PADDING;

/// What a line says about its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    /// The key is a host's.
    None,
    /// The key signs host certificates.
    CertAuthority,
    /// The key must not be accepted.
    Revoked,
    /// A marker of a later day.
    Unknown,
}

/// Whether a line is about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Concern {
    /// A pattern matches, and none that is negated.
    Yes,
    /// No pattern matches.
    No,
    /// A negated pattern matches, which settles it whatever the others say.
    Excluded,
    /// The list of hosts cannot be read.
    Unreadable,
}

/// A line that is neither blank nor a comment. Its key is still text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) marker: Marker,
    hosts: &'a [u8],
    key: &'a [u8],
}

/// What the rest of a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LineKey {
    Key(HostKey),
    /// A key of SSH protocol 1, all numbers. No server of today can present one.
    Obsolete,
}

impl<'a> Line<'a> {
    /// Splits a line. `None` for a blank one and a comment. A `#` later in the line starts no comment.
    pub(super) fn split(line: &'a [u8]) -> Option<Self> {
        let (first, rest) = word(line);
        if first.is_empty() || first.starts_with(b"#") {
            return None;
        }
        if !first.starts_with(b"@") {
            return Some(Self {
                marker: Marker::None,
                hosts: first,
                key: rest,
            });
        }
        let (hosts, key) = word(rest);
        Some(Self {
            marker: match first {
                b"@cert-authority" => Marker::CertAuthority,
                b"@revoked" => Marker::Revoked,
                _ => Marker::Unknown,
            },
            hosts,
            key,
        })
    }

    /// Whether the line is about `name`, which is a lower-case host name or address, or `[name]:port`.
    pub(super) fn concerns(&self, name: &str) -> Concern {
        let mut concern = Concern::No;
        for pattern in self.hosts.split(|&byte| byte == b',') {
            if pattern.starts_with(b"|") {
                match hashed(pattern, name) {
                    Some(true) => concern = Concern::Yes,
                    Some(false) => {}
                    None => return Concern::Unreadable,
                }
            } else if let Some(negated) = pattern.strip_prefix(b"!") {
                if glob(negated, name.as_bytes()) {
                    return Concern::Excluded;
                }
            } else if glob(pattern, name.as_bytes()) {
                concern = Concern::Yes;
            }
        }
        concern
    }

    /// The line's key.
    ///
    /// # Errors
    /// A text that says what is wrong with it.
    pub(super) fn key(&self) -> Result<LineKey, &'static str> {
        let (key_type, rest) = word(self.key);
        let (base64, _comment) = word(rest);
        if key_type.is_empty() || base64.is_empty() {
            return Err("the line ends before its key");
        }
        let number = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
        if number(key_type) && number(base64) {
            return Ok(LineKey::Obsolete);
        }
        let blob = BASE64_ANY_PADDING
            .decode(base64)
            .map_err(|_| "its key is not in base64")?;
        let key = HostKey::from_blob(&blob).ok_or("its key is no SSH public key")?;
        if key.key_type().as_bytes() == key_type {
            Ok(LineKey::Key(key))
        } else {
            Err("its key is of another type than the line says")
        }
    }
}

/// The first word of a line, and what follows it.
fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    let start = line.iter().position(|byte| !blank(byte)).unwrap_or(line.len());
    let line = &line[start..];
    line.split_at(line.iter().position(blank).unwrap_or(line.len()))
}

/// Whether a hashed name, `|1|salt|hash`, stands for `name`. `None` if it is malformed.
fn hashed(pattern: &[u8], name: &str) -> Option<bool> {
    let mut parts = pattern.strip_prefix(b"|1|")?.split(|&byte| byte == b'|');
    let (salt, hash, rest) = (parts.next()?, parts.next()?, parts.next());
    let salt = BASE64_ANY_PADDING.decode(salt).ok()?;
    let hash = BASE64_ANY_PADDING.decode(hash).ok()?;
    if rest.is_some() || salt.len() != 20 || hash.len() != 20 {
        return None;
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(&salt).ok()?;
    mac.update(name.as_bytes());
    Some(mac.verify_slice(&hash).is_ok())
}

/// Whether a pattern with `*` and `?` stands for the whole of `name`. Letters in the pattern match in either case.
///
/// On a mismatch only the last `*` takes one byte more, so a line made to be slow costs the product of both lengths.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut matched) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while matched < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                last_star = Some((at, matched));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte.eq_ignore_ascii_case(&name[matched]) => {
                at += 1;
                matched += 1;
            }
            _ => match last_star {
                Some((star, taken)) => {
                    last_star = Some((star, taken + 1));
                    at = star + 1;
                    matched = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::super::host_key::tests::key;
    use super::*;

    fn concerns(hosts: &str, name: &str) -> Concern {
        let line = format!("{hosts} ssh-ed25519 AAAA");
        Line::split(line.as_bytes()).unwrap().concerns(name)
    }

    #[test]
    fn patterns_match_as_openssh_matches_them() {
        use Concern::{Excluded, No, Yes};
        for (hosts, name, expected) in [
            ("zk1", "zk1", Yes),
            ("ZK1.Example.ORG", "zk1.example.org", Yes),
            ("zk1", "zk1.example.org", No),
            ("zk1.example.org", "zk1", No),
            ("zk?", "zk1", Yes),
            ("zk?", "zk", No),
            ("zk?", "zk12", No),
            ("*", "anything", Yes),
            ("*", "[anything]:2222", Yes),
            ("*.example.org", "a.b.example.org", Yes),
            ("*.example.org", "example.org", No),
            ("10.1.*", "10.1.255.254", Yes),
            ("10.1.*", "110.1.2.3", No),
            ("a,b,c", "b", Yes),
            ("a,b,c", "d", No),
            ("*.example.org,!zk1.example.org", "zk1.example.org", Excluded),
            ("!zk1.example.org,*.example.org", "zk1.example.org", Excluded),
            ("*.example.org,!zk1.example.org", "zk2.example.org", Yes),
            ("!zk1", "zk2", No),
            ("[zk1]:2222", "[zk1]:2222", Yes),
            ("[zk1]:2222", "zk1", No),
            ("[*]:2222", "[zk1]:2222", Yes),
            ("[zk1]:*", "[zk1]:2222", Yes),
            ("zk1", "[zk1]:2222", No),
            ("::1", "::1", Yes),
            ("[::1]:2222", "[::1]:2222", Yes),
            ("a*b*c", "axxbyyc", Yes),
            ("a*b*c", "axxbyy", No),
            ("**", "x", Yes),
            (",,", "x", No),
            (",", "x", No),
            ("!", "x", No),
            ("!!x", "x", No),
        ] {
            assert_eq!(concerns(hosts, name), expected, "{hosts:?} and {name:?}");
        }
    }

    #[test]
    fn a_slow_pattern_is_not_slow() {
        let pattern = "*a".repeat(20_000);
        let name = "a".repeat(250);
        let began = std::time::Instant::now();
        assert_eq!(concerns(&format!("{pattern}b"), &name), Concern::No);
        assert!(began.elapsed() < std::time::Duration::from_secs(2));
    }

    #[test]
    fn hashed_names_match() {
        // Written by `ssh-keygen -H` for the name "zk1.example.org".
        let hosts = "|1|QmdQjp9gDasY0aH5AeUJ7BcFIyY=|zaQiqatBItcru0UBNwpBCHGGadA=";
        let own = {
            use base64::prelude::BASE64_STANDARD;
            let salt = [9; 20];
            let mut mac = Hmac::<Sha1>::new_from_slice(&salt).unwrap();
            mac.update(b"zk1.example.org");
            let hash = BASE64_STANDARD.encode(mac.finalize().into_bytes());
            format!("|1|{}|{hash}", BASE64_STANDARD.encode(salt))
        };
        assert_eq!(concerns(&own, "zk1.example.org"), Concern::Yes);
        assert_eq!(concerns(&own, "zk2.example.org"), Concern::No);
        assert_eq!(concerns(hosts, "zk1.example.org"), Concern::Yes);
        assert_eq!(concerns(hosts, "zk2.example.org"), Concern::No);
    }

    #[test]
    fn malformed_hashes_are_told_apart_from_strangers() {
        for hosts in [
            "|",
            "|1|",
            "|1|abc",
            "|1|abc|def",
            "|2|QmdQjp9gDasY0aH5AeUJ7BcFIyY=|zaQiqatBItcru0UBNwpBCHGGadA=",
            "|1|!!!!|zaQiqatBItcru0UBNwpBCHGGadA=",
            "|1|QmdQjp9gDasY0aH5AeUJ7BcFIyY=|zaQiqatBItcru0UBNwpBCHGGadA=|x",
        ] {
            assert_eq!(concerns(hosts, "zk1"), Concern::Unreadable, "{hosts:?}");
        }
    }

    #[test]
    fn blank_lines_and_comments_say_nothing() {
        for line in [
            "",
            " ",
            "\t",
            "\r",
            "#",
            "# a comment",
            "  # a comment",
            "#a ssh-ed25519 AAAA",
        ] {
            assert_eq!(Line::split(line.as_bytes()), None, "{line:?}");
        }
    }

    #[test]
    fn markers_are_read() {
        for (line, marker) in [
            ("a ssh-rsa AAAA", Marker::None),
            ("@cert-authority a ssh-rsa AAAA", Marker::CertAuthority),
            ("@revoked\ta ssh-rsa AAAA", Marker::Revoked),
            (" @revoked  a ssh-rsa AAAA", Marker::Revoked),
            ("@Revoked a ssh-rsa AAAA", Marker::Unknown),
            ("@revoked,x a ssh-rsa AAAA", Marker::Unknown),
            ("@ a ssh-rsa AAAA", Marker::Unknown),
        ] {
            let line = Line::split(line.as_bytes()).unwrap();
            assert_eq!(line.marker, marker);
            assert_eq!(line.concerns("a"), Concern::Yes);
        }
    }

    #[test]
    fn keys_are_read() {
        let key = key("ssh-ed25519", 1);
        let base64 = key.base64();
        for line in [
            format!("a ssh-ed25519 {base64}"),
            format!("a ssh-ed25519 {base64} a comment # with a hash"),
            format!("a\tssh-ed25519\t{base64}\r"),
            format!("a ssh-ed25519 {}", base64.trim_end_matches('=')),
        ] {
            let line = Line::split(line.as_bytes()).unwrap();
            assert_eq!(line.key(), Ok(LineKey::Key(key.clone())));
        }
        assert_eq!(Line::split(b"a 1024 35 1477").unwrap().key(), Ok(LineKey::Obsolete));
    }

    #[test]
    fn hostile_keys_are_errors() {
        let other = key("ssh-rsa", 1).base64();
        for rest in [
            String::new(),
            "ssh-ed25519".to_owned(),
            "ssh-ed25519 ".to_owned(),
            "ssh-ed25519 !!!!".to_owned(),
            "ssh-ed25519 AAAA".to_owned(),
            "ssh-ed25519 /////w==".to_owned(),
            format!("ssh-ed25519 {other}"),
            format!("{other} ssh-ed25519"),
        ] {
            let line = format!("a {rest}");
            assert!(Line::split(line.as_bytes()).unwrap().key().is_err(), "{rest:?}");
        }
        assert!(Line::split(b"a \xff\xfe \xff\xfe").unwrap().key().is_err());
    }

    #[test]
    fn bytes_outside_utf_8_harm_nothing() {
        let line = Line::split(b"\xff\xfe,zk1 ssh-ed25519 AAAA").unwrap();
        assert_eq!(line.concerns("zk1"), Concern::Yes);
        assert_eq!(line.concerns("zk2"), Concern::No);
        assert_eq!(Line::split(b"\0\0\0").unwrap().concerns("zk1"), Concern::No);
    }
}
