use super::blobs;
use super::frame::{Frame, encode};
use super::handshake::{GREETING, PROTOCOL, refuse};
use super::protocol::{Answer, Hello, Mode, Refusal, Request, RunOptions, SecretValue, Welcome};
use super::unheard::Unheard;
use super::work::{Workplace, carry_out};
use crate::converge::{Control, Event, Summary};
use crate::model::{Catalog, DeclaredFacts, Facts, Redactor, System, SystemError};
use crate::words::{AbsPath, SecretSource, SecretText};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often either side says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long a controller may say nothing before it counts as gone. It says something as often as the agent does.
const SILENCE: Duration = Duration::from_secs(30);

/// What the agent works on: the real machine, or a fake one in a test.
pub trait Machinery {
    /// The user id that the agent runs as.
    fn user_id(&self) -> u32;

    /// What is true of the machine.
    ///
    /// # Errors
    /// A fact can't be read.
    fn facts(&self) -> Result<Facts, SystemError>;

    /// The machine, with the values of the secrets that came with the run.
    ///
    /// # Errors
    /// The machine can't be worked on.
    fn system(&self, secrets: BTreeMap<SecretSource, SecretText>) -> Result<Box<dyn System>, SystemError>;

    /// Where its state stands. `None`: it is kept no longer than the run.
    fn state_directory(&self) -> Option<&Path>;
}

/// Serves one controller over a pair of byte streams: greets, checks that controller, agent and host fit together,
/// plans or converges, and tells what happens. Returns when the run is over or the controller is gone.
///
/// If the controller goes away during a run, the run stops at the next boundary between resources.
pub fn serve(input: impl Read + Send + 'static, output: impl Write + Send + 'static, machinery: &dyn Machinery) {
    let control = Control::new();
    let answers = Answers::new(output, control.clone());
    answers.raw(GREETING);
    let heard = Arc::new(Mutex::new(Instant::now()));
    let requests = read_requests(input, control.clone(), Arc::clone(&heard));
    let done = match prepare(&requests, machinery, &answers) {
        Ok(Some(run)) => execute(run, machinery, &control, &answers, &heard, &requests),
        // The controller went away before it said what to do.
        Ok(None) => Ok(()),
        Err(refusal) => Err(refusal),
    };
    if let Err(refusal) = done {
        answers.send(&Answer::Refused(refusal));
    }
}

struct Run {
    mode: Mode,
    catalog: Catalog,
    secrets: BTreeMap<SecretSource, SecretText>,
    options: RunOptions,
}

/// Takes the messages that describe the run, and checks each as early as it can be.
fn prepare(
    requests: &Receiver<Result<Request, String>>,
    machinery: &dyn Machinery,
    answers: &Answers,
) -> Result<Option<Run>, Refusal> {
    let Some(hello) = next(requests)? else { return Ok(None) };
    let Request::Hello(hello) = hello else {
        return Err(Refusal::Request("the first message is no greeting".into()));
    };
    let facts = check_hello(&hello, machinery)?;
    answers.send(&Answer::Welcome(Welcome {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        facts,
    }));
    let mut secrets = BTreeMap::new();
    loop {
        match next(requests)? {
            None => return Ok(None),
            Some(Request::Secrets(values)) => {
                for SecretValue { source, base64 } in values {
                    let value = BASE64
                        .decode(base64)
                        .map_err(|_| Refusal::Request("a secret is no base64".into()))?;
                    secrets.insert(source, SecretText::new(value));
                }
            }
            Some(Request::Run { mode, catalog, options }) => {
                return Ok(Some(Run {
                    mode,
                    catalog,
                    secrets,
                    options,
                }));
            }
            Some(Request::Heartbeat | Request::Heard) => {}
            Some(Request::Stop) => return Ok(None),
            Some(Request::Hello(_)) => return Err(Refusal::Request("a second greeting".into())),
        }
    }
}

