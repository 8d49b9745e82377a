use super::{Ended, Invocation, Output, Probe, System, SystemError};
use crate::words::{AbsPath, CommandLine, CommandLineError, HumanDuration};
use std::time::Duration;

/// A command to run, the program first: `invoke(["zkServer-initialize.sh", "--force"])`.
///
/// # Errors
/// The words are no command.
pub fn invoke<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Result<Invocation, CommandLineError> {
    Ok(Invocation::new(CommandLine::new(words)?))
}

/// A question to put to the host by running a command: exit status 0 is yes, 1 is no, all else an error.
///
/// # Errors
/// The words are no command.
pub fn probe<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Result<Probe, CommandLineError> {
    Ok(Probe {
        invocation: invoke(words)?,
        read_only: false,
    })
}

impl Probe {
    /// Promises that the command changes nothing, so that a plan may run it.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Sets how long it may take.
    #[must_use]
    pub const fn time_out(mut self, time_out: Duration) -> Self {
        self.invocation.time_out = HumanDuration(time_out);
        self
    }

    /// Sets who runs it.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.invocation.user = Some(user.into());
        self
    }
}

impl Invocation {
    /// Sets the directory it starts in.
    #[must_use]
    pub fn directory(mut self, directory: AbsPath) -> Self {
        self.directory = Some(directory);
        self
    }

    /// Sets who runs it.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Adds a variable to its environment.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Sets how long it may take.
    #[must_use]
    pub const fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = HumanDuration(time_out);
        self
    }
}

impl dyn System + '_ {
    /// Runs the command; anything but exit status 0 is an error that shows the end of what it wrote.
    ///
    /// # Errors
    /// It can't be started, takes too long, or fails.
    pub fn run_checked(&self, invocation: &Invocation) -> Result<Output, SystemError> {
        let output = self.run(invocation)?;
        if output.ended == Ended::Exit(0) {
            return Ok(output);
        }
        Err(SystemError::Tool {
            command: invocation.command.clone(),
            ended: output.ended,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}
