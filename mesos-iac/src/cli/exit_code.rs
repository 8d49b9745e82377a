//! What a cluster program's exit status means. Where several apply, the worst wins: the order below is from good to bad.

use std::process::ExitCode;

/// It went well. With `--detailed-exitcode`: and nothing changed, or would; a plan has nothing in it that is unknown.
pub const SUCCESS: u8 = 0;

/// With `--detailed-exitcode`: it went well and something changed, or would, or may: a plan has something in it that is
/// unknown.
pub const CHANGED: u8 = 2;

/// The definition or the command line has a mistake. No host was touched.
pub const USAGE: u8 = 1;

/// Another run was at work on a host, which wasn't touched.
pub const LOCKED: u8 = 6;

/// A resource or a refresh failed, a host refused the run, or a command that was run ended with an error.
pub const FAILED: u8 = 4;

/// A host wasn't reached, or was lost.
pub const UNREACHABLE: u8 = 5;

/// The run was stopped by a signal, at a boundary between resources or at once; hosts stop at a boundary by themselves.
pub const STOPPED: u8 = 130;

/// What happened, from good to bad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// It went well and nothing changed, or would.
    #[default]
    Unchanged,
    /// It went well and something changed, or would, or may.
    Changed,
    /// Another run was at work.
    Locked,
    /// Something failed.
    Failed,
    /// A host wasn't reached.
    Unreachable,
    /// The run was stopped.
    Stopped,
}

/// Gathers what happened to one status, of which the worst wins.
#[derive(Debug, Clone, Copy, Default)]
pub struct Verdict(Grade);

impl Verdict {
    /// Nothing happened yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Grade::Unchanged)
    }

    /// This happened.
    pub fn add(&mut self, grade: Grade) {
        self.0 = self.0.max(grade);
    }

    /// What happened elsewhere happened, too.
    pub fn merge(&mut self, other: Self) {
        self.add(other.0);
    }

    /// The status; "changed" counts only where it was asked for.
    #[must_use]
    pub const fn status(self, detailed: bool) -> u8 {
        match self.0 {
            Grade::Stopped => STOPPED,
            Grade::Unreachable => UNREACHABLE,
            Grade::Failed => FAILED,
            Grade::Locked => LOCKED,
            Grade::Changed if detailed => CHANGED,
            Grade::Changed | Grade::Unchanged => SUCCESS,
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
        verdict.add(Grade::Changed);
        assert_eq!((verdict.status(true), verdict.status(false)), (CHANGED, SUCCESS));
        verdict.add(Grade::Failed);
        verdict.add(Grade::Locked);
        assert_eq!(verdict.status(true), FAILED);
        verdict.add(Grade::Unreachable);
        assert_eq!(verdict.status(false), UNREACHABLE);
        verdict.add(Grade::Stopped);
        assert_eq!(verdict.status(false), STOPPED);
    }
}
