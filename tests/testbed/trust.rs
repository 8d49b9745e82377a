//! Nobody is spoken to who isn't the host that is meant.

use crate::suite::{LAB, Suite, WAYS};

const HOST: &str = LAB[0];

/// What the host's SSH server logs from here on, each message of a login attempt included.
struct Listening<'s> {
    suite: &'s Suite,
    cursor: String,
}

impl<'s> Listening<'s> {
    fn start(suite: &'s Suite) -> Self {
        let said = suite.bed.on(
            HOST,
            "echo LogLevel DEBUG1 >/etc/ssh/sshd_config.d/loud.conf && systemctl reload ssh && journalctl --sync
             journalctl --identifier sshd --lines 0 --show-cursor",
        );
        let cursor = said
            .lines()
            .find_map(|line| line.strip_prefix("-- cursor: "))
            .expect("a journal has a cursor");
        Self {
            suite,
            cursor: cursor.to_owned(),
        }
    }

    /// How many connections there were, and how many requests to log in.
    fn heard(&self) -> (usize, usize) {
        let script = format!(
            "journalctl --sync; journalctl --identifier sshd --output cat --after-cursor '{}'",
            self.cursor
        );
        let log = self.suite.bed.on(HOST, &script);
        let count = |word: &str| log.lines().filter(|line| line.contains(word)).count();
        (count("Connection from "), count("userauth-request for user"))
    }
}

pub(crate) fn a_changed_host_key_is_refused_before_anything_is_sent(suite: &Suite) -> String {
    let old = suite
        .bed
        .write("known_hosts.old", std::fs::read(suite.bed.known_hosts()).unwrap());
    suite.bed.testbed(&["rekey", HOST]);
    let listening = Listening::start(suite);
    for way in WAYS {
        let lab = suite.lab().limit(&[HOST]).by(way).known_hosts(&old);
        lab.run(&["apply"], 5)
            .says("is not the one that is recorded")
            .says(&format!("trust {HOST}"))
            .is_harmless();
        lab.run(&["run", "--", "true"], 5)
            .says("is not the one that is recorded");
        // Trusting is for hosts that are new, not for keys that changed.
        Program::trust(suite, way, &old)
            .run(&["trust", HOST, "--yes"], 4)
            .says("is not the one that is recorded");
    }
    let (connections, logins) = listening.heard();
    assert!(
        connections >= 2 * WAYS.len(),
        "the log shows no connection, so it proves nothing"
    );
    assert_eq!(logins, 0);
    format!("a changed key: exit 5 over both transports, {connections} connections, {logins} attempts to log in")
}

/// How `trust` is called: it takes hosts instead of `--limit`.
struct Program;

impl Program {
    fn trust<'s>(suite: &'s Suite, (transport, _): (&str, &str), known_hosts: &str) -> crate::program::Program<'s> {
        suite.lab().with(["--transport", transport]).known_hosts(known_hosts)
    }
}

pub(crate) fn an_unknown_host_key_is_refused_until_it_is_trusted(suite: &Suite) -> String {
    let listening = Listening::start(suite);
    for (number, way) in WAYS.into_iter().enumerate() {
        let file = suite.bed.write(&format!("known_hosts.{number}"), "");
        let lab = suite.lab().limit(&[HOST]).by(way).known_hosts(&file);
        let (_, logins_before) = listening.heard();
        lab.run(&["apply"], 5)
            .says("is not known")
            .says(&format!("trust {HOST}"))
            .is_harmless();
        // Without a terminal nobody can be asked.
        Program::trust(suite, way, &file)
            .run(&["trust", HOST], 4)
            .says("not added");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
        assert_eq!(listening.heard().1, logins_before);

        let key = suite.bed.on(HOST, "ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub");
        let fingerprint = key.split(' ').nth(1).unwrap();
        Program::trust(suite, way, &file)
            .run(&["trust", HOST, "--yes"], 0)
            .says(fingerprint)
            .says("added");
        lab.run(&["apply"], 0);
        assert!(
            listening.heard().1 > logins_before,
            "the log doesn't show logins, so it proves nothing"
        );
    }
    "an unknown key: exit 5 and 0 attempts to log in over both transports; behind `trust` it is exit 0".to_owned()
}

pub(crate) fn a_pinned_host_key_decides(suite: &Suite) -> String {
    let key = suite.bed.on(HOST, "ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub");
    let right = key.split(' ').nth(1).unwrap();
    let wrong = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let unknown = suite.bed.write("known_hosts.none", "");
    let listening = Listening::start(suite);
    for way in WAYS {
        let lab = suite.lab().limit(&[HOST]).by(way);
        // A wrong pin counts for more than a right known-hosts file.
        lab.clone()
            .variable("LAB_HOST_KEY", wrong)
            .run(&["apply"], 5)
            .says("the definition pins")
            .is_harmless();
    }
    let (connections, logins) = listening.heard();
    assert!(
        connections >= WAYS.len(),
        "the log shows no connection, so it proves nothing"
    );
    assert_eq!(logins, 0);
    for way in WAYS {
        let lab = suite.lab().limit(&[HOST]).by(way);
        lab.known_hosts(&unknown)
            .variable("LAB_HOST_KEY", right)
            .run(&["apply"], 0);
    }
    "a pin: the wrong one is exit 5 and 0 attempts to log in, the right one needs no known-hosts file".to_owned()
}
