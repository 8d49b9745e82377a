use super::NameError;

/// Refuses what can't name a user or a group. Names become arguments of tools and fields of colon-separated files.
///
/// # Errors
/// The name isn't at most 32 lower-case letters, digits, `_` and `-`, a letter or `_` first.
pub(crate) fn check_account_name(name: &str) -> Result<(), NameError> {
    let is_valid = name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|byte| is_lower(byte) || matches!(byte, b'_' | b'-'));
    if is_valid {
        return Ok(());
    }
    let why = "expected at most 32 lower-case letters, digits, `_` and `-`, a letter or `_` first";
    Err(NameError::new("name of a user or group", name, why))
}

/// Refuses what can't name a package by Debian's policy: `name` or `name:architecture`.
///
/// # Errors
/// The name isn't at least two lower-case letters, digits, `+`, `-` and `.`, a letter or digit first; or the
/// architecture isn't a word of lower-case letters, digits and `-`.
pub(crate) fn check_package_name(name: &str) -> Result<(), NameError> {
    let is_word = |word: &str, more: &[u8]| {
        word.len() >= 2
            && word.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && word.bytes().all(|byte| is_lower(byte) || more.contains(&byte))
    };
    let (word, architecture) = name.split_once(':').unwrap_or((name, "all"));
    if is_word(word, b"+-.") && is_word(architecture, b"-") && !architecture.ends_with('-') {
        return Ok(());
    }
    let why = "expected two or more lower-case letters, digits, `+`, `-` and `.`, a letter or digit first, and \
               `:architecture` after it if need be";
    Err(NameError::new("name of a package", name, why))
}

/// Refuses what can't be a version of a Debian package. One that ends in `-` has an empty revision, which dpkg refuses
/// and apt-get takes for an order to remove the package.
///
/// # Errors
/// The version isn't letters, digits, `.`, `+`, `~`, `:` and `-`, a letter or digit first and no `-` last.
pub(crate) fn check_package_version(version: &str) -> Result<(), NameError> {
    let is_valid = version.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !version.ends_with('-')
        && version
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".+~:-".contains(&byte));
    if is_valid {
        return Ok(());
    }
    let why = "expected letters, digits, `.`, `+`, `~`, `:` and `-`, a letter or digit first and no `-` last";
    Err(NameError::new("version of a package", version, why))
}

/// Refuses what can't name a unit of systemd, with or without a suffix.
///
/// # Errors
/// The name isn't at most 255 ASCII letters, digits, `:`, `-`, `_`, `.`, `\\` and `@`, a letter, digit or `_` first.
pub(crate) fn check_unit_name(name: &str) -> Result<(), NameError> {
    let is_valid = name.len() <= 255
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte));
    if is_valid {
        return Ok(());
    }
    let why = "expected at most 255 letters, digits, `:`, `-`, `_`, `.`, `\\` and `@`, a letter, digit or `_` first";
    Err(NameError::new("name of a unit", name, why))
}

const fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_names_cannot_carry_options_or_colons() {
        for name in ["mesos", "_apt", "www-data", "a1"] {
            assert!(check_account_name(name).is_ok(), "{name}");
        }
        for name in ["", "-o", "a:b", "a b", "Root", "a\n", "1a", &"a".repeat(33)] {
            assert!(check_account_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn unit_names_are_those_of_systemd() {
        for name in ["ssh", "getty@tty1.service", "_a", "dev-disk\\x2d1.swap", "a:b-c.timer"] {
            assert!(check_unit_name(name).is_ok(), "{name}");
        }
        for name in ["", "-x", ".a", "@a", "a b", "a/b", "ä", &"a".repeat(256)] {
            assert!(check_unit_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn package_names_are_those_of_debian_policy() {
        for name in [
            "g++",
            "cron-",
            "libc6:i386",
            "zookeeperd",
            "0ad",
            "lib32gcc-s1",
            "python3.11",
        ] {
            assert!(check_package_name(name).is_ok(), "{name}");
        }
        for name in [
            "", "a", "-y", "+x", "CRON", "Foo", "x_y", "a b", "a=1", "a/b", "a*", "^a", "a:", "aa:-b", "aa:b-",
            "./x.deb", "aa:bb:cc",
        ] {
            assert!(check_package_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn package_versions_carry_no_order_to_remove() {
        for version in ["1:1.11.0~rc1-2+b1", "3.0pl1-162", "12.2.0-14+deb12u1+"] {
            assert!(check_package_version(version).is_ok(), "{version}");
        }
        for version in ["", "-1", "1 2", "1;2", "~1", "1_2", "5.2.15-2+b8-"] {
            assert!(check_package_version(version).is_err(), "{version:?}");
        }
    }
}