fn check_hello(hello: &Hello, machinery: &dyn Machinery) -> Result<Facts, Refusal> {
    if let Some(refusal) = refuse(hello) {
        return Err(refusal);
    }
    if machinery.user_id() != 0 {
        return Err(Refusal::NotRoot(machinery.user_id()));
    }
    let facts = machinery.facts().map_err(|error| Refusal::NoFacts(error.to_string()))?;
    hello.declared.verify(&facts).map_err(Refusal::Facts)?;
    Ok(facts)
}

fn execute(
    run: Run,
    machinery: &dyn Machinery,
    control: &Control,
    answers: &Answers,
    heard: &Arc<Mutex<Instant>>,
    requests: &Receiver<Result<Request, String>>,
) -> Result<(), Refusal> {
    if run.mode == Mode::Look {
        answers.send(&Answer::Event(Event::RunFinished(Summary::default())));
        answers.flush();
        return Ok(());
    }
    let redactor = Redactor::new(&run.secrets);
    let system = machinery
        .system(run.secrets)
        .map_err(|error| Refusal::NoSystem(error.to_string()))?;
    let state = machinery.state_directory().filter(|_| !run.options.leaves_state);
    let workplace = Workplace {
        system: &*system,
        state,
        machine: machine_id(&*system),
        redactor: &redactor,
    };
    let _heartbeats = answers.start_heartbeats(Arc::clone(heard));
    let mut unheard = state.map(|state| Unheard::new(state, &run.options.who));
    if let Some(unheard) = &mut unheard {
        unheard.tell_earlier(&mut |event| answers.send(&Answer::Event(redactor.event(event))));
    }
    let tell = &mut |event| {
        if let Some(unheard) = &mut unheard {
            unheard.take(&event);
        }
        answers.send(&Answer::Event(event));
    };
    carry_out(&workplace, run.mode, &run.catalog, &run.options, control.clone(), tell)?;
    answers.flush();
    // A plan changes nothing: what it tells of earlier runs stays to be told by a run.
    if let Some(unheard) = unheard.filter(|unheard| !run.mode.only_looks() && !unheard.is_empty()) {
        match is_heard(requests, heard) {
            true => unheard.heard(),
            false => unheard.keep(),
        }
    }
    Ok(())
}

/// Whether the controller says that it has heard everything. What is written may never arrive.
fn is_heard(requests: &Receiver<Result<Request, String>>, last: &Arc<Mutex<Instant>>) -> bool {
    const PATIENCE: Duration = Duration::from_secs(10);
    let silent = *last.lock().unwrap_or_else(PoisonError::into_inner) + SILENCE;
    let deadline = silent.min(Instant::now() + PATIENCE);
    while let Ok(request) = requests.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        if matches!(request, Ok(Request::Heard)) {
            return true;
        }
    }
    false
}

/// What no other machine has, if the machine has it.
fn machine_id(system: &dyn System) -> Option<String> {
    let path = AbsPath::new("/etc/machine-id").ok()?;
    let id = String::from_utf8(system.read(&path).ok()??).ok()?;
    let id = id.trim();
    // An image that is booted for the first time has no id yet.
    (!id.is_empty() && id != "uninitialized").then(|| id.to_owned())
}

fn next(requests: &Receiver<Result<Request, String>>) -> Result<Option<Request>, Refusal> {
    match requests.recv_timeout(SILENCE) {
        Ok(Ok(request)) => Ok(Some(request)),
        Ok(Err(why)) => Err(Refusal::Request(why)),
        // The controller is gone, or its connection is half open and nothing will ever come.
        Err(_) => Ok(None),
    }
}

/// Reads messages on a thread of its own, so that a stop and the controller's absence are seen while a run goes on.
fn read_requests(
    mut input: impl Read + Send + 'static,
    control: Control,
    heard: Arc<Mutex<Instant>>,
) -> Receiver<Result<Request, String>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut blobs = BTreeMap::new();
        loop {
            let request = match Frame::read(&mut input) {
                Ok(Some(Frame::Blob(bytes))) => {
                    blobs::receive(bytes, &mut blobs);
                    continue;
                }
                Ok(Some(Frame::Json(json))) => parse(&json, &blobs),
                Ok(None) => break,
                Err(error) => Err(error.to_string()),
            };
            *heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            let broken = request.is_err();
            if broken || matches!(request, Ok(Request::Stop)) {
                control.stop();
            }
            if !matches!(request, Ok(Request::Heartbeat)) && sender.send(request).is_err() || broken {
                break;
            }
        }
        control.stop();
    });
    receiver
}

