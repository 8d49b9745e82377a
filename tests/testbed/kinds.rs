//! Each kind beyond files, packages and services does on a real host what it says.

use crate::bed::eventually;
use crate::program::Program;
use crate::suite::{LAB, Suite};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Makes a signed repository with two versions of one package, in which are conffiles, two of them in a directory.
const REPOSITORY: &str = r#"set -e
mkdir -p tree/DEBIAN tree/etc/own-flags gnupg repository
chmod 0755 tree tree/DEBIAN tree/etc tree/etc/own-flags
printf '/etc/%s\n' own-flags/quorum own-flags/work_dir own-edited own-untouched >tree/DEBIAN/conffiles
echo 1 >tree/etc/own-flags/quorum
echo /var/lib/own >tree/etc/own-flags/work_dir
for version in 1.0 1.1; do
    printf 'Package: own-flags\nVersion: %s\nArchitecture: all\nMaintainer: x <x@example.com>\nDescription: flags\n' $version \
        >tree/DEBIAN/control
    echo "comes with $version" | tee tree/etc/own-edited >tree/etc/own-untouched
    file=own-flags_${version}_all.deb
    dpkg-deb --root-owner-group --build tree repository/$file >/dev/null
    { cat tree/DEBIAN/control
      echo "Filename: ./$file"
      echo "Size: $(stat -c %s repository/$file)"
      echo "SHA256: $(sha256sum repository/$file | cut -d' ' -f1)"
      echo; } >>repository/Packages
done
chmod 0700 gnupg
export GNUPGHOME=$PWD/gnupg
gpg --batch --quiet --passphrase '' --quick-generate-key 'own <own@example.com>' default default never 2>/dev/null
gpg --armor --export >key.asc
cd repository
{ echo "Date: $(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S UTC')"
  echo "SHA256:"
  echo " $(sha256sum Packages | cut -d' ' -f1) $(stat -c %s Packages) Packages"; } >Release
gpg --batch --quiet --clear-sign --output InRelease Release
gpgconf --kill gpg-agent
rm Release
tar -C .. -cf ../repository.tar repository"#;

/// A repository on the host and its key.
fn repository(suite: &Suite, host: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    let made = Command::new("sh")
        .args(["-c", REPOSITORY])
        .current_dir(place.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let read = |name: &str| std::fs::read(place.path().join(name)).unwrap();
    suite.bed.on(host, "rm -rf /srv/own /var/lib/apt/lists/_srv_own*");
    suite
        .bed
        .put(host, "/run/repository.tar", "0600", &read("repository.tar"));
    suite.bed.on(
        host,
        "tar --no-same-owner -C /srv -xf /run/repository.tar && mv /srv/repository /srv/own && chmod -R a+rX /srv/own",
    );
    String::from_utf8(read("key.asc")).unwrap()
}

fn kinds<'s>(suite: &'s Suite, file: &Path, host: &str, key: &str) -> Program<'s> {
    let inputs = suite.bed.inputs("kinds-hosts", &[host]);
    let hosts = std::fs::read_to_string(inputs).unwrap();
    let inputs = suite
        .bed
        .write("kinds.toml", format!("[set]\n\"kinds.key\" = '''\n{key}'''\n\n{hosts}"));
    Program::new(&suite.bed, file)
        .with(["--inputs", &inputs])
        .agent(&suite.builds.agent)
        .limit(&[host])
}

/// What systemd, cron and apt say of the host's files.
const ACCEPTED: &str = "
systemd-analyze verify --man=no /etc/systemd/system/own-flags.service /etc/systemd/system/own-job.service \
    /etc/systemd/system/own-job.timer 2>&1 | grep own-
LC_ALL=C apt-cache policy own-flags | grep -q 'Candidate: 1.1' || echo 'apt has no candidate'
LC_ALL=C apt-cache policy own-flags | grep -q ' 1001$' || echo 'the pin has no effect'
true";

