//! What a cluster program's exit status means. Where several apply, the worst wins: the order below is from good to bad.

use std::process::ExitCode;

/// It went well. With `--detailed-exitcode`: and nothing changed, or would.
pub const SUCCESS: u8 = 0;

/// With `--detailed-exitcode`: it went well and something changed, or would.
pub const CHANGED: u8 = 2;

/// The definition or the command line has a mistake. No host was touched.
pub const USAGE: u8 = 1;

/// A resource or a refresh failed, a host refused the run, or a command that was run ended with an error.
pub const FAILED: u8 = 4;

/// A host wasn't reached, or was lost.
pub const UNREACHABLE: u8 = 5;

/// Gathers what happened to one status, of which the worst wins.
#[derive(Debug, Clone, Copy, Default)]
pub struct Verdict {
    changed: bool,
    failed: bool,
    unreachable: bool,
}

impl Verdict {
    /// Nothing happened yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            changed: false,
            failed: false,
            unreachable: false,
        }
    }

    /// Something changed, or would.
    pub const fn changed(&mut self) {
        self.changed = true;
    }

    /// Something failed.
    pub const fn failed(&mut self) {
        self.failed = true;
    }

    /// A host wasn't reached.
    pub const fn unreachable(&mut self) {
        self.unreachable = true;
    }

    /// The status; "changed" counts only where it was asked for.
    #[must_use]
    pub const fn status(self, detailed: bool) -> u8 {
        match self {
            Self { unreachable: true, .. } => UNREACHABLE,
            Self { failed: true, .. } => FAILED,
            Self { changed: true, .. } if detailed => CHANGED,
            _ => SUCCESS,
        }
    }

    /// The status for the operating system.
    #[must_use]
    pub fn exit(self, detailed: bool) -> ExitCode {
        ExitCode::from(self.status(detailed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_wins() {
        let mut verdict = Verdict::new();
        assert_eq!(verdict.status(true), SUCCESS);
        verdict.changed();
        assert_eq!((verdict.status(true), verdict.status(false)), (CHANGED, SUCCESS));
        verdict.failed();
        assert_eq!(verdict.status(true), FAILED);
        verdict.unreachable();
        assert_eq!(verdict.status(false), UNREACHABLE);
    }
}
