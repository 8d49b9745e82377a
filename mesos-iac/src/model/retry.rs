use super::{Error, Result};
use crate::words::HumanDuration;
use serde::{Deserialize, Serialize};
use std::time::Duration;

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
    /// The most tries, and the longest pause.
    const MOST: (u32, HumanDuration) = (1000, HumanDuration(Duration::from_secs(3600)));

    /// Refuses what nobody can mean, or what would lose its fraction on the way to a host.
    pub(super) fn check(self) -> Result<()> {
        let (times, pause) = Self::MOST;
        if self.times > times || self.pause > pause {
            return Err(Error::message(format!(
                "try it again: {} times after {} each; it is {times} times after {pause} at the most",
                self.times, self.pause
            )));
        }
        if !self.pause.0.subsec_nanos().is_multiple_of(1_000_000) {
            return Err(Error::message(
                "try it again: the pause is no whole number of milliseconds",
            ));
        }
        Ok(())
    }

    /// The more patient of two.
    #[must_use]
    pub fn or_longer(self, other: Self) -> Self {
        Self {
            times: self.times.max(other.times),
            pause: self.pause.max(other.pause),
        }
    }
}
