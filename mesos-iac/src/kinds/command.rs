use super::builder::Mistake;
use crate::model::{
    COMMAND_TIME_OUT, Check, Converge, Declare, Diff, Effect, Effects, Error, HostView, Invocation, Probe, ReadSystem,
    RefreshAction, Refreshed, Rerun, Result, Shown, System, SystemError,
};
use crate::words::{AbsPath, CommandLine, HumanDuration, ResourceId};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration;

/// Ensures that a command has done its work: it runs where its guards say that there is work to do.
///
/// A command says when that is before it can be declared: as long as a path doesn't exist (`.creates(…)`), unless or only
/// if another command says so, or only when something else changed (`.refresh_only()`). Several guards must all say so. A
/// guard that fails or takes too long fails the command; it never reads as yes or no.
///
/// Commands are vectors of words: no shell reads them. What a command does to the host is its own: declare with `.after`
/// and `.before` what the graph can't know. What it leaves running in the background goes on after the run, which tells of
/// it; only what a run that broke off left is ended, by the next one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.command", key = name)]
pub struct Command {
    name: String,
    invocation: Invocation,
    creates: Option<AbsPath>,
    unless: Option<Probe>,
    only_if: Option<Probe>,
    refresh_only: bool,
}

/// A command that hasn't said yet when it has work to do. It can't be declared.
#[derive(Debug, Clone, Copy)]
pub struct Incomplete;

/// A command that says when it has work to do.
#[derive(Debug, Clone, Copy)]
pub struct Complete;

/// A command in the making; see [`Command`]. It can be declared once its guard is known, which is part of its type.
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct CommandBuilder<State> {
    words: Vec<String>,
    name: Option<String>,
    directory: Option<AbsPath>,
    user: Option<String>,
    environment: BTreeMap<String, String>,
    time_out: HumanDuration,
    creates: Option<AbsPath>,
    unless: Option<Probe>,
    only_if: Option<Probe>,
    refresh_only: bool,
    mistake: Mistake,
    state: PhantomData<State>,
}

/// A command, the program first: `command(["update-grub"])`. It is known by its words, or by `.name(…)`.
pub fn command<W: Into<String>>(words: impl IntoIterator<Item = W>) -> CommandBuilder<Incomplete> {
    CommandBuilder {
        words: words.into_iter().map(Into::into).collect(),
        name: None,
        directory: None,
        user: None,
        environment: BTreeMap::new(),
        time_out: HumanDuration(COMMAND_TIME_OUT),
        creates: None,
        unless: None,
        only_if: None,
        refresh_only: false,
        mistake: Mistake::default(),
        state: PhantomData,
    }
}

/// What may be given as a guard: words (a command that a plan doesn't run), or a [`Probe`] that says more.
pub trait IntoProbe {
    /// The probe.
    ///
    /// # Errors
    /// The words are no command.
    fn into_probe(self) -> Result<Probe>;
}

impl<W: Into<String>, const N: usize> IntoProbe for [W; N] {
    fn into_probe(self) -> Result<Probe> {
        Ok(crate::model::probe(self)?)
    }
}

impl IntoProbe for Probe {
    fn into_probe(self) -> Result<Probe> {
        Ok(self)
    }
}

impl<E: Into<Error>> IntoProbe for std::result::Result<Probe, E> {
    fn into_probe(self) -> Result<Probe> {
        self.map_err(Into::into)
    }
}

impl<State> CommandBuilder<State> {
    /// Names the command, as others refer to it and as reports show it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the directory in which it starts: the root directory unless told otherwise.
    pub fn directory(mut self, path: &str) -> Self {
        self.directory = self.mistake.keep(AbsPath::new(path));
        self
    }

    /// Sets who runs it: root unless told otherwise.
    pub fn user(mut self, user: &str) -> Self {
        self.user = self.mistake.keep(super::builder::account_name(user));
        self
    }

    /// Adds a variable to its environment, which is minimal otherwise.
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Sets how long it may take before it is ended: ten minutes unless told otherwise.
    pub const fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = HumanDuration(time_out);
        self
    }

    /// There is work to do as long as this path doesn't exist. That it doesn't exist afterwards is an error.
    pub fn creates(mut self, path: &str) -> CommandBuilder<Complete> {
        self.creates = self.mistake.keep(AbsPath::new(path));
        self.complete()
    }

    /// There is work to do unless this command ends with exit status 0. It must end with 0 or 1.
    pub fn unless(mut self, guard: impl IntoProbe) -> CommandBuilder<Complete> {
        self.unless = self.mistake.keep(guard.into_probe());
        self.complete()
    }

    /// There is work to do if this command ends with exit status 0. It must end with 0 or 1.
    pub fn only_if(mut self, guard: impl IntoProbe) -> CommandBuilder<Complete> {
        self.only_if = self.mistake.keep(guard.into_probe());
        self.complete()
    }

    /// There is work to do only when something that it is to be rerun on changed: `.refresh_only().rerun_on(…)`.
    pub fn refresh_only(mut self) -> CommandBuilder<Complete> {
        self.refresh_only = true;
        self.complete()
    }

    fn complete(self) -> CommandBuilder<Complete> {
        CommandBuilder {
            words: self.words,
            name: self.name,
            directory: self.directory,
            user: self.user,
            environment: self.environment,
            time_out: self.time_out,
            creates: self.creates,
            unless: self.unless,
            only_if: self.only_if,
            refresh_only: self.refresh_only,
            mistake: self.mistake,
            state: PhantomData,
        }
    }
}

