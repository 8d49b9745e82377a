//! What a version of Marathon has.

use crate::roles::Version;
use std::fmt;

/// Something that not every version has: it isn't there up to `after`, and is there from `by` on. Between the two it may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    pub(super) after: (u16, u16),
    pub(super) by: (u16, u16),
}

impl Since {
    pub(super) const fn new(after: (u16, u16), by: (u16, u16)) -> Self {
        Self { after, by }
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (after, by) = (self.after, self.by);
        if after.0 == by.0 && after.1 + 1 == by.1 {
            return write!(f, "it came with {}.{}", by.0, by.1);
        }
        write!(
            f,
            "it came after {}.{}, and no later than {}.{}",
            after.0, after.1, by.0, by.1
        )
    }
}

/// What is asked of a version of Marathon.
pub(super) trait MarathonLine {
    /// The release line, such as (1, 5).
    fn line(self) -> (u16, u16);

    /// Whether it is one of those whose API is known here: 0.7 to 1.11.
    fn was_read(self) -> bool;

    /// Whether networks stand beside the container, and port mappings in it: 1.5 and later.
    fn has_networks(self) -> bool;

    /// Whether it certainly doesn't have this.
    fn lacks(self, since: Since) -> bool;

    /// Whether it certainly has this.
    fn has(self, since: Since) -> bool;
}

impl MarathonLine for Version {
    fn line(self) -> (u16, u16) {
        (self.major(), self.minor())
    }

    fn was_read(self) -> bool {
        ((0, 7)..=(1, 11)).contains(&self.line())
    }

    fn has_networks(self) -> bool {
        self.line() >= (1, 5)
    }

    fn lacks(self, since: Since) -> bool {
        self.line() <= since.after
    }

    fn has(self, since: Since) -> bool {
        self.line() >= since.by
    }
}
