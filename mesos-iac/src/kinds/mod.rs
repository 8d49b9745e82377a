//! The kinds of resources that come with the crate, one file each.
//!
//! A kind is a data type that says what is desired, a builder that makes it, and an `impl Converge` that says how. To add
//! one, add a file here and name it below.

mod builder;
mod command;
mod directory;
mod exclusive;
mod file;
mod group;
mod package;
mod service;
mod symlink;
mod user;

pub use command::{Command, CommandBuilder, Complete, Incomplete, command};
pub use directory::{Directory, DirectoryBuilder, directory};
pub use file::{File, FileBuilder, file};
pub use group::{Group, GroupBuilder, group};
pub use package::{Package, PackageBuilder, package};
pub use service::{Service, ServiceBuilder, service};
pub use symlink::{Symlink, SymlinkBuilder, symlink};
pub use user::{User, UserBuilder, user};
