//! Repositories of yum: a file and a key, as text. No host of the suite has yum.

use crate::compile::{compile, mistakes, order};
use mesos_iac::YumRepositoryBuilder;
use mesos_iac::prelude::*;
use mesos_iac::system::FakeSystem;

const KEY: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n";

fn catalog(declare: fn(&mut Cx<'_>)) -> Catalog {
    compile(declare).hosts.remove(0).catalog
}

fn repository_of_yum() -> YumRepositoryBuilder {
    yum_repository("mesosphere")
        .base_url("http://repos.example.com/el/$releasever/$basearch/")
        .option("priority", "10")
}

#[test]
fn a_repository_of_yum_is_its_file_and_its_key() {
    const AT: [&str; 2] = [
        "/etc/pki/rpm-gpg/RPM-GPG-KEY-mesosphere",
        "/etc/yum.repos.d/mesosphere.repo",
    ];
    let declare = |cx: &mut Cx<'_>| {
        cx.add(package("mesos"));
        cx.add(repository_of_yum().signed_by(KEY));
    };
    let catalog = catalog(declare);
    let repository: &YumRepository = catalog.get("mesosphere").unwrap();
    assert_eq!(
        repository.definition().text().unwrap(),
        "[mesosphere]\nname=mesosphere\nbaseurl=http://repos.example.com/el/$releasever/$basearch/\nenabled=1\n\
         gpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-mesosphere\npriority=10\n"
    );
    assert_eq!(repository.key().unwrap().text().unwrap(), KEY);
    // Whoever installs from it finds it with its key.
    assert_eq!(
        order(&compile(declare)),
        ["yum-repository[mesosphere]", "package[mesos]"]
    );

    let paths = AT.map(|path| AbsPath::new(path).unwrap());
    let system = FakeSystem::new().with_directories_of(&paths);
    let make = |repository: &dyn Resource| {
        if let Check::Change(diff) = repository.behavior().check(&system).unwrap() {
            repository.behavior().apply(&system, &diff).unwrap();
        }
        assert_eq!(repository.behavior().check(&system).unwrap(), Check::NoChange);
    };
    make(repository);
    for path in AT {
        let entry = system.entry(&AbsPath::new(path).unwrap()).unwrap().unwrap();
        assert_eq!(entry.mode.unwrap().bits(), 0o644, "{path}");
    }
    // Taken back, and said to be absent: both files go.
    let absent = self::catalog(|cx| {
        cx.add(yum_repository("mesosphere").absent());
    });
    let inverse = repository.inverse().unwrap();
    for gone in [&*inverse, absent.get::<YumRepository>("mesosphere").unwrap()] {
        make(repository);
        make(gone);
        assert_eq!(AT.map(|path| system.text(path)), [None, None]);
    }
}

#[test]
fn the_key_of_a_repository_of_yum_is_one_or_is_at_an_address() {
    let catalog = catalog(|cx| {
        cx.add(repository_of_yum().signed_by_url("https://repos.example.com/key"));
    });
    let repository: &YumRepository = catalog.get("mesosphere").unwrap();
    assert!(repository.key().is_none());
    let text = repository.definition().text().unwrap();
    assert!(
        text.contains("gpgcheck=1\ngpgkey=https://repos.example.com/key\n"),
        "{text}"
    );
    for (declare, why) in [
        (
            (|cx| {
                cx.add(repository_of_yum().signed_by("https://repos.example.com/key"));
            }) as fn(&mut Cx<'_>),
            "its key is none: expected a public key of OpenPGP, in armour or not; where it is at an address, say \
             `.signed_by_url(…)`",
        ),
        (
            |cx| {
                cx.add(repository_of_yum().signed_by(Content::text("\u{99}")));
            },
            "its key is none",
        ),
        (
            |cx| {
                cx.add(repository_of_yum());
            },
            "it needs the key that signs it",
        ),
        (
            |cx| {
                cx.add(repository_of_yum().signed_by(KEY).unsigned());
            },
            "it is both signed and unsigned",
        ),
    ] {
        let mistakes = mistakes(declare);
        assert!(mistakes.contains(why), "{mistakes}");
    }
}