impl Declare for CommandBuilder<Complete> {
    type Out = Command;

    fn identity(&self) -> Result<ResourceId> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => CommandLine::new(self.words.iter().map(String::as_str))?.to_string(),
        };
        Ok(ResourceId::new("core.command", name)?)
    }

    fn build(self, _: &HostView<'_>) -> Result<Command> {
        let name = self.identity()?.key;
        self.mistake.check()?;
        if let Some(variable) = self
            .environment
            .keys()
            .find(|name| name.is_empty() || name.contains(['=', '\0']))
        {
            return Err(Error::message(format!(
                "declare command {name}: {variable:?} is no variable's name"
            )));
        }
        Ok(Command {
            name,
            invocation: Invocation {
                command: CommandLine::new(self.words)?,
                directory: self.directory,
                user: self.user,
                environment: self.environment,
                time_out: self.time_out,
            },
            creates: self.creates,
            unless: self.unless,
            only_if: self.only_if,
            refresh_only: self.refresh_only,
        })
    }
}

impl Rerun for Command {}

impl Command {
    /// What is run.
    #[must_use]
    pub const fn invocation(&self) -> &Invocation {
        &self.invocation
    }

    fn has_work(&self, system: &dyn ReadSystem) -> Result<bool> {
        if let Some(path) = &self.creates
            && system.entry(path)?.is_some()
        {
            return Ok(false);
        }
        if let Some(guard) = &self.unless
            && system.probe(guard)?
        {
            return Ok(false);
        }
        match &self.only_if {
            Some(guard) => Ok(system.probe(guard)?),
            None => Ok(true),
        }
    }

    fn run(&self, system: &dyn System) -> Result<()> {
        system.run_checked(&self.invocation)?;
        if let Some(path) = &self.creates
            && system.entry(path)?.is_none()
        {
            return Err(Error::message(format!(
                "create {path}: the command ended well, but the path doesn't exist"
            )));
        }
        Ok(())
    }
}

impl Converge for Command {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        if self.refresh_only || !self.has_work(system)? {
            return Ok(Check::NoChange);
        }
        if !system.runs_commands() {
            return Err(SystemError::Unknowable {
                system: "a system that runs no commands".into(),
                what: format!("what `{}` would do", self.invocation.command),
            }
            .into());
        }
        let mut diff = Diff::new();
        diff.push("runs", Shown::Absent, self.invocation.command.to_string());
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, _: &Diff) -> Result<()> {
        self.run(system)
    }

    fn refresh(&self, system: &dyn System, action: RefreshAction) -> Result<Refreshed> {
        if action != RefreshAction::Rerun {
            return Err(Error::message(format!("{action} a command: it can be rerun")));
        }
        // The guards are asked again: what changed since may have done the work.
        let guarded = self.unless.is_some() || self.only_if.is_some();
        if guarded && !self.has_work(system)? {
            return Ok(Refreshed::Needless);
        }
        self.run(system)?;
        Ok(Refreshed::Done)
    }

    fn has_refresh(&self, _: &dyn ReadSystem, _: Option<&Diff>, _: RefreshAction) -> Option<bool> {
        // Guards are asked again by then, and may say something else.
        (self.unless.is_none() && self.only_if.is_none()).then_some(true)
    }

    fn satisfies(&self, diff: &Diff, action: RefreshAction) -> bool {
        diff.has("runs") && action == RefreshAction::Rerun
    }

    fn effects(&self) -> Effects {
        let run = |effects: Effects, invocation: &Invocation| effects.run(&invocation.command).surroundings(invocation);
        let mut effects = run(Effects::none(), &self.invocation);
        if let Some(guard) = &self.only_if {
            effects = run(effects, &guard.invocation);
        }
        // Its words may well name what the command makes: `test -e` that.
        if let Some(Probe { invocation, .. }) = &self.unless {
            effects = effects.program(&invocation.command).surroundings(invocation);
        }
        // What it makes can't be what it needs.
        let made = self.creates.clone().map(Effect::Path);
        effects.reads.retain(|read| Some(read) != made.as_ref());
        match &self.creates {
            Some(path) => effects.provide(Effect::Path(path.clone())),
            None => effects,
        }
    }
}