/// A greeting of another version of the protocol, of which nothing but that version can be relied on.
fn foreign_hello(value: &serde_json::Value) -> Option<Hello> {
    let protocol = value
        .pointer("/Hello/protocol")?
        .as_u64()
        .and_then(|n| u32::try_from(n).ok())?;
    (protocol != PROTOCOL).then(|| Hello {
        protocol,
        version: String::new(),
        kinds_digest: String::new(),
        kinds: BTreeMap::new(),
        declared: DeclaredFacts::default(),
    })
}

fn parse(json: &[u8], blobs: &BTreeMap<String, Vec<u8>>) -> Result<Request, String> {
    let mut value: serde_json::Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    if let Some(hello) = foreign_hello(&value) {
        return Ok(Request::Hello(hello));
    }
    blobs::put_back(&mut value, blobs)?;
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// The way back to the controller. Once it fails, the run is asked to stop and nothing more is written.
#[derive(Clone)]
struct Answers {
    output: Arc<Mutex<Option<Box<dyn Write + Send>>>>,
    control: Control,
}

impl Answers {
    fn new(output: impl Write + Send + 'static, control: Control) -> Self {
        // Events come in bursts: they are gathered, and sent when there is a pause or a heartbeat.
        let buffered = std::io::BufWriter::with_capacity(64 * 1024, output);
        Self {
            output: Arc::new(Mutex::new(Some(Box::new(buffered)))),
            control,
        }
    }

    fn raw(&self, bytes: &[u8]) {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        if output.as_mut().is_some_and(|output| output.write_all(bytes).is_err()) {
            *output = None;
            self.control.stop();
        }
    }

    fn send(&self, answer: &Answer) {
        let encoded = serde_json::to_vec(answer)
            .ok()
            .and_then(|json| encode(&Frame::Json(json)).ok());
        match encoded {
            Some(bytes) => self.raw(&bytes),
            // The controller waits for an answer; that it was too long to be sent is one.
            None => {
                let refusal = Answer::Refused(Refusal::TooLong);
                let json = serde_json::to_vec(&refusal).unwrap_or_default();
                self.raw(&encode(&Frame::Json(json)).unwrap_or_default());
                self.control.stop();
            }
        }
        if !matches!(answer, Answer::Event(_)) {
            self.flush();
        }
    }

    fn flush(&self) {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        if output.as_mut().is_some_and(|output| output.flush().is_err()) {
            *output = None;
            self.control.stop();
        }
    }

    /// Says every few seconds that the agent is still there, until the returned guard is dropped. In between, what has
    /// gathered is sent, so that a report follows the run closely.
    fn start_heartbeats(&self, heard: Arc<Mutex<Instant>>) -> Heartbeats {
        const FOLLOW: Duration = Duration::from_millis(100);
        let (stop, stopped) = channel::<()>();
        let answers = self.clone();
        let thread = std::thread::spawn(move || {
            let mut quiet = Duration::ZERO;
            while stopped.recv_timeout(FOLLOW) == Err(RecvTimeoutError::Timeout) {
                quiet += FOLLOW;
                if quiet >= HEARTBEAT {
                    quiet = Duration::ZERO;
                    answers.send(&Answer::Heartbeat);
                }
                answers.flush();
                if heard.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > SILENCE {
                    answers.control.stop();
                }
            }
        });
        Heartbeats {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

struct Heartbeats {
    stop: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Heartbeats {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic of the heartbeat thread has nothing to tell that the run's own report doesn't.
            let _finished = thread.join();
        }
    }
}
