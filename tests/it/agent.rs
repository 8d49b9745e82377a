//! The agent's side of the protocol, over a pair of pipes, on a machine in memory: what it refuses, and that nothing was
//! touched then.

use mesos_iac::agent::{
    Answer, Frame, GREETING, Hello, Machinery, Mode, PROTOCOL, Refusal, Request, RunOptions, SecretValue, encode,
    encode_requests, kinds_digest, serve,
};
use mesos_iac::converge::{Event, Outcome};
use mesos_iac::model::registry;
use mesos_iac::prelude::*;
use mesos_iac::system::FakeSystem;
use mesos_iac::{DeclaredFacts, Facts, SecretSource, SecretText, SystemError};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A machine in memory that outlives the agent, so that a test can look at it.
struct FakeMachine {
    user_id: u32,
    system: Arc<FakeSystem>,
    state: Option<PathBuf>,
}

impl Machinery for FakeMachine {
    fn user_id(&self) -> u32 {
        self.user_id
    }

    fn facts(&self) -> Result<Facts, SystemError> {
        self.system.facts()
    }

    fn system(&self, secrets: BTreeMap<SecretSource, SecretText>) -> Result<Box<dyn System>, SystemError> {
        let mut system = FakeSystem::new();
        for (source, value) in secrets {
            system = system.with_secret(source, std::str::from_utf8(value.expose()).unwrap());
        }
        Ok(Box::new(system))
    }

    fn state_directory(&self) -> Option<&Path> {
        self.state.as_deref()
    }
}

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Serves these bytes and returns the answers.
fn answers_of(user_id: u32, input: Vec<u8>) -> Vec<Answer> {
    answers_with_state(user_id, None, input)
}

fn answers_with_state(user_id: u32, state: Option<PathBuf>, input: Vec<u8>) -> Vec<Answer> {
    let output = Output::default();
    let machine = FakeMachine {
        user_id,
        system: Arc::new(FakeSystem::new()),
        state,
    };
    // A controller that waits for the end keeps its side open; a pipe that ends would be one that is gone.
    let (reader, mut writer) = std::io::pipe().unwrap();
    let feeder = std::thread::spawn(move || {
        // The agent may refuse and stop reading in the middle.
        let _refused = writer.write_all(&input);
        std::thread::sleep(std::time::Duration::from_millis(200));
    });
    serve(reader, output.clone(), &machine);
    feeder.join().unwrap();
    let bytes = output.0.lock().unwrap().clone();
    let mut stream = bytes.strip_prefix(GREETING).expect("a greeting first");
    let mut answers = Vec::new();
    while let Some(frame) = Frame::read(&mut stream).unwrap() {
        let Frame::Json(json) = frame else {
            panic!("an agent sends no blobs")
        };
        answers.push(serde_json::from_slice(&json).unwrap());
    }
    answers
}

fn hello(kinds: &[(&str, u32)]) -> Hello {
    Hello {
        protocol: PROTOCOL,
        version: "test".into(),
        kinds_digest: kinds_digest(kinds.iter().copied()),
        kinds: kinds
            .iter()
            .map(|(name, version)| ((*name).to_owned(), *version))
            .collect(),
        declared: DeclaredFacts::default(),
    }
}

#[derive(Role, Clone)]
#[role(name = "agent-test")]
#[resource(file("/etc/one").content("one\n"))]
#[resource(file("/etc/two").content(Secret::<String>::from_env("AGENT_TEST")))]
struct Files;

fn catalog() -> Catalog {
    let cluster = Cluster::new("x").hosts(host("a").role(Files)).build().unwrap();
    cluster.compile().unwrap().hosts.remove(0).catalog
}

fn run(mode: Mode) -> Vec<Request> {
    let secret = SecretValue {
        source: SecretSource::Environment("AGENT_TEST".into()),
        base64: "aHVudGVyMg==".into(),
    };
    vec![
        Request::Hello(hello(&[("core.file", 2)])),
        Request::Secrets(vec![secret]),
        Request::Run {
            options: RunOptions::default(),
            mode,
            catalog: catalog(),
        },
    ]
}

fn refusal(answers: &[Answer]) -> &Refusal {
    match answers {
        [Answer::Refused(refusal)] => refusal,
        other => panic!("expected a refusal and nothing else: {other:?}"),
    }
}

#[test]
fn a_run_is_welcomed_told_and_finished() {
    let answers = answers_of(0, encode_requests(&run(Mode::Apply)).unwrap());
    assert!(matches!(answers[0], Answer::Welcome(_)), "{answers:?}");
    let changed = answers.iter().filter(|answer| {
        matches!(
            answer,
            Answer::Event(Event::ResourceFinished {
                outcome: Outcome::Changed(_),
                ..
            })
        )
    });
    assert_eq!(changed.count(), 2);
    assert!(matches!(answers.last(), Some(Answer::Event(Event::RunFinished(summary))) if summary.changed == 2));
    assert!(!format!("{answers:?}").contains("hunter2"));
}

