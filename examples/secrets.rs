//! Secrets: known by where they come from in everything that is shown or kept, and in the open only on the hosts that use
//! them. `check`, `render` and snapshots work without their values.
//!
//! ```text
//! cargo run --example secrets -- render
//! DATABASE_PASSWORD=hunter2 cargo run --example secrets -- apply --sandbox target/lab
//! ```

use mesos_iac::prelude::*;
use std::process::ExitCode;

/// What the application is told.
#[derive(Attributes)]
struct App {
    /// From the environment of whoever runs the program; a file or a command that prints it would do as well.
    #[attr(default = Secret::from_env("DATABASE_PASSWORD"))]
    database_password: Secret<String>,
    #[attr(default = "db.internal")]
    database_host: String,
}

/// A file that holds a secret is readable by its owner alone, unless the definition says otherwise.
#[derive(Role, Clone)]
#[role(name = "app", attributes = App)]
#[resource(directory("/etc/app"))]
#[resource(file("/etc/app/database.conf").content(template!(
    source = "host = {{ database_host }}\npassword = {{ database_password }}\n",
    App
)))]
struct Application;

/// The second host needs no secret, and gets none.
///
/// # Errors
/// The definition has a mistake.
pub fn cluster() -> Result<Cluster> {
    Cluster::new("app")
        .hosts(hosts("app-[1-2]").role(Application))
        .hosts(host("proxy"))
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
