//! The kinds of resources that come with the crate, one file each.
//!
//! A kind is a data type that says what is desired, a builder that makes it, and an `impl Converge` that says how. To add
//! one, add a file here and name it below.

mod apt_lists;
mod apt_pin;
mod apt_repository;
mod archive;
mod builder;
mod chronos_job;
mod chronos_schedule;
mod command;
mod cron;
mod cron_schedule;
mod directory;
mod download;
mod exclusive;
mod file;
mod group;
mod http_api;
mod installed_agent;
mod json_state;
mod limits;
mod marathon_app;
mod marathon_leftovers;
pub mod mesos_agent;
mod openpgp_key;
mod package;
mod parts;
mod rendered;
mod service;
mod symlink;
mod sysctl;
mod timer;
mod unit_file;
mod user;
mod yum_repository;

pub use apt_pin::{AptPinBuilder, apt_pin};
pub use apt_repository::{AptRepository, AptRepositoryBuilder, apt_repository};
pub use archive::{Archive, ArchiveBuilder, archive};
pub use chronos_job::ChronosJob;
pub use command::{Command, CommandBuilder, Complete, Incomplete, command};
pub use cron::{CronJobBuilder, cron_job};
pub use directory::{Directory, DirectoryBuilder, directory};
pub use download::{Download, DownloadBuilder, download};
pub use file::{File, FileBuilder, file};
pub use group::{Group, GroupBuilder, group};
pub use http_api::HttpApi;
pub use installed_agent::{InstalledAgent, InstalledAgentBuilder, installed_agent};
pub use limits::{LimitsBuilder, limits};
pub use marathon_app::MarathonApp;
pub use marathon_leftovers::MarathonLeftovers;
pub use package::{Package, PackageBuilder, package};
pub use service::{Service, ServiceBuilder, service};
pub use symlink::{Symlink, SymlinkBuilder, symlink};
pub use sysctl::{Sysctl, SysctlBuilder, sysctl};
pub use timer::{TimerBuilder, timer};
pub use unit_file::{UnitFileBuilder, unit_file};
pub use user::{User, UserBuilder, user};
pub use yum_repository::{YumRepository, YumRepositoryBuilder, yum_repository};
