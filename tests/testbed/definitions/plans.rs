//! A cluster whose plans the suite holds against what runs do: random catalogs, and one that is always the same.

use mesos_iac::prelude::*;
use std::process::ExitCode;

/// What the suite changes from run to run.
#[derive(Attributes)]
#[attributes(prefix = "plans")]
struct Plans {
    /// Which random catalog the host gets; 0 is the one that is always the same.
    #[attr(default = 0)]
    seed: u32,
    /// What the files of the catalog that is always the same hold.
    #[attr(default = 1)]
    edition: u32,
}

/// Numbers that are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn new(seed: u32) -> Self {
        let mut dice = Self(u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        // The first numbers of neighbouring seeds are alike.
        for _ in 0..8 {
            dice.roll(2);
        }
        dice
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % sides
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let count = u64::try_from(choices.len()).unwrap_or(1);
        let at = usize::try_from(self.roll(count)).unwrap_or_default();
        choices.get(at).copied().unwrap_or_default()
    }
}

/// A unit that reads a directory when it starts, and can read it again.
fn unit(name: &str, edition: u64) -> String {
    format!(
        "[Unit]\nDescription={name}, edition {edition}\nStartLimitIntervalSec=0\n\n[Service]\nExecStart=/bin/sleep infinity\n\
         ExecReload=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n"
    )
}

#[derive(Role, Clone)]
#[role(name = "planned")]
struct Planned;

impl Declares for Planned {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        match cx.get(Plans::SEED)? {
            0 => always_the_same(cx)?,
            seed => random(cx, &mut Dice::new(seed)),
        }
        Ok(())
    }
}

/// Declares something that nothing else refers to.
macro_rules! add {
    ($cx:ident, $declared:expr) => {{
        $cx.add($declared);
    }};
}

/// What a host can be made to match by hand.
fn always_the_same(cx: &mut Cx<'_>) -> Result<()> {
    let edition = cx.get(Plans::EDITION)?;
    cx.add(package("tree"));
    cx.add(user("plain").system().shell("/usr/sbin/nologin"));
    cx.add(directory("/etc/plain"));
    let conf = cx.add(
        file("/etc/plain/plain.conf")
            .content(format!("edition {edition}\n"))
            .mode("0640")
            .group("plain"),
    );
    let other = cx.add(file("/etc/plain/other.conf").content("always the same\n"));
    let unit = cx.add(file("/etc/systemd/system/plain.service").content(unit("plain", 1)));
    cx.add(service("plain").enabled().running().restart_on([conf, other, unit]));
    Ok(())
}

/// Packages with units, conffiles, users and dependencies; accounts; files above and below one another; services of
/// packages and of files; commands with guards of all sorts that a plan may run.
fn random(cx: &mut Cx<'_>, dice: &mut Dice) {
    cx.add(directory("/etc/plans"));
    packages(cx, dice);
    let owners = accounts(cx, dice);
    let files = files(cx, dice, &owners);
    for name in ["planned-a", "planned-b"] {
        let unit = cx.add(file(format!("/etc/systemd/system/{name}.service")).content(unit(name, dice.roll(2))));
        let declared = service(name);
        let declared = match dice.roll(4) {
            0 => declared.stopped(),
            1 => declared.enabled(),
            _ => declared.enabled().running(),
        };
        let declared = declared.restart_on(unit);
        let read = files.iter().copied().filter(|_| dice.roll(3) == 0).collect::<Vec<_>>();
        match dice.roll(3) {
            0 => add!(cx, declared.reload_on(read)),
            1 => add!(cx, declared.restart_on(read).unless_anything_failed()),
            _ => add!(cx, declared.restart_on(read)),
        }
    }
    commands(cx, dice, &files);
}

