//! A server of the tests that speaks what Marathon documents of its API, on the loopback interface: apps, deployments and
//! refusals, and what goes wrong between programs.

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// How it behaves.
#[derive(Debug, Clone, Default)]
pub(crate) enum Mood {
    /// As documented.
    #[default]
    Well,
    /// Every change is refused: a deployment of this id holds the app.
    Locked(&'static str),
    /// Every change is refused as invalid.
    Invalid,
    /// Every change is refused with this message.
    Says(String),
    /// It has no leader: 503.
    NoLeader,
    /// It takes the question and says nothing.
    Hangs,
    /// Something else than HTTP.
    Garbage,
    /// HTTP, and no JSON.
    NoJson,
    /// It says that more comes than anybody wants.
    Huge,
    /// The body ends before it is over.
    CutOff,
    /// It sends the asker there: to the leader.
    RedirectTo(String),
    /// Deployments never end.
    Stuck,
    /// It takes a change, and undoes it when the deployment is over.
    RollsBack,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) apps: BTreeMap<String, Json>,
    /// The id, the app, and how many times it may still be looked at before it is over.
    deployments: Vec<(String, String, u32)>,
    begun: u32,
    pub(crate) mood: Mood,
    /// Every question, as `GET /v2/apps`.
    pub(crate) log: Vec<String>,
    pub(crate) authorization: Vec<String>,
    /// The version whose API it speaks; 1.5 unless a test says otherwise.
    pub(crate) version: (u16, u16),
}

