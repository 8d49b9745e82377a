use crate::words::HumanDuration;
use serde::{Deserialize, Serialize};

/// How often something that failed is tried again: its check, its change and its refresh, each as often as this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// How often, the first try not counted.
    pub times: u32,
    /// How long is waited before each.
    pub pause: HumanDuration,
}

impl Retry {
    /// The more patient of two.
    #[must_use]
    pub fn or_longer(self, other: Self) -> Self {
        Self {
            times: self.times.max(other.times),
            pause: self.pause.max(other.pause),
        }
    }
}
