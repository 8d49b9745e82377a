use super::error::Stop;
use super::limits::{MAX_TEXT, too_long};
use crate::model::{Content, FormedSecret};
use crate::words::SecretSource;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind, Value};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering as Memory};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Stands before and after the mark of a secret. A noncharacter: no text has it.
const MARK: char = '\u{10FFFF}';

/// How many namespaces of a template are watched.
const MAX_NAMESPACES: usize = 32;

/// How deep values are searched for secrets; what is deeper counts as one.
const MAX_DEPTH: usize = 64;

/// A secret that a template may print.
#[derive(Debug, Clone)]
pub(super) enum Marked {
    /// As it is.
    Plain(SecretSource),
    /// In the forms of its place.
    Formed(FormedSecret),
}

impl Marked {
    const fn source(&self) -> &SecretSource {
        match self {
            Self::Plain(source) => source,
            Self::Formed(secret) => secret.source(),
        }
    }
}

/// Watches one rendering: keeps the secrets, and stops what works on one or grows without bound.
#[derive(Debug)]
pub(super) struct Guard {
    /// Part of each mark. Random, so that no template can make a mark.
    nonce: u64,
    /// What a secret prints as: none stands for its mark.
    stand_in: Option<String>,
    /// The secrets that were made part of a text, in the order of their marks.
    marked: Mutex<Vec<Marked>>,
    /// Whether the values hold a secret at all.
    holds_secrets: bool,
    stop: Mutex<Option<Stop>>,
    printed: AtomicUsize,
    namespaces: Mutex<Vec<Value>>,
}

impl Guard {
    /// Watches a rendering in which secrets leave marks.
    pub(super) fn new(holds_secrets: bool) -> Self {
        Self {
            nonce: RandomState::new().hash_one(0),
            stand_in: None,
            marked: Mutex::default(),
            holds_secrets,
            stop: Mutex::default(),
            printed: AtomicUsize::new(0),
            namespaces: Mutex::default(),
        }
    }

    /// Watches a rendering in which every secret is this text.
    pub(super) fn with_stand_in(stand_in: &str) -> Self {
        Self {
            stand_in: Some(stand_in.to_owned()),
            ..Self::new(false)
        }
    }

    /// The secret as a template sees it.
    pub(super) fn secret(self: &Arc<Self>, secret: Marked) -> Value {
        match &self.stand_in {
            Some(text) => Value::from(text.as_str()),
            None => Value::from_object(SecretReference {
                secret,
                guard: Arc::clone(self),
            }),
        }
    }

    /// A list that stops a loop over it when the template has grown too large.
    pub(super) fn list(self: &Arc<Self>, items: Vec<Value>) -> Value {
        Value::from_object(List {
            items,
            guard: Arc::clone(self),
        })
    }

    /// Whether the values hold a secret at all.
    pub(super) const fn holds_secrets(&self) -> bool {
        self.holds_secrets
    }

    /// Notes what stops the rendering; the first reason counts.
    fn note(&self, stop: Stop) {
        lock(&self.stop).get_or_insert(stop);
    }

    /// Notes what stops the rendering; the error stops it now.
    pub(super) fn stop(&self, stop: Stop) -> Error {
        let (Stop::Secret(why) | Stop::Limit(why)) = &stop;
        let error = Error::new(ErrorKind::InvalidOperation, why.clone());
        self.note(stop);
        error
    }

    /// Why the rendering was stopped, if it was.
    pub(super) fn stopped(&self) -> Option<Stop> {
        lock(&self.stop).clone()
    }

    /// Watches how large the values of this namespace get, which are all that a loop can hand on to its next round.
    pub(super) fn watch(&self, namespace: &Value) {
        let mut namespaces = lock(&self.namespaces);
        if namespaces.len() == MAX_NAMESPACES {
            namespaces.remove(0);
        }
        namespaces.push(namespace.clone());
    }

    /// Notes that so many bytes of a value are printed, into the file or into a text.
    ///
    /// # Errors
    /// It is too much by now.
    pub(super) fn print(&self, bytes: usize) -> Result<(), Error> {
        let before = self.printed.fetch_add(bytes, Memory::Relaxed);
        if before.saturating_add(bytes) > MAX_TEXT {
            return Err(self.stop(Stop::Limit(too_long("the template prints"))));
        }
        self.check_growth()
    }

    /// # Errors
    /// A namespace of the template holds too much text.
    pub(super) fn check_growth(&self) -> Result<(), Error> {
        let mut bytes = 0_usize;
        for namespace in lock(&self.namespaces).iter() {
            for key in namespace.try_iter()? {
                let value = namespace.get_item(&key)?;
                bytes = bytes.saturating_add(value.as_str().map_or(0, str::len));
            }
        }
        if bytes > MAX_TEXT {
            return Err(self.stop(Stop::Limit(too_long("the template's namespaces hold"))));
        }
        Ok(())
    }

