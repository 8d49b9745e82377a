//! A program's API on HTTP, as the kinds that work through one need it: JSON in, JSON out, and errors in words.

use crate::model::{Error, HttpAnswer, HttpChange, HttpQuestion, ReadSystem, Result, System};
use crate::words::{SECRET_FIELD, Secret, visible};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::net::SocketAddr;
use std::time::Duration;

/// How long one question may take. What takes longer on the other side is waited for with further questions.
const TIME_OUT: Duration = Duration::from_secs(30);

/// Where a program answers on HTTP, as seen from the host that asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpApi {
    /// Its address.
    pub address: SocketAddr,
    /// Name and password with a colon between them, if it wants to know who asks.
    pub credentials: Option<Secret>,
}

impl HttpApi {
    /// At this address, without credentials.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            credentials: None,
        }
    }

    fn question(&self, system: &dyn ReadSystem, target: &str) -> Result<HttpQuestion> {
        let reveal = |secret: &Secret| system.reveal(secret.source());
        Ok(HttpQuestion {
            address: self.address,
            target: target.to_owned(),
            credentials: self.credentials.as_ref().map(reveal).transpose()?,
            time_out: TIME_OUT,
        })
    }

    pub(super) fn get(&self, system: &dyn ReadSystem, target: &str) -> Result<HttpAnswer> {
        Ok(system.http_get(&self.question(system, target)?)?)
    }

    pub(super) fn send(
        &self,
        system: &dyn System,
        change: HttpChange,
        target: &str,
        body: &[u8],
    ) -> Result<HttpAnswer> {
        Ok(system.http_send(&self.question(system, target)?, change, body)?)
    }
}

/// The answer's JSON.
pub(super) fn json(answer: &HttpAnswer, what: &str, system: &dyn ReadSystem) -> Result<Json> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        let said = String::from_utf8_lossy(&answer.body);
        let said = shortened(&said, system);
        Error::message(format!("{what}: the answer is no JSON ({error}): {said}"))
    })
}

/// How many pieces of an answer are repeated: whoever answers decides how many there are.
pub(super) const MOST_PIECES: usize = 10;

fn items(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_array().into_iter().flatten()
}

/// What the program says of its refusal: of the forms that Marathon and Chronos have, else the text as it is.
pub(super) fn refusal(answer: &HttpAnswer, system: &dyn ReadSystem) -> String {
    let shortened = |text: &str| shortened(text, system);
    let Ok(body) = serde_json::from_slice::<Json>(&answer.body) else {
        let text = String::from_utf8_lossy(&answer.body);
        return match text.trim() {
            "" => format!("status {}", answer.status),
            text => format!("status {}: {}", answer.status, shortened(text)),
        };
    };
    let details = ["details", "errors"].into_iter().flat_map(|list| items(&body[list]));
    let reasons = details.flat_map(|detail| {
        let path = detail["path"].as_str().or_else(|| detail["attribute"].as_str());
        let errors = items(&detail["errors"]).filter_map(Json::as_str);
        let errors = errors.chain(detail["error"].as_str());
        errors.map(move |error| shortened(&format!("{}: {error}", path.unwrap_or_default())))
    });
    std::iter::once(format!("status {}", answer.status))
        .chain(body["message"].as_str().map(shortened))
        .chain(reasons.take(MOST_PIECES))
        .collect::<Vec<_>>()
        .join(": ")
}

/// The beginning of a text, on one line.
///
/// Without the values of secrets, as servers repeat what they refuse: the end of one that was cut, or put on one line, would
/// not be known for one any more.
pub(super) fn shortened(text: &str, system: &dyn ReadSystem) -> String {
    const MOST: usize = 300;
    let text = system.redacted(text.to_owned());
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => visible(&format!("{}…", &line[..end])),
        None => visible(&line),
    }
}

/// The JSON with each secret in it by its value, instead of its source.
pub(super) fn revealed(json: &Json, system: &dyn ReadSystem) -> Result<Json> {
    Ok(match json {
        Json::Object(map) if map.contains_key(SECRET_FIELD) => {
            let secret: Secret = serde_json::from_value(json.clone())
                .map_err(|error| Error::message(format!("read a secret's source: {error}")))?;
            let text = system.reveal(secret.source())?;
            let refuse = |why: &str| Error::message(format!("use the secret {}: {why}", secret.source()));
            let text = String::from_utf8(text.expose().to_vec()).map_err(|_| refuse("it is no text"))?;
            if text.contains('\0') {
                return Err(refuse(
                    "it has a NUL byte in it, which no variable can carry; save it as UTF-8 text",
                ));
            }
            Json::String(text)
        }
        Json::Object(map) => {
            let fields = map
                .iter()
                .map(|(name, value)| Ok((name.clone(), revealed(value, system)?)));
            Json::Object(fields.collect::<Result<_>>()?)
        }
        Json::Array(items) => Json::Array(items.iter().map(|item| revealed(item, system)).collect::<Result<_>>()?),
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::FakeSystem;

    #[test]
    fn of_a_refusal_with_many_reasons_the_first_are_told() {
        let details: Vec<Json> = (0..1000)
            .map(|number| serde_json::json!({"path": format!("/{number}"), "errors": ["bad"]}))
            .collect();
        let body = serde_json::json!({"message": "Object is not valid", "details": details});
        let answer = HttpAnswer {
            status: 422,
            body: body.to_string().into_bytes(),
        };
        let told = refusal(&answer, &FakeSystem::new());
        assert!(
            told.starts_with("status 422: Object is not valid: /0: bad: /1: bad"),
            "{told}"
        );
        assert!(told.ends_with("/9: bad"), "{told}");
    }
}
