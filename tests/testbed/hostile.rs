//! A host says what it likes. It is understood or it is told, and never obeyed.

use crate::program::Program;
use crate::suite::{LAB, Suite, WAYS};
use mesos_iac::agent::{Frame, GREETING, PROTOCOL, encode};
use serde_json::{Value, json};
use std::time::Duration;

const HOST: &str = LAB[8];

/// What a terminal would obey: it clears, renames, turns around, and starts over at the line's beginning.
const ESCAPES: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\r";

/// The program for the host, whose cached agent is what the test puts there.
fn lab(suite: &Suite) -> Program<'_> {
    suite.lab().limit(&[HOST])
}

/// Puts a script in the place of the host's agent.
fn replace_agent(suite: &Suite, script: &str) {
    if !suite.bed.is_so_on(HOST, "test -e /var/lib/mesos-iac/agents/*") {
        lab(suite).run(&["apply"], 0);
    }
    let path = suite.bed.on(HOST, "echo /var/lib/mesos-iac/agents/*");
    suite
        .bed
        .put(HOST, path.trim(), "700", format!("#!/bin/sh\n{script}\n").as_bytes());
}

/// An agent that greets and says this, whatever it is asked.
fn answer(suite: &Suite, said: &[u8]) {
    suite.bed.put(HOST, "/root/answer", "600", &[GREETING, said].concat());
    replace_agent(suite, "cat /root/answer");
}

fn frames(messages: &[Value]) -> Vec<u8> {
    messages
        .iter()
        .flat_map(|message| encode(&Frame::Json(message.to_string().into_bytes())).unwrap())
        .collect()
}

pub(crate) fn an_agent_of_another_protocol_is_refused(suite: &Suite) -> String {
    let other = PROTOCOL + 98;
    answer(
        suite,
        &frames(&[json!({ "Refused": { "Protocol": { "agent": other, "controller": PROTOCOL } } })]),
    );
    for way in WAYS {
        lab(suite)
            .by(way)
            .run(&["apply"], 4)
            .says(&format!("the agent speaks protocol {other}, the controller {PROTOCOL}"))
            .says("build the agent from the same release")
            .is_harmless();
    }
    // An agent that doesn't even refuse in words that are known.
    answer(
        suite,
        &frames(&[json!({ "Salutation": { "protocol": other, "text": ESCAPES } })]),
    );
    for way in WAYS {
        lab(suite)
            .by(way)
            .run(&["apply"], 5)
            .says("failed to understand the host")
            .says("Salutation")
            .is_harmless();
    }
    format!(
        "an agent of protocol {other}: exit 4 over both transports, with what to do; one with unknown words: exit 5"
    )
}

pub(crate) fn garbage_is_told_and_made_harmless(suite: &Suite) -> String {
    let text = format!("{ESCAPES} not an agent");
    suite.bed.put(HOST, "/root/garbage", "600", text.as_bytes());
    let mut shown = 0;
    let mut expect = |what: &str| {
        for way in WAYS {
            // Whatever it is, a host that doesn't end by itself is waited for no longer than a silent one.
            let ran = lab(suite)
                .by(way)
                .with(["--silence", "3s"])
                .start(&["apply"])
                .wait_at_most(Duration::from_secs(9));
            ran.expect(5).says(what).is_harmless();
        }
        shown += 1;
    };
    replace_agent(suite, "cat /root/garbage");
    expect("not an agent");
    replace_agent(suite, "cat /root/garbage >&2; exit 3");
    expect("not an agent");
    replace_agent(suite, "exit 0");
    expect("without a word");
    replace_agent(suite, "while cat /root/garbage; do :; done");
    expect("prints more than");
    replace_agent(suite, "exec sleep 60");
    expect("said nothing for 3s");
    answer(suite, text.as_bytes());
    expect("failed to understand the host");
    answer(suite, b"\xff\xff\xff\xffJ{}");
    expect("failed to understand the host");
    answer(suite, &frames(&[json!(text)]));
    expect("failed to understand the host");
    answer(
        suite,
        &frames(&[json!({ "Event": { "RunStarted": { "resources": 1 } } })]),
    );
    expect("failed to follow the run to its end");
    format!("{shown} sorts of garbage over both transports: exit 5, told in time, no escape sequence gets through")
}

