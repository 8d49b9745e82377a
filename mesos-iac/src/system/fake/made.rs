//! How a machine in memory is made: what stands on it, what its commands answer, where it fails.

use super::{FakeSystem, Node};
use crate::model::Facts;
use crate::words::{AbsPath, CommandLine, SecretSource, SecretText};

impl FakeSystem {
    /// What is true of it, which for a machine in memory can always be said.
    #[cfg(feature = "testing")]
    pub(crate) const fn own_facts(&self) -> &Facts {
        &self.facts
    }

    /// The same machine with these facts.
    #[must_use]
    pub fn with_facts(mut self, facts: Facts) -> Self {
        self.facts = facts;
        self
    }

    /// The same, whose questions on HTTP go out into the real world: to a server of the test.
    #[must_use]
    pub const fn with_real_http(mut self) -> Self {
        self.has_real_http = true;
        self
    }

    /// The same machine during another boot. Nothing that it remembers is lost, its services run.
    #[must_use]
    pub fn with_boot(mut self, boot: &str) -> Self {
        self.boot = Some(boot.to_owned());
        self
    }

    /// The same machine with the value of a secret.
    #[must_use]
    pub fn with_secret(mut self, source: SecretSource, value: &str) -> Self {
        self.secrets = self.secrets.with(source, SecretText::new(value.as_bytes().to_vec()));
        self
    }

    /// The same machine with a file on it; its directories come along, as if a package had brought them.
    #[must_use]
    pub fn with_file(self, path: &AbsPath, content: impl AsRef<[u8]>) -> Self {
        let mut state = self.lock();
        state.make_directories(path);
        state.nodes.insert(path.clone(), Node::File(content.as_ref().to_vec()));
        drop(state);
        self
    }

    /// The same machine without this unit: asking for it finds none.
    #[must_use]
    pub fn without_unit(self, name: &str) -> Self {
        self.lock().missing_units.push(name.to_owned());
        self
    }

    /// The same machine, whose repositories hold this package, which needs those. Without any such word every package is
    /// there, in a version that nobody knows; with one, only those that were named.
    #[must_use]
    pub fn with_candidate(self, name: &str, version: &str, needs: &[&str]) -> Self {
        self.lock().repository.add(name, version, needs);
        self
    }

    /// The same machine with a package installed.
    #[must_use]
    pub fn with_package(self, name: &str, version: &str) -> Self {
        let mut state = self.lock();
        state.machine.packages.insert(name.to_owned(), version.to_owned());
        drop(state);
        self
    }

    /// The same machine, on which this command ends with this exit status. Words that are no command are ignored.
    #[must_use]
    pub fn with_command<W: Into<String>>(self, words: impl IntoIterator<Item = W>, exit_status: i32) -> Self {
        if let Ok(command) = CommandLine::new(words) {
            self.lock().answers.insert(command, exit_status);
        }
        self
    }

    /// The same machine, which finds this at this address.
    #[must_use]
    pub fn with_url(self, url: &str, content: impl AsRef<[u8]>) -> Self {
        self.lock().network.insert(url.to_owned(), content.as_ref().to_vec());
        self
    }

    /// The same machine, on which this command succeeds and makes an empty file at this path, as one does that is declared
    /// with `.creates(path)`. The file's directories come along. Words that are no command are ignored.
    #[must_use]
    pub fn with_command_that_makes<W: Into<String>>(self, words: impl IntoIterator<Item = W>, path: &AbsPath) -> Self {
        if let Ok(command) = CommandLine::new(words) {
            let mut state = self.lock();
            state.makes.insert(command.clone(), path.clone());
            state.answers.insert(command, 0);
        }
        self
    }

    /// The same machine, on which every directory exists that a file is written to, as if packages had brought them.
    #[must_use]
    pub fn with_directories_of<'a>(self, paths: impl IntoIterator<Item = &'a AbsPath>) -> Self {
        let mut state = self.lock();
        paths.into_iter().for_each(|path| state.make_directories(path));
        drop(state);
        self
    }

    /// The same machine, whose `nth` change from now on fails, as if its disk were full; the others succeed.
    ///
    /// With this, a run can be made to fail at each of its steps: count them with [`FakeSystem::changes`] first.
    #[must_use]
    pub fn failing_at(self, nth: usize) -> Self {
        let mut state = self.lock();
        state.fails_at = Some(state.changes + nth);
        drop(state);
        self
    }

    /// The same machine, whose disk can't be flushed from now on.
    #[must_use]
    pub fn failing_to_sync(self) -> Self {
        self.lock().fails_to_sync = true;
        self
    }

    /// The same machine with a package that can't be configured: each transaction does what it is asked for, and fails all the
    /// same in the end, as dpkg's does there.
    #[must_use]
    pub fn with_unconfigured_package(self, name: &str) -> Self {
        self.lock().unconfigured = Some(name.to_owned());
        self
    }
}
