//! The two command lines that bring an agent to life on a host. They are made of constants and a hexadecimal digest.

/// Where agents are kept, in the order in which the places are tried. A place that is mounted `noexec` is passed over.
/// All of them are below directories that only root, or its staff, may write to; and only what root owns is executed.
const PLACES: &str =
    "/var/lib/mesos-iac/agents /opt/mesos-iac/agents /usr/local/lib/mesos-iac/agents /root/.mesos-iac/agents";

/// What a host prints if it has no such agent; the machine's architecture follows on the same line.
pub(super) const MISSING: &[u8] = b"\n\0mesos-iac missing\0 ";

/// What a host prints every two seconds while it receives an agent, in front of the number of bytes unpacked so far.
pub(super) const RECEIVED: &[u8] = b"mesos-iac received ";

/// What a host prints once an uploaded agent is in place.
pub(super) const UPLOADED: &[u8] = b"mesos-iac uploaded";

/// Starts the agent with this digest, or says that it is missing and what the architecture is.
///
/// `-O` makes sure that nobody but root made the file, `-x` fails on a file system that is mounted `noexec`.
pub(super) fn start(digest: &str) -> String {
    as_root(&start_script(digest))
}

fn start_script(digest: &str) -> String {
    format!(
        "for d in {PLACES}; do a=$d/{digest}; [ -x \"$a\" ] && [ -O \"$a\" ] && exec \"$a\" agent; done; \
         printf '\\n\\000mesos-iac missing\\000 %s\\n' \"$(uname -m)\""
    )
}

/// Takes the compressed agent with this digest from standard input and puts it in place, whole or not at all.
///
/// The name of the temporary file is unique, so that two uploads at once don't write into one. The five agents that were
/// brought last are kept, and this one is the newest.
pub(super) fn upload(digest: &str, unique: &str) -> String {
    as_root(&upload_script(PLACES, digest, unique))
}

fn upload_script(places: &str, digest: &str, unique: &str) -> String {
    format!(
        "umask 077; for d in {places}; do \
         mkdir -p \"$d\" 2>/dev/null || continue; [ -O \"$d\" ] || continue; t=$d/.{digest}.{unique}; \
         (: > \"$t\") 2>/dev/null && chmod 700 \"$t\" || continue; \
         [ -x \"$t\" ] || {{ rm -f \"$t\"; continue; }}; \
         (while sleep 2 <&- >&- 2>&-; do echo mesos-iac received $(($(wc -c 2>/dev/null < \"$t\"))); done) & \
         trap \"kill $!; rm -f '$t'\" EXIT; \
         gzip -dc > \"$t\" || {{ echo \"unpack it in $d: no space, or no gzip\"; exit 1; }}; \
         [ \"$(sha256sum < \"$t\" | cut -c 1-64)\" = {digest} ] || {{ echo \"it was damaged on its way\"; exit 1; }}; \
         mv -f \"$t\" \"$d/{digest}\" || exit 1; \
         ls -t \"$d\" | tail -n +6 | while read -r old; do rm -f \"$d/$old\"; done; \
         echo mesos-iac uploaded; exit 0; done; \
         echo \"no place of {places} can be written to and executed from\"; exit 1"
    )
}

/// A command line with which any login's shell, be it fish or csh, has a POSIX shell run a script as root.
///
/// Who logs in may be for `ssh_config` to say, so the host finds out whether it takes `sudo`.
pub(super) fn as_root(script: &str) -> String {
    // Whether `/` is the user's own: a test that takes no process. -n: never ask for a password, since nobody could answer.
    const DECIDE: &str = r#"if [ -O / ]; then eval "$0"; else exec sudo -n -- sh -c "$0"; fi"#;
    format!("exec sh -c '{DECIDE}' {}", quote(script))
}

/// The text as one word of a POSIX shell.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sha256Digest;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    fn is_valid(script: &str) -> bool {
        Command::new("sh")
            .args(["-n", "-c", script])
            .status()
            .unwrap()
            .success()
    }

    #[test]
    fn every_command_line_is_valid_shell() {
        assert!(is_valid(&start(&"0".repeat(64))));
        assert!(is_valid(&upload(&"0".repeat(64), "1-2")));
    }

    /// What an upload says of these bytes under this digest, and what is in its place afterwards.
    fn uploaded(bytes: &[u8], digest: &str) -> (String, Vec<String>) {
        let place = tempfile::tempdir().unwrap();
        let script = upload_script(place.path().to_str().unwrap(), digest, "1-2");
        let mut shell = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        shell.stdin.take().unwrap().write_all(bytes).unwrap();
        let said = String::from_utf8(shell.wait_with_output().unwrap().stdout).unwrap();
        let left = std::fs::read_dir(place.path()).unwrap();
        let left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        (said, left.collect())
    }

    #[test]
    fn what_was_damaged_on_its_way_takes_no_place() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(b"an agent").unwrap();
        let packed = packed.finish().unwrap();
        let digest = Sha256Digest::of(b"an agent").to_string();
        assert_eq!(
            uploaded(&packed, &digest),
            ("mesos-iac uploaded\n".to_owned(), vec![digest.clone()])
        );
        let other = Sha256Digest::of(b"another one").to_string();
        assert_eq!(
            uploaded(&packed, &other),
            ("it was damaged on its way\n".to_owned(), Vec::new())
        );
        let (said, left) = uploaded(&packed[..packed.len() / 2], &digest);
        assert!(said.contains("unpack it in") && left.is_empty(), "{said}{left:?}");
    }

    #[test]
    fn a_host_without_the_agent_says_so() {
        let output = Command::new("sh")
            .args(["-c", &start_script(&"0".repeat(64))])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            said,
            format!("{}{}\n", std::str::from_utf8(MISSING).unwrap(), std::env::consts::ARCH)
        );
    }
}
