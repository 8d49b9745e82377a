use crate::converge::Control;
use tokio::sync::watch;

/// Asks a run over many hosts to stop: each at its next boundary between resources, and those that weren't begun not at all.
#[derive(Debug, Clone)]
pub struct Stop {
    control: Control,
    sender: watch::Sender<bool>,
}

impl Stop {
    /// Of a run that nobody has asked to stop.
    #[must_use]
    pub fn new() -> Self {
        Self {
            control: Control::new(),
            sender: watch::Sender::new(false),
        }
    }

    /// Asks the run to stop.
    pub fn request(&self) {
        self.control.stop();
        self.sender.send_replace(true);
    }

    /// Whether the run was asked to stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.control.is_stopped()
    }

    /// What stops a run that isn't over a network.
    #[must_use]
    pub(super) fn control(&self) -> Control {
        self.control.clone()
    }

    /// Returns once the run was asked to stop.
    pub(super) async fn requested(&self) {
        let mut receiver = self.sender.subscribe();
        // It can't fail: the sender is here.
        let _requested = receiver.wait_for(|requested| *requested).await;
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}
