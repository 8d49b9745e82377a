use super::blobs;
use super::frame::{Frame, FrameError, encode};
use crate::converge::{Control, ConvergeOptions, Event};
use crate::model::{Catalog, DeclaredFacts, FactMismatch, Facts};
use crate::plan::{Difference, Plan};
use crate::state::{Armed, StateError, Takeover};
use crate::words::{HumanDuration, ResourceId, SecretSource};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// What the controller sends. The first one is always [`Request::Hello`], of which the protocol's version is read before
/// anything else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "a run has one of the large ones, and drops it")]
pub enum Request {
    /// Who speaks, and what the agent must be.
    Hello(Hello),
    /// What to do.
    Run {
        /// Whether to change anything.
        mode: Mode,
        /// What is desired.
        catalog: Catalog,
        /// How.
        options: RunOptions,
    },
    /// The values of the catalog's secrets.
    Secrets(Vec<SecretValue>),
    /// The controller is still there.
    Heartbeat,
    /// Stop at the next boundary between resources.
    Stop,
    /// The run was heard to its end: its report needn't be kept.
    Heard,
}

/// Who speaks, and what the agent must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The version of the protocol.
    pub protocol: u32,
    /// The version of the controller's crate, for messages.
    pub version: String,
    /// The digest of `kinds`.
    pub kinds_digest: String,
    /// The kinds that the catalog uses, with the versions of their serialised forms.
    pub kinds: BTreeMap<String, u32>,
    /// What the definition says about the host.
    pub declared: DeclaredFacts,
}

/// Whether a run changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// It tells what it would change.
    Plan,
    /// It tells what we own and the definition doesn't have any more, and looks at nothing else: it needs no secrets.
    Orphans,
    /// It changes what differs.
    Apply,
    /// It does nothing: who asks wants to know what the host is.
    Look,
    /// It takes resources out of the ledger, and changes nothing else.
    Forget,
    /// It confirms a run that is undone otherwise, and changes nothing else.
    Confirm,
}

impl Mode {
    /// Whether it changes nothing, not even what is kept of the host.
    #[must_use]
    pub const fn only_looks(self) -> bool {
        matches!(self, Self::Plan | Self::Orphans | Self::Look)
    }

    /// Whether it looks at resources, for which it needs the values of their secrets.
    #[must_use]
    pub const fn needs_secrets(self) -> bool {
        matches!(self, Self::Plan | Self::Apply)
    }
}

/// How a run is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct RunOptions {
    /// Who started it, and where, for whoever finds the host locked: `anna@workstation`.
    pub who: String,
    /// What it may take over though it belongs to something else.
    pub takeover: Takeover,
    /// Whether the first failure stops it.
    pub fail_fast: bool,
    /// Whether what left the definition is removed.
    pub prune: bool,
    /// The plan that bounds it: what that doesn't change isn't changed, and where the host isn't as it says the run is
    /// refused.
    pub bounds: Option<Plan>,
    /// Whether an older definition than the host's may be applied.
    pub force: bool,
    /// What is to be forgotten; only with [`Mode::Forget`].
    pub forget: Vec<ResourceId>,
    /// Whether the run is undone unless it is confirmed.
    pub confirm: Option<Confirm>,
    /// Whether the run is about something else than the host, such as what a scheduler runs: then the host's state says nothing
    /// of it, neither before nor after.
    pub leaves_state: bool,
}

/// That a run is undone unless it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// How long after its end that is waited for.
    pub within: HumanDuration,
    /// What whoever confirms it knows.
    pub token: String,
}

impl RunOptions {
    /// How the engine does such a run with this catalog.
    #[must_use]
    pub fn how(&self, catalog: &Catalog, control: Control) -> ConvergeOptions {
        ConvergeOptions {
            fail_fast: self.fail_fast,
            prune: self.prune,
            confirm: self.confirm.clone().map(|Confirm { within, token }| {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Armed::new(self.who.clone(), token, within, now.as_secs())
            }),
            bounds: self.bounds.as_ref().map(|plan| plan.bounds(catalog)),
            versions: self.bounds.as_ref().map(Plan::versions).unwrap_or_default(),
            control,
            ..ConvergeOptions::default()
        }
    }
}

