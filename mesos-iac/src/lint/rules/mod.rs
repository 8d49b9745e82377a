//! Rules that concern every cluster. Those of the role library stand with it.

mod directories;
mod package_managers;
mod permissions;
mod repositories;
mod secrets;
mod ssh;
mod text;
mod upgrades;

pub use directories::{DIRECTORY_AFTER_ITS_CONTENT, MISSING_DIRECTORY};
pub use package_managers::PACKAGE_MANAGER;
pub use permissions::{CRON_FILE_IGNORED, SCRIPT_NOT_EXECUTABLE, WORLD_WRITABLE};
pub use repositories::UNSIGNED_REPOSITORY;
pub use secrets::{DEFAULT_PASSWORD, PRIVATE_KEY_IN_DEFINITION, SECRET_READABLE};
pub use ssh::SSH_ROOT_LOGIN;
pub use text::{CRLF_LINES, TYPOGRAPHIC_DAMAGE};
pub use upgrades::UPGRADE_WITHOUT_RESTART;
