//! What a real dnf makes of a repository that is declared.

use crate::program::Program;
use crate::suite::{STAGE, Suite};

/// Makes a repository of two packages, one of which is signed, and prints the key.
const REPOSITORY: &str = r#"set -e
rm -rf /srv/yum /run/rpm
mkdir -p /srv/yum /run/rpm/gnupg
cd /run/rpm
chmod 0700 gnupg
export GNUPGHOME=$PWD/gnupg
gpg --batch --quiet --passphrase '' --quick-generate-key 'own <own@example.com>' rsa2048 default never 2>/dev/null
cat >own.spec <<'END'
Name: own-%{edition}
Version: 1.0
Release: 1
Summary: one file
License: MIT
BuildArch: noarch
%description
One file.
%install
install -D /dev/null %{buildroot}/usr/share/own-%{edition}
%files
/usr/share/own-%{edition}
END
for edition in signed unsigned; do
    rpmbuild -bb --quiet --define "_topdir $PWD" --define "edition $edition" own.spec >&2
done
rpmsign --define '__gpg /usr/bin/gpg' --define '_gpg_name own' --addsign RPMS/noarch/own-signed-1.0-1.noarch.rpm >&2
gpgconf --kill gpg-agent
cp RPMS/noarch/*.rpm /srv/yum
createrepo_c --quiet /srv/yum
gpg --armor --export"#;

/// Has dnf do something with that repository alone. Its words, whether or not it succeeds.
fn dnf(words: &str) -> String {
    format!("LC_ALL=C dnf --assumeyes --releasever 1 --repo own {words} 2>&1 || true")
}

pub(crate) fn a_real_dnf_installs_from_a_repository_that_is_declared(suite: &Suite) -> String {
    let (host, bed) = (STAGE[0], &suite.bed);
    bed.on(host, "rm -rf /var/lib/mesos-iac");
    let hosts = std::fs::read_to_string(bed.inputs("yum-hosts", &[host])).unwrap();
    let with = |key: &str| {
        let inputs = bed.write("yum.toml", format!("[set]\n\"yum.key\" = '''\n{key}'''\n\n{hosts}"));
        Program::new(bed, &suite.builds.examples["testbed_yum"])
            .with(["--inputs", &inputs])
            .agent(&suite.builds.agent)
            .limit(&[host])
    };
    with("none").run(&["apply"], 0);
    let key = bed.on(host, REPOSITORY);

    let program = with(&key);
    program
        .run(&["plan", "--detailed-exitcode"], 2)
        .says("yum-repository[own]");
    let changes = program.report(&["apply", "--detailed-exitcode"], 2).number("changed");
    let there = |file: &str| bed.is_so_on(host, &format!("test -e {file}"));
    let said = bed.on(host, &dnf("install own-signed"));
    assert!(there("/usr/share/own-signed"), "{said}");
    // With the key that the definition gave it.
    assert!(said.contains("/etc/pki/rpm-gpg/RPM-GPG-KEY-own"), "{said}");
    let said = bed.on(host, &dnf("install own-unsigned"));
    assert!(
        said.contains("not signed") && !there("/usr/share/own-unsigned"),
        "{said}"
    );
    let listed = bed.on(host, &dnf("repolist -v"));
    assert!(listed.contains("file:///srv/yum"), "{listed}");
    let again = program.report(&["apply", "--detailed-exitcode"], 0).number("changed");

    let gone = program.clone().with(["--set", "yum.known=false"]);
    assert_eq!(gone.report(&["apply", "--detailed-exitcode"], 2).number("changed"), 1);
    let said = bed.on(host, &dnf("repolist"));
    assert!(said.contains("Unknown repo: 'own'"), "{said}");
    assert!(!there("/etc/pki/rpm-gpg/RPM-GPG-KEY-own"), "the key is left");
    format!(
        "dnf takes the key from where the definition put it and installs a signed package, and refuses one that isn't: {changes} \
         change, then {again}; the repository and its key go in one"
    )
}
