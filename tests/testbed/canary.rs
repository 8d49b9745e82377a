//! Secrets are where the definition puts them, and nowhere else: not on the way, not in what is told, not in what is kept.

use crate::bed::eventually;
use crate::program::Program;
use crate::suite::{LAB, Suite, WAYS};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// One of each kind of source. The last one has what makes values hard to recognise: lines, and white space at its ends.
const VALUES: [&str; 3] = [
    "canary-environment-5e1f",
    "canary-file-a93c",
    " canary-command-77d0\ncanary-second-line \n",
];

/// What all of them have, and nothing else on a host.
const SIGN: &str = "canary-[efcs]";

/// Looks at all processes of a host and their environments, and at what isn't in its place yet.
const SAMPLE: &str = r"for process in /proc/[0-9]*; do
    tr '\0' '\n' <$process/cmdline 2>/dev/null | grep -e 'canary-[efcs]' | grep -v grep
    tr '\0' '\n' <$process/environ 2>/dev/null | grep -e 'canary-[efcs]'
done
for temp in /etc/canary/.*.mesos-iac~; do
    if test -e $temp && test $(stat -c %a $temp) != 600; then echo $temp is readable by others; fi
done
true";

/// Where a secret may be left after a run, but for the file that it is for.
const LEFT: &str = "journalctl --quiet --no-pager 2>/dev/null | grep -e 'canary-[efcs]'
grep -rl -e 'canary-[efcs]' /var /run /tmp /root /home /opt /usr/local /etc --exclude-dir=journal | grep -vx /etc/canary/all
find / -xdev -type f '(' -name core -o -name 'core.[0-9]*' ')' -size +0
true";

