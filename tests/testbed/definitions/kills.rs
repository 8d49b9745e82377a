//! A cluster whose runs the suite kills: each edition of it changes packages and files, and restarts what read them.

use mesos_iac::prelude::*;
use std::process::ExitCode;

/// What the suite changes from run to run.
#[derive(Attributes)]
#[attributes(prefix = "kills")]
struct Kills {
    /// Every edition changes every file; the odd ones have a package that the even ones don't.
    #[attr(default = 1)]
    edition: u32,
    /// Whether a command is run that doesn't end, and starts another one that leaves its process group.
    #[attr(default = false)]
    stray: bool,
    /// The same of a guard, which is asked before anything is changed.
    #[attr(default = false)]
    stray_guard: bool,
    /// Whether a command starts a daemon and ends well.
    #[attr(default = false)]
    daemon: bool,
}

/// How many files the service reads.
const FILES: usize = 10;

/// It reads its files when it starts, and leaves what it has read where the suite finds it.
const UNIT: &str = "[Unit]
Description=Reads its files when it starts
StartLimitIntervalSec=0

[Service]
ExecStart=/bin/sh -c 'cat /etc/kills/*.conf >/run/kills.loaded; exec sleep infinity'

[Install]
WantedBy=multi-user.target
";

#[derive(Role, Clone)]
#[role(name = "victim")]
struct Victim;

impl Declares for Victim {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let edition = cx.get(Kills::EDITION)?;
        let marathon = package("marathon");
        cx.add(if edition % 2 == 1 { marathon } else { marathon.absent() });
        cx.add(directory("/etc/kills"));
        let mut read = vec![cx.add(file("/etc/systemd/system/kills.service").content(UNIT))];
        for number in 0..FILES {
            let text = format!("file {number}, edition {edition}\n").repeat(50);
            read.push(cx.add(file(format!("/etc/kills/{number}.conf")).content(text)));
        }
        if cx.get(Kills::STRAY)? {
            let endless = command(["sh", "-c", "setsid sleep 4242 & exec sleep 4243"]);
            cx.add(endless.creates("/run/kills.never"));
        }
        if cx.get(Kills::STRAY_GUARD)? {
            let endless = ["sh", "-c", "setsid sleep 4242 & exec sleep 4243"];
            cx.add(command(["false"]).name("guarded").only_if(endless));
        }
        if cx.get(Kills::DAEMON)? {
            let daemon = command([
                "sh",
                "-c",
                "setsid sleep 4244 >/dev/null 2>&1 & sleep 1; touch /run/kills.daemon",
            ]);
            cx.add(daemon.name("daemon").creates("/run/kills.daemon"));
        }
        cx.add(service("kills").enabled().running().restart_on(read));
        Ok(())
    }
}

fn cluster() -> Result<Cluster> {
    Cluster::new("kills")
        .appliance(appliance("victim").role(Victim))
        .hosts(hosts("lab-0-[0-9]").appliance("victim"))
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