pub(crate) fn each_kind_does_on_a_host_what_it_says(suite: &Suite) -> String {
    let (host, bed) = (LAB[9], &suite.bed);
    bed.on(host, "rm -rf /var/lib/mesos-iac");
    let key = repository(suite, host);
    // Left behind by an earlier definition, before the directory's package was there.
    bed.on(host, "mkdir -p /etc/own-flags/old.d && touch /etc/own-flags/old.d/x /etc/own-flags/zk.local && ln -sf /srv /etc/own-flags/link");
    // A container may not change the kernel's settings unless it says so to itself; these are those of its own network.
    bed.on(host, "mount -o remount,rw /proc/sys");
    let program = kinds(suite, &suite.builds.kinds, host, &key);

    // A package that only the new repository has is unknown until apt has read it.
    let plan = program.run(&["plan", "--detailed-exitcode"], 2);
    plan.says("package[own-flags]").says("apt-repository[own]");
    let first = program.report(&["apply", "--detailed-exitcode"], 2);
    let changes = first.number("changed");
    assert_eq!(bed.on(host, ACCEPTED), "");
    assert_eq!(
        bed.on(host, "ls /etc/own-flags"),
        "quorum\nzk.local\n",
        "conffiles and strays are gone"
    );
    assert_eq!(
        bed.on(host, "cat /run/own-flags /etc/own-flags/quorum"),
        "quorum\nzk.local\n2\n"
    );
    assert!(bed.is_so_on(host, "test -d /srv/own"), "a link was followed");
    let again = program.report(&["apply", "--detailed-exitcode"], 0);
    assert_eq!((again.number("changed"), again.number("refreshes")), (0, 0));

    // An upgrade brings the new conffile, and keeps the one that somebody edited.
    bed.on(host, "echo 'edited by hand' >/etc/own-edited");
    let program = program.with(["--set", "kinds.package_version=1.1"]);
    assert_eq!(
        program.report(&["apply", "--detailed-exitcode"], 2).number("changed"),
        1
    );
    assert_eq!(
        bed.on(host, "cat /etc/own-edited /etc/own-edited.dpkg-dist /etc/own-untouched"),
        "edited by hand\ncomes with 1.1\ncomes with 1.1\n"
    );

    // A setting of the kernel is what the definition says, now and for the next boot.
    let forwards = || {
        bed.on(
            host,
            "cat /proc/sys/net/ipv4/ip_forward /etc/sysctl.d/60-net.ipv4.ip_forward.conf",
        )
    };
    assert_eq!(forwards(), "1\nnet.ipv4.ip_forward = 1\n");
    bed.on(host, "sysctl --quiet --write net.ipv4.ip_forward=0");
    program
        .run(&["plan", "--detailed-exitcode"], 2)
        .says("sysctl[net.ipv4.ip_forward]");
    assert_eq!(
        program.report(&["apply", "--detailed-exitcode"], 2).number("changed"),
        1
    );
    assert_eq!(forwards(), "1\nnet.ipv4.ip_forward = 1\n");

    // A stray flag is planned to go, goes, and the service starts without it.
    bed.on(
        host,
        "echo x >/etc/own-flags/port; systemctl restart own-flags; sleep 1",
    );
    program.run(&["plan", "--detailed-exitcode"], 2).says("entry port");
    let swept = program.report(&["apply", "--detailed-exitcode"], 2);
    assert_eq!((swept.number("changed"), swept.number("refreshes")), (1, 1));
    eventually("the restart", Duration::from_secs(10), || {
        bed.on(host, "cat /run/own-flags") == "quorum\nzk.local\n"
    });

    // The service that the timer starts is the present one, whatever systemd had read before.
    eventually("the timer", Duration::from_secs(20), || {
        bed.is_so_on(host, "grep -q 'first 100% /bin/sh' /run/own-job")
    });
    let edited = program.clone().with(["--set", "kinds.edition=second"]);
    edited.run(&["apply", "--detailed-exitcode"], 2);
    bed.on(host, "rm -f /run/own-job");
    eventually("the edited job", Duration::from_secs(20), || {
        bed.is_so_on(host, "grep -q second /run/own-job")
    });
    assert!(!bed.is_so_on(host, "grep first /run/own-job"), "the old job still runs");

    // Lists that are gone are read again, and a repository that can't be read leaves the host as it was.
    bed.on(host, "rm /var/lib/apt/lists/_srv_own*");
    assert_eq!(edited.report(&["apply", "--detailed-exitcode"], 2).number("changed"), 1);
    bed.on(host, "mv /srv/own /srv/away; rm /etc/apt/sources.list.d/own.sources");
    edited.run(&["apply"], 4).says("apt-repository[own]");
    assert!(
        !bed.is_so_on(host, "test -e /etc/apt/sources.list.d/own.sources"),
        "a failed repository stays"
    );
    bed.on(host, "mv /srv/away /srv/own");
    edited.run(&["apply"], 0);
    edited.run(&["apply", "--detailed-exitcode"], 0);

    let artifacts = artifacts(suite, host, &edited);

    eventually("cron", Duration::from_secs(90), || {
        bed.is_so_on(host, "grep -q '^100% 20' /run/own-cron")
    });
    format!(
        "a signed repository, a pin, an exclusive directory of a package, units, a timer, a cron job and a sysctl: {changes} changes, \
         then 0; an upgrade keeps an edited conffile; conffiles of the exclusive directory, strays and a later stray went, each \
         with one restart; the timer starts the edited job; \
         a repository that can't be read leaves the host as it was; {artifacts}"
    )
}

