//! The bridge from Marathon to HAProxy against a stand-in for Marathon, and the role that sets it up. What HAProxy itself
//! says is in `tests/haproxy` and on the testbed.

use crate::marathon::{Answers, serve};
use crate::support::{Lab, settings};
use mesos_iac::bridge::{self, BRIDGE_FORMAT, BridgeConfig, BridgeError, Done, HaProxyVersion, Routing};
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::haproxy::HaProxy;
use mesos_iac::roles::marathon::MarathonApi;
use mesos_iac::testing::{assert_cluster_snapshot, assert_idempotent};
use mesos_iac::words::CommandLine;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

const WEB: &str = "web\t20001\t10.0.0.1:31000\t10.0.0.2:31000\t\n";

/// A leader with these tasks and no labels.
fn lists(tasks: &str) -> Answers {
    Answers {
        tasks: Some(tasks.to_owned()),
        apps: r#"{"apps":[]}"#.to_owned(),
        leader: Some("127.0.0.1:8080".to_owned()),
        authorization: None,
    }
}

/// The same from one that has to be shown this.
fn lists_to(authorization: &str, tasks: &str) -> Answers {
    Answers {
        authorization: Some(authorization.to_owned()),
        ..lists(tasks)
    }
}

/// A bridge with places of its own, and the Marathon that it asks first.
struct Bench {
    directory: TempDir,
    answers: Arc<Mutex<Answers>>,
    config: BridgeConfig,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let answers = Arc::new(Mutex::new(lists(WEB)));
        let place = |name: &str| AbsPath::new(directory.path().join(name).to_str().unwrap()).unwrap();
        let config = BridgeConfig {
            format: BRIDGE_FORMAT,
            marathons: vec![marathon(&answers)],
            credentials: BTreeMap::new(),
            routing: Routing::Ports { lowest: 1024 },
            bind: "127.0.0.1".parse().unwrap(),
            haproxy: HaProxyVersion::new(2, 6),
            reserved_ports: BTreeSet::new(),
            output: place("marathon.cfg"),
            // Looks at the new file, and not at the old one.
            validate: CommandLine::new(["grep", "-q", "^listen web-\\|^defaults", "{}"]).unwrap(),
            reload: shell(&format!("echo reload >>{}", place("reloads"))),
            state: place("state"),
        };
        Self {
            directory,
            answers,
            config,
        }
    }

    /// Has the bridge show this to a Marathon; the file that it stands in.
    fn log_in(&mut self, address: SocketAddr, name_and_password: &str) -> PathBuf {
        let file = self.path(&format!("credentials-{}", address.port()));
        std::fs::write(&file, name_and_password).unwrap();
        let path = AbsPath::new(file.to_str().unwrap()).unwrap();
        self.config.credentials.insert(address, path);
        file
    }

    fn say(&self, answers: Answers) {
        *self.answers.lock().unwrap() = answers;
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn run(&self) -> Result<Done, BridgeError> {
        let file = self.path("bridge.json");
        std::fs::write(&file, serde_json::to_string(&self.config).unwrap()).unwrap();
        bridge::run(&file)
    }

    /// The names of what is served.
    fn served(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("marathon.cfg")).unwrap();
        let names = text.lines().filter_map(|line| line.strip_prefix("listen "));
        names.map(ToOwned::to_owned).collect()
    }

    fn reloads(&self) -> usize {
        std::fs::read_to_string(self.path("reloads")).map_or(0, |text| text.lines().count())
    }
}

fn shell(script: &str) -> CommandLine {
    CommandLine::new(["sh", "-c", script]).unwrap()
}

fn marathon(answers: &Arc<Mutex<Answers>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answers = Arc::clone(answers);
    serve(listener, move || answers.lock().unwrap().clone());
    address
}