/// The server; it lives as long as the test's process.
#[derive(Clone)]
pub(crate) struct FakeMarathon {
    pub(crate) addr: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl FakeMarathon {
    pub(crate) fn start() -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// One that speaks the API of this version.
    pub(crate) fn of_version(version: (u16, u16)) -> Self {
        let fake = Self::start();
        fake.state().version = version;
        fake
    }

    pub(crate) fn at(addr: SocketAddr) -> Self {
        let listener = TcpListener::bind(addr).unwrap();
        let fake = Self {
            addr: listener.local_addr().unwrap(),
            state: Arc::default(),
        };
        fake.state().version = (1, 5);
        let serving = fake.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.answer(stream));
            }
        });
        fake
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn mood(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// The questions since the last call that changed something.
    pub(crate) fn changes(&self) -> Vec<String> {
        let log = std::mem::take(&mut self.state().log);
        log.into_iter().filter(|line| !line.starts_with("GET")).collect()
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() {
            return;
        }
        let mut words = line.split_whitespace();
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return;
        };
        let mut length = 0;
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header).is_err() || header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if let Some(value) = header.strip_prefix("Authorization: ") {
                self.state().authorization.push(value.trim().to_owned());
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let body: Json = serde_json::from_slice(&body).unwrap_or_default();
        self.state().log.push(format!("{method} {target}"));
        let mood = self.state().mood.clone();
        let raw = match mood {
            Mood::Hangs => {
                std::thread::sleep(Duration::from_secs(60));
                return;
            }
            Mood::Garbage => "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
            Mood::NoJson => "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n<html>\x1b[2J</x>".to_owned(),
            Mood::Huge => "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_owned(),
            Mood::CutOff => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"app\":".to_owned(),
            Mood::RedirectTo(leader) => {
                format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {leader}{target}\r\nContent-Length: 0\r\n\r\n")
            }
            _ => {
                let (status, body) = self.documented(&mood, method, target, body);
                let body = body.to_string();
                // In chunks, as Marathon's web server does it.
                let (first, rest) = body.split_at(body.len() / 2);
                let mut chunks = String::new();
                for chunk in [first, rest].into_iter().filter(|chunk| !chunk.is_empty()) {
                    write!(chunks, "{:x}\r\n{chunk}\r\n", chunk.len()).unwrap();
                }
                format!("HTTP/1.1 {status} X\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")
            }
        };
        // Whoever asked may be gone.
        let _gone = stream.write_all(raw.as_bytes());
    }

    fn documented(&self, mood: &Mood, method: &str, target: &str, body: Json) -> (u16, Json) {
        let mut state = self.state();
        if matches!(mood, Mood::NoLeader) {
            return (503, json!({ "message": "Could not determine the current leader" }));
        }
        if target == "/v2/deployments" {
            let is_stuck = matches!(mood, Mood::Stuck);
            for deployment in &mut state.deployments {
                deployment.2 = if is_stuck {
                    deployment.2
                } else {
                    deployment.2.saturating_sub(1)
                };
            }
            let ended: Vec<String> = state
                .deployments
                .iter()
                .filter(|d| d.2 == 0)
                .map(|d| d.1.clone())
                .collect();
            state.deployments.retain(|deployment| deployment.2 > 0);
            for id in ended {
                if let Some(app) = state.apps.get_mut(&id) {
                    app["tasksRunning"] = app["instances"].clone();
                    if matches!(mood, Mood::RollsBack) {
                        app["cpus"] = json!(42);
                    }
                }
            }
            let open = state.deployments.iter().map(|(id, app, _)| {
                json!({ "id": id, "affectedApps": [app], "currentStep": 1, "totalSteps": 2, "currentActions": [] })
            });
            return (200, open.collect());
        }
        if target == "/v2/apps" && method == "GET" {
            let apps: Vec<Json> = state.apps.values().cloned().collect();
            return (200, json!({ "apps": apps }));
        }
        if target == "/v2/info" {
            let (major, minor) = state.version;
            return (
                200,
                json!({ "name": "marathon", "version": format!("{major}.{minor}.2") }),
            );
        }
        if method != "GET" {
            match mood {
                Mood::Locked(id) => {
                    let message = "App is locked by one or more deployments. Override with the option '?force=true'.";
                    return (409, json!({ "message": message, "deployments": [{ "id": id }] }));
                }
                Mood::Says(message) => return (422, json!({ "message": message })),
                Mood::Invalid => {
                    let details = json!([{ "path": "/container/docker", "errors": ["must not be empty"] }]);
                    return (422, json!({ "message": "Object is not valid", "details": details }));
                }
                _ => {}
            }
        }
        let (target, question) = target.split_once('?').unwrap_or((target, ""));
        let version = state.version;
        // A bridge may ask for tasks.
        let id = match (target.strip_prefix("/v2/apps"), body["id"].as_str()) {
            (Some(""), Some(id)) => id.to_owned(),
            (Some(id), _) if !id.is_empty() => id.to_owned(),
            _ => return (404, json!({ "message": format!("there is no {target}") })),
        };
        let exists = state.apps.contains_key(&id);
        match method {
            "GET" => match state.apps.get(&id).cloned() {
                Some(mut app) => {
                    let of_app = state.deployments.iter().filter(|deployment| deployment.1 == id);
                    app["deployments"] = of_app.map(|deployment| json!({ "id": deployment.0 })).collect();
                    (200, json!({ "app": app }))
                }
                None => (404, json!({ "message": format!("App '{id}' does not exist") })),
            },
            "POST" if exists => (
                409,
                json!({ "message": format!("An app with id [{id}] already exists.") }),
            ),
            "POST" | "PUT" => {
                // From 1.4 on who asks for it replaces the app; else what isn't said, and what is null, stays.
                let is_whole = version >= (1, 4) && question == "partialUpdate=false";
                let known = state.apps.get(&id).filter(|_| !is_whole).cloned();
                let mut app = known.unwrap_or_else(|| filled_in(version));
                if let Some(counted) = state.apps.get(&id).map(|app| app["tasksRunning"].clone()) {
                    app["tasksRunning"] = counted;
                }
                let mut errors = mistakes_of(&body, version);
                merge(&mut app, body);
                fill_in(&mut app, version);
                let has = |name: &str| {
                    app[name]
                        .as_array()
                        .map_or(!app[name].is_null(), |items| !items.is_empty())
                };
                if has("cmd") && has("args") || !has("cmd") && !has("args") && !has("container") {
                    errors.push("AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.");
                }
                if !errors.is_empty() {
                    let details = json!([{ "path": "/", "errors": errors }]);
                    return (422, json!({ "message": "Object is not valid", "details": details }));
                }
                let deployment = state.begin(&id);
                state.apps.insert(id, app.clone());
                if method == "POST" {
                    app["deployments"] = json!([{ "id": deployment }]);
                    return (201, app);
                }
                let answer = json!({ "version": "2026-01-02T00:00:00Z", "deploymentId": deployment });
                (200, answer)
            }
            "DELETE" if exists => {
                state.apps.remove(&id);
                let deployment = state.begin(&id);
                (
                    200,
                    json!({ "version": "2026-01-02T00:00:00Z", "deploymentId": deployment }),
                )
            }
            "DELETE" => (404, json!({ "message": format!("App '{id}' does not exist") })),
            _ => (405, json!({ "message": "Method not allowed" })),
        }
    }
}

impl State {
    fn begin(&mut self, app: &str) -> String {
        self.begun += 1;
        let id = format!("d-{}", self.begun);
        self.deployments.push((id.clone(), app.to_owned(), 3));
        id
    }
}