    /// The secret that the value is, holds, or is a text of; in words.
    pub(super) fn secret_in(&self, value: &Value) -> Option<String> {
        self.holds_secrets.then(|| self.find_secret(value, MAX_DEPTH)).flatten()
    }

    /// The secret that the value is, or is a text of; in words.
    pub(super) fn is_secret(&self, value: &Value) -> Option<String> {
        if let Some(secret) = value.downcast_object_ref::<SecretReference>() {
            return Some(format!("the secret {}", secret.source()));
        }
        let holds = self.holds_secrets && value.as_str().is_some_and(|text| text.contains(MARK));
        holds.then(|| "a text with a secret in it".to_owned())
    }

    fn find_secret(&self, value: &Value, depth: usize) -> Option<String> {
        if let Some(secret) = self.is_secret(value) {
            return Some(secret);
        }
        let Some(deeper) = depth.checked_sub(1) else {
            return Some("a value that may hold a secret".to_owned());
        };
        let is_map = value.kind() == ValueKind::Map;
        if !is_map && !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
            return None;
        }
        value.try_iter().ok()?.find_map(|item| {
            let of_key = is_map.then(|| value.get_item(&item).ok()).flatten();
            self.find_secret(&item, deeper)
                .or_else(|| self.find_secret(&of_key?, deeper))
        })
    }

    fn mark(&self, index: usize) -> String {
        // What escaping, quoting or a change of case would damage.
        format!("<\"Secret {:016x}.{index}\">", self.nonce)
    }

    /// Cuts the rendered text into text and secrets.
    ///
    /// # Errors
    /// A mark isn't what it was when the template printed it, or is missing.
    pub(super) fn cut(&self, text: &str) -> Result<Content, Stop> {
        let marked = lock(&self.marked);
        let marks: Vec<String> = (0..marked.len()).map(|index| self.mark(index)).collect();
        let mut whole = vec![false; marks.len()];
        let nonce = format!("{:016x}", self.nonce);
        let damaged = || Stop::Secret("a text with a secret in it was taken apart or changed".to_owned());
        let mut content = Content::empty();
        let mut parts = 0;
        for (index, part) in text.split(MARK).enumerate() {
            parts = index + 1;
            if index % 2 == 0 {
                if part.contains(&nonce) {
                    return Err(damaged());
                }
                content.push_text(part.to_owned());
                continue;
            }
            let number = part
                .rsplit_once('.')
                .and_then(|(_, rest)| rest.strip_suffix("\">")?.parse::<usize>().ok());
            let number = number
                .filter(|number| marks.get(*number).is_some_and(|mark| mark == part))
                .ok_or_else(damaged)?;
            whole[number] = true;
            match marked[number].clone() {
                Marked::Plain(source) => content.push_secret(source),
                Marked::Formed(secret) => content.push_formed(secret),
            }
        }
        if parts % 2 == 0 {
            return Err(damaged());
        }
        match whole.iter().position(|whole| !whole) {
            Some(lost) => Err(Stop::Secret(format!(
                "a text with the secret {} in it is made and not printed",
                marked[lost].source()
            ))),
            None => Ok(content),
        }
    }
}

/// A panic while the lock was held can't have left half a value behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A secret in a template. It prints as a mark; every other look at it stops the rendering.
#[derive(Debug)]
struct SecretReference {
    secret: Marked,
    guard: Arc<Guard>,
}

impl SecretReference {
    const fn source(&self) -> &SecretSource {
        self.secret.source()
    }

    fn looked_at(&self, how: &str) {
        // Few of the methods below can fail, so that the reason is kept for the end.
        self.guard
            .note(Stop::Secret(format!("the secret {} {how}", self.source())));
    }
}

impl Object for SecretReference {
    // Of all shapes this is the one in which most operations fail or ask the methods below.
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        self.looked_at("is searched");
        None
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.looked_at("is compared, measured or iterated over");
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.looked_at("is tested for truth");
        false
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        self.looked_at("is compared");
        let other = other.downcast_ref::<Self>()?;
        Some(self.source().cmp(other.source()))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut marked = lock(&self.guard.marked);
        let mark = self.guard.mark(marked.len());
        marked.push(self.secret.clone());
        write!(f, "{MARK}{mark}{MARK}")
    }
}

/// A list of the context, which looks after the template in each round of a loop over it.
#[derive(Debug)]
struct List {
    items: Vec<Value>,
    guard: Arc<Guard>,
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let item = self.items.get(key.as_usize()?)?;
        Some(match self.guard.check_growth() {
            Ok(()) => item.clone(),
            Err(error) => Value::from(error),
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.items.len())
    }
}
