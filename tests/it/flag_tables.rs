//! The tables of flags against facts that were extracted from the sources.

use mesos_iac::model::Problem;
use mesos_iac::roles::Version;
use mesos_iac::roles::flags::{self, Agent, Basis, Chronos, Flags, Form, Marathon, Master, Program};
use std::collections::{BTreeMap, BTreeSet};

const FACTS: &str = include_str!("facts/mesos-flags.txt");

/// What a release has of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Has {
    /// A flag of this type.
    Flag(String),
    /// A deprecated name of this flag.
    Alias(String),
}

/// The facts: what each release has under each name of each program.
struct Facts {
    releases: Vec<Version>,
    has: BTreeMap<(String, String, Version), Has>,
    names: BTreeSet<(String, String)>,
}

/// `main`, the branch that was never released, is 1.12.0 to the tables.
fn release(text: &str) -> Version {
    if text == "main" {
        Version::new(1, 12, 0)
    } else {
        text.parse().unwrap()
    }
}

fn facts() -> Facts {
    let mut lines = FACTS.lines().filter(|line| !line.starts_with('#'));
    let releases: Vec<Version> = lines.next().unwrap().split(' ').skip(1).map(release).collect();
    let mut facts = Facts {
        releases,
        has: BTreeMap::new(),
        names: BTreeSet::new(),
    };
    for line in lines {
        let mut words = line.split(' ');
        let (program, name, declared) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let name = (program.to_owned(), name.to_owned());
        facts.names.insert(name.clone());
        for run in words {
            let (first, last) = run.split_once('-').unwrap();
            let run = release(first)..=release(last);
            for version in facts.releases.iter().filter(|version| run.contains(version)) {
                let has = match declared.strip_prefix("alias:") {
                    Some(of) => Has::Alias(of.to_owned()),
                    None => Has::Flag(declared_in(declared, *version)),
                };
                let before = facts.has.insert((name.0.clone(), name.1.clone(), *version), has);
                assert_eq!(before, None, "{line}");
            }
        }
    }
    facts
}

/// The type in this release: `string@0.19.0,path@0.22.0` changed.
fn declared_in(declared: &str, version: Version) -> String {
    let parts = declared
        .split(',')
        .map(|part| part.split_once('@').unwrap_or((part, "0.0")));
    let so_far = parts.filter(|(_, since)| release(since) <= version);
    so_far.max_by_key(|(_, since)| release(since)).unwrap().0.to_owned()
}

/// The forms that a type of the sources may have in the tables, which tell texts apart that the sources don't.
fn forms(declared: &str) -> Vec<Form> {
    use Form::*;
    let texts = vec![
        Text, Path, Ip, Port, List, Rate, Percent, Choice, Zk, Master, Role, Attributes, Resources,
    ];
    match declared {
        "bool" => vec![Bool],
        "duration" => vec![Duration],
        "bytes" => vec![Bytes],
        "int" => vec![Int],
        "uint" => vec![Uint],
        "uint16" => vec![Port],
        "double" => vec![Double],
        "path" => vec![Path],
        "path-or-value" => vec![Zk, Master],
        "uint-list" => vec![UintList],
        "string-set" => vec![List],
        json if json.starts_with("json") => vec![Json],
        "string" => texts,
        other => panic!("no form is known for {other}"),
    }
}