/// What Marathon fills in by itself.
fn filled_in(version: (u16, u16)) -> Json {
    let mut app = json!({
        "cmd": null, "args": null, "user": null, "container": null, "ipAddress": null, "env": {}, "labels": {}, "constraints": [],
        "instances": 1, "cpus": 1, "mem": 128, "disk": 0, "backoffSeconds": 1, "backoffFactor": 1.15, "executor": "",
        "maxLaunchDelaySeconds": 300, "requirePorts": false, "tasksRunning": 0, "version": "2026-01-01T00:00:00Z",
        "upgradeStrategy": { "minimumHealthCapacity": 1, "maximumOverCapacity": 1 }, "acceptedResourceRoles": [],
        "dependencies": [], "healthChecks": [], "storeUrls": [], "uris": [],
    });
    if version >= (1, 4) {
        merge(
            &mut app,
            json!({ "args": [], "gpus": 0, "killSelection": "YOUNGEST_FIRST", "fetch": [], "readinessChecks": [] }),
        );
    }
    app
}

/// The same within what was given.
fn fill_in(app: &mut Json, version: (u16, u16)) {
    let has_networks = version >= (1, 5);
    if has_networks && app["networks"].is_null() {
        app["networks"] = json!([{ "mode": "host" }]);
    }
    let docker = app["container"]["docker"].clone();
    let is_on_host = match has_networks {
        true => app["networks"][0]["mode"] == "host",
        false => !matches!(docker["network"].as_str(), Some("BRIDGE" | "USER")),
    };
    if docker.is_object() && version >= (0, 11) {
        let mut whole = json!({ "privileged": false, "forcePullImage": false, "parameters": [] });
        merge(&mut whole, docker);
        app["container"]["docker"] = whole;
    }
    let mappings = match has_networks {
        true => app.pointer_mut("/container/portMappings"),
        false => app.pointer_mut("/container/docker/portMappings"),
    };
    for mapping in mappings.and_then(Json::as_array_mut).into_iter().flatten() {
        if mapping["servicePort"].is_null() {
            mapping["servicePort"] = json!(10_001);
        }
    }
    if has_networks && !is_on_host {
        app["portDefinitions"] = Json::Null;
    } else if app["portDefinitions"].is_null() {
        app["portDefinitions"] = json!([{ "port": 10000, "protocol": "tcp", "name": "default" }]);
    }
    if !has_networks {
        let ports = app["portDefinitions"].as_array().into_iter().flatten();
        app["ports"] = ports.map(|port| port["port"].clone()).collect();
    }
    if has_networks && !is_on_host {
        app["requirePorts"] = json!(false);
    }
    // A set to it: what is said twice is there once, in an order of its own.
    if let Some(checks) = app["healthChecks"].as_array_mut() {
        let mut seen = Vec::new();
        checks.reverse();
        checks.retain(|check| {
            !seen.contains(check) && {
                seen.push(check.clone());
                true
            }
        });
    }
    for check in app["healthChecks"].as_array_mut().into_iter().flatten() {
        let mut whole =
            json!({ "gracePeriodSeconds": 300, "intervalSeconds": 60, "portIndex": 0, "ignoreHttp1xx": false });
        merge(&mut whole, check.take());
        *check = whole;
    }
}

/// What it doesn't take in what is sent.
fn mistakes_of(body: &Json, version: (u16, u16)) -> Vec<&'static str> {
    let has = |name: &str| body[name].as_array().is_some_and(|items| !items.is_empty());
    let mut errors = Vec::new();
    if ["tasksRunning", "version", "deployments"]
        .iter()
        .any(|name| body.get(name).is_some())
    {
        errors.push("its own account of an app is nobody's to send");
    }
    if has("uris") && has("fetch") || has("ports") && has("portDefinitions") {
        errors.push("must not say a thing twice");
    }
    let is_on_host = body["networks"][0]["mode"] == "host";
    if version >= (1, 5) && is_on_host && !body["container"]["portMappings"].is_null() {
        errors.push("portMappings are not allowed with host-networking");
    }
    if version >= (1, 5) && !is_on_host && has("networks") && has("portDefinitions") {
        errors.push("portDefinitions are only allowed with host-networking");
    }
    if version < (1, 5) && body.get("networks").is_some() || version < (1, 1) && body.get("readinessChecks").is_some() {
        errors.push("a field that this version doesn't know");
    }
    errors
}

/// Fields that are given replace those that are there, as an update of Marathon does. Null is as if it weren't given.
fn merge(app: &mut Json, update: Json) {
    if let Json::Object(fields) = update {
        for (name, value) in fields {
            if !value.is_null() || app.get(&name).is_none() {
                app[name] = value;
            }
        }
    }
}