/// Makes an edition of the application and returns the digest of its archive.
fn application(suite: &Suite, host: &str, edition: &str) -> String {
    let script = format!(
        "set -e; rm -rf /srv/app-1; mkdir -p /srv/app-1/bin
         printf '#!/bin/sh\\necho {edition} >/run/own-app; exec sleep infinity\\n' >/srv/app-1/bin/app
         chmod 0755 /srv/app-1/bin/app; chown -R 12345:12345 /srv/app-1
         tar -C /srv -czf /srv/app.tgz app-1; sha256sum /srv/app.tgz | cut -d' ' -f1"
    );
    suite.bed.on(host, &script).trim().to_owned()
}

/// An application comes over HTTP, is unpacked, runs, and is replaced by another edition; a tampered one isn't taken.
fn artifacts(suite: &Suite, host: &str, program: &Program<'_>) -> String {
    let bed = &suite.bed;
    let with = |digest: &str| program.clone().with(["--set", &format!("kinds.archive={digest}")]);
    let runs = |edition: &str| {
        eventually(edition, Duration::from_secs(10), || {
            bed.is_so_on(host, &format!("grep -qx {edition} /run/own-app"))
        });
    };
    let one = with(&application(suite, host, "one"));
    let first = one.report(&["apply", "--detailed-exitcode"], 2).number("changed");
    runs("one");
    assert_eq!(
        bed.on(host, "su - deploy -c 'ulimit -Hn'"),
        "4096\n",
        "limits of a login"
    );
    assert_eq!(
        bed.on(host, "stat -c '%U %a' /opt/app/bin/app"),
        "root 755\n",
        "whose the archive's files are"
    );
    assert_eq!(one.report(&["apply", "--detailed-exitcode"], 0).number("changed"), 0);

    let digest = application(suite, host, "two");
    bed.on(
        host,
        "cp /srv/app.tgz /srv/app.good; echo tampered >>/srv/app.tgz; touch /opt/app/left",
    );
    with(&digest).run(&["apply"], 4).says("and the definition says");
    assert_eq!(
        bed.on(host, "ls -A /opt; ls -A /var/cache | grep app; cat /run/own-app"),
        "app\napp.tgz\none\n"
    );
    bed.on(host, "mv /srv/app.good /srv/app.tgz");
    let second = with(&digest).report(&["apply", "--detailed-exitcode"], 2);
    assert_eq!((second.number("changed"), second.number("refreshes")), (2, 1));
    runs("two");
    assert!(
        !bed.is_so_on(host, "test -e /opt/app/left"),
        "the old directory is still there"
    );
    format!(
        "an application by download and archive: {first} changes, then 0; a tampered archive isn't taken, another edition \
         replaces the old one with one restart"
    )
}
