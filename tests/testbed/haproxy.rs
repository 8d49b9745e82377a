//! A real HAProxy serves what a Marathon lists, follows what it lists next, and outlives it.

use crate::bed::{Bed, eventually};
use crate::marathon::{Answers, serve};
use crate::program::Program;
use crate::suite::{STAGE, Suite};
use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// The first argument with which this program is Marathon, or what Marathon runs, and no suite.
pub(crate) const STAND_IN: &str = "--stand-in";

/// Where the programs of the suite are, as hosts see it.
const HERE: &str = "198.18.0.1";

/// The ports of the tasks.
const TASKS: std::ops::RangeInclusive<u16> = 31000..=31004;

/// The pause between two runs of the bridge, as the definition says.
const PERIOD: Duration = Duration::from_secs(5);

/// How long a change may take to be served: the pause, the timer's accuracy, and the run itself.
const SOON: Duration = Duration::from_secs(8);

/// The host that is asked by port.
const BY_PORT: &str = STAGE[8];

/// The host that is asked by name.
const BY_NAME: &str = STAGE[9];

/// Answers as Marathon, or as tasks, for as long as it lasts.
pub(crate) fn stand_in(words: &[String]) -> ExitCode {
    let listen = |port| TcpListener::bind((HERE, port)).unwrap();
    match words {
        [role, directory] if role == "marathon" => {
            let directory = directory.clone();
            let read = move |name: &str| std::fs::read_to_string(format!("{directory}/marathon-{name}")).ok();
            serve(listen(8080), move || Answers {
                tasks: read("tasks"),
                apps: read("apps").unwrap_or_else(|| r#"{"apps":[]}"#.to_owned()),
                leader: read("leader"),
                authorization: None,
            });
        }
        _ => {
            for port in TASKS {
                let listener = listen(port);
                std::thread::spawn(move || {
                    for mut stream in listener.incoming().flatten() {
                        std::thread::spawn(move || {
                            // HAProxy's checks connect and say nothing.
                            let asked = stream.read(&mut [0; 4096]).unwrap_or_default() > 0;
                            let answer = format!("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\ntask {port}");
                            asked.then(|| stream.write_all(answer.as_bytes()).ok());
                        });
                    }
                });
            }
        }
    }
    // It is ended from outside.
    loop {
        std::thread::park();
    }
}

/// This program in one of those parts, until it is dropped.
struct Part(Child);

impl Part {
    fn start(bed: &Bed, words: &[&str]) -> Self {
        let mut command = bed.controller(&std::env::current_exe().unwrap());
        command.arg(STAND_IN).args(words);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// What Marathon lists from now on, in one step.
fn say(bed: &Bed, tasks: &str) {
    let fresh = bed.write("marathon-tasks-new", tasks);
    std::fs::rename(&fresh, fresh.trim_end_matches("-new")).unwrap();
}

/// A line for a service port with tasks at these ports.
fn line(app: &str, port: u16, tasks: &[u16]) -> String {
    let tasks: Vec<String> = tasks.iter().map(|task| format!("{HERE}:{task}")).collect();
    format!("{app}\t{port}\t{}\t\n", tasks.join("\t"))
}

/// What a client is answered who asks this host on this port by this name: a task, or a status.
fn ask(bed: &Bed, host: &str, port: u16, name: &str) -> Option<String> {
    let address = bed.address(host);
    let script = format!(
        "exec 3<>/dev/tcp/{address}/{port} && printf 'GET / HTTP/1.0\\r\\nHost: {name}\\r\\n\\r\\n' >&3 && cat <&3"
    );
    let mut command = bed.controller(Path::new("timeout"));
    let output = command.args(["5", "bash", "-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let status = said.split(' ').nth(1)?.to_owned();
    match said.rsplit_once("\r\n\r\n") {
        Some((_, body)) if status == "200" => Some(body.to_owned()),
        _ => Some(status),
    }
}

/// The tasks that answer, of so many questions; each must be answered.
#[track_caller]
fn answering(bed: &Bed, host: &str, port: u16, name: &str) -> Vec<String> {
    let answer = |_| ask(bed, host, port, name).unwrap_or_else(|| panic!("{host} answers nothing on {port}"));
    let mut answers: Vec<String> = (0..8).map(answer).collect();
    answers.sort();
    answers.dedup();
    answers
}

fn exit_status_of_bridge(bed: &Bed, host: &str) -> String {
    bed.on(host, "systemctl show -P ExecMainStatus mesos-iac-haproxy-bridge")
        .trim()
        .to_owned()
}

pub(crate) fn it_serves_what_marathon_lists_and_outlives_it(suite: &Suite) -> String {
    let bed = &suite.bed;
    let program = Program::new(bed, &suite.builds.haproxy)
        .with(["--inputs", &bed.inputs("haproxy", &[BY_PORT, BY_NAME])])
        .agent(&suite.builds.agent);
    for host in [BY_PORT, BY_NAME] {
        bed.on(host, "rm -rf /var/lib/mesos-iac /opt/mesos-iac");
    }
    let file = bed.write("marathon-leader", format!("{HERE}:8080"));
    let directory = Path::new(&file).parent().unwrap().to_str().unwrap();
    say(
        bed,
        &[line("www", 80, &[31000, 31001]), line("www2", 10001, &[31002])].concat(),
    );
    let _tasks = Part::start(bed, &["tasks"]);
    let marathon = Part::start(bed, &["marathon", directory]);

    program.run(&["apply"], 0);
    let name = "www.example.com";
    let serves = |host: &str, port: u16, name: &str, expected: &[&str]| answering(bed, host, port, name) == expected;
    let both = ["task 31000", "task 31001"];
    eventually("the first tasks", Duration::from_secs(30), || {
        ask(bed, BY_PORT, 80, "x").is_some_and(|answer| both.contains(&answer.as_str()))
            && ask(bed, BY_NAME, 80, name).is_some_and(|answer| both.contains(&answer.as_str()))
    });
    assert!(serves(BY_PORT, 80, "whatever", &both));
    assert!(serves(BY_PORT, 10001, "whatever", &["task 31002"]));
    assert!(serves(BY_NAME, 80, name, &both));
    assert!(serves(BY_NAME, 80, "WWW.example.com:8080", &both));
    // Whole names, not beginnings.
    assert!(serves(BY_NAME, 80, "www2.example.com", &["task 31002"]));
    assert!(serves(BY_NAME, 80, "ww.example.com", &["503"]));
    assert!(serves(BY_NAME, 80, "www.example.com.evil.org", &["503"]));
    for host in [BY_PORT, BY_NAME] {
        let verify = "systemd-analyze verify /etc/systemd/system/mesos-iac-haproxy-bridge.* 2>&1";
        assert_eq!(bed.on(host, verify), "", "{host}");
    }

    // Tasks come and go, and nobody applies anything.
    let began = Instant::now();
    say(bed, &[line("www", 80, &[31003]), line("new", 10002, &[31004])].concat());
    eventually("the tasks of the second list", SOON, || {
        ask(bed, BY_PORT, 10002, "x").as_deref() == Some("task 31004")
            && ask(bed, BY_NAME, 80, "new.example.com").as_deref() == Some("task 31004")
    });
    let followed = began.elapsed();
    assert!(serves(BY_PORT, 80, "x", &["task 31003"]));
    assert_eq!(
        ask(bed, BY_PORT, 10001, "x"),
        None,
        "an app that is gone is still served"
    );
    let configuration = |host: &str| bed.on(host, "cat /etc/haproxy/marathon/marathon.cfg");
    // What the bridge wrote is none of the definition's business.
    program.run(&["apply", "--detailed-exitcode"], 0);

    // Marathon is gone, then has no leader, then knows of nothing and no leader: the last list stays, across a reboot too.
    let kept = [BY_PORT, BY_NAME].map(&configuration);
    let times = Cell::new(0);
    let gone = |what: &str| {
        eventually(what, SOON * 2, || {
            [BY_PORT, BY_NAME]
                .iter()
                .all(|host| exit_status_of_bridge(bed, host) == "3")
        });
        std::thread::sleep(PERIOD);
        assert_eq!([BY_PORT, BY_NAME].map(&configuration), kept, "{what}");
        assert!(serves(BY_PORT, 10002, "x", &["task 31004"]), "{what}");
        assert!(serves(BY_NAME, 80, "new.example.com", &["task 31004"]), "{what}");
        times.set(times.get() + 1);
    };
    drop(marathon);
    gone("a Marathon that is gone");
    bed.testbed(&["reboot", BY_PORT]);
    gone("a reboot while Marathon is gone");
    std::fs::remove_file(format!("{directory}/marathon-tasks")).unwrap();
    let _marathon = Part::start(bed, &["marathon", directory]);
    gone("a Marathon without a leader");
    std::fs::remove_file(format!("{directory}/marathon-leader")).unwrap();
    say(bed, "");
    gone("a Marathon that has just begun");

    // What can't be served is left out and told, and what can be is served.
    let hostile = [
        "evil\nlisten x\n    bind *:7777\t81\t198.18.0.1:31000\n".to_owned(),
        "a b\t82\t198.18.0.1:31000\n".to_owned(),
        line("ssh", 22, &[31000]),
        line("listener", 5999, &[31000]),
        line("www", 80, &[31001]),
    ];
    bed.on(
        BY_PORT,
        "systemd-run --quiet --unit other --property=StandardInput=null /usr/sbin/sshd -D -p 5999",
    );
    say(bed, &hostile.concat());
    bed.write("marathon-leader", format!("{HERE}:8080"));
    eventually("the list with what can't be served", SOON * 2, || {
        serves(BY_PORT, 80, "x", &["task 31001"]) && serves(BY_NAME, 80, name, &["task 31001"])
    });
    let now = configuration(BY_PORT);
    assert_eq!(now.matches("listen ").count(), 1, "{now}");
    let journal = bed.on(BY_PORT, "journalctl --no-pager -o cat -u mesos-iac-haproxy-bridge");
    for told in [
        "not served: a b: no name that an app can have",
        "not served: ssh, port 22: service ports begin at 80 here",
        "not served: listener, port 5999: another program of this host listens on it",
    ] {
        assert!(journal.contains(told), "{told}:\n{journal}");
    }
    bed.on(BY_PORT, "systemctl stop other");

    // HAProxy refuses what is written, because of somebody's edit: what runs goes on, and the next apply mends it.
    bed.on(BY_PORT, "echo nonsense >>/etc/haproxy/haproxy.cfg");
    say(bed, &line("www", 80, &[31002]));
    eventually("the refused configuration", SOON * 2, || {
        exit_status_of_bridge(bed, BY_PORT) == "4"
    });
    assert_eq!(configuration(BY_PORT), now);
    assert!(serves(BY_PORT, 80, "x", &["task 31001"]));
    program.run(&["apply"], 0);
    eventually("the list after the mending", SOON * 2, || {
        serves(BY_PORT, 80, "x", &["task 31002"])
    });
    program.run(&["apply", "--detailed-exitcode"], 0);
    format!(
        "2 hosts with a real HAProxy, by port and by name: what Marathon lists is served, a changed list after {:.1} s of \
         {} s at the most; Marathon gone, leaderless, empty and across a reboot: the last list stays {} times; hostile \
         apps and an edit that HAProxy refuses take nothing down; a second apply changes 0",
        followed.as_secs_f64(),
        SOON.as_secs(),
        times.get(),
    )
}
