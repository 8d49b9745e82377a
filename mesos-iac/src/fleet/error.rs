use super::program::ProgramError;
use crate::agent::Refusal;
use crate::plan::Difference;
use crate::state::StateError;
use crate::transport::TransportError;
use crate::words::HumanDuration;

/// Why a host was neither planned nor converged. Each message reads after "failed to".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// It wasn't reached, or was lost before the agent spoke.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The agent refused; nothing was touched.
    #[error("run: {0}")]
    Refused(Refusal),
    /// The agent couldn't be started.
    #[error("start the agent: {why}")]
    Start {
        /// What the host said.
        why: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// Something else than an agent answered.
    #[error("understand the host: {0}")]
    Garbage(String),
    /// There is no agent for the host.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The agent couldn't be brought to the host.
    #[error("upload the agent: {0}")]
    Upload(String),
    /// The agent didn't arrive at the host, which said nothing of it for too long.
    #[error("upload the agent: nothing of it arrived for {0}")]
    Stalled(HumanDuration),
    /// The connection ended before the run did.
    #[error("follow the run to its end: {0}")]
    Lost(String),
    /// Nothing was heard for too long.
    #[error("hear from the agent: it said nothing for {0}")]
    Silent(HumanDuration),
    /// The host wasn't reached over a new connection after a run that is undone otherwise.
    #[error("confirm the run over a new connection: {why}; the host undoes it by itself")]
    Unconfirmed {
        /// Why not.
        why: String,
    },
    /// The run was asked to stop before this host was begun.
    #[error("begin: the run was stopped before, and the host wasn't touched")]
    Stopped,
    /// A command's time was over, and nobody knows what became of it.
    #[error("end the command, which wasn't done after {0}: the host doesn't say that it has ended")]
    NotEnded(HumanDuration),
    /// A request couldn't be encoded.
    #[error("send the catalog: {0}")]
    Request(String),
    /// A sandbox couldn't be used.
    #[error(transparent)]
    Sandbox(#[from] crate::system::SandboxError),
    /// The task of the host panicked: a bug, which must not hide the host.
    #[error("keep the host's task alive: {0}")]
    Panicked(String),
}

impl HostError {
    /// Whether the host wasn't reached, or was lost; otherwise it was reached and didn't work.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        !matches!(
            self,
            Self::Refused(_) | Self::Program(_) | Self::Sandbox(_) | Self::Request(_) | Self::Stopped
        )
    }

    /// Whether another run was at work on the host.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        matches!(self, Self::Refused(Refusal::State(StateError::Locked(_))))
    }

    /// Whether the run was stopped before this host was begun.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        matches!(self, Self::Stopped)
    }

    /// More of what is wrong, line by line.
    #[must_use]
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::Refused(Refusal::Plan(differences)) => differences.iter().flat_map(Difference::lines).collect(),
            _ => Vec::new(),
        }
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Transport(error) => error.hint(),
            Self::Start { hint, .. } => hint.clone(),
            Self::Program(error) => Some(error.hint()),
            Self::Refused(Refusal::Protocol { .. }) => {
                Some("build the agent from the same release of mesos-iac as the program".into())
            }
            Self::Refused(Refusal::Kinds(_)) => Some(
                "build an agent that has them, from the same sources as the program, or leave `--agent` out".into(),
            ),
            Self::Refused(Refusal::State(error)) => Some(error.hint().into()),
            Self::Refused(Refusal::Plan(_)) => {
                Some("make a new plan, and have it reviewed; nothing was changed".into())
            }
            Self::Refused(Refusal::LostState { .. }) => Some(
                "the host was installed anew, or went back to an earlier state: make a new plan. Nothing was changed".into(),
            ),
            Self::Refused(Refusal::Outdated) => Some(
                "make a new plan; `apply FILE --force` makes the changes that this one shows and no others: what the other \
                 definition changed besides stays. Nothing was changed"
                    .into(),
            ),
            Self::Refused(Refusal::Facts(_)) => Some("correct the definition, or the host".into()),
            Self::Refused(Refusal::NotRoot(_)) => Some("log in as root, or as a user who may `sudo -n`".into()),
            Self::Garbage(_) => Some("log in by hand and see what the login prints; a run that had begun stops by itself, and `plan` shows what is left".into()),
            Self::Stalled(_) => Some("nothing was changed; see whether the host's disk and network work".into()),
            Self::Lost(_) | Self::Silent(_) => Some(
                "the run on the host stops at the next boundary between resources; run again to see what is left"
                    .into(),
            ),
            Self::Unconfirmed { .. } => Some(
                "wait until the host has undone it; the next run tells what that was. Then correct the definition".into(),
            ),
            Self::NotEnded(_) => Some("log in by hand and see whether it still runs".into()),
            _ => None,
        }
    }
}
