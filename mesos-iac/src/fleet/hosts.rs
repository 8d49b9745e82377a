use super::bootstrap;
use super::conversation::{Answers, Listener, Opening, last_words, send};
use super::error::HostError;
use super::event::{FleetEvent, HostResult, Traffic};
use super::program::{AgentProgram, AgentPrograms};
use super::stop::Stop;
use super::upload::upload;
use crate::agent::{Request, encode_requests};
use crate::converge::Event;
use crate::model::{Arch, Facts};
use crate::transport::{Channel, Method, Session, SshOptions, SshThreadError, Target, run_on_ssh_thread};
use crate::words::{HostName, HumanDuration};
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};
use tokio::io::AsyncWrite;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

/// How long the agent's end is waited for once it has said everything.
const PARTING: Duration = Duration::from_secs(2);

/// How a run over many hosts is done.
#[derive(Debug, Clone)]
pub struct FleetOptions {
    /// How a byte stream to a host is made.
    pub method: Method,
    /// What the controller's environment contributes to that.
    pub ssh: SshOptions,
    /// The agents at hand.
    pub agents: AgentPrograms,
    /// How many hosts are worked on at once.
    pub parallel: usize,
    /// How long a host may say nothing before it counts as lost. An agent says something every five seconds.
    pub silence: Duration,
    /// By which the run can be asked to stop.
    pub stop: Stop,
}

/// One host's part of a run.
#[derive(Clone)]
pub struct HostTask {
    /// The host's name in the definition.
    pub host: HostName,
    /// Where and as whom it is reached.
    pub target: Target,
    /// Its architecture, if declared.
    pub arch: Option<Arch>,
    /// What is said to its agent, encoded.
    pub requests: Vec<u8>,
    /// How the run is confirmed over a new connection, if the host undoes it otherwise.
    pub confirmation: Option<Confirmation>,
}

/// How a run is confirmed.
#[derive(Clone)]
pub struct Confirmation {
    /// What is said to the agent, encoded.
    pub requests: Vec<u8>,
    /// How long the host waits.
    pub within: Duration,
}

// The requests hold secrets, so only their length is shown.
impl fmt::Debug for HostTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostTask({}, {} bytes)", self.host, self.requests.len())
    }
}

/// Works on all hosts at once, at most `parallel` of them, and tells what happens. Every host gets exactly one
/// [`FleetEvent::HostFinished`].
///
/// # Errors
/// The thread on which SSH runs can't be started. No host was touched.
pub fn run_hosts(
    tasks: Vec<HostTask>,
    options: &FleetOptions,
    events: &Sender<FleetEvent>,
) -> Result<(), SshThreadError> {
    let options = options.clone();
    let events = events.clone();
    run_on_ssh_thread(move || run_all(tasks, options, events))
}

async fn run_all(tasks: Vec<HostTask>, options: FleetOptions, events: Sender<FleetEvent>) {
    let permits = Arc::new(Semaphore::new(options.parallel.max(1)));
    let options = Rc::new(options);
    let running: Vec<(HostName, Rc<Sent>, JoinHandle<()>)> = tasks
        .into_iter()
        .map(|task| {
            let (name, sent) = (task.host.clone(), Rc::new(Sent::default()));
            let work = run_one(
                task,
                Rc::clone(&options),
                events.clone(),
                Arc::clone(&permits),
                Rc::clone(&sent),
            );
            (name, sent, tokio::task::spawn_local(work))
        })
        .collect();
    for (host, sent, work) in running {
        // A panic in one host's task is that host's failure; it neither hides the host nor ends the others.
        if let Err(error) = work.await {
            let result = HostResult::Failed(HostError::Panicked(error.to_string()));
            tell(
                &events,
                FleetEvent::HostFinished {
                    host,
                    result,
                    traffic: sent.traffic(),
                },
            );
        }
    }
}

/// What was sent to a host so far.
#[derive(Debug, Default)]
struct Sent {
    program: AtomicU64,
    messages: AtomicU64,
}

impl Sent {
    fn traffic(&self) -> Traffic {
        Traffic {
            program: self.program.load(Ordering::Relaxed),
            messages: self.messages.load(Ordering::Relaxed),
        }
    }
}

fn tell(events: &Sender<FleetEvent>, event: FleetEvent) {
    // Nobody listens any more: the program is about to end.
    let _unheard = events.send(event);
}