#[test]
fn a_plan_is_one_event() {
    let answers = answers_of(0, encode_requests(&run(Mode::Plan)).unwrap());
    assert!(
        matches!(&answers[..], [Answer::Welcome(_), Answer::Event(Event::Planned(plan))] if plan.resources.len() == 2),
        "{answers:?}"
    );
}

#[test]
fn another_version_of_the_protocol_is_refused() {
    let request = Request::Hello(Hello {
        protocol: PROTOCOL + 1,
        ..hello(&[])
    });
    let answers = answers_of(0, encode_requests(&[request]).unwrap());
    assert_eq!(
        *refusal(&answers),
        Refusal::Protocol {
            agent: PROTOCOL,
            controller: PROTOCOL + 1
        }
    );
}

#[test]
fn a_greeting_of_a_later_protocol_needs_nothing_but_its_version() {
    let json = br#"{"Hello":{"protocol":99,"something":{"new":true}}}"#.to_vec();
    let answers = answers_of(0, encode(&Frame::Json(json)).unwrap());
    assert_eq!(
        *refusal(&answers),
        Refusal::Protocol {
            agent: PROTOCOL,
            controller: 99
        }
    );
}

#[test]
fn kinds_that_the_agent_lacks_are_refused_by_name() {
    let answers = answers_of(
        0,
        encode_requests(&[Request::Hello(hello(&[("hdfs.dir", 1), ("core.file", 3)]))]).unwrap(),
    );
    assert_eq!(
        refusal(&answers).to_string(),
        "the agent lacks the kinds core.file (version 3; it has 2), hdfs.dir"
    );
}

#[test]
fn another_operating_system_than_the_declared_one_is_refused() {
    let request = Request::Hello(Hello {
        declared: DeclaredFacts {
            os: Some(Os::ubuntu("24.04")),
            ..DeclaredFacts::default()
        },
        ..hello(&[])
    });
    let answers = answers_of(0, encode_requests(&[request]).unwrap());
    assert_eq!(
        refusal(&answers).to_string(),
        "the definition declares the operating system ubuntu 24.04, the host runs debian 12"
    );
}

#[test]
fn an_agent_that_is_not_root_refuses() {
    let answers = answers_of(1000, encode_requests(&run(Mode::Apply)).unwrap());
    assert_eq!(*refusal(&answers), Refusal::NotRoot(1000));
}

#[test]
fn garbage_is_refused_and_never_panics() {
    let json = |text: &str| encode(&Frame::Json(text.as_bytes().to_vec())).unwrap();
    let hello = encode_requests(&[Request::Hello(hello(&[]))]).unwrap();
    for input in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        b"\xff\xff\xff\xffJ".to_vec(),
        json("{"),
        json(r#"{"Nonsense":1}"#),
        json(r#"{"Run":{"mode":"Apply"}}"#),
        [
            hello.clone(),
            json(r#"{"Run":{"mode":"Apply","catalog":{"format":1}}}"#),
        ]
        .concat(),
        [hello.clone(), hello.clone()].concat(),
        [
            hello.clone(),
            json(r#"{"Secrets":[{"source":{"environment":"X"},"base64":"%"}]}"#),
        ]
        .concat(),
    ] {
        let answers = answers_of(0, input.clone());
        assert!(
            matches!(answers.last(), Some(Answer::Refused(Refusal::Request(_)))),
            "{:?}: {answers:?}",
            String::from_utf8_lossy(&input)
        );
    }
}

#[test]
fn every_built_in_kind_has_a_name_and_a_version() {
    let kinds: Vec<String> = registry::kinds()
        .iter()
        .filter(|(name, _)| name.starts_with("core."))
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    crate::support::assert_snapshot("kinds", kinds.join("\n"));
}

#[test]
fn a_report_that_nobody_heard_is_told_by_later_runs_until_one_of_them_is_heard() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let serve = |mode: Mode, is_heard: bool| {
        let mut requests = run(mode);
        requests.extend(is_heard.then_some(Request::Heard));
        let answers = answers_with_state(0, Some(state.clone()), encode_requests(&requests).unwrap());
        let earlier = answers.into_iter().filter_map(|answer| match answer {
            Answer::Event(Event::Earlier { events, .. }) => Some(events),
            _ => None,
        });
        earlier.collect::<Vec<_>>()
    };
    assert!(serve(Mode::Apply, false).is_empty());
    let told = serve(Mode::Plan, true);
    let [events] = told.as_slice() else { panic!("{told:?}") };
    let changed = |event: &Event| {
        matches!(
            event,
            Event::ResourceFinished {
                outcome: Outcome::Changed(_),
                ..
            }
        )
    };
    assert_eq!(events.iter().filter(|event| changed(event)).count(), 2, "{events:?}");
    assert!(!format!("{events:?}").contains("hunter2"), "{events:?}");
    // The plan changed nothing, not even this.
    assert_eq!(serve(Mode::Apply, false), told);
    assert_eq!(serve(Mode::Apply, true).len(), 2);
    assert!(serve(Mode::Apply, true).is_empty());
}