fn packages(cx: &mut Cx<'_>, dice: &mut Dice) {
    for name in ["hello", "tree", "jq", "marathon"] {
        match dice.roll(4) {
            0 => add!(cx, package(name).absent()),
            1 | 2 => add!(cx, package(name)),
            _ => {}
        }
    }
    if dice.roll(8) == 0 {
        cx.add(package("no-such-package"));
        cx.add(file("/etc/no-such-package/file").content("x\n"));
    }
    match dice.roll(4) {
        0 => add!(cx, package("mesos").absent()),
        1 => {}
        chosen => {
            let mesos = package("mesos")
                .provides_unit("mesos-master")
                .provides_unit("mesos-slave")
                .provides_path("/etc/mesos-master");
            cx.add(match chosen {
                2 => mesos,
                _ => mesos.version(format!("1.11.0-fixture{}", 1 + dice.roll(2))),
            });
            let zk = cx.add(file("/etc/mesos/zk").content("zk://198.18.0.1:2181/mesos\n"));
            let name = format!("plan-{}\n", dice.roll(2));
            let cluster = cx.add(file("/etc/mesos-master/cluster").content(name));
            let master = service("mesos-master");
            let master = match dice.roll(3) {
                0 => master.disabled().stopped(),
                1 => master,
                _ => master.enabled().running(),
            };
            cx.add(master.restart_on([zk, cluster]));
            if dice.roll(2) == 0 {
                cx.add(service("mesos-slave").disabled().stopped());
            }
        }
    }
}

/// Returns who may own files: among them one whom nobody makes.
fn accounts(cx: &mut Cx<'_>, dice: &mut Dice) -> Vec<&'static str> {
    let mut owners = vec!["root", "daemon", "root", "plan-nobody"];
    for (name, uid) in [("plan-a", 4001), ("plan-b", 4002)] {
        let account = user(name).uid(uid);
        match dice.roll(4) {
            0 => add!(cx, account.absent()),
            1 => {}
            2 => {
                cx.add(
                    account
                        .shell(dice.one_of(&["/bin/sh", "/bin/bash"]))
                        .comment("of the plans"),
                );
                owners.extend([name, name]);
            }
            _ => {
                cx.add(account.groups(["plan-group"]));
                owners.extend([name, name]);
            }
        }
    }
    cx.add(group("plan-group").gid(4100));
    owners
}

fn files(cx: &mut Cx<'_>, dice: &mut Dice, owners: &[&str]) -> Vec<Handle<File>> {
    let mut files = Vec::new();
    for directory_name in ["one", "two"] {
        if dice.roll(2) == 0 {
            cx.add(directory(format!("/etc/plans/{directory_name}")).mode(dice.one_of(&["0755", "0700"])));
        }
    }
    for number in 0..8 {
        let place = match dice.roll(6) {
            0 => "/etc/plans/one",
            1 => "/etc/plans/two",
            _ => "/etc/plans",
        };
        let path = format!("{place}/{number}");
        match dice.roll(8) {
            0 => add!(cx, symlink(path, dice.one_of(&["/etc/plans", "elsewhere"]))),
            1 => add!(cx, file(path).absent()),
            2 => {
                let owner = dice.one_of(owners);
                files.push(cx.add(file(path).content("owned\n").owner(owner)));
            }
            _ => {
                let text = format!("{number}: {}\n", dice.roll(3));
                let declared = file(path).content(text).mode(dice.one_of(&["0644", "0600", "0755"]));
                files.push(cx.add(declared));
            }
        }
    }
    files
}

fn commands(cx: &mut Cx<'_>, dice: &mut Dice, files: &[Handle<File>]) {
    cx.add(command(["touch", "/var/tmp/plans-created"]).creates("/var/tmp/plans-created"));
    let guard = probe(["test", "-e", "/var/tmp/plans-touched"]).map(mesos_iac::Probe::read_only);
    let touch = command(["touch", "/var/tmp/plans-touched"]).unless(guard);
    match files.first().filter(|_| dice.roll(2) == 0) {
        Some(first) => add!(cx, touch.after(*first)),
        None => add!(cx, touch),
    }
    let count = command(["touch", "/var/tmp/plans-rerun"]).name("rerun").refresh_only();
    let causes: Vec<_> = files.iter().copied().filter(|_| dice.roll(2) == 0).collect();
    let count = count.rerun_on(causes);
    match dice.roll(3) {
        0 => add!(cx, count.despite_failures()),
        1 => add!(cx, count.unless_anything_failed()),
        _ => add!(cx, count.immediately()),
    }
}

fn cluster() -> Result<Cluster> {
    Cluster::new("plans")
        .appliance(appliance("planned").role(Planned))
        .hosts(hosts("lab-0-[0-9]").appliance("planned"))
        // Packages at random make no cluster, and what they bring is what is planned.
        .allow(
            &mesos_iac::roles::lints::MESOS_QUORUM,
            "packages at random make no cluster",
        )
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