/// The value of a secret, in the frame of its own that carries it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretValue {
    /// Which secret.
    pub source: SecretSource,
    /// Its value, in base64.
    pub base64: String,
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretValue({})", self.source)
    }
}

/// What the agent sends. The first one is [`Answer::Welcome`] or [`Answer::Refused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The agent is what it must be, and so is the host.
    Welcome(Welcome),
    /// It isn't; nothing was touched.
    Refused(Refusal),
    /// Something happened.
    Event(Event),
    /// The agent is still there.
    Heartbeat,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Welcome {
    /// The version of the agent's crate.
    pub version: String,
    /// What is true of the host.
    pub facts: Facts,
}

/// Why an agent refuses to work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// It speaks another version of the protocol.
    #[error("the agent speaks protocol {agent}, the controller {controller}")]
    Protocol {
        /// The agent's version.
        agent: u32,
        /// The controller's version.
        controller: u32,
    },
    /// It doesn't have these kinds, or has them in another version.
    #[error("the agent lacks the kinds {0}")]
    Kinds(String),
    /// The host isn't what the definition says.
    #[error(transparent)]
    Facts(FactMismatch),
    /// The facts couldn't be read.
    #[error("the agent failed to read the host's facts: {0}")]
    NoFacts(String),
    /// The host can't be worked on.
    #[error("the agent failed to {0}")]
    NoSystem(String),
    /// The host's state can't be worked with, or another run is at work.
    #[error("the agent failed to {0}")]
    State(StateError),
    /// The host isn't any more as the plan says that bounds the run.
    #[error("apply the plan: the host isn't any more as it says: {}", .0.iter().map(|difference| difference.id.to_string()).collect::<Vec<_>>().join(", "))]
    Plan(Vec<Difference>),
    /// The host's state neither is the one that the plan was made from nor goes on from it: it was written fewer times.
    #[error("apply the plan: it was made from generation {planned} of the host's state, which is at generation {now}")]
    LostState {
        /// How many times it was written when the plan was made.
        planned: u64,
        /// How many times it was written by now.
        now: u64,
    },
    /// Another definition was applied since the plan was made.
    #[error("apply the plan: another definition was applied to the host since it was made")]
    Outdated,
    /// It doesn't run as root.
    #[error("the agent runs as user id {0}, and needs to be root")]
    NotRoot(u32),
    /// What it has to say is too long to be sent: thousands of large files at once.
    #[error("the answer is too long to be sent; work on fewer resources at once")]
    TooLong,
    /// The request couldn't be read.
    #[error("the agent failed to read the request: {0}")]
    Request(String),
}

/// The bytes of these messages, large texts in blobs of their own before the message that needs them.
///
/// # Errors
/// A message can't be serialised or is too long.
pub fn encode_requests(requests: &[Request]) -> Result<Vec<u8>, FrameError> {
    let mut bytes = Vec::new();
    for request in requests {
        let mut json = serde_json::to_value(request).map_err(|e| FrameError::Io(e.to_string()))?;
        let mut large = BTreeMap::new();
        // A secret's value stays in its own frame, which is the one that nothing keeps or shows.
        if matches!(request, Request::Run { .. }) {
            blobs::take_out(&mut json, &mut large);
        }
        for frame in blobs::frames(large) {
            bytes.extend(encode(&frame)?);
        }
        let text = serde_json::to_vec(&json).map_err(|e| FrameError::Io(e.to_string()))?;
        bytes.extend(encode(&Frame::Json(text))?);
    }
    Ok(bytes)
}

/// The answer in a JSON frame.
///
/// # Errors
/// It is none.
pub fn decode_answer(json: &[u8]) -> Result<Answer, String> {
    serde_json::from_slice(json).map_err(|error| error.to_string())
}