pub(crate) fn hostile_reports_are_made_harmless(suite: &Suite) -> String {
    let id = |key: &str| json!({ "kind": "core.file", "key": key });
    let diff = json!({ "changes": [{ "property": ESCAPES, "from": { "Text": format!("{ESCAPES}\n") }, "to": { "Value": ESCAPES } }] });
    let facts = json!({ "hostname": ESCAPES, "os": { "id": ESCAPES, "version": null }, "arch": ESCAPES, "addresses": [], "init": ESCAPES });
    let welcome = json!({ "Welcome": { "version": ESCAPES, "facts": facts } });
    let finished = |outcome: Value| json!({ "Event": { "ResourceFinished": { "id": id("/etc/lab/greeting"), "outcome": outcome, "cause": null, "milliseconds": 0 } } });
    let summary = json!({ "Event": { "RunFinished": { "unchanged": 0, "changed": 1, "out_of_bounds": 0, "unknown": 0, "failed": 1, "skipped": 0,
        "pruned": 0, "refreshed": 0, "refreshes_failed": 0, "refreshes_owed": 0, "stopped": false } } });
    let events = [
        welcome.clone(),
        json!({ "Event": { "Noted": ESCAPES } }),
        finished(json!({ "Changed": diff })),
        finished(json!({ "Failed": ESCAPES })),
        finished(json!({ "Unknown": ESCAPES })),
        json!({ "Event": { "OrphanFinished": { "id": id("/z"), "ownership": "Adopted", "outcome": { "Released": ESCAPES } } } }),
        json!({ "Event": { "RefreshFinished": { "target": id("/x"), "action": "Restart", "because": [id("/y")], "is_recovered": false, "outcome": { "Failed": ESCAPES } } } }),
        summary.clone(),
    ];
    answer(suite, &frames(&events));
    lab(suite).with(["-v"]).run(&["apply"], 4).says("owned").is_harmless();

    let plan = json!({ "resources": [
        { "id": id("/etc/lab/greeting"), "planned": { "WouldChange": diff }, "cause": null },
        { "id": id("/etc/lab/other"), "planned": { "Failed": ESCAPES }, "cause": null },
        { "id": id("/etc/lab/third"), "planned": { "Unknown": { "doubt": "How", "because": { "Unknowable": ESCAPES }, "as_it_stands": null } }, "cause": null },
    ], "transactions": [{ "of": [id("/etc/lab/x")], "along": [{ "name": ESCAPES, "from": null, "to": ESCAPES }], "unknown": ESCAPES }],
        "refreshes": [], "orphans": [{ "id": id("/etc/lab/orphan"), "ownership": "Created", "removal": { "Failed": ESCAPES } }],
        "generation": 1, "applied": ESCAPES });
    answer(
        suite,
        &frames(&[welcome.clone(), json!({ "Event": { "Planned": plan } })]),
    );
    lab(suite).with(["-v"]).run(&["plan"], 4).says("owned").is_harmless();

    // Refusals have words of the agent's, too.
    answer(suite, &frames(&[json!({ "Refused": { "Kinds": ESCAPES } })]));
    lab(suite).run(&["apply"], 4).says("owned").is_harmless();

    answer(
        suite,
        &frames(&[json!({ "Refused": { "Plan": [{ "id": id("/x"), "planned": [ESCAPES], "now": [ESCAPES] }] } })]),
    );
    lab(suite).run(&["apply"], 4).says("owned").is_harmless();

    // A resource's name that no definition could have.
    for key in [ESCAPES, "/etc/\u{1b}[2J", "/etc/\u{202e}x"] {
        let named = json!({ "Event": { "ResourceFinished": { "id": id(key), "outcome": "NoChange", "cause": null, "milliseconds": 0 } } });
        answer(suite, &frames(&[welcome.clone(), named, summary.clone()]));
        let ran = lab(suite).with(["-v"]).start(&["apply"]).wait();
        assert!(matches!(ran.status, Some(4 | 5)), "{:?}", ran.status);
        ran.is_harmless();
    }
    "reports, plans, refusals and names full of escape sequences: none of them gets through".to_owned()
}
