use crate::converge::Control;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Asks a run over many hosts to stop: each at its next boundary between resources, and those that weren't begun not at all.
#[derive(Debug, Clone)]
pub struct Stop {
    /// Of the hosts that are worked on in this process: one that stops by itself stops no other.
    controls: Arc<Mutex<Vec<Control>>>,
    sender: watch::Sender<bool>,
}

impl Stop {
    /// Of a run that nobody has asked to stop.
    #[must_use]
    pub fn new() -> Self {
        Self {
            controls: Arc::default(),
            sender: watch::Sender::new(false),
        }
    }

    /// Asks the run to stop.
    pub fn request(&self) {
        self.sender.send_replace(true);
        let controls = self.controls.lock().unwrap_or_else(PoisonError::into_inner);
        controls.iter().for_each(Control::stop);
    }

    /// Whether the run was asked to stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.sender.borrow()
    }

    /// What stops a run on a host that isn't over a network, when all are to stop.
    #[must_use]
    pub(super) fn control(&self) -> Control {
        let control = Control::new();
        let mut controls = self.controls.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_requested() {
            control.stop();
        }
        controls.push(control.clone());
        control
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