async fn run_one(
    task: HostTask,
    options: Rc<FleetOptions>,
    events: Sender<FleetEvent>,
    permits: Arc<Semaphore>,
    sent: Rc<Sent>,
) {
    let _permit = permits.acquire().await;
    let host = task.host.clone();
    tell(&events, FleetEvent::HostStarted { host: host.clone() });
    let mut run = HostRun {
        task: &task,
        options: &options,
        events: &events,
        sent: &sent,
        has_news: false,
        is_armed: false,
        is_confirming: false,
    };
    let result = match run.work().await {
        // Whatever the connection was lost to, nobody confirms the run.
        Err(HostError::Lost(why)) if run.is_armed => HostResult::Failed(HostError::Unconfirmed { why }),
        Err(error @ HostError::Silent(_)) if run.is_armed => {
            let why = error.to_string();
            HostResult::Failed(HostError::Unconfirmed { why })
        }
        result => result.unwrap_or_else(HostResult::Failed),
    };
    tell(
        &events,
        FleetEvent::HostFinished {
            host,
            result,
            traffic: sent.traffic(),
        },
    );
}

struct HostRun<'a> {
    task: &'a HostTask,
    options: &'a FleetOptions,
    events: &'a Sender<FleetEvent>,
    sent: &'a Sent,
    /// Whether the host told of something that it keeps until we say that we heard it.
    has_news: bool,
    /// Whether the host undoes the run unless it is confirmed.
    is_armed: bool,
    /// Whether the run is over, and what the host says now belongs to its confirmation.
    is_confirming: bool,
}

impl Listener for HostRun<'_> {
    fn welcomed(&mut self, facts: Facts) {
        if self.is_confirming {
            return;
        }
        let host = self.task.host.clone();
        tell(self.events, FleetEvent::HostWelcomed { host, facts });
    }

    fn happened(&mut self, event: Event) {
        if self.is_confirming {
            return;
        }
        self.has_news |= event.is_worth_keeping();
        self.is_armed |= matches!(event, Event::Armed(_));
        let host = self.task.host.clone();
        tell(self.events, FleetEvent::Host { host, event });
    }

    fn is_alive(&mut self) {
        let host = self.task.host.clone();
        tell(self.events, FleetEvent::HostAlive { host });
    }
}

