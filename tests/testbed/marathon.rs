//! A stand-in for Marathon: the part of its documented API that says what is running.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// What it says when it is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    /// `GET /v2/tasks` as text; none: it has no leader, and says 503.
    pub(crate) tasks: Option<String>,
    /// `GET /v2/apps`, JSON.
    pub(crate) apps: String,
    /// Who leads, for `GET /v2/leader`; none: 404.
    pub(crate) leader: Option<String>,
    /// What `Authorization` has to say: whoever says nothing is answered 401, whoever says something else 403.
    pub(crate) authorization: Option<String>,
}

/// Answers whoever connects, for as long as the program lasts.
pub(crate) fn serve(listener: TcpListener, answers: impl Fn() -> Answers + Send + Sync + 'static) {
    let answers = Arc::new(answers);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            // Whoever asks may be gone by now.
            std::thread::spawn(move || answer(&stream, &answers()).ok());
        }
    });
}

fn answer(mut stream: &TcpStream, answers: &Answers) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut wants_text, mut authorization) = (false, None);
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        wants_text |= line.eq_ignore_ascii_case("accept: text/plain");
        if let Some(said) = line.strip_prefix("Authorization: ") {
            authorization = Some(said.to_owned());
        }
    }
    let unavailable = (503, "text/plain", "Could not determine the current leader\n".to_owned());
    let json = "application/json";
    let refused = r#"{"message":"Invalid username or password."}"#.to_owned();
    let (status, kind, body) = match (path.as_str(), &answers.tasks) {
        _ if answers.authorization.is_some() && authorization.is_none() => (401, json, refused),
        _ if answers.authorization.is_some() && authorization != answers.authorization => (403, json, refused),
        ("/v2/leader", _) => match &answers.leader {
            Some(leader) => (200, json, format!(r#"{{"leader":"{leader}"}}"#)),
            None => (404, json, r#"{"message":"There is no leader"}"#.to_owned()),
        },
        (_, None) => unavailable,
        ("/v2/tasks", Some(tasks)) if wants_text => (200, "text/plain", tasks.clone()),
        ("/v2/tasks", Some(_)) => (200, json, r#"{"tasks":[]}"#.to_owned()),
        ("/v2/apps", _) => (200, json, answers.apps.clone()),
        _ => (404, json, r#"{"message":"no such thing"}"#.to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nServer: Jetty(8.1.11.v20130520)\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes())
}