/// An address at which nobody answers.
fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn what_marathon_says_is_served_and_what_is_as_it_was_is_left_alone() {
    let bench = Bench::new();
    let done = bench.run().unwrap();
    assert!(done.has_changed);
    assert_eq!((done.services, done.servers), (1, 2));
    assert_eq!((bench.served(), bench.reloads()), (vec!["web-20001".to_owned()], 1));
    assert!(!bench.run().unwrap().has_changed);
    // The same tasks in another order are the same.
    bench.say(lists("web\t20001\t10.0.0.2:31000\t10.0.0.1:31000\t\n"));
    assert!(!bench.run().unwrap().has_changed);
    assert_eq!(bench.reloads(), 1);
    bench.say(lists("web\t20001\t10.0.0.1:31000\nnew\t20002\t10.0.0.1:31001\n"));
    assert!(bench.run().unwrap().has_changed);
    assert_eq!(bench.served(), ["new-20002", "web-20001"]);
    assert_eq!(bench.reloads(), 2);
    // What somebody else wrote there doesn't stay.
    std::fs::write(bench.path("marathon.cfg"), "# by hand\n").unwrap();
    assert!(bench.run().unwrap().has_changed);
    assert_eq!(bench.served().len(), 2);
    let left: Vec<_> = std::fs::read_dir(bench.directory.path()).unwrap().collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn the_last_good_stays_whatever_marathon_says_instead_of_tasks() {
    let mut bench = Bench::new();
    bench.run().unwrap();
    let nothing = |leader: Option<&str>| Answers {
        leader: leader.map(ToOwned::to_owned),
        ..lists("")
    };
    for (answers, told) in [
        (Answers::default(), "/v2/tasks is answered with status 503"),
        (
            nothing(None),
            "it knows of no task and of no leader: /v2/leader is answered with status 404",
        ),
        (
            lists("<html>\n<body>sign in</body>\n"),
            "nothing in its answer reads as a list of tasks",
        ),
    ] {
        bench.say(answers);
        let error = bench.run().unwrap_err();
        assert_eq!(error.exit_status(), 3);
        assert!(error.to_string().contains(told), "{error}");
        assert_eq!((bench.served(), bench.reloads()), (vec!["web-20001".to_owned()], 1));
    }
    bench.config.marathons = vec![nobody()];
    assert_eq!(bench.run().unwrap_err().exit_status(), 3);
    assert_eq!(bench.served(), ["web-20001"]);
    // The second one counts as much as the first.
    bench.say(nothing(Some("10.0.0.1:8080")));
    bench.config.marathons = vec![nobody(), marathon(&bench.answers)];
    let done = bench.run().unwrap();
    assert_eq!(done.by, bench.config.marathons[1]);
    // An empty list from one that knows a leader is an answer.
    assert_eq!(bench.served(), [""; 0]);
}

#[test]
fn what_haproxy_refuses_takes_no_place() {
    let mut bench = Bench::new();
    bench.run().unwrap();
    bench.config.validate = shell("echo \"[ALERT] no: $0\" >&2; exit 1; {}");
    bench.say(lists("new\t20002\t10.0.0.1:31001\n"));
    let error = bench.run().unwrap_err();
    assert_eq!(error.exit_status(), 4);
    assert!(error.to_string().contains("[ALERT] no:"), "{error}");
    assert_eq!((bench.served(), bench.reloads()), (vec!["web-20001".to_owned()], 1));
    assert!(!bench.path(".marathon.cfg.new").exists());
}

#[test]
fn a_reload_that_failed_is_tried_again_until_it_succeeds() {
    let mut bench = Bench::new();
    let good = std::mem::replace(&mut bench.config.reload, shell("echo wrong; exit 3"));
    for _ in 0..2 {
        let error = bench.run().unwrap_err();
        assert_eq!(error.exit_status(), 5);
        assert!(error.to_string().contains("exit status: 3: wrong"), "{error}");
        assert_eq!(bench.served(), ["web-20001"]);
    }
    bench.config.reload = good;
    assert!(bench.run().unwrap().has_changed);
    assert!(!bench.run().unwrap().has_changed);
    assert_eq!(bench.reloads(), 1);
}

#[test]
fn a_run_that_was_killed_before_its_reload_is_finished_by_the_next_one() {
    let mut bench = Bench::new();
    // A port that no other test knows: somebody listens on it.
    bench.say(lists("own\t20011\t10.0.0.1:31000\t\n"));
    // Kills the run, which is the shell's parent: the bridge in a process of its own.
    let good = std::mem::replace(&mut bench.config.reload, shell("kill -9 $PPID"));
    let file = bench.path("bridge.json");
    std::fs::write(&file, serde_json::to_string(&bench.config).unwrap()).unwrap();
    let ran = Lab::new("stacki_mesos").run(&["haproxy-bridge", "--config", file.to_str().unwrap()]);
    assert_eq!(ran.status, -1, "{ran}");
    assert_eq!(bench.served(), ["own-20011"]);
    bench.config.reload = good;
    // HAProxy may listen on it by now, which takes it from nobody.
    let _haproxy = TcpListener::bind("127.0.0.1:20011").unwrap();
    assert!(bench.run().unwrap().has_changed);
    assert_eq!((bench.served(), bench.reloads()), (vec!["own-20011".to_owned()], 1));
}

#[test]
fn a_port_of_another_program_is_not_taken_from_it() {
    let bench = Bench::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    bench.say(lists(&format!("{WEB}other\t{port}\t10.0.0.1:31005\n")));
    let done = bench.run().unwrap();
    assert_eq!(bench.served(), ["web-20001"]);
    assert!(
        done.skipped.told()[0].to_string().contains("another program"),
        "{:?}",
        done.skipped
    );
    drop(other);
    bench.run().unwrap();
    assert_eq!(bench.served().len(), 2);
    // Now it is HAProxy who listens there, also if nobody remembers that.
    let _haproxy = TcpListener::bind(("127.0.0.1", port)).unwrap();
    assert!(!bench.run().unwrap().has_changed);
    std::fs::remove_file(bench.path("state/state.json")).unwrap();
    bench.run().unwrap();
    assert_eq!(bench.served().len(), 2);
}

#[test]
fn two_runs_at_once_are_one() {
    let mut bench = Bench::new();
    bench.config.reload = shell(&format!(
        "touch {0}/began; while ! [ -e {0}/end ]; do sleep 0.05; done",
        bench.directory.path().display()
    ));
    std::thread::scope(|scope| {
        let first = scope.spawn(|| bench.run());
        while !bench.path("began").exists() {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(bench.run().unwrap_err().exit_status(), 6);
        std::fs::write(bench.path("end"), "").unwrap();
        first.join().unwrap().unwrap();
    });
}

#[test]
fn labels_are_asked_for_where_names_count() {
    let mut bench = Bench::new();
    bench.config.routing = Routing::HostNames {
        domain: "example.com".to_owned(),
        port: 20003,
    };
    bench.say(Answers {
        apps: r#"{"apps":[{"id":"/web","labels":{"HAPROXY_0_VHOST":"shop.example.org"}}]}"#.to_owned(),
        ..lists(WEB)
    });
    bench.run().unwrap();
    let text = std::fs::read_to_string(bench.path("marathon.cfg")).unwrap();
    assert!(text.contains("-i shop.example.org\n"), "{text}");
    assert!(!text.contains("web.example.com"), "{text}");
}

/// `anna:hunter2`, as a client shows it.
const ANNA: &str = "Basic YW5uYTpodW50ZXIy";

#[test]
fn a_marathon_that_asks_for_a_password_is_shown_it() {
    let mut bench = Bench::new();
    let address = bench.config.marathons[0];
    bench.say(lists_to(ANNA, WEB));
    let error = bench.run().unwrap_err();
    assert_eq!(error.exit_status(), 3);
    let told = format!("{address}: /v2/tasks is answered with status 401: it asks for a name and a password");
    assert!(error.to_string().contains(&told), "{error}");
    assert!(error.to_string().contains("`.credentials(…)`"), "{error}");

    let file = bench.log_in(address, "anna:hunter3");
    let error = bench.run().unwrap_err();
    assert_eq!(error.exit_status(), 3);
    let told = format!(
        "answered with status 403: it lets the name in {} not see this",
        file.display()
    );
    assert!(error.to_string().contains(&told), "{error}");

    bench.log_in(address, "anna:hunter2");
    assert!(bench.run().unwrap().has_changed);
    assert_eq!(bench.served(), ["web-20001"]);
    assert!(!bench.run().unwrap().has_changed);
    // Every question carries it: also those after the leader and after labels.
    bench.say(lists_to(ANNA, ""));
    bench.run().unwrap();
    assert_eq!(bench.served(), [""; 0]);
    bench.config.routing = Routing::HostNames {
        domain: "example.com".to_owned(),
        port: 20003,
    };
    bench.say(lists_to(ANNA, WEB));
    bench.run().unwrap();
}

#[test]
fn a_password_is_shown_to_no_other_marathon() {
    let mut bench = Bench::new();
    // It takes what nobody says, and would refuse what is said to the other one.
    let stranger = Arc::new(Mutex::new(Answers::default()));
    let (first, second) = (marathon(&stranger), bench.config.marathons[0]);
    bench.config.marathons = vec![first, second];
    bench.log_in(second, "anna:hunter2");
    *stranger.lock().unwrap() = lists_to("nothing", WEB);
    bench.say(lists_to(ANNA, WEB));
    assert_eq!(bench.run().unwrap().by, second);
    bench.say(Answers::default());
    let error = bench.run().unwrap_err().to_string();
    // Who shows something is answered 403.
    assert!(
        error.contains(&format!("{first}: /v2/tasks is answered with status 401")),
        "{error}"
    );
}

#[test]
fn a_password_is_in_nothing_that_the_bridge_says_or_writes() {
    let mut bench = Bench::new();
    let address = bench.config.marathons[0];
    let credentials = bench.log_in(address, "anna:hunter2\n");
    let lab = Lab::new("stacki_mesos");
    let config = bench.path("bridge.json");
    std::fs::write(&config, serde_json::to_string(&bench.config).unwrap()).unwrap();
    let run = |content: &str, answers: Answers, status: i32| {
        std::fs::write(&credentials, content).unwrap();
        bench.say(answers);
        let ran = lab
            .run(&["haproxy-bridge", "--config", config.to_str().unwrap()])
            .expect(status);
        format!("{ran}")
    };
    let mut said = run("anna:hunter2\n", lists_to(ANNA, WEB), 0);
    assert!(said.contains("HAProxy now serves 1 service ports"), "{said}");
    said += &run("anna:hunter2", lists_to("other", WEB), 3);
    said += &run("anna:hunter2", Answers::default(), 3);
    said += &run("anna hunter2", lists_to(ANNA, WEB), 2);
    said += &run("anna:hunter2\n\n", lists_to(ANNA, WEB), 2);
    assert!(
        said.contains("expected a name and a password with a colon between them"),
        "{said}"
    );
    std::fs::remove_file(&credentials).unwrap();
    said += &lab
        .run(&["haproxy-bridge", "--config", config.to_str().unwrap()])
        .expect(2)
        .to_string();
    assert!(said.contains("No such file or directory"), "{said}");
    let mut files = vec![
        "marathon.cfg".to_owned(),
        "bridge.json".to_owned(),
        "reloads".to_owned(),
    ];
    for entry in std::fs::read_dir(bench.path("state")).unwrap() {
        files.push(format!("state/{}", entry.unwrap().file_name().to_str().unwrap()));
    }
    assert!(files.len() > 4, "{files:?}");
    for file in files {
        said += &String::from_utf8_lossy(&std::fs::read(bench.path(&file)).unwrap());
    }
    for secret in ["hunter2", "YW5uYTpodW50ZXIy"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn an_agent_says_what_is_wrong_with_its_arguments() {
    let lab = Lab::new("stacki_mesos");
    let ran = lab.run(&["haproxy-bridge", "--config", "{lab}/none.json"]).expect(2);
    assert!(
        ran.stderr.starts_with("failed to read the bridge's configuration"),
        "{ran}"
    );
    lab.run(&["haproxy-bridge"]).expect(1);
}

/// Marathons as a role of somebody's.
#[derive(Role, Clone)]
#[role(name = "marathons")]
struct Marathons;

impl Declares for Marathons {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        let addr = format!("{}:8080", cx.addr()?);
        cx.expose(MarathonApi {
            version: Version::new(1, 5, 15),
            credentials: None,
            addr: addr.parse().map_err(|_| Error::message("read an address"))?,
        });
        Ok(())
    }

    fn declare(&self, _: &mut Cx<'_>) -> Result<()> {
        Ok(())
    }
}

fn lab() -> Result<Cluster> {
    let stats = Secret::from_env("STATS_PASSWORD");
    Cluster::new("lab")
        .hosts(
            hosts("master-[1-2]")
                .addrs(["10.0.0.1", "10.0.0.2"])
                .role(Marathons)
                .role(HaProxy::new().by_host_name("example.com").stats("ops", stats)),
        )
        .hosts(
            host("agent").role(
                HaProxy::new()
                    .lowest_port(80)
                    .keep_free([5051])
                    .every(Duration::from_secs(30)),
            ),
        )
        .build()
}

#[test]
fn the_role_reads_as_it_did() {
    settings().bind(|| assert_cluster_snapshot!("haproxy", lab()));
}

#[test]
fn the_role_is_idempotent() {
    let stats = mesos_iac::words::SecretSource::Environment("STATS_PASSWORD".into());
    assert_idempotent!(lab(), |system| system.with_secret(stats.clone(), "hunter2"));
}

#[test]
fn mistakes_of_the_role_are_told_before_any_host_is_touched() {
    let named = || HaProxy::new().marathons(["10.0.0.1:8080"]);
    for (role, told) in [
        (
            HaProxy::new(),
            "nothing says where Marathon answers: no host has its role; give one the role, or name its address with \
             `.marathons([",
        ),
        (
            HaProxy::new().marathons(["10.0.0.1:0"]),
            "10.0.0.1:0 is no Marathon that can be asked: nothing listens on port 0",
        ),
        (named().marathons(["master:8080"]), "\"master:8080\" is no Marathon"),
        (named().by_host_name("*.example.com"), "\"*.example.com\" is no domain"),
        (named().lowest_port(0), "0 is no port"),
        (named().every(Duration::from_secs(1)), "1s is no period"),
        (
            named().version(HaProxyVersion::new(1, 7)),
            "HAProxy 1.7 can't run as a service of systemd",
        ),
        (
            named().stats("a b", Secret::from_env("X")),
            "\"a b\" is no user for statistics",
        ),
    ] {
        let cluster = Cluster::new("x").hosts(host("a").role(role)).build().unwrap();
        let text = cluster.compile().unwrap_err().to_string();
        assert!(text.contains(told), "{text}");
    }
}