impl HostRun<'_> {
    async fn work(&mut self) -> Result<HostResult, HostError> {
        if self.options.stop.is_requested() {
            return Err(HostError::Stopped);
        }
        let mut program = self.options.agents.choose(self.task.arch.as_ref())?;
        let session = Session::connect(self.options.method, &self.task.target, &self.options.ssh).await?;
        let mut uploaded = false;
        loop {
            // From here on the host works.
            if self.options.stop.is_requested() {
                return Err(HostError::Stopped);
            }
            let command = bootstrap::start(program.digest());
            let channel = self.exec(&session, &command).await?;
            match self.converse(channel, &program, &self.task.requests).await? {
                Conversation::Over(result) => {
                    session.close().await;
                    if let Some(confirmation) = self.task.confirmation.as_ref().filter(|_| self.is_armed) {
                        self.confirm(confirmation, &program).await?;
                    }
                    return Ok(result);
                }
                Conversation::Missing(_) if uploaded => {
                    return Err(HostError::Upload("it was put in place, and isn't there".into()));
                }
                Conversation::Missing(arch) => {
                    program = self.options.agents.choose(Some(&arch))?;
                    self.upload(&session, &program).await?;
                    uploaded = true;
                }
            }
        }
    }

    async fn converse(
        &mut self,
        channel: Channel,
        program: &AgentProgram,
        requests: &[u8],
    ) -> Result<Conversation, HostError> {
        let Channel {
            stdin,
            stdout,
            stderr,
            exit,
        } = channel;
        // Sent without waiting for a greeting, so that a warm run takes one round trip. A host without the agent doesn't
        // read it.
        let (say, words) = mpsc::unbounded_channel();
        let speak = speak(stdin, requests.to_vec(), words, self.options.stop.clone());
        let mut speaker = Abort(tokio::task::spawn_local(speak));
        let mut answers = Answers::new(stdout, self.options.silence);
        match answers.opening().await? {
            Opening::Ended(error) => {
                drop(speaker);
                let rest = Channel {
                    stdin: Box::pin(tokio::io::sink()),
                    stdout: Box::pin(tokio::io::empty()),
                    stderr,
                    exit,
                };
                Err(failed_to_start(error, rest, program).await)
            }
            Opening::Missing(arch) => Ok(Conversation::Missing(arch)),
            Opening::Agent => {
                self.sent.messages.fetch_add(requests.len() as u64, Ordering::Relaxed);
                drop(stderr);
                let result = answers.follow(self).await?;
                if self.has_news && say.send(Request::Heard).is_ok() {
                    answers.await_end(PARTING).await;
                    // It may still be writing to a host that doesn't read.
                    let _said = tokio::time::timeout(PARTING, &mut speaker.0).await;
                }
                Ok(Conversation::Over(result))
            }
        }
    }

    /// Reaches the host anew, and says that the run stays.
    async fn confirm(&mut self, confirmation: &Confirmation, program: &AgentProgram) -> Result<(), HostError> {
        const PAUSE: Duration = Duration::from_secs(1);
        self.is_confirming = true;
        // Whoever stops a run doesn't say that it may stay.
        if self.options.stop.is_requested() {
            let why = "the run was stopped".to_owned();
            return Err(HostError::Unconfirmed { why });
        }
        let deadline = Instant::now() + confirmation.within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let tried = tokio::time::timeout(left, self.confirm_once(confirmation, program)).await;
            let why = match tried {
                Ok(Ok(())) => {
                    let host = self.task.host.clone();
                    tell(self.events, FleetEvent::HostConfirmed { host });
                    return Ok(());
                }
                // Somebody who looks whether the host is free has its lock for a moment.
                Ok(Err(refused @ HostError::Refused(_))) if !refused.is_locked() => return Err(refused),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "the host doesn't answer".to_owned(),
            };
            if Instant::now() + PAUSE >= deadline {
                return Err(HostError::Unconfirmed { why });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn confirm_once(&mut self, confirmation: &Confirmation, program: &AgentProgram) -> Result<(), HostError> {
        let options = SshOptions {
            fresh_connection: true,
            ..self.options.ssh.clone()
        };
        let session = Session::connect(self.options.method, &self.task.target, &options).await?;
        let channel = self.exec(&session, &bootstrap::start(program.digest())).await?;
        match self.converse(channel, program, &confirmation.requests).await? {
            Conversation::Over(_) => Ok(()),
            Conversation::Missing(_) => Err(HostError::Upload("the agent isn't there any more".into())),
        }
    }

    async fn exec(&self, session: &Session, command: &str) -> Result<Channel, HostError> {
        let silence = self.options.silence;
        Ok(tokio::time::timeout(silence, session.exec(command))
            .await
            .map_err(|_| HostError::Silent(HumanDuration(silence)))??)
    }

    async fn upload(&self, session: &Session, program: &Arc<AgentProgram>) -> Result<(), HostError> {
        let compressing = Arc::clone(program);
        let compressed = tokio::task::spawn_blocking(move || compressing.compressed())
            .await
            .map_err(|error| HostError::Panicked(error.to_string()))?
            .map_err(HostError::Upload)?;
        let unique = format!("{}-{:x}", std::process::id(), unique_number());
        let command = bootstrap::upload(program.digest(), &unique);
        let channel = self.exec(session, &command).await?;
        upload(channel, &compressed, self.options.silence).await?;
        self.sent.program.fetch_add(compressed.len() as u64, Ordering::Relaxed);
        tell(
            self.events,
            FleetEvent::AgentUploaded {
                host: self.task.host.clone(),
                bytes: compressed.len() as u64,
            },
        );
        Ok(())
    }
}

enum Conversation {
    Over(HostResult),
    Missing(Arch),
}

/// Sends the requests, then that the controller is still there, and that the run is to stop, until there is a last word or
/// it is dropped; that ends the agent's input.
async fn speak(
    mut stdin: Pin<Box<dyn AsyncWrite>>,
    requests: Vec<u8>,
    mut words: mpsc::UnboundedReceiver<Request>,
    stop: Stop,
) {
    const HEARTBEAT: Duration = Duration::from_secs(5);
    send(&mut stdin, &requests).await;
    let mut has_stopped = false;
    loop {
        let (request, is_last) = tokio::select! {
            () = tokio::time::sleep(HEARTBEAT) => (Request::Heartbeat, false),
            () = stop.requested(), if !has_stopped => (Request::Stop, false),
            word = words.recv() => match word {
                Some(word) => (word, true),
                None => return,
            },
        };
        has_stopped |= request == Request::Stop;
        let Ok(bytes) = encode_requests(&[request]) else { return };
        send(&mut stdin, &bytes).await;
        if is_last {
            return;
        }
    }
}

struct Abort(JoinHandle<()>);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Finds out why no agent spoke: what the connection, `sudo` or the dynamic linker have to say.
async fn failed_to_start(error: HostError, channel: Channel, program: &AgentProgram) -> HostError {
    let (words, code, transport) = last_words(channel).await;
    if let Some(transport) = transport {
        return HostError::Transport(transport);
    }
    let hint = if words.contains("sudo:") {
        Some("log in as root, or allow the user `sudo` without a password: `NAME ALL=(ALL) NOPASSWD: ALL`".to_owned())
    } else if words.contains("GLIBC_") || words.contains("ld-linux") || (code == Some(127) && !program.elf().is_static)
    {
        let path = program.path().display();
        Some(format!(
            "{path} needs a newer C library than the host has: use a static agent, see the README"
        ))
    } else {
        None
    };
    match words.is_empty() {
        true => error,
        false => HostError::Start { why: words, hint },
    }
}

/// A number that no other upload of this process has.
fn unique_number() -> u128 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos());
    now << 16 | u128::from(COUNT.fetch_add(1, Ordering::Relaxed))
}
