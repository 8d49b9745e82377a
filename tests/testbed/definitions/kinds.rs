//! A host with each of the kinds beyond files, packages and services.

use mesos_iac::prelude::*;
use std::process::ExitCode;
use std::time::Duration;

/// What the suite changes from run to run.
#[derive(Attributes)]
#[attributes(prefix = "kinds")]
struct Kinds {
    /// The public key that signs the repository in `/srv/own`.
    key: String,
    /// The version of its package.
    #[attr(default = "1.0".to_owned())]
    package_version: String,
    /// What the service of the timer writes.
    #[attr(default = "first".to_owned())]
    edition: String,
    /// The digest of `/srv/app.tgz`, which the host serves to itself; none: there is no such file.
    #[attr(default = "none".to_owned())]
    archive: String,
}

/// A flag directory as mesos-init-wrapper reads one: what is there when the service starts is what it gets.
#[derive(Role, Clone)]
#[role(name = "flags")]
struct Flags;

impl Declares for Flags {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.add(
            package("own-flags")
                .version(cx.get(Kinds::PACKAGE_VERSION)?)
                .provides_path("/etc/own-flags"),
        );
        let directory = cx.add(directory("/etc/own-flags").exclusive().keeping(["*.local"]));
        let quorum = cx.add(file("/etc/own-flags/quorum").content("2\n"));
        let unit = cx.add(
            unit_file("own-flags")
                .unit("Description", "Shows the flags that it was started with")
                .service(
                    "ExecStart",
                    "/bin/sh -c 'ls /etc/own-flags >/run/own-flags; exec sleep infinity'",
                )
                .wanted_by("multi-user.target"),
        );
        cx.add(
            service("own-flags")
                .enabled()
                .running()
                .restart_on((directory, quorum, unit)),
        );
        Ok(())
    }
}

/// An application that comes as an archive over HTTP.
#[derive(Role, Clone)]
#[role(name = "artifacts")]
struct Artifacts;

impl Declares for Artifacts {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let digest = cx.get(Kinds::ARCHIVE)?;
        if digest == "none" {
            return Ok(());
        }
        cx.add(package("curl"));
        // systemd itself is the server: each connection gets an answer and the file.
        let answer = cx.add(unit_file("own-http@").service("StandardInput", "socket").exec_start([
            "/bin/sh",
            "-c",
            "while read -r line && [ ${#line} -gt 1 ]; do :; done
                     printf 'HTTP/1.0 200 OK\\r\\n\\r\\n'; cat /srv/app.tgz",
        ]));
        let listen = cx.add(
            unit_file("own-http.socket")
                .set("Socket", "ListenStream", "127.0.0.1:8000")
                .set("Socket", "Accept", "yes")
                .wanted_by("sockets.target"),
        );
        let server = cx.add(
            service("own-http.socket")
                .enabled()
                .running()
                .restart_on((answer, listen)),
        );
        let tarball = cx.add(
            download("/var/cache/app.tgz")
                .url("http://127.0.0.1:8000/app.tgz")
                .sha256(&digest)
                .after(server),
        );
        let app = cx.add(archive("/opt/app").from("/var/cache/app.tgz").sha256(&digest).strip(1));
        let unit = cx.add(unit_file("own-app").exec_start(["/opt/app/bin/app"]));
        cx.add(service("own-app").running().restart_on((app, unit)).after(tarball));
        cx.add(limits("own").both("*", "nofile", 4096));
        Ok(())
    }
}

#[derive(Role, Clone)]
#[role(name = "kinds")]
struct All;

impl Declares for All {
    fn include(&self, cx: &mut IncludeCx<'_>) -> Result<()> {
        cx.include(Flags);
        cx.include(Artifacts);
        Ok(())
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.add(
            apt_repository("own")
                .uri("file:/srv/own")
                .suite("./")
                .signed_by(cx.get(Kinds::KEY)?),
        );
        cx.add(sysctl("net.ipv4.ip_forward").value(1));
        cx.add(apt_pin("own").package("own-*").version("1.*").priority(1001));
        let edition = cx.get(Kinds::EDITION)?;
        let job = cx.add(unit_file("own-job").service("Type", "oneshot").exec_start([
            "/bin/sh",
            "-c",
            &format!("echo \"{edition} 100% $0\" >>/run/own-job"),
        ]));
        let when = cx.add(
            timer("own-job")
                .on_active(Duration::from_secs(1))
                .on_unit_active(Duration::from_secs(1))
                .accuracy(Duration::from_millis(100)),
        );
        cx.add(service("own-job.timer").enabled().running().restart_on((job, when)));
        cx.add(
            cron_job("own-cron")
                .schedule("*/1 * * * *")
                .env("GREETING", "100%")
                .command("echo \"$GREETING\" $(date +%Y) >/run/own-cron"),
        );
        cx.add(service("cron").enabled().running());
        Ok(())
    }
}

fn cluster() -> Result<Cluster> {
    Cluster::new("kinds")
        .appliance(appliance("kinds").role(All))
        .hosts(hosts("lab-0-[0-9]").appliance("kinds"))
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