pub(crate) fn a_secret_is_where_it_is_for_and_nowhere_else(suite: &Suite) -> String {
    let host = LAB[9];
    let [environment, file, command] = VALUES;
    suite.bed.write("canary.secret", file);
    suite.bed.write("canary.command", command);
    let canary = Program::new(&suite.bed, &suite.builds.canary)
        .with(["--inputs", &suite.bed.inputs("canary", &LAB)])
        .agent(&suite.builds.agent)
        .limit(&[host])
        .variable("CANARY_ENVIRONMENT", environment);
    suite.bed.on(host, "rm -rf /var/lib/mesos-iac /etc/canary");
    let (bed, mut told) = (&suite.bed, String::new());
    let samples = AtomicUsize::new(0);
    for way in WAYS {
        for words in [
            &["plan"][..],
            &["apply"],
            &["apply", "--set", "canary.blabs=true"],
            &["plan", "-v"],
        ] {
            for format in ["human", "json"] {
                let run = canary.clone().by(way).start(&[words, &["--format", format]].concat());
                let is_over = AtomicBool::new(false);
                let ran = thread::scope(|scope| {
                    let sampler = scope.spawn(|| {
                        while !is_over.load(Ordering::Relaxed) {
                            assert_eq!(bed.on(host, SAMPLE), "", "during {words:?}");
                            samples.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                    let ran = run.wait();
                    is_over.store(true, Ordering::Relaxed);
                    sampler.join().unwrap();
                    ran
                });
                let expected = if words.contains(&"canary.blabs=true") { 4 } else { 0 };
                let ran = ran.expect(expected);
                write!(told, "{}{}", ran.stdout, ran.stderr).unwrap();
                suite.bed.on(host, "rm -f /etc/canary/all");
            }
        }
    }
    // What is saved of a plan, and what is kept until a run is confirmed.
    let plan = suite.bed.path("canary.plan").display().to_string();
    for words in [
        &["plan", "-o", &plan][..],
        &["apply", &plan],
        &["apply", "--set", "canary.rotated=true", "--confirm", "20s"],
    ] {
        let ran = canary.clone().run(words, 0);
        write!(told, "{}{}", ran.stdout, ran.stderr).unwrap();
    }
    for language in ["text", "markdown"] {
        let mut show = suite.bed.controller(&suite.builds.canary);
        let ran = show.args(["show", &plan, "--as", language]).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        told.push_str(&String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()));
    }
    told.push_str(&std::fs::read_to_string(&plan).unwrap());
    assert_eq!(
        suite
            .bed
            .on(host, "find /var/lib/mesos-iac/undo -type f -size +0 ! -name confirmed"),
        ""
    );
    canary.run(&["apply"], 0);
    assert_eq!(suite.bed.on(host, "stat -c %a /etc/canary/all"), "600\n");
    assert_eq!(suite.bed.on(host, LEFT), "");
    assert!(
        told.contains("it is«") || told.contains("it is «"),
        "the command printed it, and nobody tells so:\n{told}"
    );
    for line in VALUES.iter().flat_map(|value| value.lines()) {
        assert!(!told.contains(line.trim()), "{line:?} is told:\n{told}");
    }
    let lines = told.lines().count();
    let samples = samples.into_inner();
    assert!(samples > 20, "only {samples} looks at the processes");
    format!(
        "3 secrets in 16 runs over both transports, a saved plan, shown and applied, and a run that waits to be confirmed: in 0 of {lines} lines told, in 0 arguments and environments of {samples} \
         looks at all processes, in 0 files but the one that is for them ({SIGN})"
    )
}

/// Makes cores possible for whoever logs in, as an operator might have.
const CORES: &str =
    "printf '%s\\n' '* soft core unlimited' 'root soft core unlimited' >/etc/security/limits.d/canary.conf";

/// Whether another program that is aborted in this place leaves a core: else that an agent leaves none says nothing.
const CONTROL: &str = "mkdir -p /run/canary && cd /run/canary && ulimit -c unlimited && { sh -c 'kill -ABRT $$'; true; } && \
                       ls core* && rm -r /run/canary";

pub(crate) fn an_agent_that_is_aborted_leaves_no_core(suite: &Suite) -> String {
    let host = LAB[9];
    suite.bed.write("canary.secret", VALUES[1]);
    suite.bed.write("canary.command", VALUES[2]);
    let canary = Program::new(&suite.bed, &suite.builds.canary)
        .with(["--inputs", &suite.bed.inputs("canary", &LAB)])
        .agent(&suite.builds.agent)
        .limit(&[host])
        .variable("CANARY_ENVIRONMENT", VALUES[0]);
    let bed = &suite.bed;
    bed.on(host, "rm -rf /var/lib/mesos-iac /etc/canary");
    bed.on(host, CORES);
    let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let writes_files = !pattern.starts_with('|');
    if writes_files {
        assert!(
            bed.on(host, CONTROL).starts_with("core"),
            "no program leaves a core here"
        );
    }
    for way in WAYS {
        let run = canary.clone().by(way).start(&["apply"]);
        eventually("the pause", Duration::from_secs(60), || {
            bed.is_so_on(host, "test -e /etc/canary/all && pgrep --exact --full 'sleep 2'")
        });
        let limits = bed.on(
            host,
            "cat /proc/$(pgrep --full '[/]mesos-iac/agents/.* agent$' | tail -1)/limits",
        );
        let cores = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"))
            .unwrap_or_default();
        assert_eq!(cores.split_whitespace().nth(4), Some("0"), "{limits}");
        assert!(bed.is_so_on(host, "pkill -ABRT --full '[/]mesos-iac/agents/.* agent$'"));
        run.wait();
        assert_eq!(bed.on(host, LEFT), "");
        canary.run(&["apply"], 0);
        bed.on(host, "rm -f /etc/canary/all");
    }
    bed.on(host, "rm -f /etc/security/limits.d/canary.conf");
    let control = if writes_files {
        "another program leaves one there"
    } else {
        "cores go to a program on this machine"
    };
    format!("agents that are aborted in the middle of a run, over both transports: 0 cores ({control})")
}
