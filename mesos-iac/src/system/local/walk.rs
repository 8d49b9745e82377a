//! The walk along a path, one component at a time, that decides for each link whether it is followed.

use super::refusal::{because, refused};
use super::root::{AtEnd, Root};
use crate::model::SystemError;
use crate::words::AbsPath;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// As many as the kernel follows.
const MOST_LINKS: usize = 40;

/// Where a walk ended.
pub(super) enum Walked {
    /// At a name in a directory; no directory: in the root.
    At {
        directory: Option<OwnedFd>,
        path: AbsPath,
        name: String,
    },
    /// At a directory that doesn't exist.
    NoDirectory { directory: AbsPath, path: AbsPath },
    /// At something that should be a directory.
    NotADirectory(AbsPath),
}

struct Walk<'a> {
    root: &'a Root,
    /// What was asked for; for messages.
    asked: &'a AbsPath,
    /// The directories from the root to where we stand.
    stack: Vec<(String, OwnedFd)>,
    /// The components still to be walked, the next one last.
    ahead: Vec<String>,
    links: usize,
}

/// Walks from the root along the path.
///
/// Every directory is opened from the one before without following links, and a link is judged and read through one and
/// the same descriptor: nothing can be exchanged between the two.
pub(super) fn walk(root: &Root, path: &AbsPath, at_end: AtEnd) -> Result<Walked, SystemError> {
    let mut walk = Walk {
        root,
        asked: path,
        stack: Vec::new(),
        ahead: Vec::new(),
        links: 0,
    };
    walk.turn_to(path.as_str());
    while let Some(name) = walk.ahead.pop() {
        if name == ".." {
            walk.stack.pop();
            continue;
        }
        let is_end = walk.ahead.is_empty();
        let found = match walk.open(&name) {
            Ok(found) => found,
            Err(Errno::NOENT) if is_end => return walk.end_at(name),
            Err(Errno::NOENT) => {
                let directory = walk.path_of(&name)?;
                walk.ahead.push(name);
                let path = walk.rest()?;
                return Ok(Walked::NoDirectory { directory, path });
            }
            Err(error) => return Err(refused("look up", walk.asked, error)),
        };
        let stat = rustix::fs::fstat(&found).map_err(|error| refused("look up", walk.asked, error))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink if !is_end || at_end == AtEnd::Follow => walk.follow(&name, &found, stat.st_uid)?,
            _ if is_end => return walk.end_at(name),
            FileType::Directory => walk.stack.push((name, found)),
            _ => return Ok(Walked::NotADirectory(walk.path_of(&name)?)),
        }
    }
    // The last link led to a directory that is on the stack already, by `/` or `..`.
    match walk.stack.pop() {
        Some((name, _)) => walk.end_at(name),
        None => Ok(Walked::At {
            directory: None,
            path: AbsPath::root(),
            name: ".".to_owned(),
        }),
    }
}

impl Walk<'_> {
    /// Puts the components of the path ahead of those that are to come.
    fn turn_to(&mut self, path: &str) {
        if path.starts_with('/') {
            self.stack.clear();
        }
        let components = path.split('/').filter(|component| !matches!(*component, "" | "."));
        self.ahead.extend(components.rev().map(str::to_owned));
    }

    fn here(&self) -> BorrowedFd<'_> {
        self.stack.last().map_or_else(|| self.root.fd(), |(_, fd)| fd.as_fd())
    }

    fn open(&self, name: &str) -> Result<OwnedFd, Errno> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(self.here(), name, flags, Mode::empty())
    }

    fn follow(&mut self, name: &str, link: &OwnedFd, owner: u32) -> Result<(), SystemError> {
        let link_path = self.path_of(name)?;
        if !self.root.trusts(owner) {
            let why = format!(
                "the link {link_path} belongs to the user with the id {owner}; only those of root are followed"
            );
            return Err(because("follow", self.asked, why));
        }
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(because(
                "follow",
                self.asked,
                format!("the links go in circles, one of them is {link_path}"),
            ));
        }
        let target = rustix::fs::readlinkat(link, "", Vec::new())
            .map_err(|error| refused("read the link", &link_path, error))?;
        let target = target
            .to_str()
            .map_err(|_| because("follow", &link_path, "what it says isn't UTF-8"))?;
        self.turn_to(target);
        Ok(())
    }

    fn end_at(mut self, name: String) -> Result<Walked, SystemError> {
        let path = self.path_of(&name)?;
        Ok(Walked::At {
            directory: self.stack.pop().map(|(_, fd)| fd),
            path,
            name,
        })
    }

    /// The path of a name in the directory where we stand.
    fn path_of(&self, name: &str) -> Result<AbsPath, SystemError> {
        self.path_with(&[name])
    }

    /// The path as it would be if everything that is ahead existed and had no link in it.
    fn rest(&mut self) -> Result<AbsPath, SystemError> {
        let mut names: Vec<String> = Vec::new();
        while let Some(name) = self.ahead.pop() {
            if name == ".." {
                if names.pop().is_none() {
                    self.stack.pop();
                }
            } else {
                names.push(name);
            }
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.path_with(&names)
    }

    fn path_with(&self, names: &[&str]) -> Result<AbsPath, SystemError> {
        let mut text = String::from("/");
        for name in self
            .stack
            .iter()
            .map(|(name, _)| name.as_str())
            .chain(names.iter().copied())
        {
            text.push_str(name);
            text.push('/');
        }
        AbsPath::new(&text).map_err(|error| because("follow", self.asked, error.to_string()))
    }
}