/// Values of which a flag of this form takes at least one.
fn values(form: Form) -> &'static [&'static str] {
    match form {
        Form::Bool => &["false"],
        Form::Duration => &["10secs", "10mins"],
        Form::Bytes => &["1GB"],
        Form::Int | Form::Uint | Form::Milliseconds | Form::Seconds | Form::Port | Form::UintList => &["1"],
        Form::Double => &["0.5"],
        Form::Path => &["/x"],
        Form::Ip => &["10.0.0.1"],
        Form::Json => &["{}", r#"{"fault_domain":{}}"#],
        Form::List => &["posix/cpu", "mesos", "DOCKER", "x"],
        Form::Rate => &["1/10mins"],
        Form::Percent => &["50%"],
        Form::Choice => &[
            "drf",
            "INFO",
            "replicated_log",
            "reconnect",
            "equal",
            "linux",
            "overlay",
        ],
        Form::Zk | Form::Master => &["zk://a:2181/m"],
        Form::Attributes => &["rack:r1"],
        Form::Resources => &["cpus:1"],
        _ => &["x"],
    }
}

/// Flags that are refused without another one.
const PAIRS: [(&str, &str); 2] = [
    ("master_contender", "master_detector"),
    ("master_detector", "master_contender"),
];

/// How the table takes a name in a version.
fn taken<P: Program>(name: &str, version: Version) -> Result<Form, Problem> {
    let facts = flags::facts::<P>().find(|facts| {
        let others = [facts.former(), facts.deprecated_name()].into_iter().flatten();
        facts.name() == name || others.map(|(other, _)| other).any(|other| other == name)
    });
    let form = facts.map_or(Form::Text, flags::Facts::form);
    let mut refused = None;
    for value in values(form) {
        let flags = Flags::<P>::new().set_text(name, *value);
        let flags = PAIRS
            .iter()
            .filter(|(flag, needed)| *flag == name && flags::facts::<P>().any(|facts| facts.name() == *needed))
            .fold(flags, |flags, (_, needed)| flags.set_text(*needed, "x"));
        match flags.checked(version) {
            Ok(checked) => {
                let checked = checked.iter().find(|flag| flag.name() == name).unwrap();
                assert_eq!(checked.basis(), Basis::Known, "{name} {version}");
                return Ok(form);
            }
            Err(problems) => refused = problems.into_iter().next(),
        }
    }
    Err(refused.unwrap())
}

#[test]
fn every_name_is_known_for_exactly_its_versions_and_as_its_type() {
    let facts = facts();
    let mut names = facts.names.clone();
    // The other way round: no name of the tables is unknown to the facts.
    for (program, flags) in [
        ("master", flags::facts::<Master>().collect::<Vec<_>>()),
        ("agent", flags::facts::<Agent>().collect()),
    ] {
        for flag in flags {
            let others = [flag.former(), flag.deprecated_name()].into_iter().flatten();
            for name in others.map(|(name, _)| name).chain([flag.name()]) {
                names.insert((program.to_owned(), name.to_owned()));
            }
        }
    }
    assert_eq!(names, facts.names);

    let (mut known, mut deprecated, mut absent) = (0, 0, 0);
    for (program, name) in &names {
        for version in &facts.releases {
            let taken = match program.as_str() {
                "master" => taken::<Master>(name, *version),
                _ => taken::<Agent>(name, *version),
            };
            match (facts.has.get(&(program.clone(), name.clone(), *version)), taken) {
                (Some(Has::Flag(declared)), Ok(form)) => {
                    assert!(
                        forms(declared).contains(&form),
                        "{program} {name} {version}: {declared} as {form:?}"
                    );
                    known += 1;
                }
                (Some(Has::Alias(of)), Err(problem)) => {
                    assert!(
                        problem.message.contains("is deprecated"),
                        "{program} {name} {version}: {problem}"
                    );
                    assert_eq!(problem.hint, Some(format!("write `{of}`")));
                    deprecated += 1;
                }
                (None, Err(problem)) => {
                    assert!(
                        problem.message.contains("has no flag") || problem.message.contains("knows no flag"),
                        "{program} {name} {version}: {problem}"
                    );
                    absent += 1;
                }
                (has, taken) => {
                    panic!("{program} {name} {version}: the sources have {has:?}, the table says {taken:?}")
                }
            }
        }
    }
    println!(
        "flags: {} names in {} releases of Mesos: {known} times known with their types, {deprecated} times deprecated with the \
         right name, {absent} times refused",
        names.len(),
        facts.releases.len()
    );
}

/// Every default of the tables is of its flag's own form, and every row has its versions.
#[test]
fn the_tables_hold_together() {
    fn rows<P: Program>(versions: &[&str]) -> usize {
        let rows: Vec<_> = flags::facts::<P>().collect();
        let names: BTreeSet<_> = rows.iter().map(|facts| facts.name()).collect();
        assert_eq!(names.len(), rows.len());
        for (facts, version) in rows
            .iter()
            .flat_map(|facts| versions.iter().map(move |version| (facts, version)))
        {
            let version: Version = version.parse().unwrap();
            // Chronos' default master is within its own process, for its developers.
            let Some(default) = facts.default_in(version).filter(|default| *default != "local") else {
                continue;
            };
            let Err(problems) = Flags::<P>::new().set_text(facts.name(), default).checked(version) else {
                continue;
            };
            let names = [
                "has no flag",
                "knows no flag",
                "is deprecated",
                "which have to be the same",
            ];
            let wrong = problems
                .iter()
                .find(|problem| !names.iter().any(|name| problem.message.contains(name)));
            assert!(
                wrong.is_none() || default.is_empty(),
                "{}: {default}: {problems}",
                facts.name()
            );
        }
        rows.len()
    }
    let mesos = ["0.19.0", "0.22.1", "0.28.3", "1.0.0", "1.4.3", "1.11.0", "1.12.0"];
    assert_eq!(rows::<Master>(&mesos), 78);
    assert!(rows::<Agent>(&mesos) > 170);
    assert!(
        rows::<Marathon>(&[
            "0.8.2", "0.15.3", "1.1.7", "1.4.13", "1.5.15", "1.8.244", "1.10.26", "1.12.0"
        ]) > 150
    );
    assert!(rows::<Chronos>(&["3.0.2"]) > 49);
}
